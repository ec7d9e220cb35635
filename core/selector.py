"""Reads what people type to name episodes: `TITLE S01E03-E07,E10`, `TITLE missing`, a URL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .errors import NotFound
from .models import Number

_PART = re.compile(
    r"(?i)^(?:missing|\d{1,4}|s\d{1,4}(?:e\d{1,4}(?:-e?\d{1,4})?(?:,e?\d{1,4}(?:-e?\d{1,4})?)*)?)$"
)
_SEASON = re.compile(r"(?i)^s(\d+)(?:e(.+))?$")
_SPAN = re.compile(r"(?i)^e?(\d+)(?:-e?(\d+))?$")
_URL_PART = re.compile(r"/(?:staffel-(\d+)|filme)(?:/(?:episode|film)-(\d+))?/?$")
_MOST = 2000


@dataclass(frozen=True, slots=True)
class Selector:
    """A series by its name, key or address, and which of its episodes.

    No `season` means all of them; `absolute` is a number counted through all seasons.
    """

    series: str
    season: int | None = None
    episodes: tuple[int, ...] = ()
    absolute: int | None = None

    def picks(self, number: Number, absolute: int | None) -> bool:
        """Whether an episode is meant."""
        if self.absolute is not None:
            return absolute == self.absolute
        if self.season is None:
            return True
        return number.season == self.season and (not self.episodes or number.episode in self.episodes)


def parse(words: Sequence[str]) -> list[Selector]:
    """Read the arguments of a command; a lone `S01E03` belongs to the title before it.

    NotFound if there is no title for it.
    """
    selectors: list[Selector] = []
    fresh = False
    for word in words:
        if _PART.match(word) and selectors:
            title = selectors[-1].series
            if fresh:
                selectors.pop()
            selectors.append(_read(title, word))
            fresh = False
            continue
        title, _, part = word.rpartition(" ")
        if title and _PART.match(part):
            selectors.append(_read(title.strip(), part))
            fresh = False
            continue
        if _SEASON.match(word):
            raise NotFound(f"{word} names no series", hint='as in: anidana get "Title" S01E03')
        selectors.append(_from_address(word) if "://" in word else Selector(word.strip()))
        fresh = True
    return selectors


def _from_address(url: str) -> Selector:
    found = _URL_PART.search(url)
    if found is None:
        return Selector(url)
    return Selector(url, int(found[1] or 0), (int(found[2]),) if found[2] else ())


def _read(title: str, part: str) -> Selector:
    if part.casefold() == "missing":
        return Selector(title)
    if part.isdigit():
        return Selector(title, absolute=int(part))
    found = _SEASON.match(part)
    if found is None:
        raise NotFound(f"{part} names no episode")
    return Selector(title, int(found[1]), tuple(_numbers(found[2])) if found[2] else ())


def _numbers(text: str) -> Iterable[int]:
    for span in text.split(","):
        found = _SPAN.match(span)
        if found is None:
            raise NotFound(f"{span} names no episode")
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise NotFound(f"{span} runs backwards")
        if last - first > _MOST:
            raise NotFound(f"{span} spans more than {_MOST} episodes")
        yield from range(first, last + 1)
