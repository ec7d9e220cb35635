"""Many requests to one host at once: more of them while that pays, a stalled one asked again.

Nothing here knows HTTP: a job is anything that is done by asking, and whoever asks tells how it goes.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import Generic, TypeVar

from .growth import Growth

J = TypeVar("J")

LOOK_SECONDS = 0.25
GROWING_LOOK_SECONDS = 0.02
STALL_LOOKS = 4
STALL_SHARE = 1 / 8
"""A request stalls when it brought less than this share of what is usual during the last looks."""

UNKNOWN_STALL_SECONDS = 4.0
"""How long a request may be silent while nothing has come yet that would tell what is usual."""

MOST_SECOND_REQUESTS = 2
"""Second requests at once: when all stall, it is the line, and more requests mend nothing."""


@dataclass(eq=False, slots=True)
class Run(Generic[J]):
    """One asking for a job, the first or, as `second`, the one beside it; `number` is its own."""

    job: J
    number: int
    second: bool
    growth: Growth
    clock: Callable[[], float]
    asked: float | None = None
    received: int = 0
    looks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=STALL_LOOKS))

    def ask(self) -> None:
        """A request goes out."""
        self.asked, self.received = self.clock(), 0
        self.looks.clear()

    def answered(self) -> None:
        """The host begins to answer as wished."""
        self.growth.answered(self.clock())

    def arrived(self, size: int) -> None:
        """So many more bytes are here."""
        self.received += size
        self.growth.received += size

    def failed(self) -> None:
        """The request came to nothing; another may follow after a pause."""
        self.asked = None
        self.growth.refused(self.clock())

    def stalls(self, now: float, usual: float | None) -> bool:
        """Whether another request would probably be done first; `usual` is in bytes per second."""
        if self.asked is None:
            return False
        if usual is None:
            return not self.received and now - self.asked >= UNKNOWN_STALL_SECONDS
        if len(self.looks) < STALL_LOOKS:
            return False
        since, before = self.looks[0]
        return self.received - before < usual * STALL_SHARE * (now - since)


class Crew(Generic[J]):
    """Does jobs in order, up to `most` at once; made for one `work`, on one event loop.

    `do` asks for a job, `done` hears once of each that is done. A job may be asked for twice at a
    time: the first to be done wins, the other is cancelled. A `patient` crew never does: where bytes
    have to wait for their turn, one that brings none need not stall.
    """

    def __init__(
        self,
        do: Callable[[Run[J]], Awaitable[None]],
        most: int,
        done: Callable[[J], object],
        clock: Callable[[], float] = time.monotonic,
        *,
        patient: bool = False,
    ) -> None:
        self._patient = patient
        self.growth = Growth(most, clock())
        self._do, self._done, self._clock = do, done, clock
        self._runs: dict[asyncio.Future[None], Run[J]] = {}
        self._started = 0
        self._looked = clock()
        self._rates = deque[float](maxlen=16)

    async def work(self, jobs: Iterable[J]) -> None:
        """Do all jobs; the first error that no second request makes good stops the rest and comes out."""
        waiting = iter(jobs)
        try:
            while self._fill(waiting):
                pause = LOOK_SECONDS if self.growth.settled else GROWING_LOOK_SECONDS
                over, _ = await asyncio.wait(self._runs, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                for task in over:
                    await self._take(task)
                self.look()
        finally:
            await self._dismiss(list(self._runs))

    def look(self) -> None:
        """See whether more requests pay, and whether one stalls."""
        now = self._clock()
        self.growth.look(now, self._first_requests)
        if self._patient or now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        usual = median(self._rates) if self._rates else None
        helped = {id(run.job) for run in self._runs.values() if run.second}
        for run in list(self._runs.values()):
            if len(helped) < MOST_SECOND_REQUESTS and id(run.job) not in helped and run.stalls(now, usual):
                self._start(run.job, second=True)
                helped.add(id(run.job))
            run.looks.append((now, run.received))

    @property
    def _first_requests(self) -> int:
        return sum(not run.second for run in self._runs.values())

    def _fill(self, waiting: Iterator[J]) -> bool:
        """Start what may be started; False if nothing is left to wait for."""
        free = self.growth.limit - self._first_requests
        for job in islice(waiting, max(free, 0)):
            self._start(job, second=False)
        return bool(self._runs)

    def _start(self, job: J, *, second: bool) -> None:
        self._started += 1
        run = Run(job, self._started, second, self.growth, self._clock)
        self._runs[asyncio.ensure_future(self._do(run))] = run

    async def _take(self, task: asyncio.Future[None]) -> None:
        run = self._runs.pop(task, None)
        if run is None:  # lost to the other one in this very moment
            return
        others = [other for other, its in self._runs.items() if its.job is run.job]
        if (error := task.exception()) is not None:
            if not others:
                raise error
            return
        if run.asked is not None and run.received:
            self._rates.append(run.received / max(self._clock() - run.asked, 1e-6))
        await self._dismiss(others)
        self._done(run.job)

    async def _dismiss(self, tasks: list[asyncio.Future[None]]) -> None:
        for task in tasks:
            self._runs.pop(task, None)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
