"""The filtering proxy for programs that make their own connections: public addresses only.

Our own requests are stopped where sockets are made; yt-dlp and ffmpeg follow redirects and
playlists by themselves, so everything of theirs goes through here. The address that was checked
is the one that is connected to: a name that resolves differently a moment later is no way round.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..addresses import is_literal, is_public
from ..fetch import Network
from ..pace import Pace

MOST_HEAD_BYTES = 64 * 1024
MOST_READ_BYTES = 256 * 1024
CONNECT_SECONDS = 10.0
NEXT_ADDRESS_SECONDS = 1.0
"""How long an address may leave us waiting while there is another: many have an IPv6 that leads nowhere."""

SILENCE_SECONDS = 60.0
"""Longer than a live list takes between two segments, which ffmpeg asks for on one connection."""

_FORBIDDEN = b"HTTP/1.1 403 Not a public address\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(slots=True)
class FilteringProxy:
    """A proxy at work: its address, `http://127.0.0.1:port`, and the hosts it has not connected to."""

    url: str = ""
    refused: list[str] = field(default_factory=list)


@asynccontextmanager
async def filtering_proxy(network: Network) -> AsyncIterator[FilteringProxy]:
    """Serve until the end of the block, which closes every connection.

    Names are resolved as in `network`, and its practice route is taken whatever is asked for.
    """
    served = _Served(network, FilteringProxy())
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, limit=MOST_HEAD_BYTES)
    served.proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield served.proxy
    finally:
        server.close()
        for task in served.tasks:
            task.cancel()
        await asyncio.gather(*served.tasks, return_exceptions=True)


class _Served:
    """The connections of one proxy."""

    def __init__(self, network: Network, proxy: FilteringProxy) -> None:
        self._network = network
        self.proxy = proxy
        self.tasks: set[asyncio.Task[object]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the child: a tunnel, or one plain request."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, ValueError, EOFError, asyncio.LimitOverrunError):
            pass  # the child sees its connection closed, which is all there is to say
        except asyncio.CancelledError:
            pass  # the block ends; asyncio 3.11 would log a cancelled connection as an error
        finally:
            self.tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(CONNECT_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            line, _, fields = head.partition(b"\r\n")
            method, target, _ = line.decode("latin-1").split(" ", 2)
            tunnel = method == "CONNECT"
            parts = urlsplit(f"//{target}" if tunnel else target)
            if not tunnel and (parts.scheme != "http" or method not in ("GET", "HEAD")):
                raise ValueError(line)
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
                # The far side ends the exchange.
                await _pump(far_reader, writer, SILENCE_SECONDS, self._network.pace)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        finally:
            far_writer.close()

    async def _connect(
        self, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to the host; None if any of its addresses is not public."""
        route = self._network.route
        if route is not None and not is_literal(host):
            return await asyncio.open_connection(*route)
        addresses = await self._network.resolve(host)
        if not all(map(is_public, addresses)):
            self.proxy.refused.append(host)
            return None
        if route is not None:
            return await asyncio.open_connection(*route)
        return await open_first(addresses, port)


async def open_first(
    addresses: Sequence[str], port: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address that takes one; OSError if none does."""
    *others, last = addresses
    for address in others:
        with suppress(OSError):  # TimeoutError is one
            async with asyncio.timeout(NEXT_ADDRESS_SECONDS):
                return await asyncio.open_connection(address, port)
    return await asyncio.open_connection(last, port)


def _once(fields: bytes) -> bytes:
    """Header fields that end the connection after one answer, so that each request is looked at."""
    kept = [
        line
        for line in fields.split(b"\r\n")
        if line and not line.lower().startswith((b"connection:", b"proxy-", b"keep-alive:"))
    ]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""])


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    patience: float | None = None,
    pace: Pace | None = None,
) -> None:
    while True:
        async with asyncio.timeout(patience):
            data = await reader.read(min(MOST_READ_BYTES, pace.turn_bytes) if pace else MOST_READ_BYTES)
        if not data:
            return
        writer.write(data)
        await writer.drain()
        if pace is not None:
            await pace.spend(len(data))
