"""Reads WebVTT subtitles as they come in HLS (RFC 8216, 3.5): pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_CUES = 20_000

_TIME = r"(?:(\d{1,4}):)?(\d\d):(\d\d)\.(\d{3})"
_TIMING = re.compile(rf"{_TIME}[ \t]{{1,9}}-->[ \t]{{1,9}}{_TIME}(?:[ \t].*)?")
_LOCAL = re.compile(rf"LOCAL:{_TIME}")
_MPEGTS = re.compile(r"MPEGTS:(\d{1,12})")
_TAG = re.compile(r"<(/?[biu])(?:\.[^<>]*)?>|<[^<>]*>")
_CLOCK = 90_000


@dataclass(frozen=True, slots=True)
class Cue:
    """A text and when it is seen, in seconds.

    On the video's own clock where the file says how the two hang together (`mapped`), else from
    the start of the whole. The text may hold `<i>`, `<b>` and `<u>`.
    """

    start: float
    end: float
    text: str
    mapped: bool

    @property
    def plain(self) -> str:
        """The text without any mark-up."""
        return _TAG.sub("", self.text)


def is_webvtt(head: bytes) -> bool:
    """Whether a file that begins so is WebVTT."""
    return re.match(rb"(?:\xef\xbb\xbf)?WEBVTT(?:[ \t\r\n]|$)", head) is not None


def read(text: str) -> tuple[Cue, ...]:
    """The cues of one file, in its order; what is no cue is passed over."""
    blocks = re.split(r"\n\n+", text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    ahead = _ahead(blocks[0])
    found = (_cue(block.split("\n"), ahead) for block in blocks[: MOST_CUES + 1])
    return tuple(cue for cue in found if cue is not None)


def _ahead(header: str) -> float | None:
    """How far the video's clock is ahead of the cues'; None if it is not said."""
    line = next((line for line in header.split("\n") if line.startswith("X-TIMESTAMP-MAP=")), "")
    local, mpegts = _LOCAL.search(line), _MPEGTS.search(line)
    if local is None or mpegts is None:
        return None
    return int(mpegts[1]) / _CLOCK - _seconds(*local.groups())


def _cue(lines: list[str], ahead: float | None) -> Cue | None:
    for number, line in enumerate(lines[:2]):  # a name may stand before the times
        if (timing := _TIMING.fullmatch(line.strip())) is None:
            continue
        start, end = (_seconds(*timing.groups()[first : first + 4]) for first in (0, 4))
        shown = "\n".join(_lines(lines[number + 1 :]))
        if not shown or end <= start:
            return None
        return Cue(start + (ahead or 0.0), end + (ahead or 0.0), shown, ahead is not None)
    return None


def _lines(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if text := html.unescape(_TAG.sub(lambda tag: f"<{tag[1]}>" if tag[1] else "", line)).strip():
            yield "".join(letter for letter in text if letter >= " ")


def _seconds(hours: str | None, minutes: str, seconds: str, thousandths: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(thousandths) / 1000
