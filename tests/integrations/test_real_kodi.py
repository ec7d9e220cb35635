"""A real Kodi, told by our action, lists what lies in its library."""

from __future__ import annotations

import asyncio
import dataclasses
from base64 import b64encode
from collections.abc import Callable
from html import escape
from pathlib import Path

import aiohttp
import av
import pytest

from anidana.core import ConfigError, MediaServer, NewFile, News, Number, following, settings
from anidana.core.app import open_app
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF
from anidana.core.jobs import get as jobs
from anidana.core.jobs.events import ignore
from anidana.core.selector import parse
from anidana.integrations.kodi import Kodi

pytestmark = [pytest.mark.kodi, pytest.mark.timeout(240)]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "Bücher & Shows"
    folder.mkdir()
    return folder


@pytest.fixture
def server(start_kodi: Callable[..., MediaServer], library: Path) -> MediaServer:
    """A Kodi of this test's own that shows the library."""
    return start_kodi(tvshows=library)


def file_episode(library: Path, title: str, number: Number) -> News:
    """Put a video and what describes it into the library."""
    show = library / title
    video = show / f"Season {number.season:02d}" / f"{title} - {number}.mkv"
    video.parent.mkdir(parents=True, exist_ok=True)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    (show / "tvshow.nfo").write_text(
        f"{declaration}<tvshow><title>{escape(title)}</title><premiered>2020-01-01</premiered></tvshow>"
    )
    video.with_suffix(".nfo").write_text(
        f"{declaration}<episodedetails><title>Title</title>"
        f"<season>{number.season}</season><episode>{number.episode}</episode></episodedetails>"
    )
    with av.open(str(video), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 36
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame(64, 36, "yuv420p")))
        container.mux(stream.encode(None))
    return News(str(library), str(show), title, (NewFile(str(video), number),))


async def test_it_lists_a_new_show_and_later_its_other_episodes(library: Path, server: MediaServer) -> None:
    kodi, title = Kodi(), "Jim's Äpfel, 100% & more (2020)"
    for number in (Number(1, 1), Number(1, 2), Number(2, 1), Number(0, 1)):
        news = file_episode(library, title, number)
        assert not await kodi.confirm(server, news)
        await kodi.tell(server, news)
        assert await kodi.confirm(server, news)


async def test_it_lists_several_shows_that_come_at_once(library: Path, server: MediaServer) -> None:
    kodi = Kodi()
    batches = [file_episode(library, f"Show {number}", Number(1, 1)) for number in range(4)]
    await asyncio.gather(*(kodi.tell(server, news) for news in batches))
    assert all([await kodi.confirm(server, news) for news in batches])


async def test_it_turns_away_a_wrong_password(server: MediaServer, library: Path) -> None:
    news = News(str(library), str(library / "Show"), "Show", ())
    with pytest.raises(ConfigError, match="does not let us in"):
        await Kodi().tell(dataclasses.replace(server, password="wrong"), news)


async def test_the_whole_job_ends_in_a_show_that_it_reads_from_our_files(
    library: Path, server: MediaServer, practice: PracticeNetwork, tmp_path: Path
) -> None:
    chosen = settings.Settings(
        library=settings.Library(anime_directory=library),
        downloads=settings.Downloads(floor_mib=0),
        network=settings.Network(route_all_to=practice.address, pages_per_second=0),
        media_servers=(
            settings.MediaServer(kind="kodi", url=server.url, user=server.user, password=server.password),
        ),
    )
    async with open_app(tmp_path / "data", chosen=chosen) as app:
        await following.follow(
            app, await following.look(app, app.plugins.catalogue("aniworld"), SHELF.series.key)
        )
        picked = await jobs.pick(app, parse([SHELF.series.key]))
        outcome = await jobs.get(app, picked.wanted, ignore)
    assert [(told.files, told.error) for told in outcome.told] == [(7, "")]
    login = b64encode(f"{server.user}:{server.password}".encode()).decode()
    question = {
        "jsonrpc": "2.0", "id": 1, "method": "VideoLibrary.GetEpisodes",
        "params": {"properties": ["title", "season", "episode", "streamdetails"]},
    }  # fmt: skip
    async with aiohttp.ClientSession(headers={"Authorization": f"Basic {login}"}) as session:
        answer = await (await session.post(f"{server.url}/jsonrpc", json=question)).json()
    read = {Number(one["season"], one["episode"]): one for one in answer["result"]["episodes"]}
    assert {number: one["title"] for number, one in read.items()} == {
        episode.number: episode.name for episode in SHELF.episodes
    }
    assert read[Number(1, 1)]["streamdetails"]["audio"][0]["language"] in ("deu", "ger")
