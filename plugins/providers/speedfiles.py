"""SpeedFiles: dead since June 2026, and last in the order; kept for links that catalogues still list.

The file's address is wrapped several times and lies among decoys. Checked on a piece of a page recorded in
November 2024.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping

from anidana.core import Get, Gone, Link, Page, Provider, Refused, Steps, Stream, hookimpl

from ._address import ADDRESS
from ._expiry import expiry
from ._verdict import Mark, verdict

_STRING = re.compile(r"""=\s{0,9}["']([A-Za-z0-9+/=]{60,})["']""")
_HEX = re.compile(r"[0-9a-f]+")

_MARKS: tuple[Mark, ...] = (
    ("web server is down", Refused, "{host} is down"),
    ("file not found", Gone, "{host} does not have the file"),
)


def decode(text: str) -> str | None:
    """The address that a string wraps; None if it wraps none."""
    try:
        inner = _unwrap(_unwrap(text.encode()).swapcase()[::-1])[::-1]
        shifted = bytes((byte - 3) % 256 for byte in bytes.fromhex(inner.decode("ascii")))
        url = _unwrap(shifted.swapcase()[::-1]).decode("ascii")
    except ValueError:
        return None
    return url if ADDRESS.fullmatch(url) else None


def _unwrap(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def parse(page: Page) -> Stream:
    """The first string on the page that wraps an address."""
    for text in _STRING.findall(page.text):
        if not _HEX.fullmatch(text) and (url := decode(text)):
            return Stream.file(url, referer=page.join("/"), expires=expiry(url))
    raise verdict(page, _MARKS, "SpeedFiles")


class SpeedFiles:
    """The host speedfiles.net, which answers no more."""

    name = "SpeedFiles"
    domains = ("speedfiles.net",)
    headers: Mapping[str, str] = {"Referer": "https://speedfiles.net/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and parse it."""
        return parse((yield Get(link.url, referer=link.referer)))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer SpeedFiles."""
    return [SpeedFiles()]
