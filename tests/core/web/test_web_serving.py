"""The service as a process: up, asked, told to stop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

PASSWORD = "Correct-Horse-1"


@dataclass
class Running:
    process: asyncio.subprocess.Process
    url: str
    data: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def start(data: Path, port: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from anidana.core.cli import main; main()", "serve", "--data", str(data)),
        env={
            **os.environ,
            "ANIDANA__SERVER__PORT": str(port),
            "ANIDANA__SERVER__HOST": "127.0.0.1",
            "ANIDANA__NETWORK__ROUTE_ALL_TO": "127.0.0.1:9",
        },
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """A service that answers."""
    port = free_port()
    process = await start(tmp_path, port)
    it = Running(process, f"http://127.0.0.1:{port}", tmp_path)
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{it.url}/ping") as answer:
                    assert answer.status == 200
                    break
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
    yield it
    if process.returncode is None:
        process.kill()
        await process.wait()


async def token(session: aiohttp.ClientSession, url: str) -> str:
    async with session.post(f"{url}/api/auth/setup", json={"master_password": PASSWORD}) as answer:
        assert answer.status == 201
    async with session.post(f"{url}/api/auth/login", json={"password": PASSWORD}) as answer:
        return str((await answer.json())["access_token"])


async def test_it_stops_in_order_with_streams_and_sockets_open(running: Running) -> None:
    async with aiohttp.ClientSession() as session:
        session.headers["Authorization"] = f"Bearer {await token(session, running.url)}"
        async with (
            session.get(f"{running.url}/api/events") as stream,
            session.ws_connect(f"{running.url}/ws/connect") as ws,
        ):
            await ws.send_json({"action": "join", "room": "system"})
            assert (await ws.receive_json())["type"] == "joined"
            running.process.send_signal(signal.SIGTERM)
            assert b"event: system.stopping" in await stream.read()
            assert json.loads((await ws.receive()).data)["type"] == "system_stopping"
            assert (await ws.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        async with asyncio.timeout(10):
            assert await running.process.wait() == 0


async def test_a_second_one_on_the_same_folder_is_refused_in_words(running: Running) -> None:
    second = await start(running.data, free_port())
    _, said = await second.communicate()
    assert second.returncode == 9
    assert b"another anidana works on" in said


async def test_a_port_that_is_taken_is_told(
    running: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    second = await start(tmp_path_factory.mktemp("other"), int(running.url.rpartition(":")[2]))
    _, said = await second.communicate()
    assert second.returncode == 3
    assert b"server.port" in said


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Host": "evil.example"}])
async def test_a_socket_without_login_or_from_elsewhere_is_closed(
    running: Running, headers: dict[str, str]
) -> None:
    async with aiohttp.ClientSession() as session:
        if headers:
            headers = {**headers, "Authorization": f"Bearer {await token(session, running.url)}"}
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(f"{running.url}/ws/connect", headers=headers)
    assert caught.value.status == 403
