"""Fsst, also SecVideo: files by height in the player's set-up; their addresses lead on to another host.

Checked on a page recorded in January 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from anidana.core import Get, Link, Page, Provider, Steps, Stream, hookimpl

from ._verdict import verdict
from ._xfs import MARKS

_FILE = re.compile(r"""\bfile["']?\s{0,9}:\s{0,9}["']([^"'\s<>]+)["']""")
_SOURCE = re.compile(r"(?:\[(\d{3,4})p?\])?(https?://[^,\[\]]+)")


def parse(page: Page) -> Stream:
    """The highest picture that the player's set-up offers."""
    offers = (_SOURCE.findall(text) for text in _FILE.findall(page.text))
    sources = [(int(height or 0), url) for found in offers for height, url in found if ".mp4" in url]
    if not sources:
        raise verdict(page, MARKS, "Fsst")
    height, url = max(sources)
    return Stream.file(url, referer=page.join("/"), height=height or None)


class Fsst:
    """The host fsst.online, under whichever name."""

    name = "Fsst"
    labels = ("SecVideo",)
    domains = ("fsst.online", "secvideo1.online")
    headers: Mapping[str, str] = {"Referer": "https://fsst.online/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the embed page and parse it."""
        return parse((yield Get(link.url, referer=link.referer)))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer Fsst."""
    return [Fsst()]
