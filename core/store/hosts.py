"""How hosts and catalogues have behaved: read, and changed without losing what another job has noted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from functools import partial
from typing import Literal, TypeAlias

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..hosts import HostState, after
from ..models import Attempt
from .shelf import insert
from .tables import HostRow, now

Kind: TypeAlias = Literal["host", "site"]
"""A streaming host, by its provider's name; or a catalogue, by its own."""


async def states(session: AsyncSession, kind: Kind) -> dict[str, HostState]:
    """What is remembered, by name."""
    rows = await session.scalars(select(HostRow).where(HostRow.kind == kind))
    return {row.name: _state(row) for row in rows}


async def change(
    session: AsyncSession, kind: Kind, name: str, to: Callable[[HostState], HostState]
) -> HostState:
    """Replace a state by another made of it; needs a writing transaction, and returns the new one."""
    where = (HostRow.kind == kind, HostRow.name == name[:100])
    query = select(HostRow).where(*where).with_for_update().execution_options(populate_existing=True)
    row = await session.scalar(query)
    old = HostState(name[:100]) if row is None else _state(row)
    new = to(old)
    if new == old:
        return old
    if row is None:
        blank = {"kind": kind, **asdict(HostState(name[:100]))}
        await session.execute(insert(session, HostRow).values(blank).on_conflict_do_nothing())
        row = await session.scalar(query)  # another job may have been first
        new = to(old if row is None else _state(row))
    await session.execute(update(HostRow).where(*where).values(**asdict(new)))
    return new


async def note(session: AsyncSession, attempts: Sequence[Attempt]) -> None:
    """Let the states of hosts follow from attempts, oldest first."""
    moment = now()
    for attempt in sorted(
        attempts, key=lambda one: one.provider
    ):  # one order, so that nobody waits in a ring
        await change(session, "host", attempt.provider, partial(after, attempt=attempt, now=moment))


def _state(row: HostRow) -> HostState:
    return HostState(**{field.name: getattr(row, field.name) for field in fields(HostState)})
