"""Folders of the library that wait for somebody to say which series they hold."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .tables import FolderReview

OPEN, TAKEN, IGNORED = "open", "taken", "ignored"


async def waiting(session: AsyncSession) -> list[FolderReview]:
    """Every folder that waits, by name."""
    query = select(FolderReview).where(FolderReview.state == OPEN).order_by(FolderReview.folder)
    return list(await session.scalars(query))


async def ignored(session: AsyncSession) -> set[str]:
    """Folders that nobody wants to be asked about again."""
    query = select(FolderReview.folder).where(FolderReview.state == IGNORED)
    return set(await session.scalars(query))


async def put(
    session: AsyncSession,
    folder: str,
    *,
    title: str,
    year: int | None,
    reason: str,
    candidates: list[dict[str, Any]],
) -> None:
    """Put a folder on the list, or what is known of it now in place of what was."""
    row = await session.get(FolderReview, folder)
    if row is None:
        row = FolderReview(folder=folder, title=title, reason=reason)
        session.add(row)
    row.title, row.year, row.reason, row.candidates, row.state = title, year, reason, candidates, OPEN


async def settle(session: AsyncSession, folder: str, state: str) -> None:
    """Take a folder off the list."""
    row = await session.get(FolderReview, folder)
    if row is not None:
        row.state = state
    elif state == IGNORED:
        session.add(FolderReview(folder=folder, title=folder, reason="", state=state))
