"""The queue in the store, as the download service sees it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from ..errors import NotFound
from ..store import queue, queue_control, shelf
from ..store.queue_control import Which, numbers
from ..store.sessions import get_db_session
from ..store.tables import OPEN, Status
from .items import DownloadItem, DownloadPriority, EpisodeIdentifier


class StoredQueue:
    """Keeps items as rows of the store; each method is one transaction. See `items.Queue`."""

    async def save_item(self, item: DownloadItem) -> DownloadItem:
        """Keep one item."""
        return (await self.save_items([item]))[0]

    async def save_items(self, items: Sequence[DownloadItem]) -> list[DownloadItem]:
        """Keep items, in this order; what was open already stays as it was and counts."""
        saved: dict[str, DownloadItem] = {}
        async with get_db_session() as session:
            ids = await shelf.episode_ids(session, {item.serie_id for item in items})
            for item in items:
                if item.key not in ids:
                    name = f"S{item.episode.season:02d}E{item.episode.episode:02d}"
                    raise NotFound(f"{item.serie_id} has no episode {name}")
            for priority in {item.priority: None for item in items}:
                wanted = {ids[item.key]: item.id for item in items if item.priority == priority}
                jobs = await queue.enqueue(session, list(wanted), priority=priority.rank, resume=False)
                rows = await _listed(session, [*jobs])
                saved.update({wanted[jobs[int(row.id)]]: row for row in rows})
        return [saved[item.id] for item in items if item.id in saved]

    async def add_episodes(
        self, episode_ids: Sequence[int], priority: DownloadPriority
    ) -> list[DownloadItem]:
        """Make sure that each episode has one open item; returns them in the order of the queue."""
        async with get_db_session() as session:
            jobs = await queue.enqueue(session, episode_ids, priority=priority.rank, resume=False)
            return await _listed(session, [*jobs])

    async def get_all_items(self) -> list[DownloadItem]:
        """What waits, runs or is paused; what has ended is history."""
        async with get_db_session(read_only=True) as session:
            return _items(await queue_control.listed(session, states=OPEN), await shelf.shared_keys(session))

    async def page(
        self, states: Collection[Status], after: tuple[int, int] | None, most: int
    ) -> list[DownloadItem]:
        """So many items in order, behind the position and id of another."""
        async with get_db_session(read_only=True) as session:
            rows = await queue_control.listed(session, states=states, after=after, most=most)
            return _items(rows, await shelf.shared_keys(session))

    async def get_items(self, ids: Collection[str]) -> list[DownloadItem]:
        """The items with these ids that there are."""
        async with get_db_session(read_only=True) as session:
            return await _listed(session, numbers(ids))

    async def still_open(self, ids: Collection[str]) -> set[str]:
        """Those of these ids whose items wait, run or are paused."""
        async with get_db_session(read_only=True) as session:
            return _texts(await queue_control.still_open(session, numbers(ids)))

    async def next_item(self, skip: Collection[str], sites_off: Collection[str]) -> DownloadItem | None:
        """The item whose turn it is."""
        async with get_db_session(read_only=True) as session:
            job_id = await queue.next_waiting(session, skip=numbers(skip), sites_off=sites_off)
            return None if job_id is None else (await _listed(session, [job_id]))[0]

    async def reopen_due(self, most_retries: int) -> list[str]:
        """Let failed items wait again whose time has come."""
        async with get_db_session() as session:
            return list(map(str, await queue.reopen_due(session, most_retries)))

    async def pause(self, which: Which) -> list[str]:
        """Put items aside."""
        async with get_db_session() as session:
            return list(map(str, await queue_control.pause(session, which)))

    async def resume(self, which: Which) -> list[str]:
        """Let paused items wait again."""
        async with get_db_session() as session:
            return list(map(str, await queue_control.resume(session, which)))

    async def retry(self, which: Which, *, given_up: bool) -> list[str]:
        """Let failed items wait again."""
        async with get_db_session() as session:
            return list(map(str, await queue_control.retry(session, which, given_up=given_up)))

    async def call_off(self, which: Which) -> list[str]:
        """End what is open."""
        async with get_db_session() as session:
            return list(map(str, await queue_control.call_off(session, which)))

    async def remove(self, which: Which) -> tuple[list[str], list[str]]:
        """Call off what is open, forget what has ended."""
        async with get_db_session() as session:
            called_off, gone = await queue_control.remove(session, which)
        return list(map(str, called_off)), list(map(str, gone))

    async def clear(self, states: Collection[Status]) -> list[str]:
        """Forget what ended in one of these states."""
        async with get_db_session() as session:
            return list(map(str, await queue_control.clear(session, states)))

    async def reorder(self, ids: Sequence[str]) -> list[str]:
        """Let items change places among themselves."""
        async with get_db_session() as session:
            return list(map(str, await queue_control.reorder(session, numbers(ids))))

    async def put_first(self, ids: Sequence[str]) -> list[str]:
        """Put items before all others."""
        async with get_db_session() as session:
            return list(map(str, await queue_control.put_first(session, numbers(ids))))

    async def prioritise(self, ids: Sequence[str], priority: DownloadPriority) -> list[str]:
        """Put items behind the last one of a priority."""
        async with get_db_session() as session:
            return list(map(str, await queue_control.prioritise(session, numbers(ids), priority.rank)))

    async def give_up_stalled(self, item: DownloadItem, most_retries: int) -> bool:
        """Take a running item back that makes no progress, unless it is being filed by now."""
        async with get_db_session() as session:
            ticket = await queue_control.running_ticket(session, int(item.id))
            return ticket is not None and await queue.fail(
                session, ticket, "stalled", "nothing came any more", counts=True, most_retries=most_retries
            )

    async def counts(self) -> dict[Status, int]:
        """How many items are in each state."""
        async with get_db_session(read_only=True) as session:
            return await queue_control.counts(session)

    async def is_stopped(self) -> bool:
        """Whether the owner has stopped the whole queue."""
        async with get_db_session(read_only=True) as session:
            return await queue_control.is_stopped(session)

    async def set_stopped(self, stopped: bool) -> None:
        """Stop the whole queue, or let it go on."""
        async with get_db_session() as session:
            await queue_control.set_stopped(session, stopped)


_STATES = {state.value: state for state in Status}


async def _listed(session: Any, job_ids: Sequence[int]) -> list[DownloadItem]:
    rows = await queue_control.listed(session, Which(job_ids))
    return _items(rows, await shelf.shared_keys(session))


def _items(rows: Iterable[Any], shared: Collection[str]) -> list[DownloadItem]:
    return [
        DownloadItem(
            id=str(row.id),
            serie_id=f"{row.site}:{row.key}" if row.key in shared else row.key,
            serie_folder=row.folder,
            serie_name=row.name,
            site=row.site,
            episode=EpisodeIdentifier(row.season, row.episode_number, row.title),
            status=_STATES[row.status],
            stage=row.stage,
            priority=DownloadPriority.of_rank(row.priority),
            position=row.position,
            retry_count=row.retry_count,
            error_code=row.error_code,
            error=row.error_message,
            next_try_at=row.next_try_at,
            added_at=row.added_at,
            started_at=row.started_at,
            completed_at=row.completed_at,
        )
        for row in rows
    ]


def _texts(ids: Iterable[int]) -> set[str]:
    return {str(one) for one in ids}
