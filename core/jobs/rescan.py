"""The parts of the scheduler's run: all followed series brought up to date, what is missing queued."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence, Sized
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from .. import following
from ..app import App
from ..errors import ConfigError, SourceError
from ..store import figures, shelf
from ..store.sessions import get_db_session
from .bus import Bus
from .scheduler import Work

log = logging.getLogger(__name__)

Enqueue: TypeAlias = Callable[[Sequence[int]], Awaitable[Sized]]
"""Takes ids of episodes into the queue; as many as it returns are new there."""


@dataclass(frozen=True, slots=True)
class Rescanned:
    """What a rescan came to."""

    series: int
    new: int
    changed: int
    failed: int


async def rescan(app: App, bus: Bus) -> Rescanned:
    """Bring every followed series up to date; one whose site fails is passed over. Needs the lock.

    SetupError if the library is not there.
    """
    app.library()
    async with get_db_session(read_only=True) as session:
        rows = [one.series for one in await shelf.shelf(session)]
    asked, new, changed, failed = await following.worth_asking(app, rows), 0, 0, 0
    bus.publish("scan.started", {"total_items": len(rows)})
    for number, row in enumerate(rows, 1):
        try:
            update = await following.bring_up_to_date(app, row, ask=row.id in asked)
            new, changed = new + update.new, changed + update.changed
        except (SourceError, ConfigError) as error:
            failed += 1
            log.warning("%s was not brought up to date: %s", row.name, error)
        about = {"key": row.key, "folder": row.folder, "current": number, "total_items": len(rows)}
        bus.publish("scan.progress", about, ("series", row.identity))
    await following.note_scan()
    return Rescanned(len(rows), new, changed, failed)


def work(app: App, bus: Bus, queue: Enqueue | None = None) -> Work:
    """What a run does with this app; `queue` takes the ids of missing episodes."""

    async def scan() -> Mapping[str, Any]:
        return asdict(await rescan(app, bus))

    async def download() -> Mapping[str, Any]:
        assert queue is not None
        async with get_db_session(read_only=True) as session:
            ids = await figures.missing(session)
        return {"queued": len(await queue(ids)) if ids else 0}

    return Work(scan, download if queue is not None else None)
