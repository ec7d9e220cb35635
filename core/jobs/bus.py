"""One bus for everything that happens: the live doors of the service listen to it, and so do notifications.

Messages are numbered and the last of them are kept, so that who was away for a moment misses nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from ..store.tables import now

KEPT, MOST_WAITING = 2000, 500
"""Messages kept for those who come back, and messages that may wait for one listener."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something that happened: `type` as in `job.changed`, `subject` the kind and id of what it is about."""

    id: int
    type: str
    at: datetime
    subject: tuple[str, int | str] | None
    data: Mapping[str, Any]


@dataclass(slots=True)
class Subscription:
    """What one listener has not heard yet; iterate over it. It ends when its listener is too slow."""

    missed: bool = False
    dropped: bool = False
    waiting: deque[Message] = field(default_factory=deque)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, message: Message) -> None:
        """Add a message; one that finds the queue full ends the subscription instead."""
        if len(self.waiting) >= MOST_WAITING:
            self.end()
        else:
            self.waiting.append(message)
            self.changed.set()

    def end(self) -> None:
        """Let the listener go once it has heard what is waiting."""
        self.dropped = True
        self.changed.set()

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Messages in order, waiting for more, until the listener was too slow."""
        while True:
            while self.waiting:
                yield self.waiting.popleft()
            if self.dropped:
                return
            self.changed.clear()
            await self.changed.wait()


class Bus:
    """Takes messages in on the event loop, and never waits for anybody who listens."""

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        self._clock, self._ids = clock, count(1)
        self._kept = deque[Message](maxlen=KEPT)
        self._subscriptions: dict[int, Subscription] = {}
        self._left = asyncio.Event()

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._subscriptions)

    def publish(
        self, type_: str, data: Mapping[str, Any], subject: tuple[str, int | str] | None = None
    ) -> None:
        """Tell everybody; returns at once."""
        message = Message(next(self._ids), type_, self._clock(), subject, data)
        self._kept.append(message)
        for subscription in self._subscriptions.values():
            subscription.put(message)

    async def close(self) -> None:
        """Let everybody go, the service stops; returns once they have heard the last, or after a second."""
        for subscription in self._subscriptions.values():
            subscription.end()
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                while self._subscriptions:
                    self._left.clear()
                    await self._left.wait()

    @contextmanager
    def listen(self, after: int | None = None) -> Iterator[Subscription]:
        """Hear everything from now on, or from behind the message of this id.

        `missed` says that messages after it are gone already.
        """
        kept = [message for message in self._kept if after is not None and message.id > after]
        oldest = self._kept[0].id if self._kept else 0
        subscription = Subscription(missed=after is not None and after + 1 < oldest, waiting=deque(kept))
        self._subscriptions[id(subscription)] = subscription
        try:
            yield subscription
        finally:
            del self._subscriptions[id(subscription)]
            self._left.set()
