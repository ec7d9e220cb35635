"""Killed anywhere, started again: no wanted episode is lost or doubled, nothing is half-made."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import pytest
from sqlalchemy import func, select

from anidana.core.demo.faults import Faults
from anidana.core.demo.story import SHELF
from anidana.core.store import queue
from anidana.core.store.queue import Ticket
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import DownloadQueueItem, EpisodeFile

KEY = SHELF.series.key


async def planned(house: Any, size: int) -> tuple[Ticket, Path]:
    """A job of S01E01 that has written down where its file goes."""
    row = (await house.rows())["S01E01"]
    path = house.library / row.series.folder / "Season 01" / "Das Regal - S01E01 - Der leere Platz.mkv"
    file = EpisodeFile(
        episode_id=row.episode.id, path=str(path), language="de", provider="VOE", size=size, seconds=12.0
    )
    async with get_db_session() as session:
        (job_id,) = await queue.enqueue(session, [row.episode.id])
        ticket = await queue.take_up(session, job_id)
        assert ticket is not None and await queue.plan_filing(session, ticket, file)
    return ticket, path


async def test_a_file_that_was_moved_before_the_end_counts_and_is_not_fetched_again(house: Any) -> None:
    _, path = await planned(house, size=4)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"film")
    (path.parent / ".anidana-leftover").write_bytes(b"half")
    house.practice.requests.clear()
    await house.get(KEY, "S01E01")
    assert house.practice.asked("VOE") == []
    row = (await house.rows())["S01E01"]
    assert row.episode.is_downloaded and row.episode.file_path == str(path)
    assert path.read_bytes() == b"film" and house.stray() == []


async def test_a_file_that_never_arrived_is_fetched(house: Any) -> None:
    ticket, _ = await planned(house, size=4)
    outcome = await house.get(KEY, "S01E01")
    assert len(outcome.done) == 1
    async with get_db_session(read_only=True) as session:
        job = await session.get_one(DownloadQueueItem, ticket.job_id)
    assert (job.status, job.attempt) == ("completed", 2), "the same job, taken up again"


@pytest.mark.timeout(150)
async def test_killing_the_program_again_and_again_loses_and_doubles_nothing(house: Any) -> None:
    house.practice.faults["VOE"] = Faults(slow=0.02)
    environment = {
        **os.environ,
        "ANIME_DIRECTORY": str(house.library),
        "ANIDANA_DATA": str(house.app.data),
        "ANIDANA__NETWORK__ROUTE_ALL_TO": house.practice.address,
        "ANIDANA__NETWORK__PAGES_PER_SECOND": "0",
        "ANIDANA__DOWNLOADS__FLOOR_MIB": "0",
    }
    program = (sys.executable, "-c", "from anidana.core.cli import main; main()", "get", KEY, "--json")
    for step in range(14):
        process = await asyncio.create_subprocess_exec(
            *program, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            # Start-up takes most of a second; from there on, a kill lands somewhere else each time.
            await asyncio.wait_for(process.wait(), 0.6 + 0.07 * step)
        except TimeoutError:
            with suppress(ProcessLookupError):  # it has ended in this very moment
                process.kill()
            await process.wait()
        for video in house.library.rglob("*.mkv"):
            assert seconds(video) > 11, f"{video.name} is half-made"
    process = await asyncio.create_subprocess_exec(*program, env=environment)
    assert await process.wait() == 0
    rows = await house.rows()
    assert all(row.episode.is_downloaded for row in rows.values())
    assert len(house.videos()) == 7 and house.stray() == []
    async with get_db_session(read_only=True) as session:
        done = select(DownloadQueueItem.episode_id).where(DownloadQueueItem.status == "completed")
        assert sorted(await session.scalars(done)) == sorted(row.episode.id for row in rows.values())
        assert await session.scalar(select(func.count()).select_from(DownloadQueueItem)) == 7


def seconds(video: Path) -> float:
    with av.open(str(video)) as container:
        return (container.duration or 0) / 1_000_000
