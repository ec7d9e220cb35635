"""Tries hosts one after the other, side by side where one is slow; the first proof wins."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Generic, TypeAlias, TypeVar

from ..errors import AnidanaError, Damaged, NoStream, Refused, SourceError
from ..models import Attempt
from .candidates import Candidate

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_AT_ONCE = 3
LEAST_PATIENCE = 2.0
"""Seconds that a host may be silent while others wait for its place, however short the lead is."""

SILENT_SECONDS = 1.0
"""A host that has answered nothing for so long, and is cancelled, has been silent."""

UNDECIDED = frozenset({"cancelled", "silent"})
"""Results that are no verdict on a mirror: it may be asked again."""

Note: TypeAlias = Callable[[Candidate, Attempt], None]
"""Who is told that a candidate has failed or was cancelled."""

Heard: TypeAlias = Callable[[], None]
"""Called by a candidate under way whenever its host has answered something."""

Prove: TypeAlias = Callable[[Candidate, Heard], Coroutine[Any, Any, T]]


@dataclass(frozen=True, slots=True)
class Proven(Generic[T]):
    """The candidate that won, its proof, and the moment it was started, by the clock of the loop."""

    candidate: Candidate
    proof: T
    began: float


async def first_proven(
    candidates: Sequence[Candidate],
    prove: Prove[T],
    *,
    lead: float,
    note: Note,
) -> Proven[T]:
    """Try the candidates in order, each `lead` seconds after the one before; the first proof wins.

    A candidate that fails lets the next start at once; at most three run at a time, and the losers
    are cancelled and have ended when this returns. While others wait, one whose host has been silent
    for three leads gives its place up, and is tried again after them: six silent hosts cost their
    leads, and not their time-outs. A provider that crashes counts as failed: a bug
    in one plugin must not cost the owner the episode. `note` hears of everyone but the winner.

    Languages do not race each other. The owner ranks them and would rather wait for the better one
    than have the faster one, so the next language starts only when every mirror of the one before
    has failed; so do, within a language, hosts that rest. Candidates of one language must stand
    together, those that rest last.

    Raises NoStream with every attempt if none succeeds. An error of ours that is no verdict on the
    candidate (a full disk, a gated catalogue) ends the race and comes out.
    """
    attempts: list[Attempt] = []

    def keep(candidate: Candidate, attempt: Attempt) -> None:
        attempts.append(attempt)
        note(candidate, attempt)

    for _, group in groupby(candidates, key=lambda one: (one.mirror.language, one.resting)):
        if (winner := await _race(group, prove, lead, keep)) is not None:
            return winner
    raise NoStream("no mirror proved itself", attempts=attempts)


def attempt_of(candidate: Candidate, began: float, error: BaseException | None) -> Attempt:
    """What became of a candidate, in words for the owner."""
    match error:
        case None:
            result, reason = "ok", ""
        case asyncio.CancelledError():
            result, reason = "cancelled", "no longer needed"
        case SourceError():
            result, reason = error.code, str(error)
        case Damaged():
            result, reason = "damaged", str(error)
        case _:
            log.error("%s failed in a way of its own", candidate.name, exc_info=error)
            result, reason = "crashed", f"an error of ours: {type(error).__name__}"
    seconds = round(_now() - began, 3)
    later = error.retry_after if isinstance(error, Refused) else None
    return Attempt(candidate.name, candidate.mirror.language, result, reason, seconds, later)


@dataclass(slots=True)
class _Run:
    candidate: Candidate
    began: float
    heard_at: float

    def heard(self) -> None:
        self.heard_at = _now()


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _race(group: Iterable[Candidate], prove: Prove[T], lead: float, note: Note) -> Proven[T] | None:
    waiting, again = deque(group), deque[Candidate]()
    running: dict[asyncio.Task[T], _Run] = {}
    patience = max(MOST_AT_ONCE * lead, LEAST_PATIENCE)
    try:
        while waiting or again or running:
            if len(running) < MOST_AT_ONCE and (waiting or again):
                run = _Run((waiting or again).popleft(), _now(), _now())
                running[asyncio.create_task(prove(run.candidate, run.heard))] = run
            pause = _pause(running, waiting, again, lead, patience)
            done, _ = await asyncio.wait(running, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in running if task in done]:  # the better-ranked first
                run = running.pop(task)
                if (error := task.exception()) is None:
                    return Proven(run.candidate, task.result(), run.began)
                if _ends_the_race(error):
                    raise error
                note(run.candidate, attempt_of(run.candidate, run.began, error))
            if waiting and len(running) == MOST_AT_ONCE:
                task, run = min(running.items(), key=lambda item: item[1].heard_at)
                if _now() - run.heard_at >= patience:
                    await _cancel({task: running.pop(task)}, note)
                    again.append(run.candidate)
        return None
    finally:
        await _cancel(running, note)


def _pause(
    running: Mapping[Any, _Run],
    waiting: Sized,
    again: Sized,
    lead: float,
    patience: float,
) -> float | None:
    """How long to wait for news: until the next one may start, or the most silent one gives way."""
    if len(running) < MOST_AT_ONCE:
        return lead if waiting or again else None
    if not waiting:
        return None
    return max(min(run.heard_at for run in running.values()) + patience - _now(), 0.0)


def _ends_the_race(error: BaseException) -> bool:
    """Whether an error of ours is no verdict on the candidate."""
    return isinstance(error, AnidanaError) and not isinstance(error, SourceError | Damaged)


async def _cancel(running: Mapping[asyncio.Task[T], _Run], note: Note) -> None:
    """Stop the losers and wait until their connections are closed."""
    for task in running:
        task.cancel()
    ends = await asyncio.gather(*running, return_exceptions=True)
    for run, end in zip(running.values(), ends, strict=True):
        # One that has proved itself in the same moment has lost all the same.
        if not isinstance(end, BaseException) or _ends_the_race(end):
            end = asyncio.CancelledError()
        attempt = attempt_of(run.candidate, run.began, end)
        if attempt.result == "cancelled" and (silence := _now() - run.heard_at) >= SILENT_SECONDS:
            attempt = replace(attempt, result="silent", reason=f"no answer for {silence:.1f} s")
        note(run.candidate, attempt)
