"""Fetches episodes: picks them, queues them, runs the queue until it is idle, tells the servers."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..app import App
from ..errors import AnidanaError, NotFound
from ..library import recycle
from ..library.folders import check_mounted
from ..library.room import Room
from ..metadata.images import ImageDownloader
from ..models import Language
from ..selector import Selector
from ..store import queue, shelf
from ..store.sessions import get_db_session
from ..store.shelf import EpisodeRow
from ..store.tables import AttemptRow, now
from .engine import Engine
from .episode import Run, do_job
from .events import Listener, Told, guarded
from .host_slots import HostSlots
from .recover import recover
from .tell import tell_all

log = logging.getLogger(__name__)

TELL_EVERY = 30.0
"""Seconds between two rounds to the media servers while episodes still come in."""


@dataclass(slots=True)
class Outcome:
    """What came of a run: episodes filed, episodes without a file and why, servers told.

    Rows are as the store has them at the end; `jobs` maps job ids to episode ids.
    """

    done: list[EpisodeRow] = field(default_factory=list)
    failed: list[tuple[EpisodeRow, AnidanaError]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    jobs: dict[int, int] = field(default_factory=dict)
    began: datetime = field(default_factory=now)

    def hear(self, told: Sequence[Told]) -> None:
        """Take in a round to the servers: files add up, of errors the last word counts."""
        last = {(one.server, one.series): one for one in self.told}
        for one in told:
            before = last.get((one.server, one.series))
            files = one.files + (before.files if before and not before.error else 0)
            last[one.server, one.series] = replace(one, files=files)
        self.told = list(last.values())


@dataclass(frozen=True, slots=True)
class Picked:
    """The episodes that selectors mean: those to get, and those that are on disk already."""

    wanted: tuple[EpisodeRow, ...]
    on_disk: tuple[EpisodeRow, ...]


async def pick(app: App, selectors: Sequence[Selector]) -> Picked:
    """Find the episodes that selectors mean; without selectors, those that wait from an earlier run.

    An episode whose file has vanished is meant by a selector that names its season or number only.
    NotFound if a selector fits no followed series, or none of its episodes.
    """
    rows: dict[int, EpisodeRow] = {}
    async with get_db_session(read_only=True) as session:
        if not selectors:
            return Picked(tuple(await shelf.episodes(session, open_jobs=True)), ())
        for selector in selectors:
            series = await shelf.find_series(session, app.identity(selector.series))
            listed = await shelf.episodes(session, series_ids=[series.id])
            meant = [row for row in listed if selector.picks(row.number, row.episode.absolute)]
            if not meant:
                raise NotFound(f"{series.name} has no such episode", hint=f"anidana show {series.identity}")
            named = selector.season is not None or selector.absolute is not None
            rows.update((row.episode.id, row) for row in meant if named or not row.lost_its_file)
    return Picked(
        tuple(row for row in rows.values() if not row.episode.is_downloaded),
        tuple(row for row in rows.values() if row.episode.is_downloaded),
    )


async def want_again(picked: Picked) -> Picked:
    """Let episodes that are on disk count as missing; our files there give way once new ones have come."""
    async with get_db_session() as session:
        await shelf.set_wanted(session, [row.episode.id for row in picked.on_disk])
    return Picked((*picked.wanted, *picked.on_disk), ())


async def get(
    app: App,
    rows: Sequence[EpisodeRow],
    listen: Listener,
    languages: Sequence[Language] | None = None,
) -> Outcome:
    """Fetch these episodes and tell the media servers; needs the lock (`App.alone`).

    What has come on disk since the rows were read counts as done. When cancelled, unfinished jobs wait.
    """
    listen = guarded(listen)
    library = app.library()
    async with get_db_session(read_only=True) as session:
        check_mounted(library, await shelf.holds_files(session))
    await recover(app)
    kept = app.settings.library
    await asyncio.to_thread(recycle.empty, library / kept.recycle, kept.recycle_days, now().date())
    by_episode = {row.episode.id: row for row in rows}
    async with get_db_session() as session:
        found = await shelf.episodes(session, series_ids={row.series.id for row in rows})
        on_disk = {row.episode.id for row in found if row.episode.is_downloaded}
        jobs = await queue.enqueue(session, [id_ for id_ in by_episode if id_ not in on_disk])
    outcome = Outcome([row for id_, row in by_episode.items() if id_ in on_disk], jobs=jobs)
    async with ImageDownloader(app.network) as images:
        places = HostSlots(app.settings.downloads.per_host)
        room = Room(app.settings.downloads.floor_mib * 2**20)
        wished, visit = languages or app.settings.languages.order, app.network.visit()
        run = Run(app, wished, listen, visit, images, places, room)
        waiting = deque(jobs)

        async def turn() -> bool:
            if not waiting:
                return False
            row = by_episode[jobs[job_id := waiting.popleft()]]
            try:
                error = await do_job(run, job_id)
            except AnidanaError as failure:
                error = failure
            except Exception as bug:  # the store failed: nobody else would hear of it
                log.exception("job %d", job_id)
                error = AnidanaError(f"an error of ours: {type(bug).__name__}", hint="see logs/anidana.log")
            if error is None:
                outcome.done.append(row)
            else:
                outcome.failed.append((row, error))
            return True

        try:
            async with _telling(app, listen, outcome):
                await Engine(turn, app.settings.downloads.slots).run_until_idle()
        finally:
            await run.end()
    outcome.hear(await tell_all(app, listen))
    await _refresh(outcome, list(by_episode))
    return outcome


async def _refresh(outcome: Outcome, episode_ids: Sequence[int]) -> None:
    """Read the rows again, now that the run has changed them, in the order they were asked for."""
    rows = [*outcome.done, *(row for row, _ in outcome.failed)]
    async with get_db_session(read_only=True) as session:
        found = await shelf.episodes(session, series_ids={row.series.id for row in rows})
    fresh = {row.episode.id: row for row in found}

    def place(row: EpisodeRow) -> int:
        return episode_ids.index(row.episode.id)

    outcome.done = [fresh.get(row.episode.id, row) for row in sorted(outcome.done, key=place)]
    failed = sorted(outcome.failed, key=lambda one: place(one[0]))
    outcome.failed = [(fresh.get(row.episode.id, row), error) for row, error in failed]


@asynccontextmanager
async def _telling(app: App, listen: Listener, outcome: Outcome) -> AsyncIterator[None]:
    """Tell the servers in rounds while the block runs."""

    async def rounds() -> None:
        while True:
            await asyncio.sleep(TELL_EVERY)
            outcome.hear(await tell_all(app, listen))

    task = asyncio.create_task(rounds())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def attempts_of(outcome: Outcome) -> list[tuple[EpisodeRow, AttemptRow]]:
    """Every mirror tried in a run, in order."""
    rows = {row.episode.id: row for row in (*outcome.done, *(row for row, _ in outcome.failed))}
    jobs = {job_id: rows[episode_id] for job_id, episode_id in outcome.jobs.items() if episode_id in rows}
    async with get_db_session(read_only=True) as session:
        return [(jobs[one.job_id], one) for one in await queue.attempts(session, list(jobs), outcome.began)]
