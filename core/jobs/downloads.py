"""The download queue of the service: takes episodes in, works on them, and does what its owner asks for.

`DownloadService(anime_service=…, queue_repository=…, max_retries=3)` is the predecessor's; `running()`
and what changes the queue need a repository that is a whole `items.Queue`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..errors import AnidanaError, Held
from ..store.queue_control import Which
from ..store.tables import OPEN, Status
from .bus import Bus
from .engine import Engine
from .events import Event, Staged
from .items import (
    AnimeService,
    DownloadItem,
    DownloadPriority,
    EpisodeIdentifier,
    Hold,
    Key,
    Queue,
    QueueRepository,
)
from .publish import Publisher

log = logging.getLogger(__name__)

LOOK_EVERY, STALLED_AFTER, STOP_SECONDS = 5.0, 60.0, 8.0
"""Seconds between two looks at the queue as a whole, without progress until a job is taken back, and that
running jobs get to put themselves back when the service stops."""

_MOVING = ("resolving", "downloading")
"""Stages in which something must happen all the time; others may be one long copy."""


@dataclass(slots=True)
class _Working:
    """A job that runs: when something last happened, and whether it was called off from outside."""

    item: DownloadItem
    moved_at: float
    stage: str = ""
    called_off: bool = False
    task: asyncio.Task[AnidanaError | None] = field(init=False)


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The queue as a whole: stopped by its owner, held up by something, and how many items are where."""

    stopped: bool
    hold: Hold | None
    counts: dict[Status, int]
    running: tuple[DownloadItem, ...]


class DownloadService:
    """The queue and its workers: `slots` jobs at once, the first that waits next.

    Items are known by `(key, season, episode)` in memory, so that nothing is asked of the store for what
    waits already; its unique index has the last word.
    """

    def __init__(
        self,
        anime_service: AnimeService,
        queue_repository: QueueRepository,
        max_retries: int = 3,
        *,
        slots: int = 2,
        publisher: Publisher | None = None,
    ) -> None:
        self._anime, self._repository, self._max_retries = anime_service, queue_repository, max_retries
        self._publisher = publisher or Publisher(Bus())
        self._engine = Engine(self._turn, slots)
        self._pending_by_episode: dict[Key, DownloadItem] = {}
        self._keys: dict[str, Key] = {}
        self._loaded = self._settled = self._stopped = False
        self._adding, self._choosing = asyncio.Lock(), asyncio.Lock()
        self._working: dict[str, _Working] = {}
        self._passed: set[str] = set()
        self._hold: Hold | None = None

    async def add_to_queue(
        self,
        serie_id: str,
        serie_folder: str,
        serie_name: str,
        episodes: Iterable[EpisodeIdentifier | Any],
        priority: DownloadPriority | str = DownloadPriority.NORMAL,
    ) -> list[str]:
        """Queue episodes of a series that do not wait yet; returns the ids of the new items.

        Anything with `season` and `episode` is an episode. NotFound, and nothing queued, if one is unknown.
        """
        priority = DownloadPriority(priority)
        async with self._adding:
            await self._load()
            items = [
                DownloadItem(
                    serie_id=serie_id,
                    serie_folder=serie_folder,
                    serie_name=serie_name,
                    episode=EpisodeIdentifier(one.season, one.episode, getattr(one, "title", "") or ""),
                    priority=priority,
                )
                for one in episodes
            ]
            await self._forget_ended(items)
            new = {item.key: item for item in items if item.key not in self._pending_by_episode}
            saved = await self._save(list(new.values())) if new else []
            self._take_in(saved)
        return [item.id for item in saved]

    async def add_episodes(
        self, episode_ids: Sequence[int], priority: DownloadPriority = DownloadPriority.NORMAL
    ) -> list[str]:
        """Queue episodes by their rows' ids, however many; returns the ids of the new items."""
        async with self._adding:
            await self._load()
            items = await self._queue.add_episodes(episode_ids, priority)
            new = [item for item in items if item.id not in self._keys]
            self._take_in(new)
        return [item.id for item in new]

    async def items(self) -> list[DownloadItem]:
        """What waits, runs or is paused, in order."""
        return await self._repository.get_all_items()

    async def page(
        self, states: Collection[Status] = (), after: tuple[int, int] | None = None, most: int = 50
    ) -> list[DownloadItem]:
        """So many items in order, in these states or in all, behind the `position` and id of another."""
        return await self._queue.page(states, after, most)

    async def get_queue_status(self) -> QueueStatus:
        """The queue as a whole."""
        running = tuple(replace(one.item, stage=one.stage) for one in self._working.values())
        return QueueStatus(await self._queue.is_stopped(), self._hold, await self._queue.counts(), running)

    async def pause(self, which: Which) -> list[str]:
        """Put jobs aside, running ones too (what they have is kept); returns whom it reached."""
        return await self._changed(await self._queue.pause(which), called_off=True)

    async def resume(self, which: Which) -> list[str]:
        """Let paused jobs wait again, where they stood."""
        return await self._changed(await self._queue.resume(which))

    async def retry(self, ids: Collection[str] | None = None) -> list[str]:
        """Let failed jobs wait again: all of them, or these, and then those too that were given up."""
        return await self._changed(await self._queue.retry(Which(ids), given_up=ids is not None))

    async def remove(self, which: Which) -> list[str]:
        """Call off what is open and forget what has ended."""
        called_off, gone = await self._queue.remove(which)
        await self._changed(called_off, called_off=True)
        await self._dropped([*called_off, *gone])
        self._publisher.removed([*called_off, *gone])
        return [*called_off, *gone]

    async def call_off(self, which: Which) -> list[str]:
        """Call off what is open, as when a series is not followed any more."""
        called_off = await self._changed(await self._queue.call_off(which), called_off=True)
        await self._dropped(called_off)
        return called_off

    async def clear(self, states: Collection[Status]) -> list[str]:
        """Forget jobs that ended in one of these states."""
        gone = await self._queue.clear(states)
        await self._dropped(gone)
        self._publisher.removed(gone)
        return gone

    async def reorder(self, ids: Sequence[str]) -> list[str]:
        """Let these jobs change places among themselves, into this order."""
        return await self._changed(await self._queue.reorder(ids))

    async def put_first(self, ids: Sequence[str]) -> list[str]:
        """Put these jobs before all others, in this order."""
        return await self._changed(await self._queue.put_first(ids))

    async def prioritise(self, ids: Sequence[str], priority: DownloadPriority | str) -> list[str]:
        """Put these jobs behind the last one of a priority."""
        return await self._changed(await self._queue.prioritise(ids, DownloadPriority(priority)))

    async def stop_downloads(self) -> None:
        """Begin nothing any more and put back what runs, until `start_downloads`, restarts or not."""
        self._stopped = True
        await self._set_stopped(True)
        await self._call_off(list(self._working))

    async def start_downloads(self) -> None:
        """Go on."""
        await self._set_stopped(False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work on the queue while the block runs; at its end running jobs put themselves back and wait."""
        async with self._adding:
            await self._load()
        self._stopped = await self._queue.is_stopped()
        tasks = {asyncio.create_task(self._engine.run()), asyncio.create_task(self._look_after())}
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            if late:
                log.warning("a job is still being filed; the next start settles it")

    async def look(self) -> None:
        """Look at the queue as a whole: what holds it up, what is stalled, what a dead process left."""
        self._passed.clear()
        waiting = not self._stopped and (await self._queue.counts())[Status.PENDING]
        if waiting or self._hold is not None or not self._settled:  # else the disks may sleep
            self._set_hold(await self._anime.hold())
        if self._hold is None or self._hold.until is not None:
            await self._anime.settle(self._is_running)
            self._settled = True
        moment = asyncio.get_running_loop().time()
        for working in list(self._working.values()):
            if (
                working.stage in _MOVING
                and moment - working.moved_at > STALLED_AFTER
                and await self._queue.give_up_stalled(working.item, self._max_retries)
            ):
                log.warning("job %s made no progress and was taken back", working.item.id)
                await self._call_off([working.item.id])
        await self._changed(await self._queue.reopen_due(self._max_retries))
        self._engine.wake()

    # What is known in memory.

    def _add_to_pending_queue(self, item: DownloadItem) -> None:
        self._pending_by_episode[item.key] = item
        self._keys[item.id] = item.key

    def _remove_from_pending_queue(self, item: DownloadItem | str) -> None:
        id_ = item if isinstance(item, str) else item.id
        if (key := self._keys.pop(id_, None)) is not None:
            self._pending_by_episode.pop(key, None)

    async def _load(self) -> None:
        if self._loaded:
            return
        for item in await self._repository.get_all_items():
            if item.status in OPEN:
                self._add_to_pending_queue(item)
        self._loaded = True

    async def _forget_ended(self, items: Sequence[DownloadItem]) -> None:
        """See whether what is said to wait does so still: another process may have called it off."""
        known = {self._pending_by_episode[one.key].id for one in items if one.key in self._pending_by_episode}
        if known and isinstance(self._repository, Queue):
            for id_ in known - await self._queue.still_open(known):
                self._remove_from_pending_queue(id_)

    async def _save(self, items: list[DownloadItem]) -> list[DownloadItem]:
        if isinstance(self._repository, Queue):
            return await self._repository.save_items(items)
        return [await self._repository.save_item(item) for item in items]

    def _take_in(self, items: Sequence[DownloadItem]) -> None:
        for item in items:
            self._add_to_pending_queue(item)
        if items:
            self._publisher.added(items)
            self._engine.wake()

    @property
    def _queue(self) -> Queue:
        if not isinstance(self._repository, Queue):
            raise TypeError("this repository takes items in and lists them, nothing else")
        return self._repository

    # What follows from a change.

    async def _changed(self, ids: Collection[str], *, called_off: bool = False) -> list[str]:
        """Let memory and listeners follow the store, and with `called_off` the jobs that run."""
        items = await self._queue.get_items(ids) if ids else []
        for id_ in set(ids) - {item.id for item in items}:
            self._remove_from_pending_queue(id_)
        for item in items:
            if item.status in OPEN:
                self._add_to_pending_queue(item)
            else:
                self._remove_from_pending_queue(item)
        if called_off:
            await self._call_off(ids)
        if items:
            self._publisher.changed(items)
            self._engine.wake()
        return [item.id for item in items]

    async def _call_off(self, ids: Collection[str]) -> None:
        """Stop running jobs; returns once they have stopped."""
        running = [self._working[id_] for id_ in ids if id_ in self._working]
        for working in running:
            working.called_off = True
            working.task.cancel()
        if running:
            await asyncio.wait([working.task for working in running])

    async def _dropped(self, ids: Collection[str]) -> None:
        for id_ in ids:
            self._remove_from_pending_queue(id_)
        await self._anime.forget(ids)

    async def _set_stopped(self, stopped: bool) -> None:
        await self._queue.set_stopped(stopped)
        self._stopped = stopped
        self._publisher.queue(self._hold, stopped=stopped)
        self._engine.wake()

    def _set_hold(self, hold: Hold | None) -> None:
        if hold != self._hold:
            log.info("the queue goes on" if hold is None else f"the queue is held: {hold.text}")
            self._hold = hold
            self._publisher.queue(hold, stopped=self._stopped)

    # What the workers do.

    async def _look_after(self) -> None:
        while True:
            try:
                await self.look()
            except AnidanaError as error:
                log.warning("the queue was not looked after: %s", error)
            except Exception:
                log.exception("the queue was not looked after")
            await asyncio.sleep(LOOK_EVERY)

    async def _turn(self) -> bool:
        """Do the job whose turn it is."""
        async with self._choosing:
            item = await self._choose()
            if item is None:
                return False
            working = _Working(item, asyncio.get_running_loop().time())
            working.task = asyncio.create_task(self._anime.download(item, partial(self._hear, working)))
            self._working[item.id] = working
        error: AnidanaError | None = None
        try:
            self._publisher.changed([replace(item, status=Status.DOWNLOADING)])
            error = await working.task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if not working.called_off or (current is not None and current.cancelling()):
                raise
        finally:
            del self._working[item.id]
        if isinstance(error, Held):  # not ours to take now: whoever has it lets it go sooner or later
            self._passed.add(item.id)
        for ended in await self._queue.get_items([item.id]):
            if ended.status == Status.COMPLETED:
                self._publisher.filed(ended)
        await self._changed([item.id])
        return True

    async def _choose(self) -> DownloadItem | None:
        if self._stopped or not self._settled:
            return None
        skip = self._passed | self._working.keys()
        item = await self._queue.next_item(skip, await self._anime.sites_off())
        if item is not None:
            self._set_hold(await self._anime.hold())
        held = self._stopped or self._hold is not None  # it may have been stopped meanwhile
        return None if held else item

    def _is_running(self, job_id: int) -> bool:
        return str(job_id) in self._working

    def _hear(self, working: _Working, event: Event) -> None:
        working.moved_at = asyncio.get_running_loop().time()
        if isinstance(event, Staged):
            working.stage = event.stage
        self._publisher.event(replace(working.item, stage=working.stage), event)
