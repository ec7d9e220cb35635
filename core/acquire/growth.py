"""How many requests a host gets at once, by what came of fewer: pure, time is an argument.

It grows by doubling. Each level is measured once its new requests are answered; what opening a
connection costs therefore belongs to no level.
"""

from __future__ import annotations

from collections import deque

FIRST = 4
GAIN = 0.25
"""What part of the added requests must show in the rate, or there were enough before."""

LEVEL_SECONDS = 0.05
LAST_LEVEL_SECONDS = 1.0
REFUSALS, REFUSAL_SECONDS = 3, 2.0
"""So many refusals in so short a time mean that we ask too much: half of it has to do."""

REST_SECONDS = 15.0
"""How long a number stays as it was found; hosts and lines change."""


class Growth:
    """The number of requests at once, `limit`; count what comes in on `received`."""

    def __init__(self, most: int, now: float) -> None:
        self.most, self.limit = most, min(FIRST, most)
        self.received = 0
        self._before: tuple[int, float] | None = None
        self._awaited = self.limit
        self._began: tuple[float, int] | None = None
        self._settled_at: float | None = None
        self._refusals = deque[float](maxlen=REFUSALS)

    @property
    def settled(self) -> bool:
        """Whether the number has been found, for now."""
        return self._settled_at is not None

    def answered(self, now: float) -> None:
        """One request is being answered."""
        self._awaited -= 1
        if self._awaited == 0:
            self._began = now, self.received

    def refused(self, now: float) -> None:
        """One request was refused or broke off."""
        self._refusals.append(now)
        if len(self._refusals) == REFUSALS and now - self._refusals[0] <= REFUSAL_SECONDS:
            self._refusals.clear()
            self._settle(max(self.limit // 2, 1), now)

    def look(self, now: float) -> None:
        """Judge this level, if it has lasted long enough, and go on to the next one or back."""
        if self._settled_at is not None:
            if now - self._settled_at >= REST_SECONDS:
                self._settled_at, self._before, self._began = None, None, (now, self.received)
            return
        seconds = LAST_LEVEL_SECONDS if self.limit == self.most else LEVEL_SECONDS
        if self._began is None or now - self._began[0] < seconds:
            return
        rate = (self.received - self._began[1]) / (now - self._began[0])
        if self._before is not None and rate < self._wanted(*self._before):
            self._settle(self._before[0], now)
        elif self.limit == self.most:
            self._settle(self.limit, now)
        else:
            self._before, self._began = (self.limit, rate), None
            self.limit = min(2 * self.limit, self.most)
            self._awaited = self.limit - self._before[0]

    def _wanted(self, limit: int, rate: float) -> float:
        return rate * (1 + GAIN * (self.limit / limit - 1))

    def _settle(self, limit: int, now: float) -> None:
        self.limit, self._settled_at = limit, now
