"""Who is tried when, and what is kept of it; events instead of clocks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from anidana.core.acquire.candidates import Candidate
from anidana.core.acquire.rotation import first_proven
from anidana.core.errors import Damaged, Gone, NoStream, Refused
from anidana.core.models import GERMAN_DUB, GERMAN_SUB, Attempt, Language, Mirror

Hastily = Callable[[Coroutine[Any, Any, None]], None]
AT_ONCE, NEVER = 0.0, 3600.0


def candidate(name: str, language: Language = GERMAN_DUB) -> Candidate:
    return Candidate(Mirror(name, language, f"https://shop.example/{name}"), None)


@dataclass
class Course:
    """A race whose runners do what the test says, when it says so."""

    started: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    outcomes: dict[str, Exception | str] = field(default_factory=dict)
    waits: dict[str, asyncio.Event] = field(default_factory=dict)
    on_start: dict[str, Callable[[], None]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    talks: set[str] = field(default_factory=set)

    async def prove(self, runner: Candidate, heard: Callable[[], None]) -> str:
        name = runner.name
        self.started.append(name)
        try:
            self.on_start.get(name, lambda: None)()
            while name in self.silent or name in self.talks:
                await asyncio.sleep(0.5)
                if name in self.talks:
                    heard()
            if name in self.waits:
                await self.waits[name].wait()
            outcome = self.outcomes.get(name, f"proof of {name}")
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        finally:
            self.ended.append(name)

    def run(self, *runners: Candidate, lead: float) -> Awaitable:
        return first_proven(
            runners, self.prove, lead=lead, note=lambda _, attempt: self.attempts.append(attempt)
        )

    @property
    def results(self) -> list[tuple[str, str]]:
        return [(attempt.provider, attempt.result) for attempt in self.attempts]


async def test_the_first_proof_wins_and_nobody_else_is_asked() -> None:
    course = Course()
    won = await course.run(candidate("a"), candidate("b"), lead=NEVER)
    assert (won.candidate.name, won.proof) == ("a", "proof of a")
    assert course.started == ["a"]
    assert course.attempts == []


async def test_a_failure_starts_the_next_at_once() -> None:
    course = Course(outcomes={"a": Gone("it was removed"), "b": Damaged("a web page")})
    won = await course.run(candidate("a"), candidate("b"), candidate("c"), lead=NEVER)
    assert won.candidate.name == "c"
    assert [(a.provider, a.result, a.reason) for a in course.attempts] == [
        ("a", "gone", "it was removed"),
        ("b", "damaged", "a web page"),
    ]


async def test_a_slow_leader_gets_company_and_is_cancelled_when_beaten() -> None:
    course = Course(waits={"slow": asyncio.Event()})
    won = await course.run(candidate("slow"), candidate("quick"), lead=AT_ONCE)
    assert won.candidate.name == "quick"
    assert course.ended == ["quick", "slow"]
    assert course.results == [("slow", "cancelled")]


async def test_a_slow_leader_still_wins_if_its_company_is_slower() -> None:
    go = asyncio.Event()
    course = Course(waits={"leader": go, "company": asyncio.Event()}, on_start={"company": go.set})
    won = await course.run(candidate("leader"), candidate("company"), lead=AT_ONCE)
    assert won.candidate.name == "leader"
    assert course.results == [("company", "cancelled")]


async def test_no_more_than_three_run_at_once() -> None:
    go = asyncio.Event()
    names = ["a", "b", "c", "d"]
    course = Course(waits=dict.fromkeys(names[:3], go), outcomes=dict.fromkeys(names[:3], Refused("busy")))
    race = asyncio.ensure_future(course.run(*map(candidate, names), lead=AT_ONCE))
    for _ in range(20):
        await asyncio.sleep(0)
    assert course.started == ["a", "b", "c"]
    go.set()
    assert (await race).candidate.name == "d"


async def test_a_crash_counts_as_a_failure_and_tells_no_more_than_its_kind() -> None:
    course = Course(outcomes={"a": KeyError("https://a.example/?token=secret")})
    won = await course.run(candidate("a"), candidate("b"), lead=NEVER)
    assert won.candidate.name == "b"
    assert course.results == [("a", "crashed")]
    assert "secret" not in course.attempts[0].reason


async def test_a_lower_language_is_no_company_for_a_slow_better_one() -> None:
    go = asyncio.Event()
    course = Course(waits={"dub": go})
    race = asyncio.ensure_future(course.run(candidate("dub"), candidate("sub", GERMAN_SUB), lead=AT_ONCE))
    for _ in range(20):
        await asyncio.sleep(0)
    assert course.started == ["dub"]
    go.set()
    assert (await race).candidate.name == "dub"
    assert course.started == ["dub"]


async def test_a_lower_language_starts_when_all_better_ones_have_failed() -> None:
    course = Course(outcomes={"a": Gone("removed"), "b": Refused("busy")})
    won = await course.run(candidate("a"), candidate("b"), candidate("sub", GERMAN_SUB), lead=NEVER)
    assert won.candidate.name == "sub"
    assert course.results == [("a", "gone"), ("b", "refused")]


async def test_no_stream_carries_every_attempt() -> None:
    course = Course(outcomes={"a": Gone("removed"), "b": Refused("busy")})
    with pytest.raises(NoStream) as caught:
        await course.run(candidate("a"), candidate("b", GERMAN_SUB), lead=NEVER)
    assert list(caught.value.attempts) == course.attempts
    assert len(course.attempts) == 2


async def test_all_have_ended_when_the_race_itself_is_cancelled() -> None:
    course = Course(waits={"a": asyncio.Event(), "b": asyncio.Event()})
    race = asyncio.ensure_future(course.run(candidate("a"), candidate("b"), lead=AT_ONCE))
    for _ in range(20):
        await asyncio.sleep(0)
    race.cancel()
    with pytest.raises(asyncio.CancelledError):
        await race
    assert sorted(course.ended) == ["a", "b"]


async def test_every_attempt_says_how_long_it_took() -> None:
    course = Course(outcomes={"a": Gone("removed")})
    await course.run(candidate("a"), candidate("b"), lead=NEVER)
    assert course.attempts[0].seconds >= 0


LEAD = 0.7
SIX = [f"silent{number}" for number in range(6)]


def test_silent_hosts_cost_their_leads_and_not_their_time_outs(hastily: Hastily) -> None:
    async def work() -> None:
        course, began = Course(silent=set(SIX)), asyncio.get_running_loop().time()
        won = await course.run(*map(candidate, [*SIX, "good"]), lead=LEAD)
        assert won.candidate.name == "good"
        assert asyncio.get_running_loop().time() - began < 20
        assert {(name, "silent") for name in SIX[:3]} <= set(course.results)
        assert sorted(course.ended) == sorted(course.started)

    hastily(work())


def test_a_host_that_answers_keeps_its_place_however_slow_it_is(hastily: Hastily) -> None:
    async def work() -> None:
        course = Course(silent={"a", "b", "d"}, talks={"slow"})
        race = asyncio.ensure_future(course.run(*map(candidate, ["slow", "a", "b", "c", "d"]), lead=LEAD))
        course.waits["c"] = asyncio.Event()
        await asyncio.sleep(60)
        assert course.started.count("slow") == 1 and "slow" not in course.ended
        course.talks.clear()
        assert (await race).candidate.name == "slow"

    hastily(work())


def test_who_gave_way_is_asked_again_after_the_others(hastily: Hastily) -> None:
    async def work() -> None:
        others = {name: Gone("removed") for name in ("d", "e")}
        course = Course(silent={"a", "b", "c"}, outcomes=others)
        race = asyncio.ensure_future(course.run(*map(candidate, "abcde"), lead=LEAD))
        await asyncio.sleep(30)
        assert course.started[:5] == ["a", "b", "c", "d", "e"]
        assert "a" in course.started[5:]
        course.silent.clear()
        assert (await race).candidate.name in "abc"

    hastily(work())


def test_nobody_gives_way_when_nobody_waits(hastily: Hastily) -> None:
    async def work() -> None:
        course = Course(silent={"a", "b", "c"})
        race = asyncio.ensure_future(course.run(*map(candidate, "abc"), lead=LEAD))
        await asyncio.sleep(60)
        assert course.started == ["a", "b", "c"] and not course.ended
        race.cancel()
        with pytest.raises(asyncio.CancelledError):
            await race

    hastily(work())
