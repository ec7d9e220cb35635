"""Series on their way in, as the store has them."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .shelf import insert
from .tables import Addition, now

_OPEN = ("pending", "loading")


async def reopen(session: AsyncSession) -> list[Addition]:
    """Those that an earlier run left unfinished, waiting again, oldest first."""
    await session.execute(update(Addition).where(Addition.state.in_(_OPEN)).values(state="pending"))
    return list(
        await session.scalars(select(Addition).where(Addition.state == "pending").order_by(Addition.id))
    )


async def addition(session: AsyncSession, site: str, key: str) -> Addition | None:
    """How far a series is; None if nobody asked for it."""
    return await session.scalar(select(Addition).where(Addition.site == site, Addition.key == key))


async def begin(session: AsyncSession, site: str, key: str, name: str) -> bool:
    """Note that a series is wanted; False if it is on its way already."""
    fresh = {"name": name[:500], "state": "pending", "error": "", "created_at": now(), "ended_at": None}
    statement = insert(session, Addition).values({"site": site, "key": key, **fresh})
    done = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=["site", "key"], set_=fresh, where=Addition.state.not_in(_OPEN)
        ).returning(Addition.id)
    )
    return done is not None


async def note(session: AsyncSession, addition_id: int, state: str, **more: object) -> None:
    """A series went on to another state."""
    ended = now() if state not in _OPEN else None
    values = {"state": state, "ended_at": ended, **more}
    await session.execute(update(Addition).where(Addition.id == addition_id).values(values))
