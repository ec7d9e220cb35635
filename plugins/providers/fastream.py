"""Fastream: the playlist in the player's set-up, in packed script.

Only a page of a missing file was recorded, in October 2025; pages that play are as other programs read them.
"""

from __future__ import annotations

from collections.abc import Mapping

from anidana.core import Link, Page, Provider, Steps, Stream, hookimpl

from ._xfs import extract


class Fastream:
    """The host fastream.to, under whichever name."""

    name = "Fastream"
    domains = ("fastream.to",)
    headers: Mapping[str, str] = {"Referer": "https://fastream.to/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and read the player on it."""
        return (yield from extract(link, self.name))

    def recognises(self, page: Page) -> bool:
        """Whether a page loads what only this host's pages load."""
        return "<title>Fastream</title>" in page.text


@hookimpl
def register_providers() -> list[Provider]:
    """Offer Fastream."""
    return [Fastream()]
