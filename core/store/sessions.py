"""Opens the database and hands out sessions.

`open_store` is entered once per process; then `get_db_session()` (commits at its end) and
`get_transactional_session()` (the caller commits) give sessions anywhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
)
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from ..errors import AnidanaError, ConfigError, DiskFull, Held, SetupError
from .migrations import is_newest, migrate

_BUSY_SECONDS = 5

_engine: AsyncEngine | None = None


@asynccontextmanager
async def open_store(url: str | Path) -> AsyncIterator[None]:
    """Open an SQLite file, or the database of an SQLAlchemy address, and bring its tables up to date.

    ConfigError for an address that is none or a schema newer than this program; SetupError for a
    file that cannot be opened or is damaged. One store is open at a time.
    """
    global _engine
    if _engine is not None:
        raise RuntimeError("a store is open already")
    engine = _create(url)
    try:
        async with engine.execution_options(anidana_read_only=True).connect() as connection:
            newest = await connection.run_sync(is_newest)
        if not newest:
            async with engine.connect() as connection:
                await connection.run_sync(migrate)
        _engine = engine
        yield
    except (DatabaseError, OSError, ValueError) as error:
        if _engine is engine:
            raise
        why = error.orig if isinstance(error, DatabaseError) else error
        raise SetupError(
            f"the database {engine.url.render_as_string()} does not open: {why}",
            hint="check the server, or the folder's owner and free space; a damaged file is left as it is,"
            " and so is another program's database",
        ) from error
    finally:
        _engine = None
        await engine.dispose()


def get_async_session(*, read_only: bool = False) -> AsyncSession:
    """A new session; the caller commits and closes it. RuntimeError while no store is open."""
    if _engine is None:
        raise RuntimeError("no store is open")
    bind = _engine.execution_options(anidana_read_only=True) if read_only else _engine
    return AsyncSession(bind, expire_on_commit=False)


get_async_session_factory = get_async_session
"""The name the predecessor had for it; it returns a session, not a factory."""


@asynccontextmanager
async def get_db_session(*, read_only: bool = False) -> AsyncIterator[AsyncSession]:
    """A session that commits at the end of the block and rolls back on an error."""
    with _our_errors():
        async with get_async_session(read_only=read_only) as session, session.begin():
            yield session


@asynccontextmanager
async def get_transactional_session() -> AsyncIterator[AsyncSession]:
    """A session whose commits are the caller's; what is not committed is rolled back."""
    with _our_errors():
        async with get_async_session() as session:
            yield session


@contextmanager
def _our_errors() -> Iterator[None]:
    """Say what a database that fails while it is open needs; a bug of ours comes out as it is."""
    try:
        yield
    except (IntegrityError, ProgrammingError, DataError):
        raise
    except DBAPIError as error:
        raise _explained(error) from error


def _explained(error: DBAPIError) -> AnidanaError:
    """The error of ours that stands for one of a database that was open."""
    said = str(error.orig)
    if "full" in said:
        return DiskFull("no room is left for the database", hint="free some space; the work goes on then")
    if "locked" in said:
        return Held("another program holds the database", hint="wait for it to end, then try again")
    return SetupError(f"the database fails: {said}", hint="check its server, or its file's owner and disk")


def _create(url: str | Path) -> AsyncEngine:
    try:
        address = URL.create("sqlite", database=str(url)) if isinstance(url, Path) else make_url(url)
        if address.drivername in ("sqlite", "postgresql"):
            address = address.set(
                drivername={"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}[
                    address.drivername
                ]
            )
        engine = create_async_engine(address)
    except (ArgumentError, ImportError, ValueError) as error:
        raise ConfigError(f"store.database_url is no usable address: {error}") from None
    if engine.dialect.name == "sqlite":
        if address.database and address.database != ":memory:":
            _make_folder(Path(address.database).parent)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"the data folder {folder} cannot be made: {error.strerror}") from error


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # we emit BEGIN ourselves, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={_BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    """Take the write lock at once: a read that turns into a write would lose updates otherwise."""
    read_only = connection.get_execution_options().get("anidana_read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
