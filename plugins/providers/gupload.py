"""GUpload: the video's data stands on the page in one of three wrappings, all of 2026.

Nothing was recorded; what it says is as other programs read it.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterator, Mapping
from itertools import cycle, islice

from anidana.core import Get, Link, Page, Provider, Steps, Stream, hookimpl

from ._address import ADDRESS
from ._expiry import expiry
from ._verdict import verdict
from ._xfs import MARKS

_PAYLOAD = re.compile(r"""decodePayload\(\s{0,9}["']([A-Za-z0-9+/=]{20,})["']""")
_CONFIG = re.compile(r"\bconfig\s{0,9}=\s{0,9}(?=\{)")
_KEY = re.compile(r"""\b_p\s{0,9}=\s{0,9}\[([^\[\]]{1,2000})\]""")
_SEALED = re.compile(r"""\b_cfg\s{0,9}=[^;"']{0,200}["']x~([A-Za-z0-9+/=]{20,})["']""")
_WORD = re.compile(r"""["']([^"']{0,200})["']""")
_MOST_CONFIGS = 20  # a page that begins more of them wants to keep us busy


def data_on(text: str) -> Iterator[object]:
    """Whatever data a page's wrappings hold."""
    for payload in _PAYLOAD.findall(text):
        yield _json(_base64(payload).decode("utf-8", "replace").partition("|")[2])
    for config in islice(_CONFIG.finditer(text), _MOST_CONFIGS):
        yield _json(text[config.end() : config.end() + 20_000], whole=False)
    if key := _KEY.search(text):
        letters = "".join(_WORD.findall(key[1])).encode()
        for sealed in reversed(_SEALED.findall(text)):  # the last one counts
            yield _json(bytes(a ^ b for a, b in zip(_base64(sealed), cycle(letters or b"\0"))))


def parse(page: Page) -> Stream:
    """Read the stream off the page's data."""
    for data in data_on(page.text):
        match data:
            case {"videoUrl": str(url)} | {"video_url": str(url)} if ADDRESS.fullmatch(url):
                make = Stream.hls if ".m3u8" in url.partition("?")[0] else Stream.file
                return make(url, referer=page.join("/"), expires=expiry(url))
    raise verdict(page, MARKS, "GUpload")


def _base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return b""


def _json(text: str | bytes, *, whole: bool = True) -> object:
    try:
        return json.loads(text) if whole else json.JSONDecoder().raw_decode(str(text))[0]
    except (ValueError, RecursionError):
        return None


class GUpload:
    """The host gupload.xyz."""

    name = "GUpload"
    domains = ("gupload.xyz",)
    headers: Mapping[str, str] = {"Referer": "https://gupload.xyz/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and parse it."""
        return parse((yield Get(link.url, referer=link.referer)))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer GUpload."""
    return [GUpload()]
