"""Where films and specials go, with and without a metadata source."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree
from pydantic import SecretStr

from anidana.core import GERMAN_DUB, Number, following, settings
from anidana.core.app import App, open_app
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF
from anidana.core.jobs import get as jobs
from anidana.core.jobs.destination import Destination, destination, special_number
from anidana.core.jobs.events import ignore
from anidana.core.metadata.matching import facts_of
from anidana.core.selector import parse
from anidana.core.store import pairs, shelf
from anidana.core.store.pairs import State
from anidana.core.store.sessions import get_db_session
from anidana.core.store.shelf import EpisodeRow

FILM, SPECIAL = "S00E01", "S00E02"
FOLDER = "Das Regal am Ende der Welt (2024)"


@dataclass
class House:
    """An open app with the practice series, and a folder of films beside its library."""

    app: App
    root: Path

    async def row(self, number: str) -> EpisodeRow:
        async with get_db_session(read_only=True) as session:
            return next(row for row in await shelf.episodes(session) if str(row.number) == number)

    async def goal(self, number: str) -> Destination:
        row = await self.row(number)
        facts = await facts_of(self.app, row.series)
        return await destination(self.app, row.series, row.episode, facts, ".mkv", GERMAN_DUB)

    async def path(self, number: str) -> str:
        return str((await self.goal(number)).path.relative_to(self.root))

    async def get(self, *words: str) -> None:
        picked = await jobs.pick(self.app, parse(words))
        async with self.app.alone():
            await jobs.get(self.app, picked.wanted, ignore)


@pytest.fixture
async def house(
    practice: PracticeNetwork, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[House]:
    """The house; the parameter says what there is: `source`, `films`, both or neither."""
    there = getattr(request, "param", "source films")
    for name in ("shows", "films"):
        (tmp_path / name).mkdir()
    chosen = settings.Settings(
        library=settings.Library(
            anime_directory=tmp_path / "shows", films=tmp_path / "films" if "films" in there else None
        ),
        downloads=settings.Downloads(floor_mib=0),
        network=settings.Network(route_all_to=practice.address, pages_per_second=0),
        metadata=settings.MetadataSettings(
            keys={"tmdb": SecretStr("practice")} if "source" in there else {},
            urls={"tmdb": practice.tmdb_url},
        ),
    )
    async with open_app(tmp_path / "data", chosen=chosen) as app:
        listing = await following.look(app, app.plugins.catalogue("aniworld"), SHELF.series.key)
        await following.follow(app, listing)
        yield House(app, tmp_path)


@pytest.mark.parametrize(
    ("own", "theirs", "taken", "filed"),
    [
        (Number(0, 2), Number(0, 1), set(), 1),
        (Number(0, 2), Number(0, 2), set(), None),
        (Number(0, 2), None, set(), None),
        (Number(0, 2), None, {2}, 3),
        (Number(0, 2), None, {2, 7}, 8),
        (Number(0, 2), Number(0, 4), {4}, 5),
        (Number(1, 13), Number(0, 4), set(), 4),
        (Number(1, 13), None, set(), None),
        (Number(0, 2), Number(1, 4), set(), None),
    ],
)
def test_a_special_has_the_sources_number_unless_another_has_it(
    own: Number, theirs: Number | None, taken: set[int], filed: int | None
) -> None:
    assert special_number(own, theirs, taken) == filed


@pytest.mark.parametrize(
    ("house", "film", "special"),
    [
        (
            "",
            f"shows/{FOLDER}/Season 00/{SHELF.series.title} - S00E01 - Die Nacht der tausend Bände.mkv",
            f"shows/{FOLDER}/Season 00/{SHELF.series.title} - S00E02 - Tana's Dusting Day.mkv",
        ),
        (
            "source",
            f"shows/{FOLDER}/Season 00/{SHELF.series.title} - S00E02 - Die Nacht der tausend Bände.mkv",
            f"shows/{FOLDER}/Season 00/{SHELF.series.title} - S00E01 - Tana's Dusting Day.mkv",
        ),
        (
            "films",
            "films/Das Regal am Ende der Welt - Die Nacht der tausend Bände"
            "/Das Regal am Ende der Welt - Die Nacht der tausend Bände.mkv",
            f"shows/{FOLDER}/Season 00/{SHELF.series.title} - S00E02 - Tana's Dusting Day.mkv",
        ),
        (
            "source films",
            "films/Die Nacht der tausend Bände (2024)/Die Nacht der tausend Bände (2024).mkv",
            f"shows/{FOLDER}/Season 00/{SHELF.series.title} - S00E01 - Tana's Dusting Day.mkv",
        ),
    ],
    indirect=["house"],
)
async def test_films_and_specials_go_where_they_are_looked_for(house: House, film: str, special: str) -> None:
    assert (await house.path(FILM), await house.path(SPECIAL)) == (film, special)


async def test_a_film_is_filed_with_a_movie_nfo_and_nothing_of_its_series(house: House) -> None:
    await house.get(SHELF.series.key, FILM)
    folder = house.root / "films" / "Die Nacht der tausend Bände (2024)"
    assert {path.suffix for path in folder.iterdir()} == {".mkv", ".nfo", ".jpg"}
    (nfo,) = folder.glob("*.nfo")
    root = etree.fromstring(nfo.read_bytes())
    assert root.tag == "movie" and root.findtext("premiered") == "2024-12-24"
    assert root.findtext("uniqueid[@type='tmdb']") == "9902401"
    assert (await house.row(FILM)).episode.file_path == str(nfo.with_suffix(".mkv"))


async def test_a_special_is_numbered_in_its_nfo_as_in_its_name(house: House) -> None:
    await house.get(SHELF.series.key, SPECIAL)
    (nfo,) = (house.root / "shows" / FOLDER / "Season 00").glob("*S00E01*.nfo")
    root = etree.fromstring(nfo.read_bytes())
    assert (root.findtext("season"), root.findtext("episode")) == ("0", "1")
    assert root.findtext("uniqueid[@type='aniworld']") == f"{SHELF.series.key}/S00E02"
    assert (await house.row(SPECIAL)).episode.filed_as == 1


async def test_a_file_keeps_its_name_when_the_mapping_changes(house: House) -> None:
    await house.get(SHELF.series.key, SPECIAL)
    before = await house.path(SPECIAL)
    row = await house.row(SPECIAL)
    async with get_db_session() as session:
        await pairs.choose(session, row.episode.id, "tmdb", "S00E09")
    assert await house.path(SPECIAL) == before
    async with get_db_session() as session:
        await pairs.decide(session, [row.episode.id], State.REJECTED)
    assert await house.path(SPECIAL) == before


@pytest.mark.parametrize("house", ["source"], indirect=True)
async def test_a_film_among_the_specials_has_no_id_that_would_be_an_episodes(house: House) -> None:
    row = await house.row(FILM)
    facts = await facts_of(house.app, row.series)
    assert facts is not None
    about = facts.episodes[Number(0, 1)]
    assert about.title == "Die Nacht der tausend Bände" and about.ids == {}
