"""What happens to a job, told to whoever shows it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..models import Attempt

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Staged:
    """A job went on to another stage; `text` says what came of it where it ended."""

    job_id: int
    label: str
    stage: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """Bytes of a job arrived; `total` is None while unknown."""

    job_id: int
    label: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Tried:
    """A mirror of a job was tried."""

    job_id: int
    label: str
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Told:
    """A media server was told about files of a series; without `error` it lists them by now."""

    server: str
    series: str
    files: int
    error: str = ""


Event: TypeAlias = Staged | Moved | Tried | Told
Listener: TypeAlias = Callable[[Event], None]
"""Called on the event loop; must not block."""


def guarded(listen: Listener) -> Listener:
    """A listener that never hurts a job: once it fails, it is logged and not asked again."""
    broken = False

    def hear(event: Event) -> None:
        nonlocal broken
        if broken:
            return
        try:
            listen(event)
        except Exception:
            broken = True
            log.warning("whoever shows the progress has failed; the work goes on", exc_info=True)

    return hear


def ignore(event: Event) -> None:
    """Listen to nothing."""
