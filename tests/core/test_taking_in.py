"""Promises of taking in: who says which series a folder holds, and that nothing is guessed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from anidana.core import settings, taking_in
from anidana.core.app import App, open_app
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import LOST, SHELF
from anidana.core.errors import SetupError
from anidana.core.loader import load
from anidana.core.store import reviews, shelf
from anidana.core.store.sessions import get_db_session
from anidana.core.taking_in import take_in

SERIES = SHELF.series
FOLDER = f"{SERIES.title} ({SERIES.year})"


@dataclass
class House:
    """An open app on the practice network, with an empty library."""

    app: App
    root: Path

    def folder(self, name: str, **files: str) -> Path:
        """A folder with one video; `files` are others in it, a double underscore stands for the dot."""
        folder = self.root / name
        folder.mkdir()
        (folder / "S01E01.mkv").write_bytes(b"x")
        for file, text in files.items():
            (folder / file.replace("__", ".")).write_text(text)
        return folder

    async def followed(self) -> dict[str, tuple[str, int]]:
        async with get_db_session(read_only=True) as session:
            return {row.series.folder: (row.series.key, row.on_disk) for row in await shelf.shelf(session)}

    async def waiting(self) -> dict[str, str]:
        async with get_db_session(read_only=True) as session:
            return {row.folder: row.reason for row in await reviews.waiting(session)}


@pytest.fixture
async def house(practice: PracticeNetwork, tmp_path: Path) -> AsyncIterator[House]:
    root = tmp_path / "library"
    root.mkdir()
    chosen = settings.Settings(
        library=settings.Library(anime_directory=root),
        network=settings.Network(route_all_to=practice.address, pages_per_second=0),
    )
    async with open_app(tmp_path / "data", chosen=chosen, plugins=load()) as app:
        yield House(app, root)


async def test_a_title_that_fits_one_series_exactly_is_taken_with_its_files(house: House) -> None:
    house.folder(FOLDER)
    (decision,) = await take_in(house.app)
    assert (decision.outcome, decision.reason, decision.candidates[0].confidence) == ("taken", "title", 1.0)
    assert await house.followed() == {FOLDER: (SERIES.key, 1)}
    assert await take_in(house.app) == [], "the next run has nothing to do"


@pytest.mark.parametrize(
    ("how", "files"),
    [
        ("nfo", {"tvshow__nfo": f"<tvshow><uniqueid type='aniworld'>{SERIES.key}</uniqueid></tvshow>"}),
        ("key", {"key": SERIES.key}),
        ("key", {"data": f'{{"key": "{SERIES.key}", "site": "https://aniworld.to"}}'}),
    ],
    ids=["nfo", "key", "data"],
)
async def test_what_an_nfo_or_the_predecessor_says_counts_before_the_name(
    house: House, how: str, files: dict[str, str]
) -> None:
    folder = house.folder(f"{LOST.series.title} ({LOST.series.year})", **files)
    (decision,) = await take_in(house.app)
    assert (decision.outcome, decision.reason) == ("taken", how)
    assert await house.followed() == {folder.name: (SERIES.key, 1)}
    assert {path.name for path in folder.iterdir()} == {"S01E01.mkv", *(n.replace("__", ".") for n in files)}


async def test_an_id_of_a_public_database_is_looked_up_on_the_series_page(house: House) -> None:
    nfo = f"<tvshow><title>Regal</title><imdbid>{SERIES.imdb}</imdbid></tvshow>"
    house.folder("Something", tvshow__nfo=nfo)
    (decision,) = await take_in(house.app)
    assert (decision.outcome, decision.reason) == ("taken", "nfo")
    assert await house.followed() == {"Something": (SERIES.key, 1)}


async def test_another_title_of_the_series_will_do(house: House) -> None:
    house.folder("The Shelf at the End of the World")
    (decision,) = await take_in(house.app)
    assert (decision.outcome, decision.candidates[0].key) == ("taken", SERIES.key)


async def test_what_is_not_beyond_doubt_waits_with_what_it_may_be(house: House) -> None:
    house.folder(f"{SERIES.title} ({SERIES.year - 9})" if SERIES.year else SERIES.title)
    house.folder("Nobody knows this one")
    near, nothing = await take_in(house.app)
    assert (near.outcome, near.candidates[0].key) == ("review", SERIES.key)
    assert near.candidates[0].confidence < 1
    assert (nothing.outcome, nothing.candidates, nothing.reason) == ("review", (), "no series fits")
    assert await house.followed() == {} and set(await house.waiting()) == {near.folder, nothing.folder}


async def test_a_dry_run_decides_and_stores_nothing(house: House) -> None:
    house.folder(FOLDER)
    house.folder("Nobody knows this one")
    decisions = await take_in(house.app, dry_run=True)
    assert {one.outcome for one in decisions} == {"taken", "review"}
    assert await house.followed() == {} and await house.waiting() == {}


async def test_a_second_folder_of_a_series_waits_and_the_first_stays(house: House) -> None:
    house.folder(FOLDER)
    await take_in(house.app)
    house.folder(SERIES.title)
    (decision,) = await take_in(house.app)
    assert decision.outcome == "review" and "a second folder of" in decision.reason
    assert await house.followed() == {FOLDER: (SERIES.key, 1)}


async def test_a_folder_that_got_another_name_is_found_again(house: House) -> None:
    folder = house.folder(FOLDER)
    await take_in(house.app)
    folder.rename(house.root / SERIES.title)
    (decision,) = await take_in(house.app)
    assert decision.outcome == "taken"
    assert await house.followed() == {SERIES.title: (SERIES.key, 1)}


async def test_somebody_decides(house: House) -> None:
    folder = house.folder("Nobody knows this one")
    ignored = house.folder("Holidays")
    await take_in(house.app)
    await taking_in.settle(house.app, folder, SERIES.url)
    assert await taking_in.ignore(house.app, ignored) == "Holidays"
    assert await house.followed() == {folder.name: (SERIES.key, 1)} and await house.waiting() == {}
    assert await take_in(house.app) == [], "what is ignored is not asked about again"


async def test_a_stored_key_that_the_catalogue_does_not_know_waits(house: House) -> None:
    house.folder("Gone", key="no-such-series")
    (decision,) = await take_in(house.app)
    assert decision.outcome == "review" and await house.followed() == {}


async def test_a_folder_outside_the_library_is_refused(house: House, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="neither the library"):
        await take_in(house.app, tmp_path)
