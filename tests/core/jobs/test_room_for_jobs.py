"""A disk that is or will be full pauses the queue: before anything is fetched where that can be told."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from anidana.core.demo.faults import Faults
from anidana.core.demo.story import SHELF
from anidana.core.errors import DiskFull
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import DownloadQueueItem, EpisodeFile

KEY = SHELF.series.key


async def jobs_in_store() -> list[tuple[str, str | None, int]]:
    async with get_db_session(read_only=True) as session:
        jobs = await session.scalars(select(DownloadQueueItem).order_by(DownloadQueueItem.id))
        return [(job.status, job.error_code, job.retry_count) for job in jobs]


async def earlier(house: Any, size: int) -> None:
    """A file of this size is known from earlier."""
    row = (await house.rows())["S01E01"]
    file = EpisodeFile(
        episode_id=row.episode.id,
        path="/elsewhere.mkv",
        language="de",
        provider="VOE",
        size=size,
        seconds=1.0,
    )
    async with get_db_session() as session:
        session.add(file)


async def test_an_episode_as_large_as_earlier_ones_pauses_before_anything_is_fetched(house: Any) -> None:
    await earlier(house, shutil.disk_usage(house.library).free)
    house.practice.requests.clear()
    outcome = await house.get(KEY, "S01E02-E03")
    assert {type(error) for _, error in outcome.failed} == {DiskFull}
    assert house.practice.requests == []
    states = await jobs_in_store()
    assert ("paused", "disk_full", 0) in states and {retries for *_, retries in states} == {0}


async def test_two_that_do_not_fit_in_side_by_side_go_one_after_the_other(house: Any) -> None:
    house.practice.faults["VOE"] = Faults(slow=0.05)
    await earlier(house, shutil.disk_usage(house.library).free // 3)
    outcome = await house.get(KEY, "S01E02-E03")
    assert len(outcome.done) == 1
    ((_, error),) = outcome.failed
    assert isinstance(error, DiskFull) and "under way" in str(error)
    assert sorted(await jobs_in_store()) == [("completed", None, 0), ("paused", "disk_full", 0)]
    async with get_db_session() as session:  # its length is what the last run has learned
        await session.execute(EpisodeFile.__table__.delete().where(EpisodeFile.path == "/elsewhere.mkv"))
    assert len((await house.get()).done) == 1


@pytest.mark.parametrize("files", [2, 4, 6], ids=["folders", "a sidecar", "the next"])
async def test_a_library_on_a_disk_that_fills_up_while_we_file_pauses_the_queue(
    house: Any, files: int
) -> None:
    # Room for bytes there is, and for so few files: nothing shows before the first one too many.
    environment = {
        **os.environ,
        "ANIME_DIRECTORY": str(house.library),
        "ANIDANA_DATA": str(house.app.data),
        "ANIDANA__NETWORK__ROUTE_ALL_TO": house.practice.address,
        "ANIDANA__NETWORK__PAGES_PER_SECOND": "0",
        "ANIDANA__DOWNLOADS__FLOOR_MIB": "0",
    }
    script = f'mount -t tmpfs -o size=100m,nr_inodes={files} tmpfs "$ANIME_DIRECTORY" && exec "$0" "$@"'
    program = (sys.executable, "-c", "from anidana.core.cli import main; main()", "get", KEY, "--json")
    process = await asyncio.create_subprocess_exec(
        "unshare", "-rm", "sh", "-c", script, *program,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complaints = await process.communicate()
    if (not said and b"mount" in complaints) or b"unshare" in complaints:
        pytest.skip("no small disk can be mounted here")
    states = await jobs_in_store()
    assert {(status, retries) for status, _, retries in states} == {("paused", 0), ("pending", 0)}, said
    assert {code for status, code, _ in states if status == "paused"} == {"disk_full"}
    assert len(states) == 7 and list(Path(house.library).iterdir()) == []
