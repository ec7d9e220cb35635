"""Killed at eight points of a download, again and again: nothing is lost, doubled, or half.

`ANIDANA_KILLS=25` kills 25 times at each point, each time a little later; once is enough in passing.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import pytest

from anidana.core.store import queue
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import now

KILLS = int(os.environ.get("ANIDANA_KILLS", "1"))
POINTS = ("resolving", "downloading", "first", "half", "verifying", "describing", "filing", "filed")
"""Stages of a job; of `downloading` also the first bytes and the half. `filing` comes before the move,
`filed` after the store has taken it down and before anybody is told."""

SERVE_UNTIL_KILLED = """
import asyncio, os, signal, sys, threading
from pathlib import Path
from anidana.core.app import open_app
from anidana.core.jobs.bus import Bus
from anidana.core.jobs.downloads import DownloadService
from anidana.core.jobs.events import Moved, Staged
from anidana.core.jobs.fetcher import Fetcher
from anidana.core.jobs.publish import Publisher
from anidana.core.jobs.stored_queue import StoredQueue
from anidana.core.metadata.images import ImageDownloader

POINT, DELAY = sys.argv[1], float(sys.argv[2])

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Killer(Publisher):
    def event(self, item, event):
        match event:
            case Staged(stage=stage):
                here = stage == POINT
            case Moved(done=done, total=total):
                here = POINT == "first" or (POINT == "half" and total and 2 * done >= total)
            case _:
                here = False
        if here and DELAY:
            threading.Timer(DELAY, die).start()
        elif here:
            die()

async def main():
    async with open_app(Path(os.environ["ANIDANA_DATA"])) as app, app.alone():
        async with ImageDownloader(app.network) as images:
            fetcher = Fetcher(app, images)
            downloads = DownloadService(fetcher, StoredQueue(), 3, slots=2, publisher=Killer(Bus()))
            async with downloads.running():
                while await downloads.items():
                    await asyncio.sleep(0.02)
            await fetcher.close()

asyncio.run(main())
"""


def seconds(video: Path) -> float:
    with av.open(str(video)) as container:
        return (container.duration or 0) / 1_000_000


class Campaign:
    """A program that is killed, and what must be true after every kill."""

    def __init__(self, house: Any) -> None:
        self.house = house
        self.environment = {
            **os.environ,
            "ANIME_DIRECTORY": str(house.library),
            "ANIDANA_DATA": str(house.app.data),
            "ANIDANA__NETWORK__ROUTE_ALL_TO": house.practice.address,
            "ANIDANA__NETWORK__PAGES_PER_SECOND": "0",
            "ANIDANA__DOWNLOADS__FLOOR_MIB": "0",
        }

    async def run(self, point: str, delay: float = 0.0) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SERVE_UNTIL_KILLED, point, str(delay),
            env=self.environment, stdout=DEVNULL, stderr=PIPE,
        )  # fmt: skip
        _, said = await process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), said.decode()
        return process.returncode

    async def queue_all(self) -> None:
        """Want every episode that is not on disk."""
        rows = await self.house.rows()
        async with get_db_session() as session:
            await queue.enqueue(
                session, [row.episode.id for row in rows.values() if not row.episode.is_downloaded]
            )

    async def check(self) -> None:
        """Every file whole and under its planned name, every episode on disk or waiting, each once."""
        videos = {str(video) for video in self.house.library.rglob("*.mkv") if video.name[0] != "."}
        for video in videos:
            assert seconds(Path(video)) > 11, f"{video} is half-made"
        rows = await self.house.rows()
        on_disk = {row.episode.file_path for row in rows.values() if row.episode.is_downloaded}
        with closing(sqlite3.connect(self.house.app.data / "anidana.db")) as store:
            assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            jobs = store.execute("SELECT episode_id, status, file_destination FROM download_queue").fetchall()
            counts = store.execute("SELECT episode_count, on_disk_count FROM anime_series").fetchall()
        planned = {place for _, status, place in jobs if status == "downloading"}
        assert on_disk <= videos <= on_disk | planned, "a file that nobody knows, or one that is gone"
        for row in rows.values():
            waits = [s for id_, s, _ in jobs if id_ == row.episode.id and s in ("pending", "downloading")]
            assert len(waits) == (0 if row.episode.is_downloaded else 1), f"{row.number}: {waits}"
        assert counts == [(7, len(on_disk))]

    async def start_over(self) -> None:
        """Throw away what is on disk, and want it again."""
        for path in sorted(self.house.library.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        with closing(sqlite3.connect(self.house.app.data / "anidana.db")) as store:
            store.execute("UPDATE episodes SET is_downloaded = 0, file_path = NULL")
            store.execute("DELETE FROM download_queue")
            store.commit()
        await self.queue_all()


@pytest.mark.timeout(120 + 150 * KILLS)
@pytest.mark.parametrize("point", POINTS)
async def test_a_service_that_is_killed_loses_nothing_doubles_nothing_and_leaves_nothing_half(
    house: Any, point: str
) -> None:
    campaign = Campaign(house)
    await campaign.queue_all()
    killed = 0
    for turn in range(4 * KILLS):
        if killed == KILLS:
            break
        if await campaign.run(point, 0.003 * (turn % 25)):
            killed += 1
        await campaign.check()
        if all(row.episode.is_downloaded for row in (await house.rows()).values()):
            await campaign.start_over()
    assert killed == KILLS, "the point was not reached"
    assert await campaign.run("never") == 0
    await campaign.check()
    assert len(house.videos()) == 7 and house.stray() == []
    assert not list(house.app.staging().glob("job-*"))
    assert now() > (await house.rows())["S01E01"].file.filed_at
