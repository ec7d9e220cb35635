"""VidSonic: the playlist's address stands on the page backwards, in hexadecimal, with bars strewn in.

Checked on a piece of a page recorded in September 2025.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from anidana.core import Get, Link, Page, Provider, Steps, Stream, hookimpl

from ._address import ADDRESS
from ._expiry import expiry
from ._verdict import verdict
from ._xfs import MARKS

_STRING = re.compile(r"""["']([0-9a-f|]{40,})["']""")


def decode(text: str) -> str | None:
    """The address that a string stands for; None if it stands for none."""
    try:
        url = bytes.fromhex(text.replace("|", "")).decode("ascii")[::-1]
    except ValueError:
        return None
    return url if ADDRESS.fullmatch(url) else None


def parse(page: Page) -> Stream:
    """The first string on the page that stands for an address."""
    for text in _STRING.findall(page.text):
        if url := decode(text):
            root = page.join("/")
            return Stream.hls(url, referer=root, headers={"Origin": root.rstrip("/")}, expires=expiry(url))
    raise verdict(page, MARKS, "VidSonic")


class VidSonic:
    """The host vidsonic.net."""

    name = "VidSonic"
    domains = ("vidsonic.net",)
    headers: Mapping[str, str] = {"Referer": "https://vidsonic.net/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the embed page and parse it."""
        return parse((yield Get(link.url, referer=link.referer)))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer VidSonic."""
    return [VidSonic()]
