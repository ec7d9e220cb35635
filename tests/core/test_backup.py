"""Backups: whole, without secrets, verified, put back; what is none of ours changes nothing."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from anidana.core import backup, config
from anidana.core.errors import ConfigError, NotFound, SetupError
from anidana.core.settings_copy import completed, without
from anidana.core.store.sessions import get_db_session, open_store
from anidana.core.store.tables import AnimeSeries

KEY, OTHER = "canary-7f3a", "canary-99d1"


async def add(data: Path, key: str) -> None:
    async with open_store(data / "anidana.db"), get_db_session() as session:
        session.add(AnimeSeries(key=key, name=key, site="aniworld", folder=key))


def keys(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "anidana.db")) as connection:
        return [row[0] for row in connection.execute("SELECT key FROM anime_series ORDER BY key")]


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A data folder with one series, one secret, and one setting."""
    folder = tmp_path / "data"
    folder.mkdir()
    await add(folder, "one")
    tree = {"metadata": {"keys": {"tmdb": KEY}}, "downloads": {"slots": 3}}
    (folder / "config.json").write_text(json.dumps(tree))
    return folder


async def test_a_backup_brings_everything_back(data: Path) -> None:
    made = backup.make(data)
    await add(data, "two")
    config.merge(data / "config.json", {"downloads": {"slots": 5}})
    preview = backup.restore(data, made)
    assert preview.rows["anime_series"] == (2, 1) and preview.settings == ["downloads.slots"]
    assert keys(data) == ["one"]
    assert config.read(data / "config.json").downloads.slots == 3
    async with open_store(data / "anidana.db"):
        pass


async def test_a_dry_run_changes_nothing(data: Path) -> None:
    made = backup.make(data)
    await add(data, "two")
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    assert backup.restore(data, made, dry_run=True).rows["anime_series"] == (2, 1)
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before


async def test_secrets_are_left_out_unless_asked_for_and_a_restore_keeps_those_that_are_set(
    data: Path,
) -> None:
    made = backup.make(data)
    with zipfile.ZipFile(made) as archive:
        assert all(KEY.encode() not in archive.read(name) for name in archive.namelist())
    config.merge(data / "config.json", {"metadata": {"keys": {"tmdb": OTHER}}})
    backup.restore(data, made)
    assert config.read(data / "config.json").secrets() == [OTHER]
    whole = backup.make(data, secrets=True)
    config.merge(data / "config.json", {"metadata": {"keys": {"tmdb": KEY}}})
    backup.restore(data, whole)
    assert config.read(data / "config.json").secrets() == [OTHER]


async def test_what_was_there_before_a_restore_can_be_brought_back(data: Path) -> None:
    made = backup.make(data)
    await add(data, "two")
    backup.restore(data, made)
    newest = backup.listed(data)[0]
    assert newest.why == "restore"
    backup.restore(data, backup.find(data, newest.name))
    assert keys(data) == ["one", "two"]
    assert config.read(data / "config.json").secrets() == [KEY]


async def test_a_backup_is_made_while_the_database_is_written_to(data: Path) -> None:
    async with open_store(data / "anidana.db"), get_db_session() as session:
        session.add(AnimeSeries(key="unfinished", name="x", site="aniworld", folder="x"))
        await session.flush()
        made = backup.make(data)
    preview = backup.restore(data, made, dry_run=True)
    assert preview.rows["anime_series"] == (2, 1)


async def test_what_an_old_log_holds_is_not_read_into_the_restored_database(data: Path) -> None:
    made = backup.make(data)
    writer = sqlite3.connect(data / "anidana.db")
    writer.execute("UPDATE anime_series SET key = 'changed'")
    writer.commit()
    wal = (data / "anidana.db-wal").read_bytes()
    writer.close()
    (data / "anidana.db-wal").write_bytes(wal)  # as after a power cut
    backup.restore(data, made)
    assert keys(data) == ["one"]


def rewritten(made: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(made) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    parts[name] = content
    with zipfile.ZipFile(made, "w") as archive:
        for one, value in parts.items():
            archive.writestr(one, value)
    return made


@pytest.mark.parametrize("name", ["anidana.db", "config.json", "backup.json"])
async def test_a_backup_that_was_changed_is_refused_and_changes_nothing(data: Path, name: str) -> None:
    made = rewritten(backup.make(data), name, b"{}")
    with pytest.raises(ConfigError):
        backup.restore(data, made)
    assert keys(data) == ["one"] and len(backup.listed(data)) == 1


@pytest.mark.parametrize("cut", [0, 10, 200, -30, -1])
async def test_a_file_that_was_cut_off_is_refused_in_words(data: Path, cut: int) -> None:
    made = backup.make(data)
    made.write_bytes(made.read_bytes()[:cut])
    with pytest.raises(ConfigError, match=r"damaged|no backup"):
        backup.verify(made)


async def test_every_damaged_byte_is_found_or_does_no_harm(data: Path) -> None:
    made = backup.make(data)
    whole = made.read_bytes()
    for place in range(0, len(whole), 97):
        made.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            assert backup.verify(made).schema_revision
        except ConfigError:
            continue


async def test_a_newer_database_is_refused(data: Path) -> None:
    with closing(sqlite3.connect(data / "anidana.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    made = backup.make(data)
    with pytest.raises(ConfigError, match="newer than this program"):
        backup.verify(made)


async def test_a_damaged_database_is_kept_beside_and_replaced(data: Path) -> None:
    made = backup.make(data)
    writer = sqlite3.connect(data / "anidana.db")
    writer.execute("UPDATE anime_series SET key = 'changed'")
    writer.commit()
    log = (data / "anidana.db-wal").read_bytes()
    writer.close()
    (data / "anidana.db").write_bytes(b"no database" * 100)
    (data / "anidana.db-wal").write_bytes(log)  # it would be read into the restored database
    backup.restore(data, made)
    assert keys(data) == ["one"]
    (kept,) = data.glob("anidana.db.damaged-*")
    assert kept.read_bytes().startswith(b"no database")


async def test_a_restore_into_an_empty_folder_moves_a_whole_installation(data: Path, tmp_path: Path) -> None:
    backup.restore(tmp_path / "new", backup.make(data, secrets=True))
    assert keys(tmp_path / "new") == ["one"]
    assert config.read(tmp_path / "new" / "config.json").secrets() == [KEY]


async def test_only_the_newest_of_those_made_by_themselves_stay(data: Path) -> None:
    by_hand = backup.make(data)
    for _ in range(backup.KEPT + 2):
        backup.make(data, why="upgrade")
    kept = backup.listed(data)
    assert len(kept) == backup.KEPT + 1 and kept[-1].name == by_hand.name


@pytest.mark.parametrize("name", ["../anidana.db", "anidana.db", "", "x.zip", "a" * 500])
async def test_a_name_leads_nowhere_else(data: Path, name: str) -> None:
    with pytest.raises(NotFound):
        backup.find(data, name)


def test_without_a_database_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no database"):
        backup.make(tmp_path)


def test_a_server_keeps_its_own_database() -> None:
    from anidana.core.settings import Settings

    chosen = Settings.model_validate({"store": {"database_url": "postgresql://x/y"}})
    with pytest.raises(ConfigError, match="database_url") as caught:
        backup.check_kind(chosen)
    assert "pg_dump" in caught.value.hint


def test_a_list_that_holds_a_secret_loses_it_and_gets_it_back() -> None:
    present = {"media_servers": [{"kind": "kodi", "password": KEY}], "downloads": {"slots": 2}}
    shown = without(present, [KEY])
    assert shown == {"media_servers": [{"kind": "kodi"}], "downloads": {"slots": 2}}
    assert completed(shown, present, [KEY]) == present
