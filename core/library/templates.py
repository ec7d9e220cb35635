"""Templates of names: what the owner may write, the presets, and how one is filled in.

Pure text: what comes out is not safe as a name yet, see naming.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter
from typing import TypeAlias

from ..errors import ConfigError
from ..settings import Naming

MOST_BYTES = 220
"""Longest name without extension: file systems take 255, sidecar suffixes and extensions need room."""

Parts: TypeAlias = tuple[tuple[str, str, str], ...]
"""A template: what stands before a field, the field, and its number format."""

Value: TypeAlias = str | int | Sequence[int] | None

_SERIES_FIELDS = frozenset({"title", "year", "key", "tmdb"})
_FIELDS = frozenset(
    {"title", "year", "key", "season", "episode", "absolute", "name", "english_title", "language", "kind"}
)
_NUMERIC = frozenset({"year", "season", "episode", "absolute"})
_SPEC = re.compile(r"(0?[1-9])?d?")
_SHORTENED_FIRST = ("name", "english_title", "title")
_LEAST_BYTES = 24
_BETWEEN = {"episode": "-E"}
"""What stands between the numbers of a file with several episodes: both servers read `S01E03-E04`."""

_TO_BLANK = frozenset("/\\|:")
_FORBIDDEN = frozenset('<>"?*')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co"})
"""Control, format (text direction among them), surrogate and private-use characters."""

_NOTHING = "\0"
_EMPTIED = re.compile(
    r"\s*(?:-\s*)?(?:\(\s*\0\s*\)|\[\s*(?:\w{1,12}[-=])?\0\s*\]|\{\s*(?:\w{1,12}[-=])?\0\s*\}|\0)"
)


@dataclass(frozen=True, slots=True)
class Templates:
    """One template per kind of name; `season` may be empty, or several folders."""

    series: str
    season: str
    episode: str
    special: str
    film: str


_PRESETS = {
    "jellyfin": (
        "{title} ({year}) [tmdbid-{tmdb}]",
        "Season {season:02d}",
        "{title} S{season:02d}E{episode:02d} - {name}",
    ),
    "kodi": (
        "{title} ({year})",
        "Season {season:02d}",
        "{title} - S{season:02d}E{episode:02d} - {name}",
    ),
    "predecessor": (
        "{title} ({year})",
        "Season {season}",
        "{title} - S{season:02d}E{episode:03d} - ({language})",
    ),
}
"""Series, season and episode; what no template of its own names is named like an episode."""


def templates(naming: Naming) -> Templates:
    """The templates in force: the owner's own, else those of the preset."""
    series, season, episode = _PRESETS[naming.preset]
    episode = naming.episode if naming.episode is not None else episode
    special = naming.special if naming.special is not None else episode
    return Templates(
        series=naming.series if naming.series is not None else series,
        season=naming.season if naming.season is not None else season,
        episode=episode,
        special=special,
        film=naming.film if naming.film is not None else special,
    )


def season_parts(chosen: Templates) -> list[str]:
    """The templates of the folders between series and file; none if the setting is empty."""
    return chosen.season.split("/") if chosen.season else []


def check_templates(naming: Naming) -> None:
    """Find a wrong template before anything is fetched; ConfigError names it and the field."""
    chosen = templates(naming)
    for part in season_parts(chosen):
        _parse(part, "season")
    for setting in ("series", "episode", "special", "film"):
        _parse(getattr(chosen, setting), setting)


@lru_cache(2048)  # a series' title comes again with every episode
def clean(text: str) -> str:
    """A page's text without what has no place in a file name; may be empty.

    No control or direction characters, none that Windows forbids, no dashes or dots before, no
    dots after, single blanks, NFC.
    """
    text = "".join(map(_plain, text))
    text = re.sub(r" +", " ", unicodedata.normalize("NFC", text))
    # Windows strips blanks before it looks for a device: `NUL .txt` is one.
    return text.replace(" .", ".").lstrip(" .-").rstrip(" .")


def fill(template: str, setting: str, values: Mapping[str, Value], most_units: int | None = None) -> str:
    """Fill in a template; long titles give way, so that numbers and year stay.

    `most_units` is room in UTF-16 units, as Windows counts, besides the limit in bytes. Raises
    ConfigError for a wrong template.
    """
    parts = _parse(template, setting)
    cleaned = {field: clean(value) if isinstance(value, str) else value for field, value in values.items()}
    _shorten(cleaned, parts, "utf-8", MOST_BYTES)
    if most_units is not None:
        _shorten(cleaned, parts, "utf-16-le", 2 * most_units)
    return _join(parts, cleaned)


def cut(text: str, most: int, encoding: str = "utf-8") -> str:
    """The beginning of a text that takes so many bytes, whole characters only."""
    return text.encode(encoding, "replace")[: max(most, 0)].decode(encoding, "ignore").rstrip(" .")


def units(text: str) -> int:
    """How long Windows takes a text to be."""
    return len(text.encode("utf-16-le", "replace")) // 2


def wrong(setting: str, what: str, hint: str = "") -> ConfigError:
    """The error about one of these settings."""
    return ConfigError(f"setting library.naming.{setting}: {what}", hint=hint)


def _plain(char: str) -> str:
    if char.isspace() or char in _TO_BLANK:
        return " "
    return "" if char in _FORBIDDEN or unicodedata.category(char) in _INVISIBLE else char


def _shorten(values: dict[str, Value], parts: Parts, encoding: str, most: int) -> None:
    for field in _SHORTENED_FIRST:
        excess = len(_join(parts, values).encode(encoding, "replace")) - most
        text = values.get(field)
        if excess > 0 and isinstance(text, str):
            values[field] = cut(text, max(len(text.encode(encoding)) - excess, _LEAST_BYTES), encoding)


def _join(parts: Parts, values: Mapping[str, Value]) -> str:
    """Put the parts together; a value that is missing takes its brackets and blanks with it."""
    text = ""
    for literal, field, spec in parts:
        text += literal.replace(_NOTHING, "")
        if field:
            text += _shown(field, values.get(field), spec)
    return _EMPTIED.sub("", text)


def _shown(field: str, value: Value, spec: str) -> str:
    if value is None or value == "" or value == ():
        return _NOTHING
    if isinstance(value, str | int):
        return format(value, spec)
    return _BETWEEN.get(field, "-").join(format(one, spec) for one in value)


@lru_cache(64)
def _parse(template: str, setting: str) -> Parts:
    """A template taken apart; ConfigError if we cannot fill it in."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise wrong(setting, str(error)) from None
    known = _SERIES_FIELDS if setting == "series" else _FIELDS
    for _, field, spec, conversion in parts:
        if field is not None and field not in known:
            raise wrong(setting, f"unknown field {{{field}}}", f"known are {', '.join(sorted(known))}")
        if conversion or (spec and (field not in _NUMERIC or not _SPEC.fullmatch(spec))):
            raise wrong(setting, f"{{{field}}} takes no such format", "numbers take :02d, texts none")
    fields = {field for _, field, _, _ in parts}
    if setting == "series" and not fields & {"title", "key"}:
        raise wrong(setting, "it needs {title} or {key}: each series has a folder of its own")
    if setting in ("episode", "special", "film") and "episode" not in fields:
        raise wrong(setting, "it needs {episode}: each episode has a file of its own")
    if "/" in template or not template.strip(" ."):
        raise wrong(setting, "a / makes folders in `season` only, and only between two names")
    return tuple((text, field or "", spec or "") for text, field, spec, _ in parts)
