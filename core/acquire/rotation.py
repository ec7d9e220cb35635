"""Tries hosts one after the other, side by side where one is slow; the first proof wins."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeAlias, TypeVar

from ..errors import AnidanaError, Damaged, NoStream, Refused, SourceError
from ..models import Attempt
from .candidates import Candidate

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_AT_ONCE = 3

Note: TypeAlias = Callable[[Candidate, Attempt], None]
"""Who is told that a candidate has failed or was cancelled."""


@dataclass(frozen=True, slots=True)
class Proven(Generic[T]):
    """The candidate that won, its proof, and the moment it was started, by the monotonic clock."""

    candidate: Candidate
    proof: T
    began: float


async def first_proven(
    candidates: Sequence[Candidate],
    prove: Callable[[Candidate], Coroutine[Any, Any, T]],
    *,
    lead: float,
    note: Note,
) -> Proven[T]:
    """Try the candidates in order, each `lead` seconds after the one before; the first proof wins.

    A candidate that fails lets the next start at once; at most three run at a time, and the losers
    are cancelled and have ended when this returns. A provider that crashes counts as failed: a bug
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
    seconds = round(time.monotonic() - began, 3)
    later = error.retry_after if isinstance(error, Refused) else None
    return Attempt(candidate.name, candidate.mirror.language, result, reason, seconds, later)


async def _race(
    group: Iterable[Candidate], prove: Callable[[Candidate], Coroutine[Any, Any, T]], lead: float, note: Note
) -> Proven[T] | None:
    waiting = deque(group)
    running: dict[asyncio.Task[T], tuple[Candidate, float]] = {}
    try:
        while waiting or running:
            if waiting:
                candidate = waiting.popleft()
                running[asyncio.create_task(prove(candidate))] = candidate, time.monotonic()
            patience = lead if waiting and len(running) < MOST_AT_ONCE else None
            done, _ = await asyncio.wait(running, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in running if task in done]:  # the better-ranked first
                candidate, began = running.pop(task)
                if (error := task.exception()) is None:
                    return Proven(candidate, task.result(), began)
                if _ends_the_race(error):
                    raise error
                note(candidate, attempt_of(candidate, began, error))
        return None
    finally:
        await _cancel(running, note)


def _ends_the_race(error: BaseException) -> bool:
    """Whether an error of ours is no verdict on the candidate."""
    return isinstance(error, AnidanaError) and not isinstance(error, SourceError | Damaged)


async def _cancel(running: dict[asyncio.Task[T], tuple[Candidate, float]], note: Note) -> None:
    """Stop the losers and wait until their connections are closed."""
    for task in running:
        task.cancel()
    ends = await asyncio.gather(*running, return_exceptions=True)
    for (candidate, began), end in zip(running.values(), ends, strict=True):
        # One that has proved itself in the same moment has lost all the same.
        if not isinstance(end, BaseException) or _ends_the_race(end):
            end = asyncio.CancelledError()
        note(candidate, attempt_of(candidate, began, end))
