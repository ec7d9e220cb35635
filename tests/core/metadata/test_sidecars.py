from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from anidana.core import (
    GERMAN_DUB,
    Episode,
    FetchImage,
    Item,
    MediaInfo,
    Number,
    Refused,
    Series,
    Sidecar,
)
from anidana.core.metadata.sidecars import MOST_BYTES, describe, pictures_there, sidecars_for
from anidana.core.settings import MetadataSettings

ITEM = Item(
    Series("aniworld", "frieren", "Frieren", "https://aniworld.to/anime/stream/frieren", (1,)),
    Episode(Number(1, 2), "Aufbruch"),
    GERMAN_DUB,
    MediaInfo("matroska", 1400.0, 1, "h264", 1920, 1080, "aac", ("deu",)),
)
NFO = Sidecar("episode", ".nfo", b"<x/>")
POSTER = Sidecar("series", "poster.jpg", b"jpeg")


async def no_image(url: str) -> bytes:
    raise Refused("no pictures here")


class Writer:
    """Offers what it was made with, or raises it."""

    def __init__(self, offer: Any, name: str = "writer") -> None:
        self.offer, self.name = offer, name

    async def sidecars(self, item: Item, fetch_image: FetchImage) -> Any:
        if isinstance(self.offer, BaseException):
            raise self.offer
        return self.offer


class Sleeper(Writer):
    """Never answers."""

    async def sidecars(self, item: Item, fetch_image: FetchImage) -> Any:
        await asyncio.Event().wait()


async def test_the_files_of_all_writers_are_filed() -> None:
    assert await sidecars_for(ITEM, [Writer([NFO]), Writer([POSTER])], no_image) == [NFO, POSTER]


async def test_a_writer_that_is_let_down_costs_its_files_and_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    writers = [Writer(Refused("the server is away"), "artwork"), Writer([NFO])]
    assert await sidecars_for(ITEM, writers, no_image) == [NFO]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and record.exc_info is None
    assert "Frieren S01E02" in record.message
    assert "artwork" in record.message and "the server is away" in record.message


@pytest.mark.parametrize(
    "offer",
    [
        RuntimeError("a bug"),
        None,
        [None],
        [Sidecar("series", "../poster.jpg", b"x")],
        [Sidecar("series", "sub/poster.jpg", b"x")],
        [Sidecar("series", "sub\\poster.jpg", b"x")],
        [Sidecar("series", ".hidden.nfo", b"x")],
        [Sidecar("series", "run.sh", b"x")],
        [Sidecar("series", "a.nfo.exe", b"x")],
        [Sidecar("series", "tvshow.nfo\n", b"x")],
        [Sidecar("series", "x" * 70 + ".nfo", b"x")],
        [Sidecar("episode", "poster.jpg", b"x")],
        [Sidecar("episode", "-thumb/../../x.jpg", b"x")],
        [Sidecar("episode", ".strm", b"http://x")],
        [Sidecar("episode", "-" + "x" * 30 + ".jpg", b"x")],
        [Sidecar("elsewhere", "tvshow.nfo", b"x")],  # type: ignore[arg-type]
        [Sidecar("series", "poster.jpg", b"")],
        [Sidecar("series", "poster.jpg", bytes(MOST_BYTES + 1))],
        [Sidecar("series", "poster.jpg", "text")],  # type: ignore[arg-type]
        [NFO, Sidecar("series", "x.exe", b"x")],
    ],
)
async def test_a_writer_with_a_bug_costs_its_files_and_shows_where(
    caplog: pytest.LogCaptureFixture, offer: Any
) -> None:
    assert await sidecars_for(ITEM, [Writer(offer, "foreign"), Writer([POSTER])], no_image) == [POSTER]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR and record.exc_info is not None
    assert "foreign" in record.message


async def test_a_writer_that_never_answers_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    writers = [Sleeper(None, "sleeper"), Writer([NFO])]
    assert await sidecars_for(ITEM, writers, no_image, most_seconds=0.01) == [NFO]
    assert "sleeper" in caplog.text


async def test_each_name_is_written_once_by_the_first_writer() -> None:
    second = Sidecar("series", "POSTER.jpg", b"other")
    assert await sidecars_for(ITEM, [Writer([POSTER]), Writer([second])], no_image) == [POSTER]


async def test_stopping_is_not_taken_for_a_failure() -> None:
    task = asyncio.ensure_future(sidecars_for(ITEM, [Sleeper(None)], no_image))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "sidecar",
    [
        NFO,
        POSTER,
        Sidecar("series", "tvshow.nfo", b"x"),
        Sidecar("series", "season-specials-poster.webp", b"x"),
        Sidecar("series", "season01-poster.png", b"x"),
        Sidecar("season", "season.nfo", b"x"),
        Sidecar("episode", "-thumb.jpg", b"x"),
    ],
)
async def test_names_that_media_servers_read_are_allowed(sidecar: Sidecar) -> None:
    assert await sidecars_for(ITEM, [Writer([sidecar])], no_image) == [sidecar]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    with av.open(str(tmp_path / "video.mkv"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 36
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame(64, 36, "yuv420p")))
        container.mux(stream.encode(None))
    return tmp_path / "video.mkv"


async def described(item: Item, video: Path, *offers: Sidecar, off: tuple[str, ...] = ()) -> list[str]:
    settings = MetadataSettings(off=off)
    files = await describe(item, video, [Writer(list(offers))], settings, no_image)
    return [file.name for file in files]


async def test_an_episode_without_a_picture_gets_one_out_of_its_video(video: Path) -> None:
    assert await described(ITEM, video, NFO) == [".nfo", "-thumb.jpg"]


async def test_a_picture_that_a_writer_has_goes_before_one_out_of_the_video(video: Path) -> None:
    offer = Sidecar("episode", "-thumb.png", b"x")
    assert await described(ITEM, video, offer) == ["-thumb.png"]


@pytest.mark.parametrize(
    "item", [replace(ITEM, present=frozenset({"-thumb"})), replace(ITEM, film=True)], ids=["there", "film"]
)
async def test_what_has_a_picture_or_needs_none_gets_no_frame(video: Path, item: Item) -> None:
    assert await described(item, video) == []


async def test_frames_and_writers_can_be_switched_off(video: Path) -> None:
    assert await described(ITEM, video, NFO, off=("frame",)) == [".nfo"]
    assert await described(ITEM, video, NFO, off=("writer", "frame")) == []


async def test_a_video_that_shows_nothing_costs_the_picture_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "x.mkv").write_bytes(b"x" * 5000)
    assert await described(ITEM, tmp_path / "x.mkv", NFO) == [".nfo"]
    assert "no frame" in caplog.text


def test_pictures_that_are_there_are_named_as_their_sidecars(tmp_path: Path) -> None:
    season = tmp_path / "Season 01"
    season.mkdir()
    for name in (
        "poster.PNG",
        "season01-poster.jpg",
        "Season 01/Mr. X-thumb.webp",
        "Season 01/Mr. Y-fanart.jpg",
    ):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "fanart.jpg").touch()
    (tmp_path / "banner.txt").write_bytes(b"x")
    found = pictures_there(season / "Mr. X.mkv", tmp_path)
    assert found >= {"poster", "season01-poster", "-thumb"}
    assert found.isdisjoint({"fanart", "-fanart", "banner"})


def test_a_series_without_a_folder_has_no_pictures(tmp_path: Path) -> None:
    assert pictures_there(tmp_path / "Show" / "Season 01" / "x.mkv", tmp_path / "Show") == frozenset()
