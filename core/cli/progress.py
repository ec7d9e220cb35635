"""Shows jobs while they run: bars on a terminal, plain lines elsewhere, always on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..jobs.events import Event, Listener, Moved, Staged, Told, Tried, ignore

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
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskID,
        TextColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[stage]}", style="dim", markup=False),
    )
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    with Progress(*columns, console=console, refresh_per_second=4, transient=True) as progress:
        total = progress.add_task("total", total=None, stage=f"0 of {jobs}")
        tasks: dict[int, TaskID] = {}
        moved: dict[int, int] = {}
        finished = 0

        def listen(event: Event) -> None:
            nonlocal finished
            if isinstance(event, Told):
                console.print(told(event))
                return
            task = tasks.get(event.job_id)
            if task is None:
                task = tasks[event.job_id] = progress.add_task(event.label, total=None, stage="")
            match event:
                case Staged(stage=stage) if stage in ENDS:
                    finished += 1
                    console.print(f"{event.label}  {stage}  {event.text}")
                    progress.remove_task(tasks.pop(event.job_id))
                    progress.update(total, stage=f"{finished} of {jobs}")
                case Staged():
                    progress.update(task, stage=event.stage)
                case Moved():
                    progress.advance(total, max(0, event.done - moved.get(event.job_id, 0)))
                    moved[event.job_id] = event.done
                    progress.update(task, completed=event.done, total=event.total)
                case Tried():
                    if line := describe(event):
                        console.print(line, style="dim")

        yield listen
