"""Sibnet: the file's address in the player's set-up; its server wants the page as Referer and leads on.

Nothing was recorded; what it says is as other programs read it. yt-dlp reads it inside other pages only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from anidana.core import Get, Gone, Link, Page, Provider, Steps, Stream, hookimpl

from ._verdict import Mark, verdict

_LINK = re.compile(r"(https?://[^/?#]+)/video(\d{1,12})(?:-[^/?#]{0,200})?/?(?:[?#].*)?", re.DOTALL)
_SOURCE = re.compile(r"""player\.src\(\s{0,9}\[?\s{0,9}\{\s{0,9}src\s{0,9}:\s{0,9}["']([^"'\s<>]+)["']""")

_MARKS: tuple[Mark, ...] = (("видео не найдено", Gone, "{host} does not have the file"),)


def parse(page: Page) -> Stream:
    """Read the stream off the player's page."""
    for source in _SOURCE.findall(page.text):
        if (url := page.join(source)).startswith(("https://", "http://")):
            make = Stream.hls if ".m3u8" in url.partition("?")[0] else Stream.file
            return make(url, referer=page.url)
    raise verdict(page, _MARKS, "Sibnet")


class Sibnet:
    """The host video.sibnet.ru."""

    name = "Sibnet"
    domains = ("sibnet.ru",)
    headers: Mapping[str, str] = {"Referer": "https://video.sibnet.ru/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the player's page and parse it."""
        known = _LINK.fullmatch(link.url)
        url = f"{known[1]}/shell.php?videoid={known[2]}" if known else link.url
        return parse((yield Get(url, referer=link.referer)))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer Sibnet."""
    return [Sibnet()]
