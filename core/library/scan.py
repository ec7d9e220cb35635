"""What is already in the library: video files and the episodes they hold, told by their names.

Nothing is written and nothing is guessed: a folder that cannot be read is an error, never an
empty one, or everything in it would be fetched again.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..models import Number
from .folders import disk_errors

log = logging.getLogger(__name__)

EXTENSIONS = frozenset({".mkv", ".mp4", ".avi", ".webm", ".m4v", ".mov", ".ts", ".wmv"})
"""What counts as a video, whoever put it there."""

MOST_DEPTH = 4
MOST_IN_ONE_FILE = 50

_SXXEYY = re.compile(
    r"(?<![a-z0-9])s(\d{1,4})[ ._-]?e(\d{1,4})(?:-?e(\d{1,4})|-(\d{2,3})(?![a-z0-9]))?", re.IGNORECASE
)
_CROSS = re.compile(r"(?<![a-z0-9])(\d{1,2})x(\d{2,4})(?![a-z0-9])", re.IGNORECASE)
_SEASON_FOLDER = re.compile(r"(?:season|staffel|s)[ ._-]*(\d{1,4})", re.IGNORECASE)
_SPECIALS = frozenset({"specials", "special", "filme", "movies"})
_EPISODE_ONLY = re.compile(
    r".*?(?<![a-z])(?:episode|folge|film|ep|e)[ ._-]*(\d{1,4})(?!\d)|(\d{1,3})(?=[ ._-]|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A video in the library: bytes, and when it was last changed in nanoseconds."""

    path: Path
    size: int
    mtime_ns: int


def scan_series(folder: Path) -> dict[Number, FoundFile]:
    """The episodes in one series' folder; of two files for one episode the larger counts.

    Hidden and empty files are passed over, and so are links that lead out of the library. Raises
    SetupError if the library is not there or a folder cannot be read.
    """
    library = folder.parent
    with disk_errors(folder):
        if not os.path.lexists(folder):
            os.scandir(library).close()
            return {}
        found: dict[Number, FoundFile] = {}
        for file in _videos(folder, library.resolve(), MOST_DEPTH):
            for number in numbers(file.path.relative_to(folder)):
                if number not in found or found[number].size < file.size:
                    found[number] = file
    return found


def numbers(relative: PurePath) -> tuple[Number, ...]:
    """The episodes that a video holds by its name, below its series' folder; none if it does not say.

    The file's name decides; the season's folder helps where the name has an episode number only.
    """
    if found := _SXXEYY.search(relative.stem):
        season, first = int(found[1]), int(found[2])
        last = int(found[3] or found[4] or first)
        count = last - first + 1 if first <= last < first + MOST_IN_ONE_FILE else 1
        return tuple(Number(season, first + step) for step in range(count))
    if found := _CROSS.search(relative.stem):
        return (Number(int(found[1]), int(found[2])),)
    season_of_folder = _season(relative.parent.name)
    if season_of_folder is not None and (found := _EPISODE_ONLY.match(relative.stem)):
        return (Number(season_of_folder, int(found[1] or found[2])),)
    return ()


def _season(folder: str) -> int | None:
    if folder.strip().casefold() in _SPECIALS:
        return 0
    found = _SEASON_FOLDER.fullmatch(folder.strip())
    return int(found[1]) if found else None


def _videos(folder: Path, library: Path, depth: int) -> Iterator[FoundFile]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = Path(entry.path)
            if entry.name.startswith(".") or not _stays(entry, library):
                continue
            if entry.is_dir():
                if depth > 1:
                    yield from _videos(path, library, depth - 1)
            elif path.suffix.casefold() in EXTENSIONS and entry.is_file():
                status = entry.stat()
                if status.st_size:
                    yield FoundFile(path, status.st_size, status.st_mtime_ns)


def _stays(entry: os.DirEntry[str], library: Path) -> bool:
    if not entry.is_symlink():
        return True
    link = Path(entry.path)
    target = link.resolve()
    if target.is_relative_to(library) and not link.parent.resolve().is_relative_to(target):
        return True
    log.warning("%s leads out of the library, or in a circle: it is not looked at", link)
    return False
