"""The download queue: taking jobs in, taking them up, and the fenced last step.

Every change of a running job says which attempt it speaks for; an older one changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .. import models
from . import hosts
from .shelf import insert
from .tables import (
    OPEN,
    OPEN_SQL,
    AnimeSeries,
    AttemptRow,
    DownloadQueueItem,
    Episode,
    EpisodeFile,
    OutboxRow,
    RenameRow,
    Status,
    now,
)

_AT_ONCE = 10_000
"""Ids in one statement; SQLite takes 32,766 values."""

_SPAN = 2**40
"""Positions of one priority lie around one middle, this far from those of the next."""

_FIRST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to work on a job: its id and the attempt it was taken up for."""

    job_id: int
    attempt: int


async def enqueue(
    session: AsyncSession, episode_ids: Sequence[int], *, priority: int = 0, resume: bool = True
) -> dict[int, int]:
    """Make sure that each of these episodes has one job waiting; returns episode ids by job id.

    A failed job is opened again, so that its count of retries goes on, and with `resume` a paused one
    goes on; one that was given up stays as it is and a new one is made. The order of the episodes is kept,
    behind all that waits with the same priority (1 high, 0 normal, -1 low). Episodes that there are not,
    or not any more, are left out.
    """
    wanted = list(dict.fromkeys(episode_ids))
    found: dict[int, int] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        there = set(await session.scalars(select(Episode.id).where(Episode.id.in_(some))))
        some = [id_ for id_ in some if id_ in there]
        await _reopen(session, DownloadQueueItem.episode_id.in_(some), paused=resume)
        await _insert(session, some, priority)
        query = select(DownloadQueueItem.episode_id, DownloadQueueItem.id)
        query = query.where(DownloadQueueItem.episode_id.in_(some), OPEN_SQL)
        found.update({row.episode_id: row.id for row in await session.execute(query)})
    return {found[episode_id]: episode_id for episode_id in wanted if episode_id in found}


async def _reopen(session: AsyncSession, which: ColumnElement[bool], *, paused: bool = False) -> list[int]:
    """Let failed jobs wait again, unless their episode has an open one; returns their ids."""
    jobs = DownloadQueueItem
    has_open = select(jobs.episode_id).where(OPEN_SQL)
    opened = await session.scalars(
        update(jobs)
        .where(which, jobs.status == Status.FAILED, jobs.episode_id.not_in(has_open))
        .values(status=Status.PENDING, stage="", next_try_at=None)
        .returning(jobs.id)
    )
    if paused:
        await session.execute(
            update(jobs).where(which, jobs.status == Status.PAUSED).values(status=Status.PENDING)
        )
    return list(opened)


async def _insert(session: AsyncSession, episode_ids: Sequence[int], priority: int) -> None:
    if not episode_ids:
        return
    first, moment = await last_position(session, priority) + 1, now()
    rows = [
        {"episode_id": id_, "priority": priority, "position": position, "added_at": moment,
         "status": Status.PENDING, "stage": "", "attempt": 0, "retry_count": 0}
        for position, id_ in enumerate(episode_ids, first)
    ]  # fmt: skip
    statement = insert(session, DownloadQueueItem.__table__)  # the class would cost a flush of ten thousand
    await session.execute(
        statement.on_conflict_do_nothing(index_elements=["episode_id"], index_where=OPEN_SQL), rows
    )


async def last_position(session: AsyncSession, priority: int) -> int:
    """The place of the last open job among those of a priority."""
    start, place = -priority * _SPAN, DownloadQueueItem.position
    query = select(func.max(place)).where(
        DownloadQueueItem.status.in_(OPEN), place >= start - _SPAN // 2, place < start + _SPAN // 2
    )
    last = await session.scalar(query)
    return start - 1 if last is None else last


async def next_waiting(
    session: AsyncSession, *, skip: Collection[int] = (), sites_off: Collection[str] = ()
) -> int | None:
    """The job whose turn it is: the first that waits, not one of `skip`, of no site in `sites_off`."""
    jobs = DownloadQueueItem
    query = select(jobs.id).where(jobs.status == Status.PENDING, jobs.id.not_in(list(skip)))
    if sites_off:
        query = (
            query.join(Episode, Episode.id == jobs.episode_id)
            .join(AnimeSeries, AnimeSeries.id == Episode.series_id)
            .where(AnimeSeries.site.not_in(list(sites_off)))
        )
    return await session.scalar(query.order_by(jobs.position, jobs.id).limit(1))


async def reopen_due(session: AsyncSession, most_retries: int) -> list[int]:
    """Let failed jobs wait again whose time has come and whose episode is wanted still; returns their ids."""
    jobs = DownloadQueueItem
    wanted = (
        select(Episode.id)
        .join(AnimeSeries, AnimeSeries.id == Episode.series_id)
        .where(AnimeSeries.followed, ~Episode.is_downloaded)
    )
    due = (jobs.next_try_at <= now()) & (jobs.retry_count <= most_retries)
    return await _reopen(session, due & jobs.episode_id.in_(wanted))


async def take_up(session: AsyncSession, job_id: int) -> Ticket | None:
    """Take a pending job up; None if it is no longer waiting, or its series is being renamed."""
    jobs = DownloadQueueItem
    renamed = select(Episode.id).join(RenameRow, RenameRow.series_id == Episode.series_id)
    attempt = await session.scalar(
        update(jobs)
        .where(jobs.id == job_id, jobs.status == Status.PENDING, jobs.episode_id.not_in(renamed))
        .values(
            status=Status.DOWNLOADING, stage="fetching", attempt=jobs.attempt + 1, started_at=now(),
            error_code=None, error_message=None, file_destination=None, file_size=None, next_try_at=None,
        )
        .returning(jobs.attempt)
    )  # fmt: skip
    return None if attempt is None else Ticket(job_id, attempt)


async def _change(session: AsyncSession, ticket: Ticket, **values: object) -> bool:
    jobs = DownloadQueueItem
    changed = await session.scalar(
        update(jobs)
        .where(jobs.id == ticket.job_id, jobs.attempt == ticket.attempt, jobs.status == Status.DOWNLOADING)
        .values(**values)
        .returning(jobs.id)
    )
    return changed is not None


async def plan_filing(session: AsyncSession, ticket: Ticket, file: EpisodeFile) -> bool:
    """Write down what is about to be filed, and where; only then may it be moved.

    False if the job is not ours any more.
    """
    if not await _change(session, ticket, stage="filing", file_destination=file.path, file_size=file.size):
        return False
    await session.merge(file)
    return True


async def complete(session: AsyncSession, ticket: Ticket, servers: Sequence[str]) -> bool:
    """The fenced last step: the job is done, its planned file is on disk, each server is to be told.

    False, and nothing changed, if the job is not ours any more.
    """
    jobs = DownloadQueueItem
    done = {"status": Status.COMPLETED, "stage": "", "completed_at": now(), "error_code": None}
    if not await _change(session, ticket, **done):
        return False
    job = await session.get_one(jobs, ticket.job_id, populate_existing=True)
    await session.execute(
        update(Episode)
        .where(Episode.id == job.episode_id)
        .values(is_downloaded=True, file_path=job.file_destination)
    )
    for server in servers:
        row = {
            "server": server, "episode_id": job.episode_id, "path": job.file_destination,
            "tries": 0, "created_at": now(), "confirmed_at": None, "last_error": None,
        }  # fmt: skip
        statement = insert(session, OutboxRow).values(row)
        await session.execute(
            statement.on_conflict_do_update(index_elements=["server", "episode_id"], set_=row)
        )
    return True


async def fail(
    session: AsyncSession, ticket: Ticket, code: str, message: str, *, counts: bool, most_retries: int
) -> bool:
    """End the attempt without a file; after `most_retries` that count the job is given up.

    Until then it is due again after a while, the longer the more often it has failed.
    """
    jobs = DownloadQueueItem
    tried = await session.scalar(select(jobs.retry_count).where(jobs.id == ticket.job_id)) or 0
    retries = jobs.retry_count + (1 if counts else 0)
    return await _change(
        session,
        ticket,
        status=case((retries > most_retries, Status.PERMANENTLY_FAILED), else_=Status.FAILED),
        stage="",
        retry_count=retries,
        error_code=code,
        error_message=message,
        completed_at=now(),
        next_try_at=now() + wait_after(code, tried, counts=counts),
    )


def wait_after(code: str, tried: int, *, counts: bool) -> timedelta:
    """How long a failed job waits: a quarter of an hour, then an hour, then four, a day at most.

    What does not count (it is not out, the page is another) has no end, so it waits six hours each time.
    """
    slow = not counts and code != "refused"
    return timedelta(hours=6) if slow else min(_FIRST_WAIT * 4**tried, timedelta(days=1))


async def pause(session: AsyncSession, ticket: Ticket, code: str, message: str) -> bool:
    """Put the job aside with a reason; it stays open, nobody takes it up until it is asked for."""
    return await _change(
        session, ticket, status=Status.PAUSED, stage="", error_code=code, error_message=message
    )


async def put_back(
    session: AsyncSession, ticket: Ticket, code: str | None = None, message: str | None = None
) -> bool:
    """Give the job back unfinished; it waits as before, and says why if there is a reason."""
    return await _change(
        session, ticket, status=Status.PENDING, stage="", error_code=code, error_message=message
    )


async def interrupted(session: AsyncSession) -> list[DownloadQueueItem]:
    """Jobs that a dead process left running. Ask only while holding the data folder's lock."""
    jobs = DownloadQueueItem
    return list(await session.scalars(select(jobs).where(jobs.status == Status.DOWNLOADING)))


async def resumable(session: AsyncSession) -> list[int]:
    """Jobs that are open, or failed and may be opened again: what was staged for them is of use."""
    jobs = DownloadQueueItem
    query = (
        select(jobs.id)
        .join(Episode, Episode.id == jobs.episode_id)
        .join(AnimeSeries, AnimeSeries.id == Episode.series_id)
        .where(AnimeSeries.followed, jobs.status.in_((*OPEN, Status.FAILED)))
    )
    return list(await session.scalars(query))


async def save_attempts(session: AsyncSession, ticket: Ticket, attempts: Sequence[models.Attempt]) -> None:
    """Keep what each mirror answered, and what that says of its host."""
    rows = [
        {
            "provider": attempt.provider[:100], "language": str(attempt.language), "result": attempt.result,
            "reason": attempt.reason, "seconds": attempt.seconds, "job_id": ticket.job_id, "at": now(),
        }
        for attempt in attempts
    ]  # fmt: skip
    job = select(DownloadQueueItem.id).where(DownloadQueueItem.id == ticket.job_id)
    if rows and await session.scalar(job) is not None:  # its series may have been deleted meanwhile
        await session.execute(insert(session, AttemptRow), rows)
    await hosts.note(session, attempts)


async def attempts(session: AsyncSession, job_ids: Sequence[int], since: datetime) -> list[AttemptRow]:
    """Every mirror tried for these jobs since a moment, job by job."""
    query = (
        select(AttemptRow)
        .where(AttemptRow.job_id.in_(list(job_ids)), AttemptRow.at >= since)
        .order_by(AttemptRow.job_id, AttemptRow.id)
    )
    return list(await session.scalars(query))


async def subject(session: AsyncSession, job_id: int) -> tuple[AnimeSeries, Episode]:
    """The series and episode of a job."""
    query = (
        select(AnimeSeries, Episode)
        .join(Episode, Episode.series_id == AnimeSeries.id)
        .join(DownloadQueueItem, DownloadQueueItem.episode_id == Episode.id)
        .where(DownloadQueueItem.id == job_id)
    )
    series, episode = (await session.execute(query)).one()
    return series, episode
