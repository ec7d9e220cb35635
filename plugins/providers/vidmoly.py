"""Vidmoly: the playlist stands in the player's set-up, in plain text.

Checked on a page recorded in June 2026; pages of 2024 had double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from anidana.core import Get, Gone, Link, NeedsPerson, Page, Provider, Steps, Stream, hookimpl

from ._expiry import expiry
from ._verdict import Mark, verdict
from ._xfs import MARKS, find_sources

_LINK = re.compile(r"(https?://[^/?#]+)/(?:embed-|w/|v/|dl?/|)(\w{12})(?:\.html)?(?:[?#].*)?")

_MARKS: tuple[Mark, ...] = (
    ("/notice.php", Gone, "Vidmoly does not have the file"),
    ("this video not found", Gone, "Vidmoly does not have the file"),
    ("<title>please wait", NeedsPerson, "Vidmoly shows a gate"),
    ("select number", NeedsPerson, "Vidmoly asks to select a number"),
    *MARKS,
)


def parse(page: Page) -> Stream:
    """Read the stream off the embed page; a DASH manifest beside it is passed over."""
    for source in find_sources(page.text):
        url = page.join(source)
        if ".mpd" not in url.partition("?")[0]:
            make = Stream.hls if ".m3u8" in url else Stream.file
            return make(url, referer=page.join("/"), expires=expiry(url))
    raise verdict(page, _MARKS, "Vidmoly")


class Vidmoly:
    """The host vidmoly.biz, under whichever name; `vidmoly.cc` is somebody else."""

    name = "Vidmoly"
    domains = ("vidmoly.to", "vidmoly.net", "vidmoly.biz", "vidmoly.me")
    headers: Mapping[str, str] = {"Referer": "https://vidmoly.biz/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Fetch the embed page, as a frame would, and parse it."""
        known = _LINK.fullmatch(link.url)
        url = f"{known[1]}/embed-{known[2]}.html" if known else link.url
        page = yield Get(url, referer=link.referer or url, headers={"Sec-Fetch-Dest": "iframe"})
        return parse(page)

    def recognises(self, page: Page) -> bool:
        """Whether a page reports to this host's statistics, or shows its files."""
        return "vidmoly." in page.text and any(find_sources(page.text))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer Vidmoly."""
    return [Vidmoly()]
