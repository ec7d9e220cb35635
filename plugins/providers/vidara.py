"""Vidara: asked with the file's code, the player's interface answers with the playlist.

Nothing was recorded; what it says is as other programs read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from anidana.core import Link, Page, PageChanged, Post, Provider, Steps, Stream, hookimpl

from ._streaming_url import parse_answer

_DOMAINS = """
    vidara.so vidara.to vidaraa.cc vidmatrixa.com vidavaca.net vidaarax.net vidaarax.com
    vidaratem.com vidaraw.com vidarax.cc odysseusa.cc handfacesnap.cc namefacesnap.cc
    thebesthosterv.com vidchampions.com antarcticadocs.com nameitweb.com
"""

_LINK = re.compile(r"https?://[^/?#]+/(?:e|v)/(\w{6,20})(?:[/?#].*)?", re.DOTALL)


class Vidara:
    """The host vidara.to, under whichever name."""

    name = "Vidara"
    domains = tuple(_DOMAINS.split())
    headers: Mapping[str, str] = {"Referer": "https://vidara.to/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask the interface for the code in the link."""
        code = _LINK.fullmatch(link.url)
        if code is None:
            raise PageChanged("the link to Vidara names no file")
        root = Page(link.url, 200, "").join("/")
        asked = {"filecode": code[1], "device": "web"}
        answer = yield Post(f"{root}api/stream", json=asked, referer=link.url)
        return parse_answer(answer.json(), root, self.name)


@hookimpl
def register_providers() -> list[Provider]:
    """Offer Vidara."""
    return [Vidara()]
