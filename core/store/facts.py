"""The single row of facts about this installation."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from .tables import SystemSettings


async def facts(session: AsyncSession) -> SystemSettings:
    """The row; one with nothing in it, not stored, before anything was noted."""
    return await session.get(SystemSettings, 1) or SystemSettings()


async def note(session: AsyncSession, **values: Any) -> None:
    """Change some facts; the others stay as they are."""
    row = await session.get(SystemSettings, 1)
    if row is None:
        session.add(SystemSettings(**values))
        return
    for name, value in values.items():
        setattr(row, name, value)
