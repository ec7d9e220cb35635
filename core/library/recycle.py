"""Where files of ours wait that were replaced in the library: a hidden folder in it, with one folder per day.

The day is in the folder's name, for a file keeps its own times. What is not named like that is never touched.
"""

from __future__ import annotations

import logging
import os
import shutil
from datetime import date, timedelta
from itertools import count
from pathlib import Path, PurePath

log = logging.getLogger(__name__)


def place_for(relative: PurePath, recycle: Path, today: date) -> Path:
    """Where a file goes by its path in the library: a name that nothing has yet."""
    path = recycle / today.isoformat() / relative
    numbered = (path.with_stem(f"{path.stem} ({number})") for number in count(2))
    return path if not os.path.lexists(path) else next(one for one in numbered if not os.path.lexists(one))


def empty(recycle: Path, days: int, today: date) -> list[Path]:
    """Remove what was put there more than `days` ago; 0 keeps everything. Returns the folders that went.

    Trouble with the disk is logged: old files in the way cost nobody an episode.
    """
    removed = []
    try:
        here = days and recycle.is_dir() and not recycle.is_symlink()
        for folder in sorted(recycle.iterdir()) if here else ():
            day = _day(folder.name)
            if day is not None and day < today - timedelta(days=days) and not folder.is_symlink():
                shutil.rmtree(folder)
                removed.append(folder)
    except OSError as error:
        log.warning("%s is not emptied: %s", recycle, error)
    return removed


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return None
    return day if day.isoformat() == name else None
