"""Fetches items of the queue for as long as the service runs."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, time, timedelta
from pathlib import Path

from ..app import App
from ..errors import AnidanaError, DiskFull
from ..library.folders import check_mounted, free_space
from ..library.room import Room
from ..metadata.images import ImageDownloader
from ..store import hosts, shelf
from ..store.sessions import get_db_session
from ..store.tables import now
from .episode import Run, do_job
from .events import Event, Listener, guarded
from .failing import code_of
from .host_slots import HostSlots
from .items import DownloadItem, Hold
from .recover import recover
from .trouble import Trouble

RUN_SECONDS = 900.0
"""How long jobs share a visit to the catalogue and what metadata say; then both are asked for anew."""

LOOK_AGAIN = 5.0
"""Seconds for which disks that were well are not looked at again."""


class Fetcher:
    """Does the jobs of the service, and knows when none may be begun. See `items.AnimeService`.

    `filed` is set whenever an episode has come into the library.
    """

    def __init__(self, app: App, images: ImageDownloader, clock: Callable[[], datetime] = now) -> None:
        self._app, self._images, self._clock = app, images, clock
        self._listeners: dict[int, Listener] = {}
        self._trouble, self._places = Trouble(), HostSlots(app.settings.downloads.per_host)
        self._room = Room(app.settings.downloads.floor_mib * 2**20)
        self._runs: list[Run] = []
        self._renew_at = self._look_at = float("-inf")
        self._hold: Hold | None = None
        self._cleared = False
        self.filed = asyncio.Event()

    async def hold(self) -> Hold | None:
        """Why nothing may be begun now; only quiet hours have an end that is known."""
        if (error := self._trouble.get("disk")) is not None:
            return Hold(code_of(error), str(error), error.hint or "")
        end = quiet_until(self._app.settings.downloads.quiet_hours, self._clock())
        quiet = Hold("quiet_hours", f"quiet hours, until {end:%H:%M}", until=end) if end else None
        if quiet is not None and self._cleared:
            return quiet  # and the disks may sleep
        moment = asyncio.get_running_loop().time()
        if self._hold is not None or moment >= self._look_at:
            self._hold, self._look_at = await self._look(), moment + LOOK_AGAIN
        return self._hold or quiet

    async def settle(self, is_running: Callable[[int], bool]) -> None:
        """Settle what a dead process left, and jobs of ours whose end the store could not take down."""
        await recover(self._app, is_running, clear=not self._cleared)
        self._cleared = True

    async def _look(self) -> Hold | None:
        try:
            async with get_db_session(read_only=True) as session:
                holds_files = await shelf.holds_files(session)
            await asyncio.to_thread(self._check_disks, holds_files)
        except AnidanaError as error:
            return Hold(code_of(error), str(error), error.hint or "")
        return None

    def _check_disks(self, holds_files: bool) -> None:
        library, floor = self._app.library(), self._app.settings.downloads.floor_mib
        check_mounted(library, holds_files)
        for folder in (library, self._app.staging()):
            free = free_space(folder) // 2**20
            if free < floor:
                raise DiskFull(
                    f"{free} MiB are free at {folder}, fewer than the floor of {floor}",
                    hint="make room, or lower downloads.floor_mib; the queue goes on by itself then",
                )

    async def sites_off(self) -> set[str]:
        """Sites that rest, or that have just let a job down."""
        async with get_db_session(read_only=True) as session:
            states = await hosts.states(session, "site")
        return {name for name, state in states.items() if state.rests_at(self._clock())} | self._trouble.now()

    async def download(self, item: DownloadItem, listen: Listener) -> AnidanaError | None:
        """Fetch an item; returns why there is no file."""
        job_id, run = int(item.id), await self._run()
        self._listeners[job_id] = guarded(listen)
        try:
            error = await do_job(run, job_id)
        finally:
            del self._listeners[job_id]
        if error is None:
            self.filed.set()
        return error

    async def forget(self, ids: Collection[str]) -> None:
        """Remove what was staged for items that nobody wants any more."""
        with suppress(AnidanaError):  # without a library there is nothing staged either
            await asyncio.to_thread(_forget, self._app.staging(), ids)

    async def close(self) -> None:
        """Stop what still asks for metadata."""
        for run in self._runs:
            await run.end()

    async def _run(self) -> Run:
        moment = asyncio.get_running_loop().time()
        if moment >= self._renew_at:
            app, languages = self._app, self._app.settings.languages.order
            visit = app.network.visit()
            shared = self._images, self._places, self._room
            run = Run(app, languages, self._hear, visit, *shared, True, self._trouble)
            self._runs, self._renew_at = [*self._runs[-1:], run], moment + RUN_SECONDS
        return self._runs[-1]

    def _hear(self, event: Event) -> None:
        job_id = getattr(event, "job_id", None)
        if listen := self._listeners.get(job_id) if job_id is not None else None:
            listen(event)


def _forget(staging: Path, ids: Collection[str]) -> None:
    for id_ in ids:
        shutil.rmtree(staging / f"job-{id_}", ignore_errors=True)


def quiet_until(hours: str, moment: datetime) -> datetime | None:
    """When quiet hours such as `22:00-06:30` end, in the machine's own time; None outside of them."""
    if not hours:
        return None
    begin, end = (time.fromisoformat(part) for part in hours.split("-"))
    local = moment.astimezone()
    at = local.time()
    inside = begin <= at < end if begin < end else at >= begin or at < end
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if at >= end else 0)
    return datetime.combine(day, end).astimezone()
