"""Promises to those who come from the predecessor: all of it is read, none of it is changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from anidana.core import config, legacy, scanning, settings
from anidana.core.app import App, open_app
from anidana.core.errors import Damaged
from anidana.core.loader import load
from anidana.core.models import Number
from anidana.core.store import shelf
from anidana.core.store.sessions import get_db_session


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    root = tmp_path / "library"
    root.mkdir()
    chosen = settings.Settings(library=settings.Library(anime_directory=root))
    async with open_app(tmp_path / "data", chosen=chosen, plugins=load()) as app:
        yield app


def database(file: Path, *, columns: str = "id, key, name, site, folder, year") -> Path:
    """The predecessor's database with one series, or what an older version had of it."""
    file.parent.mkdir(exist_ok=True)
    values = {"id": 7, "key": "show", "name": "Show", "site": "aniworld.to", "folder": "Show (2019)",
              "year": 2019, "older": 1}  # fmt: skip
    names = columns.split(", ")
    with closing(sqlite3.connect(file)) as store:
        store.execute(f"CREATE TABLE anime_series ({columns})")
        store.execute(
            f"INSERT INTO anime_series VALUES ({', '.join('?' * len(names))})", [values[n] for n in names]
        )
        store.execute(
            "CREATE TABLE episodes (id, series_id, season, episode_number, is_downloaded, file_path)"
        )
        store.executemany(
            "INSERT INTO episodes VALUES (?, 7, 1, ?, ?, ?)",
            [(1, 1, 1, "/old/Show/S01E01.mp4"), (2, 2, 0, None), (3, 3, 1, None), (4, "x", 1, None)],
        )
        store.commit()
    return file


async def states() -> dict[str, tuple[bool, str | None]]:
    async with get_db_session(read_only=True) as session:
        rows = await shelf.episodes(session)
    return {str(row.number): (row.episode.is_downloaded, row.episode.file_path) for row in rows}


async def test_files_of_the_predecessor_are_taken_over_once_and_left_alone(app: App) -> None:
    root = app.library()
    for name in ("Show", "Other"):
        (root / name).mkdir()
    (root / "Show" / "data").write_text(
        json.dumps({"key": "show", "name": "Show", "site": "aniworld.to", "episodeDict": {"1": [1, 2]}})
    )
    (root / "Other" / "key").write_text("other")
    (root / "Show" / "Show - S01E001 - (German Dub).mp4").write_bytes(b"x")
    assert await legacy.import_once(app) == 2
    await scanning.scan_library(app)
    assert (await states())["S01E01"][0] and not (await states())["S01E02"][0]
    assert (root / "Other" / "key").read_text() == "other"
    (root / "Third").mkdir()
    (root / "Third" / "key").write_text("third")
    assert await legacy.import_once(app) == 0


async def test_what_the_predecessor_had_downloaded_is_not_fetched_again_by_itself(app: App) -> None:
    file = database(app.data / legacy.DATABASE)
    before = file.read_bytes()
    assert await legacy.import_once(app) == 1
    somewhere = str(app.library() / "Show (2019)")
    assert await states() == {
        "S01E01": (False, "/old/Show/S01E01.mp4"),
        "S01E02": (False, None),
        "S01E03": (False, somewhere),
    }
    folder = app.library() / "Show (2019)"
    folder.mkdir()
    (folder / "S01E01.mkv").write_bytes(b"x")
    await scanning.scan_library(app)
    assert (await states())["S01E01"] == (True, str(folder / "S01E01.mkv"))
    assert file.read_bytes() == before


@pytest.mark.parametrize("columns", ["id, key", "id, key, name, older"])
def test_a_database_of_an_older_version_is_read_as_far_as_it_goes(tmp_path: Path, columns: str) -> None:
    (one,) = legacy.read_database(database(tmp_path / "aniworld.db", columns=columns))
    assert one.key == "show" and set(one.titles) == {Number(1, 1), Number(1, 2), Number(1, 3)}
    assert one.year is None and one.folder == ""


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "aniworld.db").write_text("not a database, for sure" * 100)
    with pytest.raises(Damaged, match="no database of the predecessor"):
        legacy.read_database(tmp_path / "aniworld.db")


async def test_a_broken_database_does_not_keep_files_from_being_taken_over(app: App) -> None:
    (app.data / legacy.DATABASE).write_text("not a database, for sure" * 100)
    (app.library() / "Show").mkdir()
    (app.library() / "Show" / "key").write_text("show")
    assert await legacy.import_once(app) == 1


async def test_a_series_of_an_unknown_site_is_left_out(app: App) -> None:
    assert await legacy.store(app, [legacy.OldSeries("x", "https://elsewhere.example", "X", "X")]) == 0


async def test_a_folder_name_that_leads_out_does_not(app: App) -> None:
    assert await legacy.store(app, [legacy.OldSeries("x", "", "X", "../../etc")]) == 1
    async with get_db_session(read_only=True) as session:
        (row,) = await shelf.all_series(session)
    assert row.folder == "etc"


def test_settings_that_are_not_set_here_are_taken_over(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs.json", tmp_path / "config.json"
    tree = {"other": {"anime_directory": "/srv/anime"}, "nfo": {"tmdb_api_key": "k" * 32}, "x": [1]}
    theirs.write_text(json.dumps({**tree, "logging": {"level": "debug"}}))
    ours.write_text('{"logging": {"level": "ERROR"}}')
    taken = legacy.take_settings(theirs, ours)
    assert taken == {"library.anime_directory": "/srv/anime", "metadata.keys.tmdb": "***"}
    assert config.read(ours).library.anime_directory == Path("/srv/anime")
    assert config.read(ours).logging.level == "ERROR"
