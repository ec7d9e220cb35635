"""What an owner does with the queue: look at it, order it, pause, resume, retry, remove, clear.

Every change is one statement that names the states it may come from, so that it and a worker that ends
the same job at the same moment never both win. What is being filed is past every change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .queue import Ticket, last_position
from .tables import OPEN, OPEN_SQL, AnimeSeries, DownloadQueueItem, Episode, Status, SystemSettings, now

_JOBS = DownloadQueueItem

ENDED = (Status.COMPLETED, Status.FAILED, Status.PERMANENTLY_FAILED, Status.CANCELLED)
"""A job in one of these waits for nothing."""


@dataclass(frozen=True, slots=True)
class Which:
    """The jobs that are meant: by their ids, by series, or all if neither is given."""

    jobs: Collection[int | str] | None = None
    series: Collection[int] | None = None

    def where(self) -> list[ColumnElement[bool]]:
        """As conditions."""
        conditions: list[ColumnElement[bool]] = []
        if self.jobs is not None:
            conditions.append(_JOBS.id.in_(numbers(self.jobs)))
        if self.series is not None:
            episodes = select(Episode.id).where(Episode.series_id.in_(list(self.series)))
            conditions.append(_JOBS.episode_id.in_(episodes))
        return conditions


def numbers(ids: Iterable[int | str]) -> list[int]:
    """Ids as the store has them; a text that can be none is nobody's."""
    texts = map(str, ids)
    return [int(one) for one in texts if one.isascii() and one.isdigit() and len(one) < 19]


async def _move(session: AsyncSession, which: Which, states: Sequence[Status], **values: object) -> list[int]:
    """Change the jobs that are in one of these states; returns their ids."""
    moved = await session.scalars(
        update(_JOBS)
        .where(*which.where(), _JOBS.status.in_(states), _JOBS.stage != "filing")
        .values(**values)
        .returning(_JOBS.id)
    )
    return list(moved)


async def pause(session: AsyncSession, which: Which) -> list[int]:
    """Put jobs aside that wait or run; who works on one finds that it is not his any more."""
    states = (Status.PENDING, Status.DOWNLOADING)
    return await _move(session, which, states, status=Status.PAUSED, stage="")


async def resume(session: AsyncSession, which: Which) -> list[int]:
    """Let paused jobs wait again, where they stood."""
    cleared = {"error_code": None, "error_message": None}
    return await _move(session, which, (Status.PAUSED,), status=Status.PENDING, stage="", **cleared)


async def retry(session: AsyncSession, which: Which, *, given_up: bool = False) -> list[int]:
    """Let failed jobs wait again; with `given_up` those too that were given up, their count from 0.

    One whose episode has an open job, or is on disk, stays as it is; of several, the newest counts.
    """
    states = (Status.FAILED, Status.PERMANENTLY_FAILED) if given_up else (Status.FAILED,)
    busy = select(_JOBS.episode_id).where(OPEN_SQL)
    on_disk = select(Episode.id).where(Episode.is_downloaded)
    newest = select(func.max(_JOBS.id)).where(_JOBS.status.in_(states)).group_by(_JOBS.episode_id)
    moved = await session.scalars(
        update(_JOBS)
        .where(*which.where(), _JOBS.status.in_(states), _JOBS.id.in_(newest))
        .where(_JOBS.episode_id.not_in(busy), _JOBS.episode_id.not_in(on_disk))
        .values(
            retry_count=case((_JOBS.status == Status.PERMANENTLY_FAILED, 0), else_=_JOBS.retry_count),
            status=Status.PENDING, stage="", next_try_at=None, completed_at=None,
        )
        .returning(_JOBS.id)
    )  # fmt: skip
    return list(moved)


async def call_off(session: AsyncSession, which: Which) -> list[int]:
    """End jobs that wait, run or are paused; returns their ids."""
    return await _move(session, which, OPEN, status=Status.CANCELLED, stage="", completed_at=now())


async def remove(session: AsyncSession, which: Which) -> tuple[list[int], list[int]]:
    """Call off what is open, forget what has ended; returns the ids of both."""
    called_off = await call_off(session, which)
    gone = await session.scalars(
        delete(_JOBS)
        .where(*which.where(), _JOBS.status.in_(ENDED), _JOBS.id.not_in(called_off))
        .returning(_JOBS.id)
    )
    return called_off, list(gone)


async def clear(session: AsyncSession, states: Collection[Status]) -> list[int]:
    """Forget jobs that ended in one of these states; returns their ids."""
    ended = [state for state in states if state in ENDED]
    gone = await session.scalars(delete(_JOBS).where(_JOBS.status.in_(ended)).returning(_JOBS.id))
    return list(gone)


async def reorder(session: AsyncSession, job_ids: Sequence[int]) -> list[int]:
    """Let these open jobs change places among themselves, into this order; returns those that took part.

    Nobody else's place changes, so what was put behind them meanwhile stays behind them.
    """
    query = select(_JOBS.id, _JOBS.position).where(_JOBS.id.in_(list(job_ids)), _JOBS.status.in_(OPEN))
    places = {row.id: row.position for row in await session.execute(query)}
    order = [id_ for id_ in dict.fromkeys(job_ids) if id_ in places]
    await _place(session, dict(zip(order, sorted(places.values()), strict=True)))
    return order


async def put_first(session: AsyncSession, job_ids: Sequence[int]) -> list[int]:
    """Put these jobs before all others that are open, in this order."""
    query = select(_JOBS.id).where(_JOBS.id.in_(list(job_ids)), _JOBS.status.in_(OPEN))
    known = set(await session.scalars(query))
    order = [id_ for id_ in dict.fromkeys(job_ids) if id_ in known]
    least = await session.scalar(select(func.min(_JOBS.position)).where(_JOBS.status.in_(OPEN))) or 0
    await _place(session, {id_: least - len(order) + place for place, id_ in enumerate(order)})
    return order


async def prioritise(session: AsyncSession, job_ids: Sequence[int], priority: int) -> list[int]:
    """Put these jobs behind the last one of a priority, in this order."""
    last = await last_position(session, priority)
    moved = await _move(session, Which(job_ids), OPEN, priority=priority)
    order = [id_ for id_ in dict.fromkeys(job_ids) if id_ in set(moved)]
    await _place(session, {id_: last + place for place, id_ in enumerate(order, 1)})
    return order


async def _place(session: AsyncSession, places: Mapping[int, int]) -> None:
    if places:
        table: Any = _JOBS.__table__
        statement = update(table).where(table.c.id == bindparam("job")).values(position=bindparam("place"))
        await session.execute(statement, [{"job": id_, "place": place} for id_, place in places.items()])


async def listed(
    session: AsyncSession,
    which: Which | None = None,
    *,
    states: Collection[Status] = (),
    after: tuple[int, int] | None = None,
    most: int | None = None,
) -> list[Any]:
    """Jobs in the order in which they are taken, as rows with columns of their series and episodes.

    `after` is the position and id of the last row of the page before.
    """
    query = (
        select(
            _JOBS.id, _JOBS.episode_id, _JOBS.status, _JOBS.stage, _JOBS.priority, _JOBS.position,
            _JOBS.retry_count, _JOBS.error_code, _JOBS.error_message, _JOBS.next_try_at, _JOBS.added_at,
            _JOBS.started_at, _JOBS.completed_at, AnimeSeries.site, AnimeSeries.key, AnimeSeries.name,
            AnimeSeries.folder, AnimeSeries.id.label("series_id"), Episode.season, Episode.episode_number,
            Episode.title,
        )
        .join(Episode, Episode.id == _JOBS.episode_id)
        .join(AnimeSeries, AnimeSeries.id == Episode.series_id)
        .where(*(which or Which()).where())
        .order_by(_JOBS.position, _JOBS.id)
        .limit(most)
    )  # fmt: skip
    if states:
        query = query.where(_JOBS.status.in_(list(states)))
    if after is not None:
        position, id_ = after
        query = query.where((_JOBS.position > position) | ((_JOBS.position == position) & (_JOBS.id > id_)))
    return list(await session.execute(query))


async def counts(session: AsyncSession) -> dict[Status, int]:
    """How many jobs are in each state."""
    query = select(_JOBS.status, func.count()).group_by(_JOBS.status)
    found = {row.status: int(row[1]) for row in await session.execute(query)}
    return {status: found.get(status, 0) for status in Status}


async def running_ticket(session: AsyncSession, job_id: int) -> Ticket | None:
    """The right to end a job that runs, unless it is being filed."""
    query = select(_JOBS.attempt).where(_JOBS.id == job_id, _JOBS.status == Status.DOWNLOADING)
    attempt = await session.scalar(query.where(_JOBS.stage != "filing").with_for_update())
    return None if attempt is None else Ticket(job_id, attempt)


async def still_open(session: AsyncSession, job_ids: Collection[int]) -> set[int]:
    """Those of these jobs that stand for their episode still."""
    return set(await session.scalars(select(_JOBS.id).where(_JOBS.id.in_(list(job_ids)), OPEN_SQL)))


async def is_stopped(session: AsyncSession) -> bool:
    """Whether the owner has stopped the whole queue."""
    return bool(await session.scalar(select(SystemSettings.downloads_stopped)))


async def set_stopped(session: AsyncSession, stopped: bool) -> None:
    """Stop the whole queue, or let it go on; a restart changes nothing about it."""
    row = await session.get(SystemSettings, 1)
    if row is None:
        session.add(SystemSettings(id=1, downloads_stopped=stopped))
    else:
        row.downloads_stopped = stopped
