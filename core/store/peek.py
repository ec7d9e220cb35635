"""What the last scan left in an SQLite store, read without the database layer: that takes half a second."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

GOOD_FOR = timedelta(days=1)
"""After this time a scan is made in any case: some folders are read again by turns."""


class LastScan(NamedTuple):
    """The library's root, and its folders with their times of change."""

    root: str
    folders: dict[str, int]


def mark(data: Path) -> str:
    """Stands for the settings as they are now: another mark may mean another library or store."""
    digest = hashlib.sha256()
    try:
        digest.update((data / "config.json").read_bytes())
    except OSError:
        digest.update(b"\0")
    for name, value in sorted(os.environ.items()):
        if name.upper().startswith("ANIDANA__") or name in ("ANIME_DIRECTORY", "DATABASE_URL"):
            digest.update(f"\0{name}={value}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def last_scan(data: Path) -> LastScan | None:
    """What the last scan saw, if it is recent and the settings are still the same; None in any doubt."""
    file = data / "anidana.db"
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as store:
            facts = "SELECT library_root, library_mark, library_read_at FROM system_settings"
            root, said, at = store.execute(facts).fetchone() or (None, None, None)
            if root is None or at is None or said != mark(data) or _age(at) > GOOD_FOR:
                return None
            return LastScan(root, dict(store.execute("SELECT path, mtime_ns FROM library_folders")))
    except (sqlite3.Error, ValueError, TypeError):
        return None


def _age(moment: str) -> timedelta:
    return abs(datetime.now(UTC) - datetime.fromisoformat(moment).replace(tzinfo=UTC))
