"""Promises of the sessions: no lost update, commits where it says so, clear errors."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError

from anidana.core import backup
from anidana.core.errors import ConfigError, SetupError
from anidana.core.store import account_tables, sessions
from anidana.core.store.migrations import REVISIONS
from anidana.core.store.sessions import get_db_session, get_transactional_session, open_store
from anidana.core.store.tables import AnimeSeries, DownloadQueueItem


def _series(key: str) -> AnimeSeries:
    return AnimeSeries(key=key, name=key, site="aniworld", folder=key, year=0)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_concurrent_read_then_write_loses_nothing(store: None) -> None:
    async with get_db_session() as session:
        session.add(_series("one"))

    async def count_up() -> None:
        async with get_db_session() as session:
            row = await session.scalar(select(AnimeSeries))
            assert row is not None and row.year is not None
            row.year += 1

    await asyncio.gather(*(count_up() for _ in range(100)))
    async with get_db_session(read_only=True) as session:
        assert await session.scalar(select(AnimeSeries.year)) == 100


async def test_a_session_commits_at_the_end_and_not_after_an_error(store: None) -> None:
    async with get_db_session() as session:
        session.add(_series("kept"))
    with pytest.raises(ZeroDivisionError):
        async with get_db_session() as session:
            session.add(_series("lost"))
            await session.flush()
            raise ZeroDivisionError
    async with get_db_session(read_only=True) as session:
        assert list(await session.scalars(select(AnimeSeries.key))) == ["kept"]


async def test_a_transactional_session_leaves_the_commit_to_the_caller(store: None) -> None:
    async with get_transactional_session() as session:
        session.add(_series("forgotten"))
        await session.flush()
    async with get_transactional_session() as session:
        session.add(_series("committed"))
        await session.commit()
    async with get_db_session(read_only=True) as session:
        assert list(await session.scalars(select(AnimeSeries.key))) == ["committed"]


async def test_the_old_name_returns_a_session_and_no_factory(store: None) -> None:
    db = sessions.get_async_session_factory()
    db.add(_series("one"))
    await db.commit()
    assert not inspect.iscoroutine(db)
    await db.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_sqlite_runs_as_the_design_says(store: None) -> None:
    async with get_db_session(read_only=True) as session:
        pragmas = {
            name: await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


async def test_the_migrations_make_exactly_the_tables_of_the_code(store: None) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    async with get_db_session() as session:
        connection = await session.connection()
        differences = await connection.run_sync(
            lambda plain: compare_metadata(MigrationContext.configure(plain), account_tables.Base.metadata)
        )
    assert differences == []


def test_every_revision_is_listed() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    import anidana.core.store.migrations as migrations

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


async def test_opening_again_keeps_the_data(database: str) -> None:
    async with open_store(database), get_db_session() as session:
        session.add(_series("one"))
    async with open_store(database), get_db_session(read_only=True) as session:
        assert list(await session.scalars(select(AnimeSeries.key))) == ["one"]


async def test_a_database_of_the_first_schema_is_brought_up_and_then_takes_one_key_of_two_sites(
    tmp_path: Path,
) -> None:
    from alembic import command
    from alembic.config import Config

    import anidana.core.store.migrations as migrations

    file = tmp_path / "anidana.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        columns = "key, name, site, folder, followed, details, created_at, updated_at"
        connection.execute(
            text(
                f"INSERT INTO anime_series ({columns})"
                " VALUES ('one', 'One', 'aniworld', 'One', 1, '{}', 0, 0)"
            )
        )
        connection.commit()
    engine.dispose()
    async with open_store(file), get_db_session() as session:
        session.add(AnimeSeries(key="one", name="One", site="serienstream", folder="One [one]"))
        await session.flush()
        assert len(list(await session.scalars(select(AnimeSeries.key)))) == 2
    (made,) = tmp_path.glob("backups/anidana-*-upgrade.zip")
    assert backup.verify(made).schema_revision == "0001"


async def test_an_upgrade_keeps_jobs_with_their_attempts_and_never_gives_a_number_twice(
    tmp_path: Path,
) -> None:
    from alembic import command
    from alembic.config import Config

    import anidana.core.store.migrations as migrations

    file = tmp_path / "anidana.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        connection.execute(text("PRAGMA foreign_keys = ON"))
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for table, columns, values in (
            ("anime_series", "id, key, name, site, folder, followed, details, created_at, updated_at",
             "1, 'one', 'One', 'aniworld', 'One', 1, '{}', 0, 0"),
            ("episodes", "id, series_id, season, episode_number, title, english_title, kind, languages,"
             " is_downloaded, created_at, updated_at", "1, 1, 1, 1, '', '', 'episode', '[]', 1, 0, 0"),
            ("download_queue", "id, episode_id, status, stage, priority, attempt, retry_count, added_at",
             "7, 1, 'pending', '', 0, 0, 2, 0"),
            ("attempts", "id, job_id, provider, language, result, reason, seconds, at",
             "1, 7, 'VOE', 'de', 'gone', '', 0, 0"),
        ):  # fmt: skip
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"))
        connection.commit()
    engine.dispose()
    async with open_store(file), get_db_session() as session:
        job = (await session.execute(text("SELECT id, position, retry_count FROM download_queue"))).one()
        assert tuple(job) == (7, 7, 2)
        assert await session.scalar(text("SELECT provider FROM attempts WHERE job_id = 7")) == "VOE"
        counts = await session.execute(text("SELECT episode_count, on_disk_count FROM anime_series"))
        assert tuple(counts.one()) == (1, 1)
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                session.add(DownloadQueueItem(episode_id=1))
        await session.execute(text("DELETE FROM download_queue"))
        assert await session.scalar(text("SELECT count(*) FROM attempts")) == 0
        session.add(again := DownloadQueueItem(episode_id=1))
        await session.flush()
        assert again.id == 8


async def test_a_newer_schema_is_refused_and_left_alone(database: str) -> None:
    async with open_store(database), get_db_session() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer than this program"):
        async with open_store(database):
            pass
    assert sessions._engine is None


async def test_a_damaged_file_is_refused_in_words_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "anidana.db"
    file.write_bytes(b"this is not a database" * 100)
    with pytest.raises(SetupError, match="does not open"):
        async with open_store(f"sqlite:///{file}"):
            pass
    assert file.read_bytes().startswith(b"this is not")


@pytest.mark.parametrize("url", ["no address", "nosuchdatabase://x/y"])
async def test_an_unusable_address_names_the_setting(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.database_url"):
        async with open_store(url):
            pass
