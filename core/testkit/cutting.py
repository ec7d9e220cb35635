"""Cuts a recorded page down to what a parser needs, by leaving out piece after piece."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

_GRAINS = (re.compile(r"(?<=\n)"), re.compile(r"(?=<)|(?<=\n)"), re.compile(r"(?<=[;{}])"))
"""Where a page may be cut: lines, then tags, then statements of a script."""


def cut(text: str, same: Callable[[str], bool], *, most_seconds: float = 10.0) -> str:
    """The least text found for which `same` holds, as it does for the whole.

    Half of what is left goes at a time, then a quarter, and so on to single pieces, by delta
    debugging (Zeller, 2002). Ends after `most_seconds` with what there is by then.
    """
    end = time.monotonic() + most_seconds
    if same(""):
        return ""
    for grain in _GRAINS:
        text = "".join(_least([piece for piece in grain.split(text) if piece], same, end))
    return text


def _least(pieces: Sequence[str], same: Callable[[str], bool], end: float) -> list[str]:
    kept, size = list(pieces), max(1, len(pieces) // 2)
    while True:
        place, before = 0, len(kept)
        while place < len(kept):
            if time.monotonic() > end:
                return kept
            shorter = kept[:place] + kept[place + size :]
            if same("".join(shorter)):
                kept = shorter
            else:
                place += size
        if size == 1 and len(kept) == before:
            return kept
        size = max(1, size // 2)
