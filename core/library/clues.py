"""What a folder says about the series in it: its NFO, the predecessor's files, its name. Nothing is written.

All of it is foreign: sizes are bounded, XML opens nothing, and what cannot be read is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Damaged

MOST_BYTES = 1024 * 1024

_TAG = re.compile(r"[\[{(](tmdb|tvdb|imdb)(?:id)?[-=: ]((?:tt)?\d{1,10})[\]})]", re.IGNORECASE)
_YEAR = re.compile(r"\((\d{4})(?:-\d{0,4})?\)")
_BRACKETS = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known before anybody was asked.

    `titles` are the best first. `ids` are by source, a catalogue's own key by its name. `key` and
    `site` are what the predecessor stored, `missing` the episodes it missed, by season.
    """

    titles: tuple[str, ...]
    year: int | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    site: str = ""
    missing: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


def read_clues(folder: Path) -> Clues:
    """Everything that a series' folder says."""
    title, year, ids = of_name(folder.name)
    nfo_titles, nfo_year, nfo_ids = _of_nfo(folder / "tvshow.nfo")
    old = _of_data(folder / "data")
    key = str(old.get("key") or "") or _text(folder / "key").partition("\n")[0].strip()
    titles = dict.fromkeys(one for one in (*nfo_titles, title, str(old.get("name") or "")) if one)
    return Clues(
        tuple(titles),
        nfo_year or year or whole(old.get("year")),
        {**ids, **nfo_ids},
        key[:255],
        str(old.get("site") or "")[:500],
        episodes_of(old.get("episodeDict")),
    )


def of_name(name: str) -> tuple[str, int | None, dict[str, str]]:
    """Title, year and ids in a folder's name: `Title (2019) [tmdbid-123]`."""
    ids = {source.lower(): value for source, value in _TAG.findall(name)}
    year = _YEAR.search(name)
    title = _BRACKETS.sub(" ", _YEAR.sub(" ", _TAG.sub(" ", name)))
    if " " not in title.strip():
        title = re.sub(r"[._]", " ", title)
    return " ".join(title.split()), int(year[1]) if year else None, ids


def episodes_of(value: object) -> dict[int, tuple[int, ...]]:
    """The predecessor's `episodeDict`: JSON has made texts of its seasons."""
    if not isinstance(value, dict):
        return {}
    seasons = {whole(season): numbers for season, numbers in value.items() if isinstance(numbers, list)}
    return {
        season: tuple(number for one in numbers[:5000] if (number := whole(one)) is not None)
        for season, numbers in seasons.items()
        if season is not None
    }


def whole(value: object) -> int | None:
    """A whole number that is none too large, from JSON or XML."""
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None


def _of_nfo(file: Path) -> tuple[list[str], int | None, dict[str, str]]:
    """Titles, year and ids in a `tvshow.nfo`, or nothing of what is no XML."""
    text = _bytes(file)
    if not text:
        return [], None, {}
    from lxml import etree  # 50 ms, and most folders have no use for it

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None or root.tag != "tvshow":
        return [], None, {}
    said: dict[str, str] = {}
    ids: dict[str, str] = {}
    for child in root.iterchildren("*"):
        value = (child.text or "").strip()
        if child.tag == "uniqueid" and value:
            ids.setdefault(str(child.get("type", "")).lower(), value)
        elif value:
            said.setdefault(str(child.tag), value)
    for source in ("tmdb", "tvdb", "imdb"):
        if value := said.get(f"{source}id") or said.get(f"{source}_id", ""):
            ids.setdefault(source, value)
    year = whole(said.get("year")) or whole((said.get("premiered") or "")[:4])
    return [said[name] for name in ("title", "originaltitle") if name in said], year, ids


def _of_data(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(_text(file) or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(file: Path) -> str:
    return _bytes(file).decode("utf-8", "replace").lstrip("\ufeff")


def _bytes(file: Path) -> bytes:
    """What a small file holds; nothing of one that is large, or is not there, or is no file."""
    try:
        if not file.is_file() or file.is_symlink() or file.stat().st_size > MOST_BYTES:
            return b""
        return file.read_bytes()
    except OSError:
        return b""


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object that has to be there; Damaged otherwise."""
    if not (value := _of_data(file)):
        raise Damaged(f"{file} cannot be read, or is no JSON object")
    return value
