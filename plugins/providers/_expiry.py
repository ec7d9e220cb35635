"""Reads from a link until when its server accepts it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_START = re.compile(r"[?&]s=(\d{1,12})(?:&|$)")
_SECONDS = re.compile(r"[?&]e=(\d{1,9})(?:&|$)")


def expiry(url: str) -> datetime | None:
    """The end of a link of the form `…?s=<start, Unix time>&e=<seconds valid>`, None for any other."""
    start, seconds = _START.search(url), _SECONDS.search(url)
    if start is None or seconds is None:
        return None
    try:
        return datetime.fromtimestamp(int(start[1]) + int(seconds[1]), UTC)
    except (OverflowError, ValueError, OSError):
        return None
