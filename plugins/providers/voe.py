"""VOE: a stub hops by script to a mirror with a made-up name, whose page holds the sources as a cipher.

The hop, the cipher of 2025 and 2026 and two layouts of 2024 were checked on recorded pages; the
other old layouts are as other programs read them.
"""

from __future__ import annotations

import binascii
import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from anidana.core import Get, Link, Page, PageChanged, Provider, Steps, Stream, hookimpl

from ._address import ADDRESS
from ._expiry import expiry
from ._verdict import verdict
from ._voe_data import DOMAINS, MARKS

MOST_HOPS = 5

_WATCH_PAGE = re.compile(r"https?://[^/?#]+/(\w{12})(?:[?#].*)?")
_STUB = re.compile(r"permanentToken|const currentUrl|<title>Redirecting")
# The first assignment, `= currentUrl.toString()`, has no quotes and leads back here.
_HOP = re.compile(r"""window\.location\.href\s{0,9}=\s{0,9}["'](https?://[^"'\s<>]+)["']""")
_ISLAND = re.compile(r"<script[^<>]{0,200}application/json[^<>]{0,200}>\s{0,99}(\[[^<]*\])\s{0,99}</script>")
_ASSIGNED = re.compile(r"""=\s{0,9}(["'])([^"'\s<>]{80,})\1""")
_HLS = re.compile(r"""["']hls["']\s{0,9}:\s{0,9}["']([^"'\s<>]+)["']""")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_THREE_BACK = bytes((code - 3) % 256 for code in range(256))
_BAIT = re.compile(r"//test-videos\.co\.uk|//sample-videos\.com|commondatastorage|bigbuckbunny", re.I)


def find_hop(text: str) -> str | None:
    """Where a stub page leads by script; None for any other page."""
    hop = _HOP.search(text) if _STUB.search(text) else None
    return hop[1] if hop else None


def parse(page: Page) -> Stream:
    """Read the stream off a mirror's page: the first candidate that decodes to sources wins."""
    offers = (offer for sources in _sources(page.text) for offer in _offers(sources))
    url, height = next(offers, (None, None))
    if url is None:
        raise verdict(page, MARKS, "VOE")
    make = Stream.hls if ".m3u8" in url.partition("?")[0] else Stream.file
    return make(url, referer=page.join("/"), height=height, expires=expiry(url))


def _sources(text: str) -> Iterator[dict[str, Any]]:
    for island in _ISLAND.finditer(text):
        match _json(island[1]):
            case [str(cipher), *_]:
                yield from _decoded(cipher)
    for plain in _HLS.finditer(text):
        yield {"source": plain[1] if plain[1].startswith("http") else _base64(plain[1]).decode("latin-1")}
    for assigned in _ASSIGNED.finditer(text):
        yield from _decoded(assigned[2])


def _decoded(cipher: str) -> Iterator[dict[str, Any]]:
    """What a string says, by the cipher of 2025 and by the reversed JSON of 2024; decoys say nothing."""
    shifted = _base64(codecs.encode(cipher, "rot13"))
    reversible = _base64(cipher).strip()
    for text in (
        _base64(shifted.translate(_THREE_BACK)[::-1].decode("latin-1")),
        reversible[::-1] if reversible.startswith(b"}") else reversible,
    ):
        match _json(text):
            case dict(sources):
                yield sources


def _offers(sources: dict[str, Any]) -> Iterator[tuple[str, int | None]]:
    """Addresses with their height, best first: the playlist, then files by height, then the slow file."""
    files = []
    match sources.get("fallback") or sources.get("fallbacks"):
        case [*entries]:
            files = [(_height(one.get("label")), one.get("file")) for one in entries if isinstance(one, dict)]
            files.sort(key=lambda offer: offer[0] or 0, reverse=True)
    playlists = [(None, sources.get("source")), (None, sources.get("file"))]
    for height, url in [*playlists, *files, (None, sources.get("direct_access_url"))]:
        if isinstance(url, str) and ADDRESS.fullmatch(url) and not _BAIT.search(url):
            yield url, height


def _height(label: object) -> int | None:
    return int(number[0]) if (number := re.match(r"\d{3,4}", str(label))) else None


def _base64(text: str) -> bytes:
    """Decode, whatever junk was strewn in; nothing if what remains is no base64."""
    clean = _NOT_BASE64.sub("", text)
    try:
        return binascii.a2b_base64(clean + "=" * (-len(clean) % 4))
    except binascii.Error:
        return b""


def _json(text: str | bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class Voe:
    """The host voe.sx, under whichever name."""

    name = "VOE"
    domains = DOMAINS
    headers: Mapping[str, str] = {"Referer": "https://voe.sx/"}
    accept = (404, 410)

    def extract(self, link: Link) -> Steps[Stream]:
        """Follow the hops to the mirror and read its page."""
        url, referer = link.url.removesuffix("/download"), link.referer
        for _ in range(1 + MOST_HOPS):
            page = yield from _ask(url, referer)
            if (hop := find_hop(page.text)) is None:
                return parse(page)
            url, referer = hop, page.url
        raise PageChanged(f"VOE hops more than {MOST_HOPS} times")

    def recognises(self, page: Page) -> bool:
        """Whether a page is a stub that hops on, or holds sources that decode."""
        return find_hop(page.text) is not None or any(_sources(page.text))


def _ask(url: str, referer: str | None) -> Steps[Page]:
    """One page; where `/<code>` is not found or plays as embed only, `/e/<code>` beside it."""
    watch = _WATCH_PAGE.fullmatch(url)
    if watch is None:
        return (yield Get(url, referer=referer))
    page = yield Get(url, referer=referer, accept=(404, 410))
    if page.status < 400 and "can be watched as embed only" not in page.text:
        return page
    return (yield Get(page.join(f"/e/{watch[1]}"), referer=referer))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer VOE."""
    return [Voe()]
