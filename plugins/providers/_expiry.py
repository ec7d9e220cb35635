"""Reads from a link until when its server accepts it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_START = re.compile(r"[?&][st]=(\d{1,12})(?:&|$)")
_SECONDS = re.compile(r"[?&]e=(\d{1,9})(?:&|$)")
_END = re.compile(r"[?&](?:expires=|token=[0-9a-f]{32}-|e=(?=\d{10}))(\d{1,12})(?:[&-]|$)")


def expiry(url: str) -> datetime | None:
    """The end of a link, None where it does not say.

    In Unix time: `…?s=<start>&e=<seconds valid>`, at times with `t` for the start; `…?expires=<end>`, at
    times with `e` for the end; or `…?token=<digest>-<end>-<address>-<digest>`.
    """
    start, seconds, end = _START.search(url), _SECONDS.search(url), _END.search(url)
    try:
        if start and seconds:
            return datetime.fromtimestamp(int(start[1]) + int(seconds[1]), UTC)
        return datetime.fromtimestamp(int(end[1]), UTC) if end else None
    except (OverflowError, ValueError, OSError):
        return None
