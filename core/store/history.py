"""Jobs that ended, and what was tried for them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .tables import AnimeSeries, AttemptRow, DownloadQueueItem, Episode


async def ended(
    session: AsyncSession, limit: int, *, before: int | None = None, status: str = ""
) -> list[tuple[DownloadQueueItem, Episode, AnimeSeries]]:
    """Jobs that ended, newest first, those before a job's id."""
    jobs = DownloadQueueItem
    query = (
        select(jobs, Episode, AnimeSeries)
        .join(Episode, Episode.id == jobs.episode_id)
        .join(AnimeSeries, AnimeSeries.id == Episode.series_id)
        .where(jobs.completed_at.is_not(None))
        .order_by(jobs.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(jobs.id < before)
    if status:
        query = query.where(jobs.status == status)
    return [(job, episode, series) for job, episode, series in await session.execute(query)]


async def attempts(session: AsyncSession, job_id: int, limit: int = 500) -> list[AttemptRow]:
    """Every mirror that was tried for a job, oldest first."""
    query = select(AttemptRow).where(AttemptRow.job_id == job_id).order_by(AttemptRow.id).limit(limit)
    return list(await session.scalars(query))
