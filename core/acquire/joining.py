"""Our end of the process that puts a video together while its segments still come."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import Damaged, SetupError
from ..models import Language, MediaInfo
from .tracks import Track
from .verify import Joined

_FROM_OUTSIDE = (signal.SIGINT, signal.SIGTERM)
"""What ends the process before its traps are set, as when a service is stopped: not the video's fault."""

_COMMAND = (sys.executable, "-P", "-m", f"{__package__}.joiner")


@dataclass(frozen=True, slots=True)
class Joining:
    """A join that is going on. `result` ends with errors as in `join`; SetupError if others ended it."""

    process: Process
    result: asyncio.Task[Joined]

    def add(self, *paths: Path) -> None:
        """These files are whole."""
        assert self.process.stdin is not None
        if not self.process.stdin.is_closing():
            self.process.stdin.write("".join(f"{json.dumps(str(path))}\n" for path in paths).encode())


@asynccontextmanager
async def joining(tracks: Sequence[Track], target: Path, language: Language) -> AsyncIterator[Joining]:
    """Join tracks into `target` beside what the body does; nothing goes on once the body is left."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND, str(os.getpid()), stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    result = asyncio.create_task(_result(process))
    try:
        assert process.stdin is not None
        plan = {
            "tracks": [asdict(track) for track in tracks],
            "target": str(target),
            "language": str(language),
        }
        process.stdin.write(f"{json.dumps(plan, default=str)}\n".encode())
        yield Joining(process, result)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)  # process.kill() may take its exit code from asyncio
        await asyncio.gather(process.wait(), result, return_exceptions=True)


async def _result(process: Process) -> Joined:
    assert process.stdout is not None
    answer = json.loads(await process.stdout.readline() or "{}")
    if (joined := answer.get("joined")) is not None:
        media: dict[str, Any] = joined.pop("media")
        tags = {name: tuple(media[name]) for name in ("audio_languages", "subtitle_languages")}
        return Joined(MediaInfo(**{**media, **tags}), **joined)
    if (error := answer.get("error")) is not None:
        raise OSError(*error)
    if (damaged := answer.get("damaged")) is not None:
        raise Damaged(damaged)
    code = await process.wait()
    if -code in _FROM_OUTSIDE:
        raise SetupError(f"the program that joins videos was ended ({_name(code)})", hint="start again")
    raise Damaged(f"the video ends the program that reads it ({_name(code)})")


def _name(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"code {code}"
