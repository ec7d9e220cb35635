"""When the scheduler's run is due: pure. One slot for each day of the plan, whatever clocks do that night.

Moments come out in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from tzlocal import get_localzone

from ..settings import DAYS, Scheduler

_DAYS = 10
"""Days among which a plan with any day has a slot on either side of a moment in the middle."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A time of day on some days of the week (0 is Monday) in a zone."""

    at: time
    days: frozenset[int]
    zone: tzinfo

    @classmethod
    def of(cls, chosen: Scheduler) -> Plan:
        """The plan that settings mean; without a zone it is the machine's."""
        zone = ZoneInfo(chosen.time_zone) if chosen.time_zone else get_localzone()
        days = frozenset(DAYS.index(day) for day in chosen.schedule_days)
        return cls(time.fromisoformat(chosen.schedule_time), days, zone)

    def next(self, after: datetime) -> datetime | None:
        """The first slot behind a moment; None if the plan has no day."""
        day = after.astimezone(self.zone).date() - timedelta(days=1)
        return next((slot for slot in self._slots(day) if slot > after), None)

    def last(self, until: datetime) -> datetime | None:
        """The newest slot that is not behind a moment; None if the plan has no day."""
        day = until.astimezone(self.zone).date() - timedelta(days=_DAYS - 2)
        return max((slot for slot in self._slots(day) if slot <= until), default=None)

    def _slots(self, first: date) -> Iterator[datetime]:
        for day in (first + timedelta(days=n) for n in range(_DAYS)):
            if day.weekday() in self.days:
                # In UTC, so that slots compare: of a time that comes twice it is the first, and one that
                # is left out (fold 0, PEP 495) falls on the hour after.
                yield datetime.combine(day, self.at, self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Missed:
    """The first slot that nobody ran, and whether it is to be made up for."""

    slot: datetime
    due: bool


def missed(plan: Plan, last_scan: datetime | None, now: datetime, window: timedelta) -> Missed | None:
    """What was missed while we were off: due if we were off for no longer than the window.

    A library that was never scanned has missed nothing.
    """
    first = plan.next(last_scan) if last_scan is not None else None
    if first is None or first > now:
        return None
    return Missed(first, now - first <= window)
