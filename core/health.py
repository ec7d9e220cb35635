"""Health: runs the checks in the background, every few minutes, and keeps what they said.

Whoever asks is told what is known; nobody waits for a check.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import resource
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from .app import App
from .checks import Check, Trouble, Weight, checks
from .errors import AnidanaError
from .jobs.bus import Bus
from .store.tables import now

log = logging.getLogger(__name__)

CHECK_EVERY = 300.0
PATIENCE = 15.0
"""Seconds after which a check that does not end has failed."""

ANNOUNCED = ("ffmpeg", "dns_aniworld", "dns_tmdb", "anime_directory")
"""Checks that everybody may see, well or not; of the others, what is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check said; `message` is for the owner, `short` for anybody."""

    name: str
    weight: Weight
    short: str
    message: str
    hint: str
    checked_at: datetime

    @property
    def status(self) -> str:
        """`ok`, `notice`, `warning` or `error`."""
        return self.weight.name.lower()


class Health:
    """Keeps the newest finding of every check; a change of what is wrong is told on the bus."""

    def __init__(
        self, app: App, bus: Bus, chosen: Sequence[Check] | None = None, *, patience: float = PATIENCE
    ) -> None:
        self._app, self._bus, self._patience = app, bus, patience
        self._checks = checks(app) if chosen is None else chosen
        self._findings: dict[str, Finding] = {}
        self._pending: dict[str, asyncio.Task[Finding]] = {}
        self._task: asyncio.Task[None] | None = None
        self.began = now()

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._rounds())

    async def stop(self) -> None:
        """Look no more."""
        tasks = [*self._pending.values(), *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def findings(self) -> list[Finding]:
        """The newest of every check that has ended so far, in the order of the checks."""
        return [self._findings[one.name] for one in self._checks if one.name in self._findings]

    @property
    def worst(self) -> Weight:
        """The weight of the worst finding."""
        return max((one.weight for one in self.findings), default=Weight.OK)

    @property
    def status(self) -> str:
        """`healthy`, `degraded` by warnings, or `unhealthy` by errors."""
        return {Weight.ERROR: "unhealthy", Weight.WARNING: "degraded"}.get(self.worst, "healthy")

    def critical(self) -> list[str]:
        """What keeps us from working: errors, and checks of that weight that have not ended yet."""
        grave = [one.name for one in self._checks if one.weight is Weight.ERROR]
        unknown = [f"{name}: not checked yet" for name in grave if name not in self._findings]
        wrong = [f"{one.name}: {one.short}" for one in self.findings if one.weight is Weight.ERROR]
        return [*wrong, *unknown]

    def public(self) -> dict[str, dict[str, str]]:
        """What anybody may know, by check."""
        return {
            one.name: {"status": one.status, "message": one.short}
            for one in self.findings
            if one.name in ANNOUNCED or one.weight >= Weight.WARNING
        }

    async def look(self, names: Iterable[str] | None = None) -> None:
        """Run these checks now, or all of them, at once; one that hangs is given up for this time."""
        wanted = self._checks if names is None else [one for one in self._checks if one.name in set(names)]
        before = self._wrong()
        await asyncio.gather(*(self._run(check) for check in wanted))
        if self._wrong() != before:
            self._bus.publish("health.changed", {"status": self.status, "checks": self._wrong()})

    async def _rounds(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(CHECK_EVERY)

    async def _run(self, check: Check) -> None:
        task = self._pending.get(check.name)
        if task is None:
            task = asyncio.create_task(self._find(check))
            self._pending[check.name] = task
        done, _ = await asyncio.wait([task], timeout=self._patience)
        if done:
            self._pending.pop(check.name, None)  # somebody else may have waited for it too
            self._findings[check.name] = task.result()
        else:  # its thread cannot be stopped, and a second one would hang as well
            short = "does not answer"
            self._findings[check.name] = Finding(check.name, check.weight, short, short, "", now())

    async def _find(self, check: Check) -> Finding:
        try:
            said = await check.look(self._app)
        except Trouble as trouble:
            return Finding(check.name, check.weight, trouble.short, str(trouble), trouble.hint, now())
        except AnidanaError as error:
            return Finding(check.name, check.weight, "fails", str(error), error.hint, now())
        except Exception as bug:
            log.exception("the check %s failed", check.name)
            said = f"an error of ours: {type(bug).__name__}"
            return Finding(check.name, check.weight, "fails", said, "see logs/anidana.log", now())
        return Finding(check.name, Weight.OK, "ok", said, "", now())

    def _wrong(self) -> dict[str, dict[str, str]]:
        return {
            one.name: {"status": one.status, "message": one.message, "hint": one.hint}
            for one in self.findings
            if one.weight is not Weight.OK
        }


def machine(began: datetime) -> dict[str, Any]:
    """What the process takes of its machine; `memory_bytes` is the most it has held so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "version": version("anidana"),
        "python": platform.python_version(),
        "pid": os.getpid(),
        "uptime_seconds": round((now() - began) / timedelta(seconds=1)),
        "memory_bytes": usage.ru_maxrss * 1024,
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "load": os.getloadavg()[0],
    }
