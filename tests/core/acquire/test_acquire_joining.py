"""The process that puts a video together: what it is told, what it answers, and that it never outlives us."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import signal
import sys
from pathlib import Path

import pytest

from anidana.core.acquire.join import join
from anidana.core.acquire.joining import joining
from anidana.core.acquire.tracks import Track
from anidana.core.errors import Damaged
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
