"""Many requests at once: growth that stops, second requests that win, nothing asked twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from anidana.core.acquire.crew import STALL_LOOKS, UNKNOWN_STALL_SECONDS, Crew, Run
from anidana.core.acquire.growth import REST_SECONDS, Growth
from anidana.core.errors import Refused


def grown(most: int, rate_of: Callable[[int], float], seconds: float = 6.0, burst: int = 0) -> list[int]:
    """The numbers of requests that a host gets which delivers so much at so many, in order.

    A new connection takes a tenth of a second to be answered, and brings `burst` bytes at once.
    """
    growth, seen, opened = Growth(most, 0.0), list[int](), 0
    for step in range(round(seconds / 0.05)):
        now = step * 0.05
        if not seen or growth.limit != seen[-1]:
            seen.append(growth.limit)
            due = now + 0.1
        if now >= due:
            for _ in range(growth.limit - opened):
                growth.received += burst
                growth.answered(now)
            opened = max(opened, growth.limit)
        growth.received += round(rate_of(min(opened, growth.limit)) * 0.05)
        growth.look(now, growth.limit)
    return seen


@pytest.mark.parametrize(("most", "numbers"), [(1, [1]), (4, [4]), (6, [4, 6]), (16, [4, 8, 16])])
def test_requests_grow_to_the_cap_and_not_beyond(most: int, numbers: list[int]) -> None:
    assert grown(most, lambda limit: 3e6 * limit) == numbers


def test_as_few_requests_remain_as_fill_the_line() -> None:
    assert grown(16, lambda limit: 3e6 * min(limit, 8)) == [4, 8, 16, 8, 4, 8]
    assert grown(16, lambda limit: 10e6) == [4, 8, 16, 8, 4]


def test_bytes_that_come_in_a_burst_are_not_taken_for_speed() -> None:
    assert grown(16, lambda limit: 3e6 * limit, burst=1_000_000) == [4, 8, 16, 8, 16]


def test_after_a_rest_more_is_tried_again() -> None:
    assert grown(16, lambda limit: 10e6, REST_SECONDS + 3)[:6] == [4, 8, 16, 8, 4, 8]


def test_the_rest_grows_as_long_as_nothing_changes() -> None:
    assert grown(16, lambda limit: 10e6, 200).count(16) < 8


def test_requests_of_before_that_still_run_judge_nothing() -> None:
    growth = Growth(8, 0.0)
    for _ in range(4):
        growth.answered(0.0)
    growth.look(0.0, 4)
    growth.received = 1_000_000
    for _ in range(4):
        growth.answered(0.1)
    growth.look(1.2, 8)
    assert growth.limit == 4
    growth.look(9.0, 8)
    assert not growth.settled


def test_connections_that_are_not_answered_yet_judge_nothing() -> None:
    growth = Growth(16, 0.0)
    growth.look(60.0, 4)
    assert growth.limit == 4


def test_refusals_in_a_row_halve_the_requests_and_single_ones_do_not() -> None:
    growth = Growth(16, 0.0)
    growth.limit = 16
    for now in (0.0, 5.0, 10.0):
        growth.refused(now)
    assert growth.limit == 16
    for now in (10.1, 10.2):
        growth.refused(now)
    assert (growth.limit, growth.settled) == (8, True)


@dataclass
class Line:
    """Jobs that end when told to; the clock is the test's."""

    now: float = 0.0
    runs: list[Run[str]] = field(default_factory=list)
    ends: list[asyncio.Future[None]] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    async def do(self, run: Run[str]) -> None:
        self.runs.append(run)
        self.ends.append(asyncio.get_running_loop().create_future())
        run.ask()
        run.answered()
        try:
            await self.ends[-1]
        except asyncio.CancelledError:
            self.cancelled.append(run.number)
            raise

    def crew(self, most: int = 4) -> Crew[str]:
        return Crew(self.do, most, self.done.append, lambda: self.now)

    async def until(self, true: Callable[[], bool]) -> None:
        for _ in range(1000):
            if true():
                return
            await asyncio.sleep(0)
        raise AssertionError("it does not come to that")

    def stall(self, crew: Crew[str], number: int) -> None:
        """Let time pass in which all but one run bring something."""
        for _ in range(STALL_LOOKS + 1):
            self.now += 0.25
            for run in self.runs:
                if run.number != number:
                    run.arrived(250_000)
            crew.look()


async def stalled(line: Line, crew: Crew[str]) -> asyncio.Task[None]:
    """`a` is done, `b` and `c` run, and `b` brings nothing any more."""
    working = asyncio.ensure_future(crew.work("abc"))
    await line.until(lambda: len(line.runs) == 3)
    line.now += 1.0
    line.runs[0].arrived(1_000_000)
    line.ends[0].set_result(None)
    await line.until(lambda: bool(line.done))
    line.stall(crew, 2)
    await line.until(lambda: len(line.runs) == 4)
    return working


async def test_a_second_request_wins_and_the_first_is_cancelled() -> None:
    line = Line()
    working = await stalled(line, line.crew())
    assert (line.runs[3].job, line.runs[3].second) == ("b", True)
    line.ends[3].set_result(None)
    line.ends[2].set_result(None)
    await working
    assert sorted(line.done) == ["a", "b", "c"]
    assert line.cancelled == [2]


async def test_a_first_request_that_comes_round_cancels_the_second() -> None:
    line = Line()
    working = await stalled(line, line.crew())
    line.ends[1].set_result(None)
    line.ends[2].set_result(None)
    await working
    assert sorted(line.done) == ["a", "b", "c"]
    assert line.cancelled == [4]


async def test_a_job_has_two_requests_at_most() -> None:
    line = Line()
    crew = line.crew()
    working = await stalled(line, crew)
    line.runs[1].looks.clear()
    line.stall(crew, 2)
    await asyncio.sleep(0)
    assert [run.job for run in line.runs] == ["a", "b", "c", "b"]
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert sorted(line.cancelled) == [2, 3, 4]


async def test_the_error_of_one_request_is_none_while_the_other_goes_on() -> None:
    line = Line()
    working = await stalled(line, line.crew())
    line.ends[1].set_exception(Refused("broke off"))
    line.ends[2].set_result(None)
    await line.until(lambda: "c" in line.done)
    assert not working.done()
    line.ends[3].set_exception(Refused("broke off too"))
    with pytest.raises(Refused, match="too"):
        await working


async def test_slow_alike_is_not_stalled_and_silence_is_even_where_nothing_came_yet() -> None:
    line = Line()
    crew = line.crew()
    working = asyncio.ensure_future(crew.work("ab"))
    await line.until(lambda: len(line.runs) == 2)
    line.now = UNKNOWN_STALL_SECONDS - 0.1
    crew.look()
    line.runs[0].arrived(1)
    line.now = UNKNOWN_STALL_SECONDS + 0.2
    crew.look()
    await line.until(lambda: len(line.runs) == 3)
    assert [run.job for run in line.runs] == ["a", "b", "b"]
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
