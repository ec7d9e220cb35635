"""Puts a video together in a process of its own: `python -m anidana.core.acquire.joiner PARENT`.

Here the bytes of strangers are parsed, under a limit on memory, where a crash of libav costs one
mirror and nothing else; and the parent's interpreter stays free for the network. Standard input has
one line of JSON with `tracks`, `target` and `language`, then one with the path of each file as it
becomes whole. Standard output gets one line: `joined`, `damaged`, or `error` with number and text.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import Damaged
from ..models import Language
from .join import join
from .tracks import Track

MOST_MEMORY_BYTES = 2 * 2**30
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Do the one join that standard input tells of; exits at once if the parent is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
    for number in (signal.SIGINT, signal.SIGTERM):  # a terminal or a service sends it to all
        signal.signal(number, signal.SIG_IGN)  # the parent will end us
    limit_memory()
    plan = json.loads(sys.stdin.readline() or sys.exit(0))
    tracks = [_track(**track) for track in plan["tracks"]]
    json.dump(_answer(tracks, Path(plan["target"]), Language.parse(plan["language"])), sys.stdout)


def limit_memory() -> None:
    """Let nothing here have more than `MOST_MEMORY_BYTES`, or than there may be already."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    most = MOST_MEMORY_BYTES if most == resource.RLIM_INFINITY else min(most, MOST_MEMORY_BYTES)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _track(*, pieces: list[list[str]], seconds: list[float], slack: list[float], **told: Any) -> Track:
    paths = tuple(tuple(map(Path, piece)) for piece in pieces)
    return Track(paths, seconds=tuple(seconds), slack=tuple(slack), **told)


def _answer(tracks: list[Track], target: Path, language: Language) -> dict[str, Any]:
    try:
        return {"joined": asdict(join(tracks, target, language, _arrivals()))}
    except Damaged as damaged:
        return {"damaged": str(damaged)}
    except OSError as error:
        return {"error": [error.errno, error.strerror]}


def _arrivals() -> Callable[[Path], None]:
    """What blocks until a file is whole; ends the process when no more files will be."""
    here = set[str]()

    def wait(path: Path) -> None:
        while str(path) not in here:
            here.add(json.loads(sys.stdin.readline() or sys.exit(0)))

    return wait


if __name__ == "__main__":
    main()
