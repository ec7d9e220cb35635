"""When runs are due: plans by day and week, nights on which clocks change, and what was missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anidana.core.jobs.plan import Plan, missed
from anidana.core.settings import DAYS, Scheduler

WINDOW = timedelta(hours=25)


def plan(time: str = "03:00", days: str = ",".join(DAYS), zone: str = "Europe/Berlin") -> Plan:
    chosen = {"schedule_time": time, "schedule_days": days, "time_zone": zone}
    return Plan.of(Scheduler.model_validate(chosen))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def slots(of: Plan, first: str, last: str) -> list[datetime]:
    found, moment = [], at(first)
    while (slot := of.next(moment)) is not None and slot <= at(last):
        found.append(slot)
        moment = slot
    return found


def test_a_night_on_which_the_clock_is_set_back_has_one_run() -> None:
    # 02:30 comes twice in Berlin on 2026-10-25.
    found = slots(plan("02:30"), "2026-10-24T12:00+02:00", "2026-10-26T12:00+01:00")
    assert found == [at("2026-10-25T02:30+02:00"), at("2026-10-26T02:30+01:00")]


def test_a_night_on_which_the_clock_is_set_forward_loses_no_run() -> None:
    # 02:30 does not come in Berlin on 2026-03-29.
    found = slots(plan("02:30"), "2026-03-28T12:00+01:00", "2026-03-30T12:00+02:00")
    assert found == [at("2026-03-29T03:30+02:00"), at("2026-03-30T02:30+02:00")]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Santiago", "UTC"])
def test_a_year_has_a_run_for_every_day_anywhere(zone: str) -> None:
    for time in ("00:00", "02:30", "23:59"):
        found = slots(plan(time, zone=zone), "2026-01-01T00:00+14:00", "2026-12-31T23:59-11:00")
        assert len(found) in (365, 366, 367)
        assert all(timedelta(hours=22) < b - a < timedelta(hours=26) for a, b in pairwise(found))


@given(st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))
def test_the_last_slot_and_the_next_are_neighbours(moment: datetime) -> None:
    for one in (plan("02:30"), plan("02:30", "sun"), plan("00:00", "mon,thu", "America/New_York")):
        last, following = one.last(moment), one.next(moment)
        assert last is not None and following is not None
        assert last <= moment < following and one.next(last) == following


def test_a_plan_without_days_has_no_slot() -> None:
    assert plan(days="").next(at("2026-01-01T00:00Z")) is plan(days="").last(at("2026-01-01T00:00Z")) is None


@pytest.mark.parametrize(
    ("days", "last_scan", "now", "due"),
    [
        (",".join(DAYS), "2026-05-04T03:04Z", "2026-05-04T23:00Z", None),  # nothing was missed
        (",".join(DAYS), "2026-05-04T03:04Z", "2026-05-05T09:00Z", True),
        (",".join(DAYS), "2026-05-04T03:04Z", "2026-05-06T09:00Z", False),  # off for longer than a day
        ("sun", "2026-05-03T03:04Z", "2026-05-09T09:00Z", None),
        ("sun", "2026-05-03T03:04Z", "2026-05-10T09:00Z", True),  # weekly, off on Sunday morning
        ("sun", "2026-05-03T03:04Z", "2026-05-12T09:00Z", False),
        ("", "2026-05-03T03:04Z", "2026-05-12T09:00Z", None),
    ],
)
def test_a_missed_run_is_made_up_for_within_the_window(
    days: str, last_scan: str, now: str, due: bool | None
) -> None:
    found = missed(plan(days=days, zone="UTC"), at(last_scan), at(now), WINDOW)
    assert (None if found is None else found.due) is due


def test_a_library_that_was_never_scanned_has_missed_nothing() -> None:
    assert missed(plan(), None, at("2026-05-12T09:00Z"), WINDOW) is None


@pytest.mark.parametrize(
    "wrong",
    [{"schedule_time": "24:00"}, {"schedule_time": "3:00"}, {"schedule_days": "someday"},
     {"time_zone": "Europe/Nowhere"}, {"time_zone": "../../etc/passwd"}, {"missed_window_hours": -1}],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Scheduler.model_validate(wrong)
