"""How much we ask of others at once: pages of a site, connections to a host, bytes in a second."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aiolimiter import AsyncLimiter

from .settings import Network as NetworkSettings

BURST = 4
"""Pages that may be asked of one site without a pause."""

AT_ONCE = 2
TURN_SECONDS = 1 / 64
"""What a connection may read at a time, of the whole limit: with large reads, others would wait for long
and their hosts hang up."""

MOST_TURN_BYTES = 2**20
SLACK_SECONDS = 0.25
"""What was not used of the speed limit for so long may be made up for."""


class Pace:
    """The limits that everything in one process shares."""

    def __init__(self, settings: NetworkSettings) -> None:
        self._pages_per_second = settings.pages_per_second
        self._connections = settings.connections_per_host
        self._bytes_per_second = settings.speed_limit * 2**20
        self._sites: dict[str, tuple[asyncio.Semaphore, AsyncLimiter]] = {}
        self._hosts: dict[str, _Places] = {}
        self._due = 0.0

    @property
    def limits_speed(self) -> bool:
        """Whether bytes have to wait, so that a connection that brings none need not hang."""
        return bool(self._bytes_per_second)

    @property
    def turn_bytes(self) -> int:
        """The most to read before `spend` is asked."""
        return min(math.ceil(self._bytes_per_second * TURN_SECONDS), MOST_TURN_BYTES) or MOST_TURN_BYTES

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
    async def connection(self, url: str, who: object) -> AsyncIterator[None]:
        """Hold one of the places for media at the host of an address.

        Who holds fewest is next, and of several who wait the one that has waited longest: no download can
        keep another from its share.
        """
        places = self._places(url)
        await places.take(who)
        try:
            yield
        finally:
            places.give(who)

    def crowds(self, url: str, who: object) -> bool:
        """Whether somebody waits for a place at this host who would have fewer than `who` has even then."""
        return self._places(url).crowded_by(who)

    def _places(self, url: str) -> _Places:
        return self._hosts.setdefault(urlsplit(url).hostname or "", _Places(self._connections))

    async def spend(self, size: int) -> float:
        """Wait until so many bytes more may have been read; returns for how many seconds.

        In the order of asking, as aiolimiter does not: there, small amounts overtake large ones.
        """
        if not self._bytes_per_second:
            return 0.0
        now = asyncio.get_running_loop().time()
        self._due = max(self._due, now - SLACK_SECONDS) + size / self._bytes_per_second
        if self._due > now:
            await asyncio.sleep(self._due - now)
        return asyncio.get_running_loop().time() - now


class _Places:
    """The places at one host: some are `free`, or some are waited for."""

    def __init__(self, most: int) -> None:
        self.free = most
        self.held = Counter[object]()
        self.waiting: list[tuple[object, asyncio.Future[None]]] = []

    async def take(self, who: object) -> None:
        if self.free:
            self.free -= 1
            self.held[who] += 1
            return
        place = asyncio.get_running_loop().create_future()
        self.waiting.append((who, place))
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was handed over in this very moment
                self.give(who)
            raise
        finally:
            self.waiting = [one for one in self.waiting if one[1] is not place]

    def give(self, who: object) -> None:
        self.held -= Counter([who])  # which drops those who hold none
        waiting = [one for one in self.waiting if not one[1].done()]
        if not waiting:
            self.free += 1
            return
        heir, place = min(waiting, key=lambda one: self.held[one[0]])
        self.held[heir] += 1
        place.set_result(None)

    def crowded_by(self, who: object) -> bool:
        return any(self.held[one] + 1 < self.held[who] for one, place in self.waiting if not place.done())
