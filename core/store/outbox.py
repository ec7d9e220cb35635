"""What media servers have not confirmed yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .tables import AnimeSeries, Episode, OutboxRow, now


@dataclass(frozen=True, slots=True)
class Waiting:
    """One file that one server has not confirmed."""

    row: OutboxRow
    series: AnimeSeries
    episode: Episode


async def waiting(session: AsyncSession) -> list[Waiting]:
    """Every file not confirmed, grouped by server and series through their order."""
    query = (
        select(OutboxRow, AnimeSeries, Episode)
        .join(Episode, Episode.id == OutboxRow.episode_id)
        .join(AnimeSeries, AnimeSeries.id == Episode.series_id)
        .where(OutboxRow.confirmed_at.is_(None))
        .order_by(OutboxRow.server, AnimeSeries.id, Episode.season, Episode.episode_number)
    )
    return [Waiting(*row) for row in await session.execute(query)]


async def confirm(session: AsyncSession, row_ids: Sequence[int]) -> None:
    """The server lists these files."""
    await session.execute(
        update(OutboxRow).where(OutboxRow.id.in_(row_ids)).values(confirmed_at=now(), last_error=None)
    )


async def note_failure(session: AsyncSession, row_ids: Sequence[int], reason: str) -> None:
    """The server did not answer, or does not list them yet; they are told again."""
    await session.execute(
        update(OutboxRow)
        .where(OutboxRow.id.in_(row_ids))
        .values(tries=OutboxRow.tries + 1, last_error=reason)
    )
