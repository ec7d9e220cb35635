"""The scheduler on a clock of its own: what runs, when, and once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from anidana.core.errors import AnidanaError, Held, Refused, SetupError
from anidana.core.jobs.bus import Bus
from anidana.core.jobs.plan import Plan
from anidana.core.jobs.scheduler import COOL_DOWN, Scheduler, Work, _Slots
from anidana.core.settings import Scheduler as Settings
from anidana.core.store.sessions import get_db_session, open_store
from anidana.core.store.tables import SystemSettings


@dataclass
class Recorded:
    """What a scheduler did, on a clock that a test sets."""

    settings: Settings = field(default_factory=lambda: Settings(time_zone="UTC"))
    now: datetime = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
    ran: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    error: AnidanaError | None = None
    bus: Bus = field(default_factory=Bus)

    def __post_init__(self) -> None:
        self.gate.set()
        self.scheduler = Scheduler(
            Work(self.step("rescan"), self.step("download"), self.step("folders")),
            self.bus,
            self.settings,
            lambda: self.settings,
            clock=lambda: self.now,
            monotonic=lambda: self.now.timestamp(),
        )

    def step(self, name: str) -> Callable[[], Awaitable[Mapping[str, Any]]]:
        async def step() -> Mapping[str, Any]:
            self.ran.append(name)
            await self.gate.wait()
            if self.error is not None:
                raise self.error
            return {"new": 1}

        return step

    async def idle(self) -> None:
        """Wait until no run is under way."""
        while self.scheduler.status().phase:  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def fire(self) -> None:
        await self.scheduler._fire()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[None]:
    async with open_store(tmp_path / "anidana.db"):
        yield


async def scanned(moment: datetime) -> None:
    async with get_db_session() as session:
        await session.merge(SystemSettings(id=1, last_scan_timestamp=moment))


def everything() -> Settings:
    return Settings(time_zone="UTC", auto_download_after_rescan=True, folder_scan_enabled=True)


async def test_a_run_does_its_parts_in_order_as_the_settings_say() -> None:
    one = Recorded()
    await one.fire()
    assert one.ran == ["rescan"]
    one = Recorded(everything())
    await one.fire()
    assert one.ran == ["rescan", "download", "folders"]


async def test_missing_episodes_are_not_queued_twice_within_five_minutes() -> None:
    one = Recorded(everything())
    for minutes in (0, 4, 6):
        one.now += timedelta(minutes=minutes)
        one.scheduler._begin("by hand")
        await one.idle()
    assert COOL_DOWN == 300 and one.ran.count("download") == 2


async def test_one_slot_runs_once_however_often_it_fires() -> None:
    one = Recorded()
    await one.fire()
    one.now -= timedelta(hours=1)  # the clock is set back
    await one.fire()
    assert one.ran == ["rescan"]
    one.now += timedelta(days=1)
    await one.fire()
    assert one.ran == ["rescan", "rescan"]


def test_the_trigger_gives_no_slot_a_second_time_and_none_of_the_past() -> None:
    slots = _Slots(Plan.of(Settings(time_zone="Europe/Berlin", schedule_time="02:30")))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 for the first time
    again = first + timedelta(hours=1)
    assert slots.get_next_fire_time(None, first - timedelta(hours=1)) == first
    assert slots.get_next_fire_time(first, first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    assert slots.get_next_fire_time(None, again) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    assert slots.get_next_fire_time(first, first + timedelta(days=9)) > first + timedelta(days=9)  # type: ignore[operator]


async def test_runs_never_overlap(store: None) -> None:
    one = Recorded()
    one.gate.clear()
    await one.scheduler.start()
    one.scheduler.trigger()
    await asyncio.sleep(0)
    with pytest.raises(Held):
        one.scheduler.trigger()
    await one.fire()
    assert one.ran == ["rescan"]
    one.gate.set()
    await one.idle()
    await one.scheduler.stop()
    with pytest.raises(SetupError, match="not running"):
        one.scheduler.trigger()


async def test_stopping_breaks_a_run_off_and_leaves_nothing_behind(store: None) -> None:
    one = Recorded()
    one.gate.clear()
    before = asyncio.all_tasks()
    await one.scheduler.start()
    one.scheduler.trigger()
    await asyncio.sleep(0)
    await one.scheduler.stop()
    assert asyncio.all_tasks() == before and one.scheduler.status().phase == ""


async def test_a_failed_run_is_told_and_the_next_one_comes(caplog: pytest.LogCaptureFixture) -> None:
    one = Recorded(everything(), error=Refused("the site does not answer"))
    with one.bus.listen() as heard, pytest.raises(Refused):
        await one.fire()
    assert one.ran == ["rescan"]
    assert one.scheduler.status().last_error == "the site does not answer"
    assert "scan.failed" in [message.type for message in heard.waiting]
    one.error, one.now = None, one.now + timedelta(days=1)
    await one.fire()
    assert one.scheduler.status().last_error == ""


async def test_a_run_missed_while_off_is_made_up_for_once(store: None) -> None:
    one = Recorded()
    await scanned(one.now - timedelta(hours=30))
    await one.scheduler.start()
    await one.idle()
    await one.fire()
    await one.scheduler.stop()
    assert one.ran == ["rescan"]


async def test_a_run_missed_too_long_ago_is_shown_and_not_made_up_for(store: None) -> None:
    one = Recorded()
    await scanned(one.now - timedelta(days=4))
    await one.scheduler.start()
    status = one.scheduler.status()
    assert (one.ran, status.missed) == ([], datetime(2026, 5, 2, 3, 0, tzinfo=UTC))
    one.scheduler.trigger()
    await one.idle()
    assert one.scheduler.status().missed is None
    await one.scheduler.stop()


async def test_a_change_of_settings_counts_at_once(store: None) -> None:
    one = Recorded()
    await one.scheduler.start()
    await asyncio.sleep(0)  # it listens from now on
    assert one.scheduler.status().next_run == datetime(2026, 5, 6, 3, 0, tzinfo=UTC)
    one.settings = Settings(time_zone="Asia/Tokyo", schedule_time="22:30")
    one.bus.publish("settings.changed", {"sections": ["scheduler"]})
    await asyncio.sleep(0)
    assert str(one.scheduler.status().next_run) == "2026-05-05 22:30:00+09:00"
    one.settings = Settings(enabled=False)
    one.bus.publish("settings.changed", {"sections": ["downloads", "scheduler"]})
    await asyncio.sleep(0)
    assert one.scheduler.status().next_run is None
    await one.scheduler.stop()


async def test_the_log_has_the_lines_that_operators_look_for(
    store: None, caplog: pytest.LogCaptureFixture
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    one = Recorded()
    with caplog.at_level(logging.INFO):
        await one.scheduler.start()
        assert one.scheduler._scheduler is not None
        one.scheduler._scheduler.modify_job("scheduled_rescan", next_run_time=soon - timedelta(seconds=2))
        while "executed successfully" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await one.scheduler.stop()
    assert one.ran == ["rescan"]
    lines = [(record.name, record.getMessage()) for record in caplog.records]
    assert any(said == "Scheduler service started" for _, said in lines)
    assert any(said.startswith("Scheduler started with cron trigger") for _, said in lines)
    executor = [said for name, said in lines if name == "apscheduler.executors.default"]
    assert executor[0].startswith("Running job") and executor[1].endswith("executed successfully")
