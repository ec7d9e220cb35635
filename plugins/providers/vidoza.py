"""Vidoza: files in the player's data, the best of several by their height.

Checked on a piece of a page recorded in October 2023.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from anidana.core import Get, Link, Page, Provider, Steps, Stream, hookimpl

from ._verdict import verdict
from ._xfs import MARKS

_SOURCES = re.compile(r"sourcesCode\s{0,9}:\s{0,9}\[([^\[\]]*)\]")
_SOURCE = re.compile(r"""src["']?\s{0,9}:\s{0,9}["'](https?://[^"'\s<>]+)["']([^{}]{0,300})""")
_HEIGHT = re.compile(r"""res["']?\s{0,9}:\s{0,9}["']?(\d{3,4})""")
_TAG = re.compile(r"""<source[^<>]{0,200}?\ssrc=["'](https?://[^"'\s<>]+)["']""")


def parse(page: Page) -> Stream:
    """Read the stream off the embed page."""
    found = [
        (int(lines[1]) if (lines := _HEIGHT.search(rest)) else None, url)
        for sources in _SOURCES.finditer(page.text)
        for url, rest in _SOURCE.findall(sources[1])
    ] or [(None, url) for url in _TAG.findall(page.text)]
    if not found:
        raise verdict(page, MARKS, "Vidoza")
    height, url = max(found, key=lambda source: source[0] or 0)
    return Stream.file(url, referer=page.join("/"), height=height)


class Vidoza:
    """The host vidoza.net, under whichever name."""

    name = "Vidoza"
    domains = ("vidoza.net", "vidoza.co", "vidoza.org", "videzz.net")
    headers: Mapping[str, str] = {"Referer": "https://vidoza.net/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the embed page and parse it."""
        return parse((yield Get(link.url, referer=link.referer)))

    def recognises(self, page: Page) -> bool:
        """Whether a page holds the player data of this host."""
        return "sourcesCode" in page.text and ".vidoza.net/" in page.text


@hookimpl
def register_providers() -> list[Provider]:
    """Offer Vidoza."""
    return [Vidoza()]
