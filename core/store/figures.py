"""Figures of the whole installation, for dashboards, and what the scheduler needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from .tables import OPEN, AnimeSeries, AttemptRow, DownloadQueueItem, Episode, Status, SystemSettings

SETTLED = (*OPEN, Status.PERMANENTLY_FAILED)
"""States of a job whose episode is not asked for by itself: it waits or runs, or was given up."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of followed series, their episodes, and jobs by status."""

    series: int
    episodes: int
    on_disk: int
    jobs: dict[str, int]
    needs_person: int


async def count(session: AsyncSession) -> Figures:
    """Count everything."""
    jobs = DownloadQueueItem
    followed = select(AnimeSeries.id).where(AnimeSeries.followed)
    episodes = select(func.count(), func.count().filter(Episode.is_downloaded)).where(
        Episode.series_id.in_(followed)
    )
    listed, on_disk = (await session.execute(episodes)).one()
    by_status = await session.execute(select(jobs.status, func.count().label("number")).group_by(jobs.status))
    return Figures(
        series=await session.scalar(select(func.count()).select_from(followed.subquery())) or 0,
        episodes=listed,
        on_disk=on_disk,
        jobs={row.status: row.number for row in by_status},
        needs_person=await session.scalar(
            select(func.count())
            .select_from(jobs)
            .where(jobs.error_code == "needs_person", jobs.status == Status.FAILED)
        )
        or 0,
    )


async def attempts(session: AsyncSession) -> Sequence[tuple[str, str, int]]:
    """How many attempts are remembered, by host and result."""
    rows = AttemptRow
    query = select(rows.provider, rows.result, func.count()).group_by(rows.provider, rows.result)
    return [(host, result, number) for host, result, number in await session.execute(query)]


async def last_scan(session: AsyncSession) -> datetime | None:
    """When all followed series were last compared with catalogue and library."""
    return await session.scalar(select(SystemSettings.last_scan_timestamp))


async def missing(session: AsyncSession) -> list[int]:
    """Episodes of followed series that are not on disk, in order, and that no job stands for.

    One that was given up waits for its owner.
    """
    jobs = DownloadQueueItem
    stands = select(jobs.id).where(jobs.episode_id == Episode.id, jobs.status.in_(SETTLED)).exists()
    query = (
        select(Episode.id)
        .join(AnimeSeries, AnimeSeries.id == Episode.series_id)
        .where(AnimeSeries.followed, ~Episode.is_downloaded, ~stands)
        .order_by(AnimeSeries.name, Episode.season == 0, Episode.season, Episode.episode_number)
    )
    return list(await session.scalars(query))
