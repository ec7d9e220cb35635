"""LoadX: asked with a form, the player's interface answers with the playlist.

Nothing was recorded; what it says is as other programs read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from anidana.core import Get, Gone, Link, Page, PageChanged, Post, Provider, Steps, Stream, hookimpl

from ._address import ADDRESS
from ._expiry import expiry
from ._packed import unpack
from ._verdict import verdict
from ._xfs import MARKS

_LINK = re.compile(r"https?://[^/?#]+/video/([0-9a-f]{32})(?:[/?#].*)?", re.DOTALL)
_PLAYER = re.compile(r"""FirePlayer\(\s{0,9}["']([0-9a-f]{32})["']""")


def parse(answer: Page, root: str) -> Stream:
    """Read the stream off the interface's answer."""
    match answer.json():
        case {"videoSource": str(url)} if ADDRESS.fullmatch(url):
            headers = {"Origin": root.rstrip("/")}
            return Stream.hls(url, referer=root, headers=headers, expires=expiry(url))
        case dict():
            raise Gone("LoadX does not have the file")
    raise PageChanged("LoadX answers in a way we do not know")


class LoadX:
    """The host loadx.ws."""

    name = "LoadX"
    domains = ("loadx.ws",)
    headers: Mapping[str, str] = {"Referer": "https://loadx.ws/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Take the file's hash from the link, else from the page, and ask the interface."""
        known, page = _LINK.fullmatch(link.url), Page(link.url, 200, "")
        if known is None:
            page = yield Get(link.url, referer=link.referer)
            scripts = (page.text, *unpack(page.text))
            known = next((found for script in scripts if (found := _PLAYER.search(script))), None)
        if known is None:
            raise verdict(page, MARKS, self.name)
        root, form = page.join("/"), {"hash": known[1], "r": link.referer or ""}
        headers = {"X-Requested-With": "XMLHttpRequest", "Origin": root.rstrip("/")}
        asked = f"{root}player/index.php?data={known[1]}&do=getVideo"
        return parse((yield Post(asked, form, referer=root, headers=headers)), root)

    def recognises(self, page: Page) -> bool:
        """Whether a page opens this software's player."""
        return any(_PLAYER.search(script) for script in (page.text, *unpack(page.text)))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer LoadX."""
    return [LoadX()]
