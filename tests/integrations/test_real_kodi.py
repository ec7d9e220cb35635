"""A real Kodi, told by our action, lists what lies in its library."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

import av
import pytest

from anidana.core import ConfigError, MediaServer, NewFile, News, Number
from anidana.integrations.kodi import Kodi

PLACES = ("kodi/kodi.bin", "*/kodi/kodi.bin")
KODI_BIN = next((path for place in PLACES for path in Path("/usr/lib").glob(place)), None)

pytestmark = [
    pytest.mark.kodi,
    pytest.mark.skipif(not (KODI_BIN and shutil.which("Xvfb")), reason="needs Kodi and Xvfb"),
    pytest.mark.timeout(240),
]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "Bücher & Shows"
    folder.mkdir()
    return folder


@pytest.fixture
def server(tmp_path: Path, library: Path) -> Iterator[MediaServer]:
    """A Kodi of this test's own, without a screen, that shows the library."""
    script = Path(__file__).with_name("kodi_headless.py")
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, str(script), str(KODI_BIN), str(home), str(library)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        # The process ends when its input does: on the way out of this block, or when we are killed.
        answer = process.stdout.readline()
        assert answer, "Kodi did not start"
        yield MediaServer("kodi", "kodi", **json.loads(answer))


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
