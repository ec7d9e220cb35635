"""The process that puts a video together: what it is told, what it answers, and that it never outlives us."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from anidana.core.acquire.join import join
from anidana.core.acquire.joining import joining
from anidana.core.acquire.tracks import Track
from anidana.core.errors import Damaged, SetupError
from anidana.core.models import GERMAN_DUB


@pytest.fixture
def segments(films: Path) -> list[Path]:
    return [films / f"ts{number}.ts" for number in range(6)]


def one(*paths: Path) -> list[Track]:
    """A single track of one piece."""
    return [Track((paths,), "main", (12.0,), (0.5,))]


async def test_what_it_answers_is_what_a_join_here_would_be(segments: list[Path], tmp_path: Path) -> None:
    async with joining(one(*segments), tmp_path / "x.mkv", GERMAN_DUB) as going:
        for segment in reversed(segments):
            going.add(segment)
        joined = await going.result
    assert joined == join(one(*segments), tmp_path / "y.mkv", GERMAN_DUB)


async def test_nothing_goes_on_once_nobody_wants_it(segments: list[Path], tmp_path: Path) -> None:
    async with joining(one(*segments), tmp_path / "x.mkv", GERMAN_DUB) as going:
        going.add(*segments[:3])
    assert going.process.returncode == -signal.SIGKILL
    with pytest.raises(Damaged):
        await going.result


async def test_damaged_files_are_told_as_they_are_here(segments: list[Path], tmp_path: Path) -> None:
    tracks = one(*segments[:2], *segments[3:])
    async with joining(tracks, tmp_path / "x.mkv", GERMAN_DUB) as going:
        going.add(*segments)
        with pytest.raises(Damaged, match=r"2\.0 s are missing at 0:04"):
            await going.result


async def test_a_full_disk_is_told_as_such(segments: list[Path], tmp_path: Path) -> None:
    (tmp_path / "x.mkv").symlink_to("/dev/full")
    async with joining(one(*segments), tmp_path / "x.mkv", GERMAN_DUB) as going:
        going.add(*segments)
        with pytest.raises(OSError, match="No space left") as caught:
            await going.result
    assert caught.value.errno == errno.ENOSPC


async def test_bytes_that_crash_the_reader_are_damaged_and_cost_nothing_else(
    segments: list[Path], tmp_path: Path
) -> None:
    async with joining(one(*segments), tmp_path / "x.mkv", GERMAN_DUB) as going:
        going.process.send_signal(signal.SIGSEGV)
        with pytest.raises(Damaged, match="SIGSEGV"):
            await going.result
        going.add(*segments)


async def test_what_ends_a_whole_service_is_left_to_the_parent(segments: list[Path], tmp_path: Path) -> None:
    async with joining(one(*segments), tmp_path / "x.mkv", GERMAN_DUB) as going:
        going.add(*segments[:2])
        while not (tmp_path / "x.mkv").exists():  # noqa: ASYNC110 - another process makes it, its traps set
            await asyncio.sleep(0)
        going.process.send_signal(signal.SIGTERM)
        going.process.send_signal(signal.SIGINT)
        going.add(*segments[2:])
        assert (await going.result).seconds == pytest.approx(12, abs=0.2)


async def test_a_video_is_not_to_blame_where_the_whole_service_is_stopped(tmp_path: Path) -> None:
    async with joining(one(tmp_path / "never"), tmp_path / "x.mkv", GERMAN_DUB) as going:
        going.process.send_signal(signal.SIGTERM)
        with pytest.raises(SetupError, match="SIGTERM"):
            await going.result


def test_a_limit_on_memory_that_is_there_already_is_kept() -> None:
    code = """
import resource
from anidana.core.acquire.joiner import limit_memory
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
limit_memory()
print(resource.getrlimit(resource.RLIMIT_AS) == (2**30, 2**30))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"True\n"


async def test_a_language_of_any_length_is_told(
    films: Path, tmp_path: Path, ffmpeg: Callable[..., None]
) -> None:
    film = tmp_path / "long.mkv"
    ffmpeg("-i", films / "whole.mkv", "-c", "copy", "-metadata:s:a:0", f"language={'x' * 100_000}", film)
    async with joining([Track(((film,),))], tmp_path / "x.mkv", GERMAN_DUB) as going:
        going.add(film)
        joined = await going.result
    assert joined.media.audio_languages == ("x" * 35,)


PARENT = """
import asyncio, sys
from pathlib import Path
from anidana.core.acquire.joining import joining
from anidana.core.acquire.tracks import Track
from anidana.core.models import GERMAN_DUB

async def main():
    async with joining([Track(((Path("never"),),))], Path(sys.argv[1]), GERMAN_DUB) as going:
        print(going.process.pid, flush=True)
        await going.result

asyncio.run(main())
"""


async def test_it_dies_with_us(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(tmp_path / "x.mkv")), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    gone = os.pidfd_open(child)
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    assert await asyncio.to_thread(select.select, [gone], [], [], 10) == ([gone], [], [])
    os.close(gone)
