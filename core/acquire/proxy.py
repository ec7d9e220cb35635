"""The filtering proxy for programs that make their own connections: public addresses only.

Our own requests are stopped where sockets are made; yt-dlp and ffmpeg follow redirects and
playlists by themselves, so everything of theirs goes through here. The address that was checked
is the one that is connected to: a name that resolves differently a moment later is no way round.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from ..addresses import is_public

MOST_HEAD_BYTES = 64 * 1024
CONNECT_SECONDS = 10.0

_FORBIDDEN = b"HTTP/1.1 403 Not a public address\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def filtering_proxy(allowed: tuple[str, int] | None = None) -> AsyncIterator[str]:
    """Serve until the end of the block; yields the proxy's address, `http://127.0.0.1:port`.

    `allowed` is the one address that may be asked although it is not public: the practice route.
    """
    proxy = _Proxy(allowed)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=MOST_HEAD_BYTES)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in proxy.tasks:
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)


class _Proxy:
    def __init__(self, allowed: tuple[str, int] | None) -> None:
        self._allowed = allowed
        self.tasks: set[asyncio.Task[object]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the child: a tunnel, or one plain request."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, ValueError, EOFError, asyncio.LimitOverrunError, TimeoutError):
            pass  # the child sees its connection closed, which is all there is to say
        finally:
            self.tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, fields = head.partition(b"\r\n")
        method, target, _ = line.decode("latin-1").split(" ", 2)
        tunnel = method == "CONNECT"
        parts = urlsplit(f"//{target}" if tunnel else target)
        if not tunnel and parts.scheme != "http":
            raise ValueError(target)
        there = await self._connect(parts.hostname or "", parts.port or 80)
        if there is None:
            writer.write(_FORBIDDEN)
            await writer.drain()
            return
        far_reader, far_writer = there
        try:
            if tunnel:
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
                far_writer.write(f"{method} {path} HTTP/1.1\r\n".encode("latin-1") + _once(fields))
            sending = asyncio.create_task(_pump(reader, far_writer))
            try:
                await _pump(far_reader, writer)  # the far side ends the exchange
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        finally:
            far_writer.close()

    async def _connect(
        self, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to the host; None if any of its addresses is not public."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [str(entry[4][0]) for entry in found]
            if not all(is_public(one) or (one, port) == self._allowed for one in addresses):
                return None
            return await asyncio.open_connection(addresses[0], port)


def _once(fields: bytes) -> bytes:
    """Header fields that end the connection after one answer, so that each request is looked at."""
    kept = [
        line
        for line in fields.split(b"\r\n")
        if line and not line.lower().startswith((b"connection:", b"proxy-", b"keep-alive:"))
    ]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""])


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(256 * 1024):
        writer.write(data)
        await writer.drain()
