"""UQload: a file in the player's set-up, in plain script; its server insists on the Referer.

Checked on pages recorded in August and September 2025; a list of objects in place of addresses is as
other programs read it.
"""

from __future__ import annotations

from collections.abc import Mapping

from anidana.core import Link, Page, Provider, Steps, Stream, hookimpl

from ._xfs import extract

_DOMAINS = """
    uqload.com uqload.co uqload.io uqload.to uqload.ws uqload.net uqload.cx uqload.bz uqload.org
    uqload.is
"""


class UQload:
    """The host uqload.cx, under whichever name."""

    name = "UQload"
    domains = tuple(_DOMAINS.split())
    headers: Mapping[str, str] = {"Referer": "https://uqload.cx/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and read the player on it."""
        return (yield from extract(link, self.name))

    def recognises(self, page: Page) -> bool:
        """Whether a page loads what only this host's pages load."""
        return "uqload.cx/css" in page.text


@hookimpl
def register_providers() -> list[Provider]:
    """Offer UQload."""
    return [UQload()]
