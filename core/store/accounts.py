"""People, logins, keys and failed logins, as the store has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from .account_tables import ApiKey, LoginFailure, LoginSession, UserRow
from .shelf import insert
from .tables import now

FORGOTTEN_AFTER = timedelta(days=1)


async def users(session: AsyncSession) -> list[UserRow]:
    """Everybody, by name."""
    return list(await session.scalars(select(UserRow).order_by(UserRow.name)))


async def user_named(session: AsyncSession, name: str) -> UserRow | None:
    """The person of a name, whatever the case of its letters."""
    return await session.scalar(select(UserRow).where(func.lower(UserRow.name) == name.lower()))


async def first_user(session: AsyncSession) -> UserRow | None:
    """Whoever set this installation up; None before."""
    return await session.scalar(select(UserRow).order_by(UserRow.id).limit(1))


async def session_user(session: AsyncSession, token_hash: str) -> UserRow | None:
    """Whose login a token is, as long as it holds."""
    query = (
        select(UserRow)
        .join(LoginSession, LoginSession.user_id == UserRow.id)
        .where(LoginSession.token_hash == token_hash, LoginSession.expires_at > now())
    )
    return await session.scalar(query)


async def end_sessions(session: AsyncSession, *, token_hash: str = "", user_id: int | None = None) -> None:
    """End one login, or all of a person; those that have expired go too."""
    ends = LoginSession.token_hash == token_hash if user_id is None else LoginSession.user_id == user_id
    await session.execute(delete(LoginSession).where(ends | (LoginSession.expires_at <= now())))


async def key(session: AsyncSession, key_hash: str) -> ApiKey | None:
    """The API key of this hash."""
    return await session.scalar(select(ApiKey).where(ApiKey.key_hash == key_hash))


async def keys(session: AsyncSession) -> list[ApiKey]:
    """All API keys, by name."""
    return list(await session.scalars(select(ApiKey).order_by(ApiKey.name)))


async def add_key(session: AsyncSession, name: str, key_hash: str, role: str) -> bool:
    """Store an API key; False if there is one of that name."""
    row = {"name": name, "key_hash": key_hash, "role": role, "created_at": now()}
    made = insert(session, ApiKey).values(row).on_conflict_do_nothing().returning(ApiKey.id)
    return await session.scalar(made) is not None


async def failures(session: AsyncSession, subjects: Sequence[str]) -> dict[str, tuple[int, datetime]]:
    """How often in a row it went wrong for each of these, and when last."""
    rows = await session.scalars(select(LoginFailure).where(LoginFailure.subject.in_(subjects)))
    return {row.subject: (row.count, row.last_at) for row in rows if now() - row.last_at < FORGOTTEN_AFTER}


async def note_failure(session: AsyncSession, subjects: Sequence[str]) -> None:
    """Count one more for each of these; what is long past is forgotten."""
    await session.execute(delete(LoginFailure).where(LoginFailure.last_at < now() - FORGOTTEN_AFTER))
    for subject in subjects:
        row = insert(session, LoginFailure).values(subject=subject, count=1, last_at=now())
        again = {"count": LoginFailure.count + 1, "last_at": now()}
        await session.execute(row.on_conflict_do_update(index_elements=["subject"], set_=again))


async def forget_failures(session: AsyncSession, subjects: Sequence[str]) -> None:
    """It went well for these."""
    await session.execute(delete(LoginFailure).where(LoginFailure.subject.in_(subjects)))
