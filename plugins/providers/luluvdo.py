"""Luluvdo, also LuluStream: the playlist in the player's set-up, in plain or packed script.

Its links are bound to the User-Agent and Accept-Language of the page's request. Checked on a
download page recorded in October 2025.
"""

from __future__ import annotations

from collections.abc import Mapping

from anidana.core import Link, Page, Provider, Steps, Stream, hookimpl

from ._xfs import extract

_DOMAINS = """
    lulustream.com luluvdo.com lulu.st luluvid.com 732eg54de642sa.sbs cdn1.site streamhihi.com
    luluvdoo.com d00ds.site luluview.com luluvids.top ponmody.com lulu0.ovh
"""


class Luluvdo:
    """The host luluvdo.com, under whichever name."""

    name = "Luluvdo"
    labels = ("LuluStream",)
    domains = tuple(_DOMAINS.split())
    headers: Mapping[str, str] = {"Referer": "https://luluvdo.com/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and read the player on it."""
        return (yield from extract(link, self.name))

    def recognises(self, page: Page) -> bool:
        """Whether a page loads what only this host's pages load."""
        return "lulucdn.com" in page.text


@hookimpl
def register_providers() -> list[Provider]:
    """Offer Luluvdo."""
    return [Luluvdo()]
