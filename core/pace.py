"""How much we ask of others at once: pages of a site, connections to a host, bytes in a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aiolimiter import AsyncLimiter

from .settings import Network as NetworkSettings

BURST = 4
"""Pages that may be asked of one site without a pause."""

AT_ONCE = 2
SLACK_SECONDS = 0.25
"""What was not used of the speed limit for so long may be made up for."""


class Pace:
    """The limits that everything in one process shares."""

    def __init__(self, settings: NetworkSettings) -> None:
        self._pages_per_second = settings.pages_per_second
        self._connections = settings.connections_per_host
        self._bytes_per_second = settings.speed_limit * 2**20
        self._sites: dict[str, tuple[asyncio.Semaphore, AsyncLimiter]] = {}
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._due = 0.0

    @property
    def limits_speed(self) -> bool:
        """Whether bytes have to wait, so that a connection that brings none need not hang."""
        return bool(self._bytes_per_second)

    @asynccontextmanager
    async def page(self, url: str) -> AsyncIterator[None]:
        """Wait until the site of an address may be asked for another page, and hold one of its two places."""
        rate, site = self._pages_per_second, urlsplit(url).hostname or ""
        if not rate:
            yield
            return
        if site not in self._sites:
            self._sites[site] = asyncio.Semaphore(AT_ONCE), AsyncLimiter(BURST, BURST / rate)
        places, pace = self._sites[site]
        async with places:
            await pace.acquire()
            yield

    @asynccontextmanager
    async def connection(self, url: str) -> AsyncIterator[None]:
        """Hold one of the places for media at the host of an address; who waits longest is next."""
        host = urlsplit(url).hostname or ""
        places = self._hosts.setdefault(host, asyncio.Semaphore(self._connections))
        async with places:
            yield

    async def spend(self, size: int) -> None:
        """Wait until so many bytes more may have been read."""
        if not self._bytes_per_second:
            return
        now = asyncio.get_running_loop().time()
        self._due = max(self._due, now - SLACK_SECONDS) + size / self._bytes_per_second
        if self._due > now:
            await asyncio.sleep(self._due - now)
