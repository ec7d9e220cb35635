"""Titles as they are compared: letters and digits, without the words that say nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_NO_TITLE = re.compile(r"(?:episode|folge|épisode|episodio|ep\.?|teil|part)?\s*#?\d{1,5}|第?\d{1,5}話", re.I)
_FILM_COUNT = re.compile(r"(?:the)?(?:movie|film|ova|special)\d{0,3}")
_BREAK = re.compile(r"[:–—]\s|\s-\s")


def plain(title: str) -> str:
    """A title for comparing: letters and digits only, without accents and case; empty for `Episode 12`."""
    if _NO_TITLE.fullmatch(title.strip()):
        return ""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", title).casefold()))


def own_titles(titles: Iterable[str], names: Sequence[str]) -> set[str]:
    """Titles with and without the series' name or `Movie 3` before them."""
    forms = set()
    for title in titles:
        forms.add(plain(title))
        start, *rest = _BREAK.split(title)
        while rest and _says_nothing(plain(start), names):
            forms.add(plain(" ".join(rest)))
            start, *rest = rest
    return {form for form in forms if len(form) > 2}


def _says_nothing(start: str, names: Sequence[str]) -> bool:
    own = next((start.removeprefix(name) for name in names if start.startswith(name)), start)
    return not own or bool(_FILM_COUNT.fullmatch(own))


def most_alike(one: Iterable[str], other: Iterable[str]) -> float:
    """The most that any two of these plain titles are alike, of 100."""
    other = tuple(other)
    return max((likeness(a, b) for a in one for b in other), default=0.0)


def same_titles(ours: Sequence[Iterable[str]], theirs: Sequence[Iterable[str]]) -> dict[int, int]:
    """Places here and there of titles that there are once on either side."""
    here, there = _places(ours), _places(theirs)
    return {place: there[title] for title, place in here.items() if title in there}


def _places(titles: Sequence[Iterable[str]]) -> dict[str, int]:
    places: dict[str, int] = {}
    twice: set[str] = set()
    for place, said in enumerate(titles):
        for title in filter(None, map(plain, said)):
            if places.setdefault(title, place) != place:
                twice.add(title)
    return {title: place for title, place in places.items() if title not in twice}


def likeness(one: str, other: str) -> float:
    """How alike two plain titles are, of 100; those that differ in a number are not."""
    from rapidfuzz import fuzz  # here, for the commands that need none of it

    if not one or not other or re.findall(r"\d+", one) != re.findall(r"\d+", other):
        return 0.0
    return float(fuzz.ratio(one, other))
