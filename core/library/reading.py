"""What a video's name says about the episodes it holds, in every spelling that is common.

Names that say season and episode are read by one expression; names with a single number take
a few more; guessit is asked for the rest only, for it is three thousand times slower.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

EXTENSIONS = frozenset({
    "3gp", "asf", "avi", "divx", "dv", "evo", "f4v", "flv", "m1v", "m2ts", "m2v", "m4v", "mkv", "mov", "mp4",
    "mpe", "mpeg", "mpg", "mts", "mxf", "nsv", "nut", "nuv", "ogm", "ogv", "qt", "rm", "rmvb", "tp", "ts",
    "vob", "webm", "wmv", "wtv", "xvid",
})  # fmt: skip
"""What counts as a video, whoever put it there."""

MOST_IN_ONE_FILE = 50

_EXTRA = re.compile(
    r"(?:^|[-._])(?:trailer|sample|featurette|interview|scene|short|clip|deleted|behindthescenes|deletedscene"
    r"|extra|other)$|^(?:theme|intro)$",
    re.IGNORECASE,
)

_SXXEYY = re.compile(r"(?<![A-Za-z0-9])[Ss](\d{1,4})[ ._-]{0,3}[Ee][Pp]?[ ._-]?(\d{1,4})(?!\d)")
_MORE = re.compile(
    r"[ ._+&,-]{0,3}(?:[Ss]\d{1,4})?[Ee][Pp]?(\d{1,4})(?![\dA-Za-df-oq-z])|-(\d{2,4})(?![\dA-Za-z])"
)
_CROSS = re.compile(r"(?<![A-Za-z0-9])(\d{1,2})[xX](\d{2,4})(?![\dA-WYZa-wyz])")
_MORE_CROSS = re.compile(r"(?:-(?:\d{1,2}[xX])?|[xX])(\d{2,4})(?![\dA-WYZa-wyz])")
_WORDS = re.compile(
    r"(?<![a-z])(?:season|staffel|saison)[ ._-]{0,3}(\d{1,4})[ ._,-]{0,3}"
    r"(?:episode|folge|ep|e|f)[ ._-]{0,3}(\d{1,4})(?:[-+&](\d{1,4}))?(?![\da-z])"
    r"|(?<![a-z\d])s(\d{1,2})[ ._-]{1,3}(\d{2,4})(?:-(\d{2,4}))?(?=[ ._]|$)",
    re.IGNORECASE,
)
_FOLDER_SEASON = re.compile(
    r"(?<![a-z])(?:season|staffel|saison|stagione|temporada|seizoen|series)[ ._-]{0,3}(\d{1,4})(?!\d)"
    r"|^s[ ._-]?(\d{1,4})$|^(\d{1,2})(?:st|nd|rd|th|\.)?[ ._-]{0,2}(?:season|staffel|saison)|^(\d{1,2})$",
    re.IGNORECASE,
)
_SPECIALS = frozenset({"specials", "special", "filme", "film", "movies", "movie"})

_BRACKETS = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}")
_NAMED = re.compile(
    r"(?<![a-z\d])(?:(film|movie|specials?|sp)|episode|folge|ep|e|#)[ ._-]{0,3}(\d{1,4})(?:[-+&](\d{1,4}))?"
    r"(?:v\d)?(?![\da-z])",
    re.IGNORECASE,
)
_DASHED = re.compile(r"[ _.]-[ _.](\d{1,4})(?:[-~+&](\d{1,4}))?(?:v\d)?(?=[ ._]|$)")
_LEADING = re.compile(r"(\d{1,4})(?:[-+&](\d{1,4}))?(?:v\d)?(?=[ ._-]|$)")
_BRACKETED = re.compile(r"\[(\d{2,3})(?:-(\d{2,3}))?(?:v\d)?\]")
_TRAILING = re.compile(r"(?:^|(?<! of)(?<!von)[ ._])(\d{2,4})(?:[-+&](\d{2,4}))?(?:v\d)?$")
_OWN_COUNT = re.compile(
    r"(?<![a-z])(?:ovas?|oads?|ona|ncop|nced|pv|cm|menu|trailer|teaser|preview"
    r"|making[ ._]of|interview)(?![a-z])",
    re.IGNORECASE,
)
"""What is counted apart: its number is not the catalogue's."""


class Reading(NamedTuple):
    """Episodes `first` to `last` of a season; without a season they are counted through all of them."""

    season: int | None
    first: int
    last: int


def is_extra(stem: str) -> bool:
    """Whether a video goes with others, as trailers and samples do."""
    return _EXTRA.search(stem, max(0, len(stem) - 20)) is not None


def read(name: str, folder: str = "", *, ask: bool = True) -> Reading | None:
    """The episodes that a file's name tells; None if it does not say.

    `folder` is its path below the library: the first part is the series' folder, the others may name
    the season. Without `ask`, guessit is left out.
    """
    stem = name.rpartition(".")[0] or name
    if found := _SXXEYY.search(stem):
        return _several(_MORE, stem, found)
    if found := _CROSS.search(stem):
        return _several(_MORE_CROSS, stem, found)
    return _read_slowly(stem, folder) or (_guess(stem, folder) if ask else None)


def _several(more: re.Pattern[str], stem: str, found: re.Match[str]) -> Reading:
    season, first = int(found[1]), int(found[2])
    last, end = first, found.end()
    while following := more.match(stem, end):
        last, end = int(following[following.lastindex or 1]), following.end()
    return _reading(season, first, last)


def _reading(season: int | None, first: int, last: int) -> Reading:
    return Reading(season, first, last if first <= last < first + MOST_IN_ONE_FILE else first)


def _read_slowly(stem: str, folder: str) -> Reading | None:
    if found := _WORDS.search(stem):
        first, *numbers = (int(group) for group in found.groups() if group)
        return _reading(first, numbers[0], numbers[-1])
    rest = _without_title(stem, folder.partition("/")[0])
    season = season_of(folder)
    if found := _NAMED.search(rest):
        if not _is_year(found[2]) and not _OWN_COUNT.search(rest, 0, found.start()):
            return _reading(0 if found[1] else season, int(found[2]), int(found[3] or found[2]))
        return None
    for found in (
        _DASHED.search(rest),
        _LEADING.match(rest),
        _TRAILING.search(rest),
        _BRACKETED.search(stem),
    ):
        if found and not _is_year(found[1]) and not _OWN_COUNT.search(rest, 0, found.start()):
            return _reading(season, int(found[1]), int(found[2] or found[1]))
    return None


def _without_title(stem: str, series_folder: str) -> str:
    """The stem without brackets and without the series' own title, whose numbers count nothing."""
    rest = _BRACKETS.sub(" ", stem).strip(" ._")
    title = _title(series_folder)
    found = title.match(rest) if title else None
    # The dash after a title stays: it says that a number follows.
    return " " + rest[found.end() :] if found else rest.strip(" ._-")


@lru_cache(maxsize=4096)
def _title(series_folder: str) -> re.Pattern[str] | None:
    words = re.findall(r"\w+", _BRACKETS.sub(" ", series_folder))
    # `[\W_]` and words exclude each other: the expression is linear.
    text = r"[\W_]+".join(re.escape(word) for word in words)
    return re.compile(rf"[\W_]*{text}(?![^\W_])", re.IGNORECASE) if words else None


@lru_cache(maxsize=4096)
def season_of(folder: str) -> int | None:
    """The season that a path below the library names, by its last part that names one."""
    for part in reversed(folder.split("/")[1:]):
        name = part.strip().casefold()
        if name in _SPECIALS:
            return 0
        if found := _FOLDER_SEASON.search(name):
            return int(next(group for group in found.groups() if group))
    return None


def _is_year(digits: str) -> bool:
    return len(digits) == 4 and 1900 <= int(digits) < 2100


def _guess(stem: str, folder: str) -> Reading | None:
    """What guessit makes of a name, where it is sure of an episode."""
    rest = _without_title(stem, folder.partition("/")[0]).strip()
    if not any(char.isdigit() for char in stem) or _OWN_COUNT.search(stem) or not rest:
        return None
    from guessit import guessit  # 0.15 s, and most libraries never need it
    from guessit.api import GuessitException

    whole = rest == stem or not _BRACKETS.search(stem)
    try:
        said = guessit(rest if whole else stem, {"type": "episode"})
    except GuessitException:
        return None
    episodes = said.get("episode")
    numbers = [episodes] if isinstance(episodes, int) else list(episodes or ())
    if not numbers or "episode_details" in said or _is_year(str(numbers[0])):
        return None
    season = said.get("season")
    return _reading(season if isinstance(season, int) else season_of(folder), numbers[0], numbers[-1])
