"""Follows series in the background, a few at a time; what is not finished goes on after a restart."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from .. import following
from ..app import App
from ..errors import AnidanaError
from ..hooks import Catalogue
from ..store import additions
from ..store.sessions import get_db_session
from ..store.tables import Addition
from .bus import Bus

log = logging.getLogger(__name__)

AT_ONCE = 5


@dataclass(slots=True)
class Adding:
    """Series that are on their way in."""

    app: App
    bus: Bus
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        """Go on with what an earlier run left."""
        async with get_db_session() as session:
            rows = await additions.reopen(session)
        for row in rows:
            self._begin(row)

    async def add(self, catalogue: Catalogue, key: str, name: str = "") -> Addition:
        """Follow a series soon; one that is on its way already stays so, one that failed begins anew."""
        async with get_db_session() as session:
            new = await additions.begin(session, catalogue.name, key, name)
            row = await additions.addition(session, catalogue.name, key)
        assert row is not None
        if new:
            self._begin(row)
        return row

    async def state_of(self, site: str, key: str) -> Addition | None:
        """How far a series is; None if nobody asked for it here."""
        async with get_db_session(read_only=True) as session:
            return await additions.addition(session, site, key)

    async def stop(self) -> None:
        """Leave the rest for the next start."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _begin(self, row: Addition) -> None:
        task = asyncio.create_task(self._follow(row))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _follow(self, row: Addition) -> None:
        async with self.places:
            try:
                await self._note(row, "loading")
                catalogue = self.app.plugins.catalogue(row.site)
                series = await following.follow(self.app, await following.look(self.app, catalogue, row.key))
                await self._note(row, "completed", name=series.name)
            except AnidanaError as error:
                await self._note(row, "failed", error=str(error))
            except Exception as bug:
                log.exception("following %s:%s", row.site, row.key)
                await self._note(row, "failed", error=f"an error of ours: {type(bug).__name__}")

    async def _note(self, row: Addition, state: str, *, error: str = "", name: str = "") -> None:
        async with get_db_session() as session:
            more = {"name": name} if name else {}
            await additions.note(session, row.id, state, error=error, **more)
        about = {"site": row.site, "key": row.key, "name": name or row.name, "state": state, "error": error}
        self.bus.publish("series.loading", about, ("series", f"{row.site}:{row.key}"))
        if state == "completed":
            self.bus.publish("series.added", about, ("series", f"{row.site}:{row.key}"))
