"""How many requests a host gets at once, by what more or fewer of them bring: pure, time is an argument.

It grows by doubling. Hosts send the first bytes of a connection faster than the rest, so a moment
can tell that more requests pay, and never that they do not: what seems to gain nothing is tried
with half of them for a while, and goes back if that brings less.
"""

from __future__ import annotations

from collections import deque

FIRST = 4
GAIN = 0.25
"""What part of the added requests must show in the rate, or there were enough before."""

DOUBT = 0.1
"""Less than this part more than before makes us doubt that the last step paid."""

TOP_SECONDS, TRIAL_SECONDS = 1.0, 0.6
"""How long the largest number is watched, and each smaller one when it is in doubt."""

REFUSALS, REFUSAL_SECONDS = 3, 2.0
"""So many refusals in so short a time mean that we ask too much: half of it has to do."""

REST_SECONDS, MOST_REST_SECONDS = 5.0, 80.0
"""How long a number stays as it was found, twice as long each time: hosts and lines change."""


class Growth:
    """The number of requests at once, `limit`; count what comes in on `received`."""

    def __init__(self, most: int, now: float) -> None:
        self.most, self.limit = most, min(FIRST, most)
        self.received = 0
        self._awaited = self.limit
        self._level: tuple[float, int] | None = None
        self._last: tuple[float, int] | None = None
        self._before: float | None = None
        self._held: tuple[int, float] | None = None
        self._settled_at: float | None = None
        self._rest = REST_SECONDS
        self._refusals = deque[float](maxlen=REFUSALS)

    @property
    def settled(self) -> bool:
        """Whether the number has been found, for now."""
        return self._settled_at is not None

    def answered(self, now: float) -> None:
        """One request is being answered."""
        self._awaited -= 1
        if self._awaited == 0:
            if self._last is not None:  # measured while connections were opened, which takes time enough
                began, received = self._last
                self._before = (self.received - received) / max(now - began, 1e-3)
            self._level = now, self.received

    def refused(self, now: float) -> None:
        """One request was refused or broke off."""
        self._refusals.append(now)
        if len(self._refusals) == REFUSALS and now - self._refusals[0] <= REFUSAL_SECONDS:
            self._refusals.clear()
            self._settle(max(self.limit // 2, 1), now)

    def look(self, now: float, running: int) -> None:
        """Judge the number, if it has been watched for long enough; `running` are the requests there are."""
        if self._settled_at is not None:
            if now - self._settled_at < self._rest:
                return
            self._rest = min(2 * self._rest, MOST_REST_SECONDS)
            self._settled_at, self._before, self._last = None, None, None
            self._level = now, self.received
        if self._level is None:
            return
        since, received = self._level
        if running > self.limit:
            self._level = now, self.received  # those of the number before are still at it
        elif self.limit < self.most and self._held is None:
            self._last, self._level, fewer = self._level, None, self.limit
            self.limit = min(2 * fewer, self.most)
            self._awaited = self.limit - fewer
        elif (seconds := now - since) >= (TRIAL_SECONDS if self._held else TOP_SECONDS):
            self._judge(now, (self.received - received) / seconds)

    def _judge(self, now: float, rate: float) -> None:
        doubt = self._before is not None and rate < self._before * (1 + DOUBT)
        if self._held is not None and _pays(*self._held, self.limit, rate):
            self._settle(self._held[0], now)
        elif self.limit <= FIRST or (self._held is None and not doubt):
            self._settle(self.limit, now)
        else:
            self._held, self._level = (self.limit, rate), (now, self.received)
            self.limit = max(self.limit // 2, FIRST)

    def _settle(self, limit: int, now: float) -> None:
        self.limit, self._settled_at, self._held = limit, now, None


def _pays(more: int, rate: float, fewer: int, rate_of_fewer: float) -> bool:
    """Whether more requests bring enough more than fewer."""
    return rate >= rate_of_fewer * (1 + GAIN * (more / fewer - 1))
