"""Who may do what: people with passwords, their logins, and keys for programs.

Passwords are hashed by argon2 on a thread, a few at a time. Tokens and keys are random and long, so a
plain hash of them is all that is stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cache
from weakref import WeakKeyDictionary

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .errors import AnidanaError, Held, NotFound
from .store import accounts
from .store.account_tables import ApiKey, LoginSession, UserRow
from .store.sessions import get_db_session
from .store.tables import now

LEAST_PASSWORD, MOST_PASSWORD = 8, 200
SESSION, REMEMBERED = timedelta(hours=24), timedelta(days=30)
FREE_TRIES = 5
MOST_WAIT_ADDRESS, MOST_WAIT_NAME = 900.0, 30.0
"""Seconds. A name waits no longer, or anybody could keep its owner out."""

AT_ONCE = 2
"""Passwords hashed at once: each takes 64 MiB and a third of a second."""


class Role(IntEnum):
    """What somebody may do; each may do what those before it may."""

    VIEWER = 1
    MEMBER = 2
    ADMIN = 3

    @classmethod
    def parse(cls, name: str) -> Role:
        """The role of a name; NotFound for any other word."""
        try:
            return cls[name.upper()]
        except KeyError:
            raise NotFound(
                f"{name[:20]!r} is no role", candidates=[one.name.lower() for one in cls]
            ) from None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    role: Role
    user_id: int | None = None


class WeakPassword(AnidanaError):
    """The password is too easy to guess; the text says what it lacks."""

    word = "weak_password"


class WrongLogin(AnidanaError):
    """Name and password do not fit together."""

    word = "wrong_login"


class TooManyTries(AnidanaError):
    """It went wrong too often; after `seconds` it may be tried again."""

    word = "too_many_tries"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many wrong logins: wait {seconds:.0f} s")
        self.seconds = seconds


def check_password(password: str) -> None:
    """WeakPassword unless it has 8 characters, small and capital letters, a digit, and another mark."""
    wanted = {
        f"at least {LEAST_PASSWORD} characters": LEAST_PASSWORD <= len(password) <= MOST_PASSWORD,
        "a small letter": any(mark.islower() for mark in password),
        "a capital letter": any(mark.isupper() for mark in password),
        "a digit": any(mark.isdigit() for mark in password),
        "another mark": any(not mark.isalnum() for mark in password),
    }
    if lacking := [what for what, there in wanted.items() if not there]:
        raise WeakPassword(f"the password needs {', '.join(lacking)}")


async def is_set_up() -> bool:
    """Whether the first person has an account."""
    async with get_db_session(read_only=True) as session:
        return await accounts.first_user(session) is not None


async def set_up(password: str, name: str = "admin") -> None:
    """Make the first account, once; WeakPassword, or Held if there is one."""
    check_password(password)
    if await is_set_up():
        raise Held("this installation is set up already")
    hashed = await _hash(password)
    async with get_db_session() as session:  # the write lock is held: nobody comes between
        if await accounts.first_user(session) is not None:
            raise Held("this installation is set up already")
        session.add(UserRow(name=name, password_hash=hashed, role=Role.ADMIN.name.lower()))


async def add_user(name: str, password: str, role: Role) -> None:
    """Make an account; WeakPassword, or Held if the name is taken."""
    check_password(password)
    hashed = await _hash(password)
    async with get_db_session() as session:
        if not name.strip() or await accounts.user_named(session, name) is not None:
            raise Held(f"the name {name[:50]!r} is taken")
        session.add(UserRow(name=name.strip()[:100], password_hash=hashed, role=role.name.lower()))


async def change_password(user_id: int, old: str, new: str) -> None:
    """Change one's own password, which ends every login of the person; WrongLogin or WeakPassword."""
    check_password(new)
    async with get_db_session(read_only=True) as session:
        user = await session.get_one(UserRow, user_id)
    async with _turn():
        fits = await _fits(old, user.password_hash)
    if not fits:
        raise WrongLogin("the old password is another")
    hashed = await _hash(new)
    async with get_db_session() as session:
        (await session.get_one(UserRow, user_id)).password_hash = hashed
        await accounts.end_sessions(session, user_id=user_id)


async def remove_user(name: str) -> None:
    """Remove an account; NotFound, or Held for the last one that may do everything."""
    async with get_db_session() as session:
        user = await accounts.user_named(session, name)
        if user is None:
            raise NotFound(f"nobody is called {name[:50]!r}")
        admins = [one for one in await accounts.users(session) if one.role == Role.ADMIN.name.lower()]
        if [one.id for one in admins] == [user.id]:
            raise Held(f"{user.name} is the last one who may do everything")
        await session.delete(user)


async def log_in(
    password: str, address: str, *, name: str = "", remember: bool = False
) -> tuple[str, timedelta]:
    """Check a password and make a login; returns its token, and how long that holds.

    Without a name it is whoever set this installation up. WrongLogin, or TooManyTries without a
    look at the password; both count what goes wrong by address and by name, across restarts.
    """
    subjects = [f"address {address[:100]}", f"name {name.lower()[:100]}"]
    async with _turn():  # who waits here meets what those before have counted
        async with get_db_session(read_only=True) as session:
            failed = await accounts.failures(session, subjects)
            user = await (accounts.user_named(session, name) if name else accounts.first_user(session))
        _check_patience(failed, subjects)
        fits = await _fits(password, user.password_hash if user is not None else _nobody())
        if user is None or not fits:
            async with get_db_session() as session:
                await accounts.note_failure(session, subjects)
            raise WrongLogin("name and password do not fit together")
    token, holds = secrets.token_urlsafe(32), REMEMBERED if remember else SESSION
    async with get_db_session() as session:
        await accounts.forget_failures(session, subjects)
        await accounts.end_sessions(session)
        session.add(LoginSession(token_hash=_digest(token), user_id=user.id, expires_at=now() + holds))
    return token, holds


def _check_patience(failed: Mapping[str, tuple[int, datetime]], subjects: Sequence[str]) -> None:
    for subject, most in zip(subjects, (MOST_WAIT_ADDRESS, MOST_WAIT_NAME), strict=True):
        count, last = failed.get(subject, (0, now()))
        left = wait_after(count, most) - (now() - last).total_seconds()
        if left > 0:
            raise TooManyTries(left)


def wait_after(failures: int, most: float) -> float:
    """Seconds to wait after so many failures in a row: doubled each time after the fifth."""
    return min(2.0 ** (failures - FREE_TRIES), most) if failures >= FREE_TRIES else 0.0


async def log_out(token: str) -> None:
    """End a login."""
    async with get_db_session() as session:
        await accounts.end_sessions(session, token_hash=_digest(token))


async def who_has(token: str) -> Caller | None:
    """Whose login this token is; None if it is none that holds."""
    async with get_db_session(read_only=True) as session:
        user = await accounts.session_user(session, _digest(token))
    return None if user is None else _caller(user)


async def who_is(name: str) -> Caller | None:
    """The person of a name that a trusted proxy has checked."""
    async with get_db_session(read_only=True) as session:
        user = await accounts.user_named(session, name)
    return None if user is None else _caller(user)


async def who_shows(key: str) -> Caller | None:
    """The program of an API key."""
    async with get_db_session(read_only=True) as session:
        row = await accounts.key(session, _digest(key))
    return None if row is None else Caller(f"key {row.name}", Role.parse(row.role))


async def add_key(name: str, role: Role) -> str:
    """Make an API key, which is shown this once; Held if the name is taken."""
    key = secrets.token_urlsafe(32)
    async with get_db_session() as session:
        if not await accounts.add_key(session, name[:100], _digest(key), role.name.lower()):
            raise Held(f"there is a key called {name[:50]!r}")
    return key


async def remove_key(key_id: int) -> None:
    """Make a key worthless; NotFound if there is none of this id."""
    async with get_db_session() as session:
        row = await session.get(ApiKey, key_id)
        if row is None:
            raise NotFound(f"there is no key {key_id}")
        await session.delete(row)


def _caller(user: UserRow) -> Caller:
    return Caller(user.name, Role.parse(user.role), user.id)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


_turns = WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]()


def _turn() -> asyncio.Semaphore:
    """One of the few places for those who hash, on this event loop."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))


async def _hash(password: str) -> str:
    async with _turn():
        return await asyncio.to_thread(PasswordHasher().hash, password)


async def _fits(password: str, hashed: str) -> bool:
    if len(password) > MOST_PASSWORD:
        return False
    try:
        return await asyncio.to_thread(PasswordHasher().verify, hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """A hash that no password fits: a name that does not exist takes as long as one that does."""
    return PasswordHasher().hash(secrets.token_urlsafe(32))
