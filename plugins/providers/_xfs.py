"""Reads pages of hosts that run the XFileSharing software, or a child of it.

They have in common: twelve-character codes, a player that is set up with `sources` in plain or packed
script, and the sentences that say why there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from anidana.core import (
    Get,
    Gone,
    Link,
    NeedsPerson,
    NotReady,
    Page,
    Post,
    Refused,
    SourceError,
    Steps,
    Stream,
)

from ._expiry import expiry
from ._packed import unpack
from ._verdict import Mark, verdict

MARKS: tuple[Mark, ...] = (
    ("reason for deletion:", Gone, "{host} deleted the file"),
    ("file was locked by administrator", Gone, "{host} locked the file"),
    ("file not found", Gone, "{host} does not have the file"),
    ("no such file", Gone, "{host} does not have the file"),
    ("could not be found, sorry for any inconvenience", Gone, "{host} does not have the file"),
    ("the file expired", Gone, "the file expired at {host}"),
    ("file is gone", Gone, "{host} does not have the file"),
    ("file unavailable", Gone, "{host} does not have the file"),
    ("file was removed", Gone, "{host} removed the file"),
    ("file was deleted", Gone, "{host} deleted the file"),
    ("has been locked watch or does not exist", Gone, "{host} does not have the file"),
    ("video is processing now", NotReady, "{host} is still working on the file"),
    ("pending in queue", NotReady, "the file waits in the queue of {host}"),
    ("encoding in progress", NotReady, "{host} is still encoding the file"),
    ("conversion stage", NotReady, "{host} is still working on the file"),
    ("video temporarily not available", NotReady, "{host} does not have the file for now"),
    ("embed restricted for this domain", Refused, "{host} plays the file on another site only"),
    ("security check", NeedsPerson, "{host} shows a security check"),
)

_CODE = re.compile(r"https?://[^/?#]+/(?:[a-z]{1,8}/|embed-)?(\w{12})(?:\.html)?(?:[/?#].*)?", re.DOTALL)
_LINKS = re.compile(r"""links\s{0,9}=\s{0,9}(\{[^{}]*\})""")
_SOURCES = re.compile(r"""sources["']?\s{0,9}:\s{0,9}\[([^\[\]]*)\]""")
_FILE = re.compile(r"""(?:file|src)["']?\s{0,9}:\s{0,9}["']([^"'\s<>]+)["']""")
_QUOTED = re.compile(r"""["'](https?://[^"'\s<>]+)["']""")
_PLAYERJS = re.compile(r"""\bfile["']?\s{0,9}:\s{0,9}["'](https?://[^"'\s<>\[\]]+)["']""")
_SPLASH = re.compile(r"""<form[^<>]{0,300}\bid=["']F1["'][^<>]{0,300}>""", re.IGNORECASE)
_MEDIA = re.compile(r"\.(m3u8|mp4|mkv)(?:$|/)|/master\.txt$")
_EMBED_ONLY = "can be watched as embed only"


def code_of(url: str) -> str | None:
    """The file's code in an address of such a host."""
    found = _CODE.fullmatch(url)
    return found[1] if found else None


def find_sources(text: str) -> Iterator[str]:
    """Addresses that the player's set-up offers, best first; they may be relative to the page."""
    for script in (text.replace("\\/", "/"), *unpack(text)):
        for links in _LINKS.finditer(script):
            yield from _by_kind(links[1])
        for sources in _SOURCES.finditer(script):
            named = _FILE.findall(sources[1])
            yield from named or _QUOTED.findall(sources[1])
        yield from (source for source in _PLAYERJS.findall(script) if ".m3u8" in source)


def _by_kind(text: str) -> Iterator[str]:
    """Addresses of `{"hls2": …, "hls4": …}`: the newest kind is on the page's own host."""
    try:
        links = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield from (links[kind] for kind in ("hls4", "hls3", "hls2") if isinstance(links.get(kind), str))


def find_stream(page: Page) -> Stream | None:
    """The stream that a page's player is set up with, if there is one."""
    streams = (make_stream(page, source) for source in find_sources(page.text))
    return next((stream for stream in streams if stream is not None), None)


def read(page: Page, host: str) -> Stream:
    """The stream that a page's player is set up with, or the error that says why there is none."""
    if (stream := find_stream(page)) is not None:
        return stream
    raise verdict(page, MARKS, host)


def make_stream(page: Page, source: str) -> Stream | None:
    """A stream of an address on a page, with what its server wants to see; None if it is no media."""
    url = page.join(source)
    media = _MEDIA.search(urlsplit(url).path) if url.startswith(("https://", "http://")) else None
    if media is None:
        return None
    make = Stream.file if media[1] in ("mp4", "mkv") else Stream.hls
    root = page.join("/")
    return make(url, referer=root, headers={"Origin": root.rstrip("/")}, expires=expiry(url))


def extract(link: Link, host: str, *, embed: str = "e") -> Steps[Stream]:
    """Ask for a page and read it; where it plays as embed only, the page below `/<embed>/`."""
    page = yield Get(link.url, referer=link.referer)
    code = code_of(link.url)
    if code and _EMBED_ONLY in page.text and find_stream(page) is None:
        page = yield Get(page.join(f"/{embed}/{code}"), referer=page.url)
    try:
        return read(page, host)
    except SourceError as trouble:
        # A splash page leads on by a form; with a captcha in it, it is a gate and stays one.
        if (
            code is None
            or isinstance(trouble, Gone | NotReady | NeedsPerson)
            or not _SPLASH.search(page.text)
        ):
            raise
    form = {"op": "embed", "file_code": code, "auto": "1", "referer": link.referer or ""}
    return read((yield Post(page.join("/dl"), form, referer=page.url)), host)
