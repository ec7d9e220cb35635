"""Looks for new episodes by the plan, fetches what is missing, and looks after the folders.

APScheduler carries the one job in memory; it is built anew at each start, and whenever the settings
change. What was missed while we were off follows from `last_scan_timestamp` and the plan. Some of its log
lines are the predecessor's, word by word: operators look for them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from ..errors import AnidanaError, Held, SetupError
from ..settings import Scheduler as Settings
from ..store import figures
from ..store.sessions import get_db_session
from ..store.tables import now
from .bus import Bus
from .plan import Missed, Plan, missed

log = logging.getLogger(__name__)

COOL_DOWN = 300.0
"""Seconds in which missing episodes are not queued a second time."""

WAKE_EVERY = 60.0
"""A machine that slept, or whose clock was set, is noticed within so many seconds."""

Step: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
"""A part of a run; what it returns is told."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a run does, in this order; the settings say whether the second and third come."""

    rescan: Step
    download_missing: Step | None = None
    maintain_folders: Step | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How the scheduler stands; `missed` is a slot that was not made up for."""

    running: bool
    next_run: datetime | None
    last_run: datetime | None
    missed: datetime | None
    phase: str
    last_error: str


class _Slots(BaseTrigger):  # type: ignore[misc]
    """The plan as APScheduler asks for it: its own cron trigger fires twice when clocks are set back."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def get_next_fire_time(self, previous: datetime | None, moment: datetime) -> datetime | None:
        """The next slot; a slot that has run does not come again, even if the clock was set back."""
        return self._plan.next(moment if previous is None else max(previous, moment))


class Scheduler:
    """One run at a time, by the plan or by hand."""

    def __init__(
        self,
        work: Work,
        bus: Bus,
        settings: Settings,
        read: Callable[[], Settings],
        *,
        clock: Callable[[], datetime] = now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work, self._bus, self._read = work, bus, read
        self._clock, self._monotonic = clock, monotonic
        self.settings = settings
        self._scheduler: AsyncIOScheduler | None = None
        self._tasks, self._fired = set[asyncio.Task[None]](), set[asyncio.Task[Any]]()
        self._phase = self._last_error = ""
        self._last_run: datetime | None = None
        self._last_slot: datetime | None = None
        self._missed: Missed | None = None
        self._last_auto_download_time: float | None = None

    async def start(self) -> None:
        """Begin to follow the plan, and make up for a run that was missed not too long ago."""
        logging.getLogger("apscheduler.executors.default").setLevel(logging.INFO)
        async with get_db_session(read_only=True) as session:
            self._last_run = await figures.last_scan(session)
        self._scheduler = AsyncIOScheduler()  # default MemoryJobStore
        self._scheduler.start()
        self._build()
        log.info("Scheduler service started")
        self._spawn(self._listen())
        self._spawn(self._keep_awake())
        self._make_up()

    async def stop(self) -> None:
        """Break off what runs, and follow the plan no more."""
        scheduler, self._scheduler = self._scheduler, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._fired, return_exceptions=True)
        if scheduler is not None:
            scheduler.shutdown(wait=False)

    def status(self) -> Status:
        """How it stands now."""
        running = self._scheduler is not None
        plan = Plan.of(self.settings)
        due = plan.next(self._clock()) if running and self.settings.enabled else None
        skipped = self._missed.slot if self._missed and not self._missed.due else None
        last = self._last_run
        return Status(
            running=running,
            next_run=due and due.astimezone(plan.zone),
            last_run=last and last.astimezone(plan.zone),
            missed=skipped and skipped.astimezone(plan.zone),
            phase=self._phase,
            last_error=self._last_error,
        )

    def trigger(self) -> None:
        """Begin a run by hand; SetupError while we are stopped, Held while a run is under way."""
        if self._scheduler is None:
            raise SetupError("the scheduler is not running", hint="see logs/anidana.log")
        if self._phase:
            raise Held("a rescan is under way")
        self._begin("by hand")

    def reload(self) -> None:
        """Take the settings as they are now."""
        self.settings = self._read()
        if self._scheduler is not None:
            self._build()

    def _build(self) -> None:
        assert self._scheduler is not None
        self._scheduler.remove_all_jobs()
        plan = Plan.of(self.settings)
        if not self.settings.enabled or not plan.days:
            log.info("Scheduler has no plan: nothing runs by itself")
            return
        self._scheduler.add_job(
            self._fire,
            _Slots(plan),
            id="scheduled_rescan",
            name="scheduled rescan",
            replace_existing=True,
            misfire_grace_time=None,  # late is better than never: the machine may have slept
            coalesce=True,
            max_instances=1,
        )
        log.info(
            "Scheduler started with cron trigger: %s on %s, %s; next run %s",
            self.settings.schedule_time, ", ".join(self.settings.schedule_days), plan.zone,
            self.status().next_run,
        )  # fmt: skip

    def _make_up(self) -> None:
        if not self.settings.enabled:
            return
        window = timedelta(hours=self.settings.missed_window_hours)
        self._missed = missed(Plan.of(self.settings), self._last_run, self._clock(), window)
        if self._missed is None:
            return
        slot = self._missed.slot
        if self._missed.due:
            log.info("the run of %s was missed and is made up for now", slot)
            self._run_slot()
        else:
            log.warning("the run of %s was missed too long ago: it waits for the next, or for you", slot)
            self._bus.publish("task.changed", {"task": "rescan", "missed": slot.isoformat()})

    async def _fire(self) -> None:
        """What APScheduler calls; it ends with the run, and its log says how."""
        current = asyncio.current_task()
        assert current is not None
        if (task := self._run_slot()) is not None:
            self._fired.add(current)
            try:
                await asyncio.wait([task])
            finally:
                self._fired.discard(current)
            if not task.cancelled():
                task.result()

    def _run_slot(self) -> asyncio.Task[None] | None:
        """Begin the run of the newest slot, unless that was done or another is under way."""
        slot = Plan.of(self.settings).last(self._clock())
        if slot is not None and slot == self._last_slot:
            log.info("the run of %s was done already", slot)
            return None
        if self._phase:
            log.info("the run of %s is left out: another is under way", slot)
            return None
        self._last_slot = slot
        return self._begin(f"of {slot}")

    def _begin(self, which: str) -> asyncio.Task[None]:
        log.info("the run %s begins", which)
        self._phase, self._last_error = "rescan", ""
        return self._spawn(self._run(which))

    async def _run(self, which: str) -> None:
        """One run; an error ends it, is kept, and comes out."""
        try:
            await self._step("rescan", self._work.rescan)
            self._last_run, self._missed = self._clock(), None
            if self.settings.auto_download_after_rescan:
                await self._auto_download_missing()
            if self.settings.folder_scan_enabled and self._work.maintain_folders is not None:
                await self._step("folders", self._work.maintain_folders)
            log.info("the run %s has ended", which)
        finally:
            self._set_phase("")

    async def _auto_download_missing(self) -> None:
        moment, last = self._monotonic(), self._last_auto_download_time
        if self._work.download_missing is None:
            return
        if last is not None and moment - last < COOL_DOWN:
            log.info("missing episodes were queued less than %.0f min ago", COOL_DOWN / 60)
            return
        self._last_auto_download_time = moment
        await self._step("download", self._work.download_missing)

    async def _step(self, phase: str, step: Step) -> None:
        self._set_phase(phase)
        try:
            told = await step()
        except Exception as error:
            self._last_error = str(error) if isinstance(error, AnidanaError) else type(error).__name__
            if phase == "rescan":
                self._bus.publish("scan.failed", {"error": self._last_error})
            raise
        log.info("%s: %s", phase, ", ".join(f"{count} {name}" for name, count in told.items()) or "done")
        if phase == "rescan":
            self._bus.publish("scan.complete", dict(told))

    def _set_phase(self, phase: str) -> None:
        self._phase = phase
        due = self.status().next_run
        about = {"task": "rescan", "phase": phase, "error": self._last_error}
        self._bus.publish("task.changed", {**about, "next_at": due.isoformat() if due else None})

    async def _listen(self) -> None:
        while True:
            with self._bus.listen() as subscription:
                async for message in subscription:
                    if message.type == "settings.changed" and "scheduler" in message.data["sections"]:
                        try:
                            self.reload()
                        except AnidanaError as error:
                            log.warning("the plan stays as it was: %s", error)
            await asyncio.sleep(1.0)  # we were too slow, or the bus is closed

    async def _keep_awake(self) -> None:
        while True:
            await asyncio.sleep(WAKE_EVERY)
            if self._scheduler is not None:
                self._scheduler.wakeup()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, AnidanaError):
            log.warning("the run ended early: %s", error)
        elif error is not None:
            log.error("the scheduler failed", exc_info=error)
