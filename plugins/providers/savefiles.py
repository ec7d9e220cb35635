"""SaveFiles, also StreamHLS: the playlist in the player's set-up, in plain script.

Checked on pages recorded in August and September 2025.
"""

from __future__ import annotations

from collections.abc import Mapping

from anidana.core import Link, Page, Provider, Steps, Stream, hookimpl

from ._xfs import extract


class SaveFiles:
    """The host savefiles.com, under whichever name."""

    name = "SaveFiles"
    labels = ("StreamHLS",)
    domains = ("savefiles.com", "streamhls.to")
    headers: Mapping[str, str] = {"Referer": "https://savefiles.com/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and read the player on it."""
        return (yield from extract(link, self.name))

    def recognises(self, page: Page) -> bool:
        """Whether a page loads what only this host's pages load."""
        return "img.savefiles.com" in page.text


@hookimpl
def register_providers() -> list[Provider]:
    """Offer SaveFiles."""
    return [SaveFiles()]
