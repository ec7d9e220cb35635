"""Shows jobs while they run: bars on a terminal, plain lines elsewhere, always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..jobs.events import Event, Listener, Moved, Staged, Told, Tried, ignore

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

ENDS = ("filed", "failed", "paused")


@contextmanager
def showing(jobs: int, *, quiet: bool) -> Iterator[Listener]:
    """A listener that shows the events of a run of so many jobs."""
    if quiet or not jobs:
        yield ignore
    elif sys.stderr.isatty():
        with _bars(jobs) as listener:
            yield listener
    else:
        yield Lines()


class Lines:
    """One line per change, one per quarter of a file."""

    def __init__(self) -> None:
        self._quarters: dict[int, int] = {}

    def __call__(self, event: Event) -> None:
        """Print the line for an event, if it deserves one."""
        line = self._line(event)
        if line:
            print(line, file=sys.stderr, flush=True)  # noqa: T201

    def _line(self, event: Event) -> str | None:
        match event:
            case Staged(stage="resolving" | "downloading" | "filed" | "failed" | "paused"):
                return f"{event.label}  {event.stage}" + (f"  {event.text}" if event.text else "")
            case Tried():
                return describe(event)
            case Told():
                return told(event)
            case Moved(total=int(total)) if total:
                quarter = 4 * event.done // total
                if 0 < quarter < 4 and quarter > self._quarters.get(event.job_id, 0):
                    self._quarters[event.job_id] = quarter
                    return f"{event.label}  {quarter * 25} %"
        return None


def describe(event: Tried) -> str | None:
    """What came of a mirror, in one line; nothing for those that were only called off."""
    attempt = event.attempt
    if attempt.result == "cancelled":
        return None
    said = attempt.result if not attempt.reason else f"{attempt.result} ({attempt.reason})"
    return f"{event.label}  {attempt.provider}  {attempt.language.label}  {said}  {attempt.seconds:.1f} s"


def told(event: Told) -> str:
    """What a media server said, in one line."""
    if event.error:
        return f"warning: {event.error}"
    return f"{event.series}: {event.files} new seen by {event.server}"


@contextmanager
def _bars(jobs: int) -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=console, refresh_per_second=4, transient=True) as progress:
        yield Bars(progress, jobs)


class Bars:
    """A bar for each running job, one for all of them, and a line above for what is worth keeping."""

    def __init__(self, progress: Progress, jobs: int) -> None:
        self._progress, self._jobs = progress, jobs
        self._began = time.monotonic()
        self._bars: dict[int, TaskID] = {}
        self._stages: dict[int, str] = {}
        self._bytes: dict[int, int] = {}
        self._ended = 0
        self._total = progress.add_task("total", total=jobs, note=f"0 of {jobs}")

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case Told():
                self._say(told(event))
            case Tried():
                self._say(describe(event), dim=True)
            case Staged(stage=stage) if stage in ENDS:
                self._say(f"{event.label}  {stage}  {event.text}")
                self._ended += 1
                if (bar := self._bars.pop(event.job_id, None)) is not None:
                    self._progress.remove_task(bar)
            case Staged():
                self._stages[event.job_id] = event.stage
                self._progress.update(self._bar(event.job_id, event.label), note=event.stage)
            case Moved():
                self._bytes[event.job_id] = event.done
                note = f"{event.done / 1e6:.1f} MB  {self._stages.get(event.job_id, '')}"
                bar = self._bar(event.job_id, event.label)
                self._progress.update(bar, completed=event.done, total=event.total, note=note)
        self._progress.update(self._total, completed=self._ended, note=self._sum())

    def _bar(self, job_id: int, label: str) -> TaskID:
        if job_id not in self._bars:
            self._bars[job_id] = self._progress.add_task(label, total=None, note="")
        return self._bars[job_id]

    def _sum(self) -> str:
        size = sum(self._bytes.values()) / 1e6
        speed = size / max(time.monotonic() - self._began, 0.1)
        return f"{self._ended} of {self._jobs}  {size:.1f} MB  {speed:.1f} MB/s"

    def _say(self, line: str | None, *, dim: bool = False) -> None:
        if line:
            self._progress.console.print(line, style="dim" if dim else None)
