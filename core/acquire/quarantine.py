"""Keeps the last few files that were found damaged, for who wants to see what a host sends."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from ..library.naming import clean

log = logging.getLogger(__name__)

MOST_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A folder for at most `most` damaged files, on one file system with what is moved there."""

    folder: Path
    most: int

    def keep(self, joined: Path, whose: str, why: str) -> None:
        """Move a video here, named after host and reason, or its largest part where nothing was joined.

        The oldest give way. Trouble with the disk is logged: it costs nobody the episode.
        """
        name = " - ".join(clean(text)[:MOST_CHARACTERS] for text in (whose, why))
        try:
            if not joined.is_file() or not joined.stat().st_size:
                joined = max(joined.parent.iterdir(), key=lambda part: part.stat().st_size)
            self.folder.mkdir(parents=True, exist_ok=True)
            joined.replace(self.folder / f"{name}{joined.suffix}")
            kept = sorted(self.folder.iterdir(), key=lambda one: one.stat().st_mtime_ns, reverse=True)
            for old in kept[self.most :]:
                old.unlink()
        except (OSError, ValueError) as error:  # ValueError: nothing came at all
            log.warning("a damaged file is not kept in %s: %s", self.folder, error)
