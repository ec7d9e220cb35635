"""NFO files and pictures of videos that lie in the library already."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
from lxml import etree
from pydantic import SecretStr

from anidana.core import following, settings
from anidana.core.app import App, open_app
from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF
from anidana.core.metadata.nfo import lacks
from anidana.core.metadata.service import Described, NFOService
from anidana.core.store import shelf
from anidana.core.store.sessions import get_db_session
from anidana.core.store.shelf import EpisodeRow

FOLDER = f"{SHELF.series.title} ({SHELF.series.year})"
FILES = ("Season 01/Regal S01E01-E02", "Season 01/Regal S01E03", "Season 00/Regal S00E01")


@dataclass
class House:
    """An open app whose library holds videos of one series, not fetched by us."""

    app: App
    practice: PracticeNetwork
    folder: Path

    async def rows(self) -> list[EpisodeRow]:
        async with get_db_session(read_only=True) as session:
            return await shelf.episodes(session)

    async def do(self, what: str, **more: Any) -> Described:
        async with NFOService(self.app) as service:
            (answer,) = await getattr(service, what)(await self.rows(), **more)
        assert isinstance(answer, Described)
        return answer

    def names(self) -> list[str]:
        found = (path for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".mkv")
        return sorted(str(path.relative_to(self.folder)) for path in found)

    def moments(self) -> dict[str, int]:
        return {name: (self.folder / name).stat().st_mtime_ns for name in self.names()}

    def say(self, fault: Faults) -> None:
        """What befalls the metadata API from now on."""
        self.practice.faults["tmdb"] = fault


def make_video(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 36
        for _ in range(20):
            container.mux(stream.encode(av.VideoFrame(64, 36, "yuv420p")))
        container.mux(stream.encode(None))


@pytest.fixture
async def house(
    practice: PracticeNetwork, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[House]:
    folder = tmp_path / "library" / FOLDER
    for name in FILES:
        make_video(folder / f"{name}.mkv")
    chosen = settings.Settings(
        library=settings.Library(anime_directory=folder.parent),
        network=settings.Network(route_all_to=practice.address, pages_per_second=0),
        metadata=settings.MetadataSettings(
            keys={"tmdb": SecretStr("practice")},
            urls={"tmdb": practice.tmdb_url},
            **getattr(request, "param", {}),
        ),
    )
    async with open_app(tmp_path / "data", chosen=chosen) as app:
        listing = await following.look(app, app.plugins.catalogue("aniworld"), SHELF.series.key)
        await following.follow(app, listing)
        yield House(app, practice, folder)


async def test_everything_is_written_for_videos_that_others_filed(house: House) -> None:
    answer = await house.do("create")
    assert (answer.title, answer.videos, answer.known) == (SHELF.series.title, 3, "tmdb")
    assert house.names() == sorted(
        [
            *("tvshow.nfo", "poster.jpg", "fanart.jpg", "landscape.jpg", "clearlogo.jpg"),
            *("season01-poster.jpg", "season-specials-poster.jpg"),
            *("Season 01/season.nfo", "Season 00/season.nfo"),
            *(f"{name}{end}" for name in FILES for end in (".nfo", "-thumb.jpg")),
        ]
    )
    assert sorted(str(path.relative_to(house.folder)) for path in answer.written) == house.names()


async def test_a_file_of_two_episodes_tells_of_both(house: House) -> None:
    await house.do("create")
    content = (house.folder / f"{FILES[0]}.nfo").read_bytes().partition(b"?>")[2]
    roots = etree.fromstring(b"<x>" + content + b"</x>")
    assert [(one.findtext("season"), one.findtext("episode")) for one in roots] == [("1", "1"), ("1", "2")]
    assert [one.findtext("fileinfo/streamdetails/video/width") for one in roots] == ["64", "64"]


async def test_doing_it_again_writes_nothing(house: House) -> None:
    await house.do("create")
    before = house.moments()
    assert (await house.do("update")).written == ()
    assert house.moments() == before


def insert(path: Path, after: str, text: str) -> None:
    path.write_text(path.read_text().replace(after, after + text))


async def test_what_is_complete_costs_no_question(house: House) -> None:
    await house.do("create")
    asked = len(house.practice.requests)
    for name in FILES:  # TMDB counts the special elsewhere, so its file stays without a plot
        insert(house.folder / f"{name}.nfo", "</showtitle>", "<plot>x</plot><aired>x</aired>")
    insert(house.folder / "tvshow.nfo", "</title>", "<lockdata>true</lockdata>")
    answer = await house.do("create")
    assert answer.lacks == answer.written == ()
    assert len(house.practice.requests) == asked


async def test_a_check_names_what_is_missing_and_changes_nothing(house: House) -> None:
    answer = await house.do("check")
    assert {str(lack.path.relative_to(house.folder)) for lack in answer.lacks} == {
        "tvshow.nfo",
        "poster.jpg",
        *(f"{name}{end}" for name in FILES for end in (".nfo", "-thumb.jpg")),
    }
    assert all(lack.tags == () for lack in answer.lacks)
    assert house.names() == [] and not house.practice.asked("tmdb")


@pytest.mark.parametrize("fault", [Faults(gone=True), Faults(blocked=True)])
async def test_without_metadata_the_catalogues_word_is_written_and_later_repaired(
    house: House, fault: Faults
) -> None:
    house.say(fault)
    poor = await house.do("create")
    assert poor.known == ""
    show = house.folder / "tvshow.nfo"
    assert {"originaltitle", "runtime", "uniqueid"} <= set(lacks(show.read_bytes()))
    checked = await house.do("check")
    assert show in [lack.path for lack in checked.lacks]

    house.say(Faults())
    rich = await house.do("create")
    assert rich.known == "tmdb" and show in rich.written
    assert lacks(show.read_bytes()) == ()
    assert b"990240" in show.read_bytes()


async def test_a_look_up_that_fails_takes_nothing_away(house: House) -> None:
    await house.do("create")
    before = (house.folder / "tvshow.nfo").read_bytes()
    house.say(Faults(gone=True))
    await house.do("update")
    assert (house.folder / "tvshow.nfo").read_bytes() == before


async def test_pictures_stay_unless_new_ones_are_asked_for(house: House) -> None:
    house.folder.joinpath("poster.png").write_bytes(b"mine")
    await house.do("create")
    assert "poster.png" in house.names() and "poster.jpg" not in house.names()
    await house.do("update", pictures=True)
    assert "poster.jpg" in house.names() and "poster.png" not in house.names()


async def test_pictures_of_a_series_are_fetched_once_for_all_its_videos(house: House) -> None:
    await house.do("update", pictures=True)
    fetched = [seen.path for seen in house.practice.asked("tmdb") if seen.path.startswith("/t/p/")]
    assert len(fetched) == len(set(fetched))


async def test_a_video_that_cannot_be_read_is_named_and_described_without_its_streams(house: House) -> None:
    broken = house.folder / f"{FILES[1]}.mkv"
    broken.write_bytes(b"x" * 5000)
    answer = await house.do("create")
    assert answer.failed == (broken,)
    nfo = etree.fromstring(broken.with_suffix(".nfo").read_bytes())
    assert nfo.findtext("title") and nfo.find("fileinfo") is None and nfo.find("runtime") is None


async def test_a_video_that_is_gone_is_named_and_the_rest_goes_on(house: House) -> None:
    gone = house.folder / f"{FILES[2]}.mkv"
    gone.unlink()
    gone.parent.rmdir()
    answer = await house.do("create")
    assert answer.failed == (gone,)
    assert f"{FILES[0]}.nfo" in house.names() and f"{FILES[2]}.nfo" not in house.names()


@pytest.mark.parametrize("house", [{"off": ("artwork", "frame")}], indirect=True)
async def test_what_is_switched_off_is_neither_written_nor_missed(house: House) -> None:
    answer = await house.do("create")
    assert {path.suffix for path in answer.written} == {".nfo"}
    assert {lack.path.suffix for lack in (await house.do("check")).lacks} <= {".nfo"}


async def test_it_writes_only_while_it_is_open(house: House) -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await NFOService(house.app).create([])


async def test_one_left_open_warns_when_it_is_dropped(house: House) -> None:
    service = await NFOService(house.app).__aenter__()
    with pytest.warns(ResourceWarning, match="unclosed"):
        del service
        gc.collect()


async def test_a_film_in_a_film_library_is_described_there(house: House) -> None:
    film = house.folder.parent / "Ein Film (2025)" / "Ein Film (2025).mkv"
    make_video(film)
    async with get_db_session() as session:
        rows = await shelf.episodes(session)
        (row,) = (one for one in rows if one.episode.kind == "movie")
        row.episode.is_downloaded, row.episode.file_path = True, str(film)
    await house.do("create")
    nfo = etree.fromstring(film.with_suffix(".nfo").read_bytes())
    assert nfo.tag == "movie" and nfo.find("fileinfo/streamdetails/video") is not None
    there = {path.name for path in film.parent.iterdir()}
    assert there >= {"Ein Film (2025).mkv", "Ein Film (2025).nfo"}
    assert all(name.startswith("Ein Film (2025)") for name in there)
