"""How a streaming host or a catalogue has behaved, and when it is asked again: pure.

Figures as in docs/decisions/009-host-state.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from .errors import NeedsPerson, Refused, SourceError
from .models import Attempt

Mood: TypeAlias = Literal["good", "shaky", "resting", "broken", "unknown"]

REMEMBERED = 20
GOOD_SHARE = 0.9
FAILURES_TO_REST = 5
FIRST_REST, LONGEST_REST = timedelta(minutes=15), timedelta(hours=6)
FAILURES_TO_BREAK, TIME_TO_BREAK = 10, timedelta(hours=6)
PLUGIN_FAILURES_TO_BREAK = 3
FIRST_SITE_REST, LONGEST_SITE_REST = timedelta(minutes=5), timedelta(minutes=60)

SILENT_FOR = timedelta(minutes=5)
"""A host that was silent is asked last for so long: waiting for it costs every episode its lead."""

_SAYS_NOTHING = frozenset({"gone", "not_ready", "blocked", "cancelled", "no_link", "unsupported", "failed"})
"""Results that speak of one file, of the catalogue, of us, or of nothing at all."""

_PLUGIN_FAULTS = frozenset({"page_changed", "crashed"})
_GATED_LINKS = "gated_links"


@dataclass(frozen=True, slots=True)
class HostState:
    """What is remembered of a host or a catalogue; new ones are `unknown`.

    `results` are the last 20, newest first, `+` or `-`. `failures` in a row began at `failing_since`;
    `plugin_failures` of them, the newest in a row, were the plugin's. `rests` follow each other without
    success between them. `asked_until` is when the site itself wants to be asked again. `url` is where a
    person can look at a gate.
    """

    name: str
    results: str = ""
    failures: int = 0
    plugin_failures: int = 0
    failing_since: datetime | None = None
    rests: int = 0
    resting_until: datetime | None = None
    asked_until: datetime | None = None
    last_ok: datetime | None = None
    last_tried: datetime | None = None
    last_result: str = ""
    last_reason: str = ""
    url: str = ""

    @property
    def share(self) -> float | None:
        """The part of the remembered results that were good; None without any."""
        return self.results.count("+") / len(self.results) if self.results else None

    def rests_at(self, now: datetime) -> bool:
        """Whether it is left alone for now."""
        return any(end is not None and now < end for end in (self.resting_until, self.asked_until))

    def silent_at(self, now: datetime) -> bool:
        """Whether it answered nothing when it was asked last, minutes ago."""
        tried = self.last_tried
        return self.last_result == "silent" and tried is not None and now - tried < SILENT_FOR

    def until(self) -> datetime | None:
        """The end of the rest, past or not."""
        return max((end for end in (self.resting_until, self.asked_until) if end), default=None)

    def mood(self, now: datetime) -> Mood:
        """How it stands, in one word."""
        if self.plugin_failures >= PLUGIN_FAILURES_TO_BREAK or (
            self.failures >= FAILURES_TO_BREAK
            and self.failing_since is not None
            and now - self.failing_since > TIME_TO_BREAK
        ):
            return "broken"
        if self.rests_at(now):
            return "resting"
        if self.share is None:
            return "unknown"
        return "good" if self.share >= GOOD_SHARE else "shaky"


def after(state: HostState, attempt: Attempt, now: datetime) -> HostState:
    """The state after one more attempt.

    What fails while the host rests (it was the last one left) counts, but makes the rest no longer.
    The first attempt after a rest is the trial: its failure begins the next rest at once.
    """
    if attempt.result in _SAYS_NOTHING:
        return state
    ok = attempt.result == "ok"
    seen = replace(
        state,
        results=(("+" if ok else "-") + state.results)[:REMEMBERED],
        last_tried=now,
        last_result=attempt.result,
        last_reason=attempt.reason,
    )
    if ok:
        return replace(
            seen,
            failures=0,
            plugin_failures=0,
            failing_since=None,
            rests=0,
            resting_until=None,
            asked_until=None,
            last_ok=now,
        )
    failures = state.failures + 1
    failed = replace(
        seen,
        failures=failures,
        plugin_failures=state.plugin_failures + 1 if attempt.result in _PLUGIN_FAULTS else 0,
        failing_since=state.failing_since or now,
    )
    if attempt.retry_after is not None:
        failed = replace(failed, asked_until=_wished(state, attempt.retry_after, now))
    if failures < FAILURES_TO_REST or state.rests_at(now):
        return failed
    return _rested(failed, now, FIRST_REST, LONGEST_REST)


def after_asking(
    state: HostState, error: SourceError | None, now: datetime, *, links: bool = False
) -> HostState:
    """The state of a catalogue after it was asked: a gate puts it to rest, an answer ends the rest.

    So does a wish to be asked later (Retry-After), for as long as wished. Other errors say nothing:
    a line that is down is mended sooner than a rest ends. `links` is true for what its links said: a gate
    before them is over once one of them leads on, not once a page can be read. What was asked before a
    rest began, and answers during it, neither ends the rest nor makes it longer.
    """
    if error is None:
        nothing_to_end = not (state.rests or state.asked_until) or state.rests_at(now)
        if nothing_to_end or (state.last_result == _GATED_LINKS and not links):
            return state
        return HostState(state.name, last_ok=now)
    seen = replace(state, last_tried=now, last_result=error.code, last_reason=str(error))
    match error:
        case NeedsPerson():
            gated = replace(seen, url=error.url, last_result=_GATED_LINKS if links else error.code)
            return gated if state.rests_at(now) else _rested(gated, now, FIRST_SITE_REST, LONGEST_SITE_REST)
        case Refused(retry_after=seconds) if seconds is not None:
            return replace(seen, asked_until=_wished(state, seconds, now))
    return state


def rest(state: HostState, now: datetime, time: timedelta) -> HostState:
    """The owner's wish to leave a host alone for a time."""
    return replace(state, resting_until=now + time, last_reason="the owner's wish")


def wake(state: HostState) -> HostState:
    """The owner's wish to ask a host again: its failures are forgotten, its results are not."""
    return HostState(state.name, state.results, last_ok=state.last_ok, last_tried=state.last_tried)


def _wished(state: HostState, seconds: float, now: datetime) -> datetime | None:
    """When it wants to be asked again: never earlier than it said before, never beyond our longest rest."""
    if not (math.isfinite(seconds) and seconds > 0):
        return state.asked_until
    wish = now + timedelta(seconds=min(seconds, LONGEST_REST.total_seconds()))
    return max(wish, state.asked_until or wish)


def _rested(state: HostState, now: datetime, first: timedelta, longest: timedelta) -> HostState:
    time = min(first * 2 ** min(state.rests, 10), longest)
    return replace(state, rests=state.rests + 1, resting_until=now + time)
