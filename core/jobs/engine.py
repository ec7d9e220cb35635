"""Works in so many slots at once: each asks for its next turn as soon as it is free.

What there is to do, and what comes first, is known to the store; nothing is kept here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

Turn = Callable[[], Awaitable[bool]]
"""Does one piece of work, whichever is the most urgent now; False if there was none."""


class Engine:
    """Takes turns until it is cancelled; what runs then is cancelled too, and waited for."""

    def __init__(self, turn: Turn, slots: int) -> None:
        self._turn = turn
        self._woken = [asyncio.Event() for _ in range(slots)]

    def wake(self) -> None:
        """There may be something to do."""
        for woken in self._woken:
            woken.set()

    async def run(self) -> None:
        """Work for ever; a slot without work sleeps until it is woken."""
        async with asyncio.TaskGroup() as slots:
            for woken in self._woken:
                slots.create_task(self._slot(woken))

    async def run_until_idle(self) -> None:
        """Work until nothing is left."""
        async with asyncio.TaskGroup() as slots:
            for _ in self._woken:
                slots.create_task(self._all())

    async def _slot(self, woken: asyncio.Event) -> None:
        while True:
            woken.clear()
            if not await self._taken():
                await woken.wait()

    async def _all(self) -> None:
        while await self._taken():
            pass

    async def _taken(self) -> bool:
        try:
            return await self._turn()
        except Exception:  # the store failed: the next turn may go better
            log.exception("a turn of the queue")
            return False
