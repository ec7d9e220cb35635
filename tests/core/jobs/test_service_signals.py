"""A service that is told to stop while it downloads: in time, with every job kept."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT
from typing import Any

from sqlalchemy import select

from anidana.core.demo.faults import Faults
from anidana.core.store import queue
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import DownloadQueueItem

SERVE = (sys.executable, "-c", "from anidana.core.cli import main; main()", "serve")


async def states() -> list[str]:
    async with get_db_session(read_only=True) as session:
        return list(await session.scalars(select(DownloadQueueItem.status)))


async def test_a_service_that_is_told_to_stop_keeps_its_jobs_and_the_next_one_goes_on(house: Any) -> None:
    house.practice.faults["VOE"] = Faults(slow=0.2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "ANIME_DIRECTORY": str(house.library),
        "ANIDANA_DATA": str(house.app.data),
        "ANIDANA__NETWORK__ROUTE_ALL_TO": house.practice.address,
        "ANIDANA__NETWORK__PAGES_PER_SECOND": "0",
        "ANIDANA__DOWNLOADS__FLOOR_MIB": "0",
        "ANIDANA__SERVER__HOST": "127.0.0.1",
        "ANIDANA__SERVER__PORT": str(port),
    }
    async with get_db_session() as session:
        await queue.enqueue(session, [row.episode.id for row in (await house.rows()).values()])
    process = await asyncio.create_subprocess_exec(*SERVE, env=environment, stdout=PIPE, stderr=STDOUT)
    while "downloading" not in await states() or not list(house.app.staging().glob("job-*/*")):
        assert process.returncode is None
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    said, _ = await process.communicate()
    assert b"Traceback" not in said, said.decode()
    assert set(await states()) <= {"pending", "completed"}
    assert house.stray() == []
    house.practice.faults.clear()
    process = await asyncio.create_subprocess_exec(*SERVE, env=environment, stdout=PIPE, stderr=STDOUT)
    while set(await states()) != {"completed"}:
        assert process.returncode is None
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert len(house.videos()) == 7 and house.stray() == []
