"""Told to stop: in order at the first word, at once at a kill, and the folder is free for the next run."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from typing import Any

import pytest

from anidana.core.demo.faults import Faults
from anidana.core.demo.story import SHELF

KEY = SHELF.series.key


async def start(shell: Any) -> Process:
    """A run that has begun to download, slowly."""
    assert (await shell("follow", KEY)).code == 0
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from anidana.core.cli import main; main()", "get", KEY,
        env={**os.environ, **shell.environment}, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    while b"downloading" not in (line := await process.stdout.readline()):
        assert line, "it ended before it began"
    return process


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ([signal.SIGTERM], 143),
        ([signal.SIGTERM, signal.SIGTERM], 143),
        ([signal.SIGKILL], -signal.SIGKILL),
    ],
    ids=["asked", "asked twice", "killed"],
)
async def test_a_run_that_is_stopped_leaves_nothing_half_made_and_the_next_one_goes_on(
    shell: Any, practice: Any, numbers: list[signal.Signals], code: int
) -> None:
    practice.faults["VOE"] = Faults(slow=0.2)
    process = await start(shell)
    for number in numbers:
        process.send_signal(number)
    await process.communicate()
    assert process.returncode == code
    assert list(shell.library.rglob(".*")) == []
    practice.faults.clear()
    again = await shell("get", KEY)
    assert again.code == 0, again.err
    assert len(list(shell.library.rglob("*.mkv"))) == 7
