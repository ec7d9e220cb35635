"""Vidora: the playlist in a packed Playerjs; its server wants the page's Origin.

Checked on a page recorded in October 2025.
"""

from __future__ import annotations

from collections.abc import Mapping

from anidana.core import Link, Provider, Steps, Stream, hookimpl

from ._xfs import extract


class Vidora:
    """The host vidora.stream, under whichever name."""

    name = "Vidora"
    domains = ("vidora.stream",)
    headers: Mapping[str, str] = {"Referer": "https://vidora.stream/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and read the player on it."""
        return (yield from extract(link, self.name))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer Vidora."""
    return [Vidora()]
