"""DropLoad: the playlist in the player's set-up, in packed script; a gate before it since September 2026.

Checked on pages recorded in June and October 2025.
"""

from __future__ import annotations

from collections.abc import Mapping

from anidana.core import Link, Page, Provider, Steps, Stream, hookimpl

from ._xfs import extract

_DOMAINS = """
    dropload.io dropload.tv dropload.pro dropload.co dr0pstream.com
"""


class DropLoad:
    """The host dropload.io, under whichever name."""

    name = "DropLoad"
    labels = ("Dr0pstream",)
    domains = tuple(_DOMAINS.split())
    headers: Mapping[str, str] = {"Referer": "https://dropload.io/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and read the player on it."""
        return (yield from extract(link, self.name))

    def recognises(self, page: Page) -> bool:
        """Whether a page loads what only this host's pages load."""
        return "<title>Dropload - " in page.text


@hookimpl
def register_providers() -> list[Provider]:
    """Offer DropLoad."""
    return [DropLoad()]
