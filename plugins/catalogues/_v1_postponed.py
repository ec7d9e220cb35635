"""Reads the post in which the first page generation lists postponed episodes.

It is written by hand and edited in place, so all that is not an entry is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from anidana.core import Page

from ._page import Document, cls, plain
from ._site import Site

_RULE = re.compile(r"-{10,}")
_WHICH = re.compile(r"^[^\w\n]{0,5}S([0-9]{1,3})\s{0,5}(?:E([0-9]{1,5}))?\s{0,5}(\+)?\s*$", re.I)
_DAY = r"([0-9]{1,2})\.\s?([0-9]{1,2})\.?(?:[0-9]{4}|[0-9]{2})?"
_MOVED = re.compile(rf"^\W{{0,5}}(?:{_DAY}|\?)\s*[▼▲►]\s*(?:{_DAY})?")
_TRACK = re.compile(r"[\[(](Sub|Dub)[\])]", re.I)
_SIGNS = "⚠🚨ℹ📅•‼❗🔔\ufe0f \t"


class Day(NamedTuple):
    """A day of the year; the post names no years."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Postponement:
    """An episode, or all that follow it, moved from one day to another.

    `old` or `new` is None while nobody knows it; `episode` is None where a whole season is meant; `note` is
    the block of the post that it stands in.
    """

    title: str
    season: int
    episode: int | None
    and_following: bool
    track: Literal["sub", "dub"] | None
    old: Day | None
    new: Day | None
    note: str


def read_postponements(page: Page, site: Site) -> tuple[Postponement, ...]:
    """Read `/support/frage/anime-verschiebungen`; empty if nothing is postponed."""
    article = Document(page, site).whole(f"//{cls('article', 'supportFAQArticle')}", "the post")
    for line_break in article.iter("br"):
        line_break.tail = f"\n{line_break.tail or ''}"
    text = "\n".join(str(paragraph.text_content()) for paragraph in article.iter("p"))
    return tuple(entry for block in _RULE.split(text) for entry in _entries(block))


def _entries(block: str) -> Iterator[Postponement]:
    """The entries of a block: a title, below it which episode, below that the days."""
    lines = [line for part in block.splitlines() if (line := plain(part))]
    heading, which = "", None
    for above, line in zip(["", *lines], lines, strict=False):
        if (found := _WHICH.match(line)) is not None:
            heading = above if which is None else heading
            which = found
        elif which is not None and (moved := _MOVED.match(line)) is not None:
            yield Postponement(
                plain(_TRACK.sub("", heading)).strip(_SIGNS),
                int(which[1]),
                int(which[2]) if which[2] else None,
                which[3] is not None,
                _track(line) or _track(heading),
                _day(moved[1], moved[2]),
                _day(moved[3], moved[4]),
                "\n".join(lines),
            )


def _track(text: str) -> Literal["sub", "dub"] | None:
    found = _TRACK.search(text)
    if found is None:
        return None
    return "sub" if found[1].lower() == "sub" else "dub"


def _day(day: str | None, month: str | None) -> Day | None:
    if day is None or month is None or not (1 <= int(day) <= 31 and 1 <= int(month) <= 12):
        return None
    return Day(int(month), int(day))
