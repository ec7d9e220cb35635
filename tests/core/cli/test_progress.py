"""What is shown while jobs run: plain lines when piped, bars on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from anidana.core.cli.progress import Bars, Lines
from anidana.core.jobs.events import Event, Moved, Staged, Told, Tried
from anidana.core.models import GERMAN_DUB, Attempt

STORY: list[Event] = [
    Staged(1, "Show S01E01", "resolving"),
    Tried(1, "Show S01E01", Attempt("VOE", GERMAN_DUB, "gone", "the file was removed", 0.8)),
    Tried(1, "Show S01E01", Attempt("Vidmoly", GERMAN_DUB, "cancelled", "no longer needed", 0.1)),
    Staged(1, "Show S01E01", "downloading"),
    *(Moved(1, "Show S01E01", done, 100) for done in (1, 24, 25, 26, 49, 51, 76, 99, 100)),
    Tried(1, "Show S01E01", Attempt("Doodstream", GERMAN_DUB, "ok", "", 1.2)),
    Staged(1, "Show S01E01", "verifying"),
    Staged(1, "Show S01E01", "filed", "Doodstream, German dub, 0.1 MB"),
    Told("jellyfin", "Show", 1),
    Told("kodi", "Show", 1, "kodi does not answer"),
]


def test_piped_there_is_a_line_per_change_and_per_quarter(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    for event in STORY:
        lines(event)
    assert capsys.readouterr().err.splitlines() == [
        "Show S01E01  resolving",
        "Show S01E01  VOE  German dub  gone (the file was removed)  0.8 s",
        "Show S01E01  downloading",
        "Show S01E01  25 %",
        "Show S01E01  50 %",
        "Show S01E01  75 %",
        "Show S01E01  Doodstream  German dub  ok  1.2 s",
        "Show S01E01  filed  Doodstream, German dub, 0.1 MB",
        "Show: 1 new seen by jellyfin",
        "warning: kodi does not answer",
    ]


def test_on_a_terminal_there_is_a_bar_per_running_job_and_one_in_all() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with Progress(console=console, auto_refresh=False) as progress:
        bars = Bars(progress, jobs=2)
        for event in STORY[:9]:
            bars(event)
        assert [(task.description, task.completed, task.total) for task in progress.tasks] == [
            ("total", 0, 2),
            ("Show S01E01", 49, 100),
        ]
        assert progress.tasks[1].fields["note"].endswith("downloading")
        for event in STORY[9:]:
            bars(event)
        assert [(task.description, task.completed) for task in progress.tasks] == [("total", 1)]
        assert progress.tasks[0].fields["note"].startswith("1 of 2")
    assert "filed  Doodstream" in screen.getvalue()
