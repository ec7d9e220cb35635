"""Promises of a scan of the whole library: nothing is lost, nothing is wanted by surprise."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from anidana.core import scanning, settings
from anidana.core.app import App, open_app
from anidana.core.errors import SetupError
from anidana.core.jobs.get import pick
from anidana.core.loader import Plugins
from anidana.core.models import Episode, Number, Season, Series
from anidana.core.scanning import Report
from anidana.core.selector import parse
from anidana.core.store import disk, shelf
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import AnimeSeries, LibraryFolder, now

LONG_AGO = 1_700_000_000


@dataclass
class Shelf:
    """An open app with one series of two seasons, and its folder in the library."""

    app: App
    root: Path

    def write(self, *names: str, size: int = 1) -> None:
        for name in names:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * size)

    def settle(self) -> None:
        for folder in [*(path for path in self.root.rglob("*") if path.is_dir()), self.root]:
            os.utime(folder, (LONG_AGO, LONG_AGO))

    async def states(self) -> dict[str, tuple[bool, str | None]]:
        async with get_db_session(read_only=True) as session:
            rows = await shelf.episodes(session)
        root = f"{self.root}/"
        return {
            str(row.number): (row.episode.is_downloaded, (row.episode.file_path or "").removeprefix(root))
            for row in rows
        }

    async def scan(self, **more: bool) -> Report:
        return await scanning.scan_library(self.app, **more)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Shelf]:
    root = tmp_path / "library"
    root.mkdir()
    chosen = settings.Settings(library=settings.Library(anime_directory=root))
    async with open_app(tmp_path / "data", chosen=chosen, plugins=Plugins()) as app:
        it = Shelf(app, root)
        await follow("show", "Show (2019)")
        yield it


async def follow(key: str, folder: str, count: int = 2) -> AnimeSeries:
    series = Series("aniworld", key, key.title(), f"https://aniworld.to/anime/stream/{key}", (1, 2))
    async with get_db_session() as session:
        row = await shelf.save_series(session, series, folder)
        for season in (1, 2):
            numbers = [Number(season, one) for one in range(1, count + 1)]
            await shelf.save_season(session, row.id, Season(season, tuple(Episode(n, "") for n in numbers)))
    return row


async def test_what_is_there_counts_as_on_disk(house: Shelf) -> None:
    house.write("Show (2019)/Season 01/Show - S01E01.mkv", "Show (2019)/Show - 03.mp4")
    report = await house.scan()
    assert await house.states() == {
        "S01E01": (True, "Show (2019)/Season 01/Show - S01E01.mkv"),
        "S01E02": (False, ""),
        "S02E01": (True, "Show (2019)/Show - 03.mp4"),
        "S02E02": (False, ""),
    }
    assert (report.videos, report.on_disk, report.missing_files) == (2, 2, 0)
    assert [(one.came, one.went) for one in report.changed] == [(2, 0)]


async def test_an_unchanged_library_is_not_read_again(house: Shelf) -> None:
    house.write("Show (2019)/S01E01.mkv")
    house.settle()
    assert not (await house.scan()).unchanged
    again = await house.scan()
    assert again.unchanged and again.read == 0
    assert not (await house.scan(full=True)).unchanged, "unless somebody wants it so"


async def test_a_vanished_file_is_a_missing_file_and_not_wanted_by_surprise(house: Shelf) -> None:
    house.write("Show (2019)/S01E01.mkv", "Show (2019)/S01E02.mkv")
    await house.scan()
    (house.root / "Show (2019)/S01E01.mkv").unlink()
    report = await house.scan()
    assert (await house.states())["S01E01"] == (False, "Show (2019)/S01E01.mkv")
    assert (report.on_disk, report.missing_files) == (1, 1)
    wanted = await pick(house.app, parse(["show"]))
    assert [str(row.number) for row in wanted.wanted] == ["S02E01", "S02E02"]
    named = await pick(house.app, parse(["show", "S01E01"]))
    assert [str(row.number) for row in named.wanted] == ["S01E01"]
    async with get_db_session(read_only=True) as session:
        (row,) = await shelf.shelf(session)
    assert (row.on_disk, row.missing, row.missing_files) == (1, 2, 1)


async def test_a_file_that_comes_back_is_on_disk_again(house: Shelf) -> None:
    house.write("Show (2019)/S01E01.mkv")
    await house.scan()
    (house.root / "Show (2019)/S01E01.mkv").unlink()
    await house.scan()
    house.write("Show (2019)/Season 1/S01E01.mkv")
    await house.scan()
    assert (await house.states())["S01E01"] == (True, "Show (2019)/Season 1/S01E01.mkv")


async def test_a_mount_that_disappeared_stops_the_scan_and_changes_nothing(house: Shelf) -> None:
    house.write("Show (2019)/S01E01.mkv")
    await house.scan()
    before = await house.states()
    shutil.rmtree(house.root / "Show (2019)")
    with pytest.raises(SetupError, match="is empty, but held files"):
        await house.scan()
    house.root.rmdir()
    with pytest.raises(SetupError, match="does not exist"):
        await house.scan()
    assert await house.states() == before


async def test_half_a_library_that_is_gone_at_once_is_not_believed(house: Shelf) -> None:
    await follow("other", "Other", count=30)
    house.write("Show (2019)/S01E01.mkv", *(f"Other/S01E{n:02d}.mkv" for n in range(1, 31)))
    await house.scan()
    shutil.rmtree(house.root / "Other")
    with pytest.raises(SetupError, match="30 of 31 files are gone"):
        await house.scan()
    async with get_db_session(read_only=True) as session:
        assert await disk.count_files(session) == (31, 0)
    report = await house.scan(accept_missing=True)
    assert (report.on_disk, report.missing_files) == (1, 30)


async def test_a_dry_run_changes_nothing(house: Shelf) -> None:
    house.write("Show (2019)/S01E01.mkv")
    report = await house.scan(dry_run=True)
    assert report.on_disk == 1 and not any(on_disk for on_disk, _ in (await house.states()).values())
    assert not (await house.scan()).unchanged


async def test_what_needs_a_look_is_told(house: Shelf, tmp_path: Path) -> None:
    outside = tmp_path / "outside.mkv"
    outside.write_bytes(b"x")
    house.write(
        "Show (2019)/S01E01.mkv", "Show (2019)/other/S01E01.mp4", "SHOW (2019)/S01E02.mkv",
        "Nobody/S01E01.mkv", "loose S01E01.mkv", "Show (2019)/S09E01.mkv", "Show (2019)/Credits.mkv",
    )  # fmt: skip
    (house.root / "Show (2019)" / "S02E02.mkv").symlink_to(outside)
    report = await house.scan()
    (double,) = report.doubles
    assert double[:2] == ("Show", Number(1, 1)) and len(double[2]) == 2
    assert report.second == {"SHOW (2019)": "Show (2019)"}
    assert report.strangers == ["Nobody"] and report.loose == ["loose S01E01.mkv"]
    assert report.unlisted == ["Show (2019)/S09E01.mkv"] and report.unread == ["Show (2019)/Credits.mkv"]
    assert report.astray == ["Show (2019)/S02E02.mkv"]
    assert (await house.states())["S02E02"] == (False, "")


async def test_a_file_replaced_in_place_is_found_when_its_folder_has_its_turn(house: Shelf) -> None:
    house.write("Show (2019)/S01E01.mkv")
    house.settle()
    await house.scan()
    house.write("Show (2019)/S01E01.mkv", size=7)
    house.settle()
    assert (await house.scan()).unchanged
    async with get_db_session() as session:
        await session.execute(update(LibraryFolder).values(read_at=now() - timedelta(days=8)))
    turns = [await house.scan() for _ in range(3)]
    assert [one for report in turns for one in report.replaced] == ["Show (2019)/S01E01.mkv"]


async def test_another_library_is_read_from_the_start(house: Shelf, tmp_path: Path) -> None:
    house.write("Show (2019)/S01E01.mkv")
    house.settle()
    await house.scan()
    moved = tmp_path / "elsewhere"
    house.root.rename(moved)
    chosen = settings.Settings(library=settings.Library(anime_directory=moved))
    app = App(house.app.data, chosen, house.app.plugins, house.app.network, house.app.kept)
    report = await scanning.scan_library(app)
    assert [one.moved for one in report.changed] == [1]
    assert (await house.states())["S01E01"] == (True, str(moved / "Show (2019)/S01E01.mkv"))


async def test_series_with_missing_episodes_and_series_with_none(house: Shelf) -> None:
    await follow("whole", "Whole", count=1)
    await follow("lost", "Lost", count=1)
    house.write("Show (2019)/S01E01.mkv", "Whole/S01E01.mkv", "Whole/S02E01.mkv")
    house.write("Lost/S01E01.mkv", "Lost/S02E01.mkv")
    await house.scan()
    shutil.rmtree(house.root / "Lost")
    await house.scan()
    await follow("none", "None")
    async with get_db_session(read_only=True) as session:
        missing = [row.key for row in await shelf.get_series_with_missing_episodes(session)]
        nothing = [row.key for row in await shelf.get_series_with_no_episodes(session)]
    assert missing == ["none", "show"], "what was there once is not wanted by itself"
    assert nothing == ["lost", "none"]
