"""How many episodes come from one host at once, over all jobs."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class HostSlots:
    """So many places at each host; who finds none waits for one."""

    def __init__(self, most: int) -> None:
        self._places = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(most))

    def full(self) -> set[str]:
        """Hosts without a free place: better asked last."""
        return {name for name, places in self._places.items() if places.locked()}

    @asynccontextmanager
    async def place(self, host: str) -> AsyncIterator[None]:
        """Hold a place at a host."""
        async with self._places[host]:
            yield
