"""A real Kodi reads, from our files alone, all that they say."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

import aiohttp
import av
import pytest

from anidana.core import (
    GERMAN_DUB,
    Episode,
    EpisodeFacts,
    Item,
    Kind,
    MediaServer,
    News,
    Number,
    Person,
    Score,
    SeasonFacts,
    Series,
    SeriesFacts,
    settings,
)
from anidana.core.acquire import media
from anidana.core.library.place import place
from anidana.core.loader import load
from anidana.core.metadata.sidecars import describe, pictures_there
from anidana.integrations.kodi import Kodi

pytestmark = [pytest.mark.kodi, pytest.mark.timeout(240)]

Call: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]

TITLE, FILM = "Frieren: Äpfel, Öl & „Mehr“", "Der Film, groß und <schön>"
SORTS = ("poster", "fanart", "banner", "clearlogo", "clearart", "landscape")

SERIES = Series(
    "aniworld", "frieren", TITLE, "https://aniworld.to/x", (0, 1, 2), year=2023, fsk=12,
    directors=("Keiichirou Saitou",), rating=4.5, rating_count=3521,
)  # fmt: skip


def facts_of(number: Number) -> EpisodeFacts:
    return EpisodeFacts(
        plot=f"Was in {number} geschieht, übrigens.",
        aired=f"2023-0{number.season + 1}-0{number.episode}",
        ids={"tmdb": f"{number.season}{number.episode:03d}"},
        score=Score(7.5, 31),
        directors=("Tomoya Kitagawa",),
        writers=("Tomohiro Suzuki",),
        guests=(Person("Gast, der Erste", "Händler"),),
        shown_before=Number(1, 2) if number.season == 0 else None,
        pictures={"thumb": (f"thumb {number}",), **{sort: (sort,) for sort in SORTS}},
    )


NUMBERS = [Number(1, 1), Number(1, 2), Number(1, 3), Number(1, 4), Number(2, 1), Number(0, 1), Number(0, 9)]
FACTS = SeriesFacts(
    source="tmdb",
    title="Frieren",
    original_title="葬送のフリーレン",
    plot="Was TMDB sagt.\nIn zwei Zeilen.",
    premiered="2023-09-29",
    ended="2024-03-22",
    status="Ended",
    genres=("Animation", "Drama"),
    studios=("MADHOUSE",),
    countries=("Japan",),
    tags=("magic",),
    writers=("Kanehito Yamada",),
    ids={"tmdb": "209867", "tvdb": "424536", "imdb": "tt22248376"},
    tagline="Die Reise ist zu Ende.",
    runtime=25,
    certificate="FSK 12",
    trailer="qgQunXdeQ9M",
    score=Score(8.8, 1200),
    cast=(Person("Atsumi Tanezaki", "Frieren", "https://image.tmdb.org/a.jpg"), Person("Kana Ichinose")),
    seasons={0: SeasonFacts("Sonderfolgen"), 1: SeasonFacts("Die Reise"), 2: SeasonFacts("Der Weg zurück")},
    episodes={number: facts_of(number) for number in NUMBERS},
    pictures={
        **{sort: (sort,) for sort in SORTS},
        "season01-poster": ("season 1",), "season02-poster": ("season 2",),
        "season-specials-poster": ("specials",),
    },
)  # fmt: skip


@dataclass
class Desk:
    """Two libraries, and what it takes to file something there."""

    shows: Path
    films: Path
    staging: Path

    @property
    def folder(self) -> Path:
        return self.shows / "Frieren Äpfel, Öl & „Mehr“ (2023)"

    async def file(self, target: Path, *episodes: Episode, film: bool = False) -> None:
        staged = self.staging / "video.mkv"
        make_video(staged)
        picture = await asyncio.to_thread(media.frame, staged, 640)

        async def fetch_image(url: str) -> bytes:
            return picture

        item = Item(
            SERIES, episodes[0], GERMAN_DUB, media.probe(staged), FACTS, more=episodes[1:], film=film,
            present=pictures_there(target, self.folder),
        )  # fmt: skip
        sidecars = await describe(item, staged, load().writers, settings.MetadataSettings(), fetch_image)
        place(staged, target, self.folder, sidecars)


def make_video(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 36
        for _ in range(20):
            container.mux(stream.encode(av.VideoFrame(64, 36, "yuv420p")))
        container.mux(stream.encode(None))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "Serien, neu", tmp_path / "Filme", tmp_path / "staging")
    for folder in (desk.shows, desk.films, desk.staging):
        folder.mkdir()
    return desk


@pytest.fixture
async def call(desk: Desk, start_kodi: Callable[..., MediaServer]) -> AsyncIterator[Call]:
    """Asks a Kodi that has scanned both libraries."""
    season = desk.folder / "Season 01"
    await desk.file(
        season / f"Äpfel - {Number(1, 1)} - Aufbruch.mkv", Episode(Number(1, 1), "Aufbruch, bald")
    )
    await desk.file(season / "Äpfel - S01E02.mkv", Episode(Number(1, 2), "Es muß <keine> Magie sein"))
    await desk.file(
        season / "Äpfel - S01E03-E04.mkv", Episode(Number(1, 3), "Drei"), Episode(Number(1, 4), "Vier")
    )
    await desk.file(desk.folder / "Season 02" / "Äpfel - S02E01.mkv", Episode(Number(2, 1), "", "Return"))
    await desk.file(
        desk.folder / "Season 00" / "Äpfel - S00E01.mkv", Episode(Number(0, 1), "Extra", kind=Kind.SPECIAL)
    )
    film = Episode(Number(0, 9), FILM, "The Movie", kind=Kind.MOVIE)
    await desk.file(desk.films / "Der Film (2024)" / "Der Film (2024).mkv", film, film=True)
    server = await asyncio.to_thread(start_kodi, tvshows=desk.shows, movies=desk.films)
    login = b64encode(f"{server.user}:{server.password}".encode()).decode()
    async with aiohttp.ClientSession(headers={"Authorization": f"Basic {login}"}) as session:

        async def ask(method: str, **params: Any) -> dict[str, Any]:
            question = {"jsonrpc": "2.0", "id": 1, "method": f"VideoLibrary.{method}", "params": params}
            answer = await (await session.post(f"{server.url}/jsonrpc", json=question)).json()
            assert "result" in answer, answer
            result: dict[str, Any] = answer["result"]
            return result

        for library in (desk.shows, desk.films):
            await Kodi().tell(server, News(str(library), str(library), TITLE, ()))
        yield ask


def pictures(art: dict[str, str]) -> dict[str, str]:
    """The files that an item's own pictures come from."""
    return {
        kind: unquote(url).rstrip("/").rpartition("/")[2]
        for kind, url in art.items()
        if "." not in kind and "Default" not in url
    }


async def test_it_reads_all_that_our_files_say_of_a_series(call: Call) -> None:
    properties = (
        "title originaltitle plot premiered year genre studio tag cast mpaa ratings votes uniqueid imdbnumber"
        " runtime art"
    )
    (show,) = (await call("GetTVShows", properties=properties.split()))["tvshows"]
    assert pictures(show.pop("art")) == {sort: f"{sort}.jpg" for sort in SORTS}
    assert [(one["name"], one["role"]) for one in show.pop("cast")] == [
        ("Atsumi Tanezaki", "Frieren"),
        ("Kana Ichinose", ""),
    ]
    ratings = {name: (round(one["rating"], 1), one["votes"]) for name, one in show.pop("ratings").items()}
    assert ratings == {"tmdb": (8.8, 1200), "aniworld": (9.0, 3521)}
    assert show == {
        "tvshowid": show["tvshowid"],
        "label": TITLE,
        "title": TITLE,
        "originaltitle": "葬送のフリーレン",
        "plot": "Was TMDB sagt.\nIn zwei Zeilen.",
        "premiered": "2023-09-29",
        "year": 2023,
        "genre": ["Animation", "Drama"],
        "studio": ["MADHOUSE"],
        "tag": ["magic"],
        "mpaa": "FSK 12",
        "votes": "1200",
        "imdbnumber": "209867",
        "uniqueid": {"tmdb": "209867", "tvdb": "424536", "imdb": "tt22248376", "aniworld": "frieren"},
        "runtime": 25 * 60,
    }
    seasons = (await call("GetSeasons", properties=["season", "title", "art"]))["seasons"]
    assert {one["season"]: (one["title"], pictures(one["art"])) for one in seasons} == {
        0: ("Sonderfolgen", {"poster": "season-specials-poster.jpg"}),
        1: ("Die Reise", {"poster": "season01-poster.jpg"}),
        2: ("Der Weg zurück", {"poster": "season02-poster.jpg"}),
    }


async def test_it_reads_all_that_our_files_say_of_episodes(call: Call) -> None:
    properties = (
        "title showtitle plot firstaired season episode ratings director writer cast uniqueid art file"
        " specialsortseason specialsortepisode streamdetails"
    )
    episodes = (await call("GetEpisodes", properties=properties.split()))["episodes"]
    read = {Number(one["season"], one["episode"]): one for one in episodes}
    assert {str(number): one["title"] for number, one in read.items()} == {
        "S00E01": "Extra",
        "S01E01": "Aufbruch, bald",
        "S01E02": "Es muß <keine> Magie sein",
        "S01E03": "Drei",
        "S01E04": "Vier",
        "S02E01": "Return",
    }
    assert read[Number(1, 3)]["file"] == read[Number(1, 4)]["file"]
    for number, one in read.items():
        facts = facts_of(number)
        assert (one["showtitle"], one["plot"], one["firstaired"]) == (TITLE, facts.plot, facts.aired)
        assert one["ratings"] == {"tmdb": {"default": True, "rating": 7.5, "votes": 31}}
        assert (one["director"], one["writer"]) == (["Tomoya Kitagawa"], ["Tomohiro Suzuki"])
        assert one["uniqueid"] == {**facts.ids, "aniworld": f"frieren/{number}"}
        assert ("Gast, der Erste", "Händler") in [(who["name"], who["role"]) for who in one["cast"]]
        assert pictures(one["art"]) == {"thumb": f"{Path(one['file']).stem}-thumb.jpg"}
        (track,) = one["streamdetails"]["video"]
        assert (track["width"], track["height"], track["codec"]) == (64, 36, "mpeg4")
    special = read[Number(0, 1)]
    assert (special["specialsortseason"], special["specialsortepisode"]) == (1, 2)


async def test_it_reads_all_that_our_file_says_of_a_film(call: Call) -> None:
    properties = (
        "title originaltitle plot premiered year genre studio country tag cast mpaa rating uniqueid"
        " imdbnumber art director writer"
    )
    (film,) = (await call("GetMovies", properties=properties.split()))["movies"]
    assert pictures(film.pop("art")) == {sort: f"Der Film (2024)-{sort}.jpg" for sort in SORTS}
    assert [one["name"] for one in film.pop("cast")] == ["Gast, der Erste"]
    assert film == {
        "movieid": film["movieid"],
        "label": FILM,
        "title": FILM,
        "originaltitle": "The Movie",
        "plot": "Was in S00E09 geschieht, übrigens.",
        "premiered": "2023-01-09",
        "year": 2023,
        "genre": ["Animation", "Drama"],
        "studio": ["MADHOUSE"],
        "country": ["Japan"],
        "tag": ["magic"],
        "mpaa": "FSK 12",
        "rating": 7.5,
        "imdbnumber": "0009",
        "uniqueid": {"tmdb": "0009", "aniworld": "frieren/S00E09"},
        "director": ["Tomoya Kitagawa"],
        "writer": ["Tomohiro Suzuki"],
    }
