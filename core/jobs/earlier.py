"""What earlier files tell of the next one: which it may replace, how large and how long it will be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path, PurePosixPath
from statistics import median

from ..library.naming import under
from ..library.place import Ours
from ..models import Number, SeriesFacts
from ..settings import Library
from ..store.tables import EpisodeFile

ENOUGH_FILES = 3
"""So many files of a series say how long the next episode is."""

REPLACES = "replaces"
"""Under this name a planned file remembers the size of the one whose place it takes."""


def ours(earlier: EpisodeFile | None, target: Path, library: Path, settings: Library, today: date) -> Ours:
    """How a file of ours at `target` is told from others: by its entry in the store.

    A run that was killed while it filed has entered the new file, and the old one may still be there.
    """
    sizes = frozenset[int]()
    if earlier is not None and earlier.path == str(target):
        sizes = frozenset({earlier.size, earlier.media.get(REPLACES, earlier.size)})
    return Ours(sizes, under(library, PurePosixPath(settings.recycle)), today)


def expected_size(series_id: int, files: Sequence[tuple[int, EpisodeFile]]) -> int:
    """Bytes that an episode will probably have: as files of its series, else of all; 0 if there are none."""
    alike = [file.size for id_, file in files if id_ == series_id]
    return int(median(alike or [file.size for _, file in files] or [0]))


def expected_seconds(
    number: Number, facts: SeriesFacts | None, series_id: int, files: Sequence[tuple[int, EpisodeFile]]
) -> float | None:
    """How long an episode will be by its metadata, else as three or more files of its series are.

    None if neither says, and for season 0: no two of its films and specials are of one length, and their
    numbers may be others there.
    """
    if number.season == 0:
        return None
    known = facts.episodes.get(number) if facts is not None else None
    if known is not None and known.minutes:
        return known.minutes * 60.0
    alike = [file.seconds for id_, file in files if id_ == series_id]
    return median(alike) if len(alike) >= ENOUGH_FILES else None
