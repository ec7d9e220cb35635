"""Files that are still on their way, for one thread that wants them in order."""

from __future__ import annotations

import threading
from pathlib import Path


class Stopped(Exception):
    """Whoever wanted the video does not want it any more."""


class Arrivals:
    """What has come so far; added to on the event loop, waited for on a thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._here = set[Path]()
        self._stopped = False

    def add(self, *paths: Path) -> None:
        """These files are whole."""
        with self._changed:
            self._here.update(paths)
            self._changed.notify_all()

    def stop(self) -> None:
        """Nothing more is wanted: who waits, or comes to wait, is sent home."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def check(self) -> None:
        """Stopped if nothing more is wanted."""
        if self._stopped:
            raise Stopped

    def wait(self, path: Path) -> None:
        """Return once the file is whole; Stopped soon after `stop`. Blocks: call it in a thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or path in self._here)
        self.check()
