"""What a media server sees in a library folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from ..models import Number

_VIDEOS = {".mkv", ".mp4"}
_NUMBER = re.compile(r"S(\d+)E(\d+)", re.IGNORECASE)
_XML = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=True)


@dataclass(frozen=True, slots=True)
class Shown:
    """A series or an episode as a media server lists it; an episode's `series` is its folder."""

    path: Path
    title: str
    year: int | None
    ids: Mapping[str, str]
    series: Path | None = None
    number: Number | None = None


def look(library: Path) -> Iterator[Shown]:
    """Series that have a `tvshow.nfo`, each before its episodes; hidden names do not count."""
    for folder in sorted(library.iterdir()):
        nfo = folder / "tvshow.nfo"
        if folder.name.startswith(".") or not nfo.is_file():
            continue
        root = etree.parse(nfo, _XML).getroot()
        if root is None:
            continue
        yield Shown(
            folder,
            root.findtext("title") or folder.name,
            int(root.findtext("year") or 0) or None,
            {one.get("type", ""): one.text or "" for one in root.iterfind("uniqueid")},
        )
        for file in sorted(folder.rglob("*")):
            found = _NUMBER.search(file.name)
            hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
            if found and file.suffix in _VIDEOS and not hidden:
                number = Number(int(found[1]), int(found[2]))
                yield Shown(file, file.stem, None, {}, folder, number)


def has_nfo(video: Path) -> bool:
    """Whether Kodi would take the NFO beside a video: there, and beginning as XML does."""
    nfo = video.with_suffix(".nfo")
    return nfo.is_file() and nfo.read_bytes().removeprefix(b"\xef\xbb\xbf").startswith(b"<?xml")
