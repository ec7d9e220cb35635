"""Reads NFO files, whoever wrote them: what one lacks, and ours joined with what others added.

They are foreign input: entities, other encodings than the usual, megabytes and deep nesting are
refused. A file may hold several roots, one for each episode of its video, and an address after them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from ..errors import Damaged

MOST_BYTES = 1024 * 1024

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "tvshow": (
        *("title", "originaltitle", "plot", "premiered", "year", "status", "runtime", "genre", "studio"),
        *("country", "actor/name", "uniqueid[@type='tmdb']"),
    ),
    "season": ("seasonnumber", "title"),
    "episodedetails": (
        *("title", "season", "episode", "plot", "aired", "uniqueid", "fileinfo/streamdetails/video"),
    ),
    "movie": ("title", "plot", "premiered", "uniqueid", "fileinfo/streamdetails/video"),
}
"""Tags that a file of each kind is to have; a repair looks for what is not known yet."""

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_XML_LINE = re.compile(r"<\?xml[^<>]{0,200}\?>")
_ENCODING = re.compile(rb"<\?xml[^<>]{0,100}encoding=[\"']([A-Za-z0-9_-]{1,20})[\"']")
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})

_UNWANTED = frozenset({"episodeguide"})
"""Jellyfin adds it, and with it Kodi stops at the first episode without a file."""

_OTHER_NAMES = {"tmdbid": "tmdb", "tvdbid": "tvdb", "imdbid": "imdb", "imdb_id": "imdb", "id": "imdb"}
"""Tags that say the same as a `uniqueid`, which would go on saying what was known before."""


def lacks(data: bytes) -> tuple[str, ...]:
    """Required tags that a file does not have, none if it is locked; Damaged if it cannot be read."""
    roots = _roots(_read(data))
    if any(map(_locked, roots)):
        return ()
    missing = {
        path.partition("[")[0]: None
        for root in roots
        for path in REQUIRED.get(root.tag, ())
        if not any(_says(found) for found in root.iterfind(path))
    }
    return tuple(missing)


def merge(theirs: bytes, ours: bytes) -> bytes:
    """Our file with what the one that is there says besides: foreign tags, ids, ratings, episodes.

    A tag of ours takes the place of theirs. A file that is locked (`lockdata`) stays as it is.
    Damaged if theirs cannot be read, or tells of something else.
    """
    old, new = _read(theirs), _read(ours)
    rest, roots = _roots(old), _roots(new)
    if any(map(_locked, rest)):
        return theirs
    kept = False
    alone = len(rest) == len(roots) == 1
    for root in roots:
        match = next((one for one in rest if _same(one, root, alone=alone)), None)
        if match is not None:
            rest.remove(match)
            kept |= _keep(match, root)
    for root in rest:
        if root.tag != "episodedetails" or root.tag != roots[0].tag:
            raise Damaged(f"it tells of a {root.tag[:20]!r}")
        new.append(root)
    address = " ".join(text for text in (old.text, *(one.tail for one in old)) if text and text.strip())
    return _written(new, address) if kept or rest or address else ours


def _locked(root: Any) -> bool:
    return (root.findtext("lockdata") or "").strip().casefold() == "true"


def _written(new: Any, address: str) -> bytes:
    roots = [etree.tostring(root, encoding="unicode", pretty_print=True, with_tail=False) for root in new]
    after = address.strip() + "\n" if address else ""
    return (_DECLARATION + "".join(roots) + after).encode()


def _same(one: Any, other: Any, *, alone: bool) -> bool:
    """Whether two roots tell of the same; of two lone ones it is enough to be of one kind."""
    return one.tag == other.tag and (alone or _number(one) == _number(other))


def _number(root: Any) -> tuple[str, str]:
    season, episode = ((root.findtext(tag) or "").strip().lstrip("0") for tag in ("season", "episode"))
    return season, episode


def _keep(old: Any, new: Any) -> bool:
    """Move to `new` what only `old` says; says whether there was anything."""
    said = {child.tag for child in new}
    ids = {child.get("type", "").casefold() for child in new.iterfind("uniqueid")}
    kept = False
    for child in list(old):
        tag = child.tag
        if tag == "uniqueid":
            if child.get("type", "").casefold() in ids:
                continue
            _second(child, "uniqueid" in said)
        elif tag == "ratings" and "ratings" in said:
            kept |= _keep_ratings(child, new.find("ratings"))
            continue
        elif tag in said or tag in _UNWANTED or _OTHER_NAMES.get(tag) in ids:
            continue
        new.append(child)
        kept = True
    return kept


def _keep_ratings(old: Any, new: Any) -> bool:
    names = {rating.get("name") for rating in new}
    others = [rating for rating in old if rating.get("name") not in names]
    for rating in others:
        _second(rating, True)
        new.append(rating)
    return bool(others)


def _second(child: Any, is_second: bool) -> None:
    """Take away the mark of the default where another has it."""
    if is_second:
        child.attrib.pop("default", None)


def _says(element: Any) -> bool:
    return len(element) > 0 or bool((element.text or "").strip())


def _roots(wrapper: Any) -> list[Any]:
    return [child for child in wrapper if isinstance(child.tag, str)]


def _read(data: bytes) -> Any:
    """The roots of a file below one of our own; Damaged says why it is not read."""
    if len(data) > MOST_BYTES:
        raise Damaged(f"it has {len(data)} bytes")
    text = _XML_LINE.sub("", _decode(data))
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Damaged("it declares entities")
    try:
        wrapper = etree.fromstring(f"<nfo>{text}</nfo>".encode("utf-8", "replace"), _parser())
    except etree.XMLSyntaxError as error:
        raise Damaged(f"it is no XML: {error.msg}") from None
    if not _roots(wrapper):
        raise Damaged("it is no XML: there is nothing in it")
    return wrapper


def _parser() -> Any:
    """A parser that neither fetches nor expands anything, and refuses to go deeper than 256 tags."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_blank_text=True
    )


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        found = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf").lstrip())
        encoding = found[1].decode().casefold() if found else "utf-8"
        if encoding not in _ENCODINGS:
            raise Damaged(f"its encoding is {encoding}")
        encoding = "utf-8-sig" if encoding in ("utf-8", "utf8") else encoding
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise Damaged(f"it is not encoded as it says: {encoding}") from None
