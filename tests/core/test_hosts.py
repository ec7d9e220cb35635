"""How a host or a site stands after what it did."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from anidana.core.errors import Gone, NeedsPerson, PageChanged, Refused, SourceError
from anidana.core.hosts import FIRST_REST, HostState, after, after_asking, rest, wake
from anidana.core.models import GERMAN_DUB, Attempt

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def results(*words: str, start: datetime = NOON, apart: timedelta = MINUTE) -> tuple[HostState, datetime]:
    """A host after these results, one after the other, and the moment of the last."""
    state, moment = HostState("VOE"), start
    for word in words:
        state = after(state, Attempt("VOE", GERMAN_DUB, word, f"it said {word}"), moment)
        moment += apart
    return state, moment - apart


@pytest.mark.parametrize(
    ("words", "mood"),
    [
        ((), "unknown"),
        (("ok",), "good"),
        (("ok",) * 9 + ("refused",), "good"),
        (("ok",) * 8 + ("refused",) * 2, "shaky"),
        (("ok",) * 30 + ("refused",) * 2, "good"),
        (("refused",) * 4, "shaky"),
        (("refused", "needs_person", "damaged", "crashed", "refused"), "resting"),
        (("page_changed",) * 3, "broken"),
        (("page_changed",) * 2, "shaky"),
        (("page_changed", "page_changed", "refused", "page_changed"), "shaky"),
    ],
)
def test_its_mood_follows_from_its_last_results(words: tuple[str, ...], mood: str) -> None:
    state, moment = results(*words)
    assert state.mood(moment) == mood


@pytest.mark.parametrize(
    "word", ["gone", "not_ready", "cancelled", "blocked", "no_link", "unsupported", "failed"]
)
def test_what_is_no_fault_of_the_host_says_nothing_about_it(word: str) -> None:
    state, _ = results("ok", "refused", *[word] * 9)
    assert state == results("ok", "refused")[0]


def test_a_host_that_was_silent_goes_last_for_minutes_and_rests_like_any_that_fails() -> None:
    state, moment = results("ok", "silent")
    assert state.silent_at(moment + 4 * MINUTE) and not state.silent_at(moment + 6 * MINUTE)
    assert not state.rests_at(moment)
    assert not after(state, Attempt("VOE", GERMAN_DUB, "ok"), moment).silent_at(moment)
    assert results(*["silent"] * 5)[0].rests_at(moment)


def test_five_failures_in_a_row_put_it_to_rest_and_each_trial_that_fails_doubles_the_rest() -> None:
    state, moment = results(*["refused"] * 5)
    lengths = []
    for _ in range(7):
        assert state.resting_until is not None
        lengths.append(state.resting_until - moment)
        moment = state.resting_until
        assert not state.rests_at(moment)
        state = after(state, Attempt("VOE", GERMAN_DUB, "refused"), moment)
    assert [length / timedelta(minutes=15) for length in lengths] == [1, 2, 4, 8, 16, 24, 24]


def test_a_failure_in_between_begins_the_count_again() -> None:
    state, moment = results(*["refused"] * 4, "ok", *["refused"] * 4)
    assert not state.rests_at(moment)


def test_what_fails_while_it_rests_makes_the_rest_no_longer() -> None:
    state, moment = results(*["refused"] * 5)
    later = after(state, Attempt("VOE", GERMAN_DUB, "refused"), moment + MINUTE)
    assert (later.resting_until, later.rests) == (state.resting_until, state.rests)


def test_a_trial_that_goes_well_ends_it_all() -> None:
    state, moment = results(*["refused"] * 5)
    state = after(state, Attempt("VOE", GERMAN_DUB, "ok"), moment + timedelta(hours=1))
    assert (state.failures, state.rests, state.until()) == (0, 0, None)
    assert state.results == "+-----"


def test_ten_failures_over_more_than_six_hours_are_a_break() -> None:
    assert (
        results(*["refused"] * 10, apart=timedelta(minutes=50))[0].mood(NOON + timedelta(hours=8)) == "broken"
    )
    state, moment = results(*["refused"] * 10)
    assert state.mood(moment) == "resting"


def test_the_host_s_own_wish_to_wait_is_kept_at_once() -> None:
    attempt = Attempt("VOE", GERMAN_DUB, "refused", "busy", retry_after=600.0)
    state = after(HostState("VOE"), attempt, NOON)
    assert state.rests_at(NOON + timedelta(seconds=599))
    assert not state.rests_at(NOON + timedelta(seconds=600))


def test_twenty_results_are_remembered() -> None:
    assert results(*["ok"] * 15, *["refused", "ok"] * 10)[0].results == "+-" * 10


def test_a_gate_puts_a_site_to_rest_for_twice_as_long_each_time_up_to_an_hour() -> None:
    state, moment, lengths = HostState("aniworld"), NOON, []
    for _ in range(6):
        state = after_asking(state, NeedsPerson("a gate", url="https://aniworld.to/x"), moment)
        assert state.resting_until is not None
        lengths.append((state.resting_until - moment) / MINUTE)
        moment = state.resting_until
    assert lengths == [5, 10, 20, 40, 60, 60]
    assert state.url == "https://aniworld.to/x"
    assert after_asking(state, None, moment).until() is None


@pytest.mark.parametrize("error", [Gone("x"), PageChanged("x"), Refused("no connection")])
def test_other_trouble_of_a_site_is_no_reason_to_rest(error: SourceError) -> None:
    assert after_asking(HostState("aniworld"), error, NOON) == HostState("aniworld")


def test_a_site_that_wants_to_be_asked_later_is_asked_later() -> None:
    state = after_asking(HostState("aniworld"), Refused("429", retry_after=90), NOON)
    assert state.until() == NOON + timedelta(seconds=90)


def test_the_owner_sends_to_rest_and_wakes() -> None:
    tired, _ = results(*["refused"] * 5)
    assert rest(HostState("VOE"), NOON, timedelta(hours=6)).rests_at(NOON + timedelta(hours=5))
    awake = wake(tired)
    assert (awake.rests_at(NOON), awake.failures, awake.results) == (False, 0, tired.results)


def test_jobs_that_meet_one_gate_at_once_are_one_rest() -> None:
    state = HostState("aniworld")
    for _ in range(4):
        state = after_asking(state, NeedsPerson("a gate"), NOON)
    assert (state.rests, state.resting_until) == (1, NOON + 5 * MINUTE)


def test_an_answer_to_what_was_asked_before_the_gate_does_not_end_the_rest() -> None:
    state = after_asking(HostState("aniworld"), NeedsPerson("a gate"), NOON)
    assert after_asking(state, None, NOON + MINUTE) == state


def test_a_gate_before_the_links_is_over_once_a_link_leads_on_and_not_before() -> None:
    state = after_asking(HostState("aniworld"), NeedsPerson("a gate"), NOON, links=True)
    later = NOON + 6 * MINUTE
    assert after_asking(state, None, later) == state
    assert after_asking(state, None, later, links=True).rests == 0


@pytest.mark.parametrize("wish", [float("inf"), float("nan"), -5.0, 0.0])
def test_a_wish_that_is_no_time_is_no_wish(wish: float) -> None:
    state = after(HostState("VOE"), Attempt("VOE", GERMAN_DUB, "refused", retry_after=wish), NOON)
    assert (state.asked_until, state.failures) == (None, 1)


def test_a_wish_is_kept_to_six_hours_and_a_later_one_does_not_shorten_it() -> None:
    state = after(HostState("VOE"), Attempt("VOE", GERMAN_DUB, "refused", retry_after=1e300), NOON)
    assert state.asked_until == NOON + timedelta(hours=6)
    assert after(state, Attempt("VOE", GERMAN_DUB, "refused", retry_after=5), NOON) == replace(
        state, results="--", failures=2
    )


def test_a_clock_that_jumps_moves_the_end_of_a_rest_and_forgets_nothing() -> None:
    state, moment = results(*["refused"] * 5)
    assert state.rests_at(moment)
    a_day_ahead, an_hour_behind = moment + timedelta(days=1), moment - timedelta(hours=1)
    assert state.mood(a_day_ahead) == "shaky", "its rest is over, and its failures still count"
    assert after(state, Attempt("VOE", GERMAN_DUB, "refused", "no"), a_day_ahead).rests == 2
    assert state.rests_at(an_hour_behind)
    assert state.until() == moment + FIRST_REST, "an hour longer by that clock, and not for ever"
