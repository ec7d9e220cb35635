"""VixSrc, also VixCloud: the playlist's address and what opens it stand in the page's script.

Checked on pages recorded in September 2025 and January 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from anidana.core import Get, Gone, Link, Page, Provider, Steps, Stream, hookimpl

from ._expiry import expiry
from ._verdict import Mark, verdict

_LIST = re.compile(r"window\.masterPlaylist\s{0,9}=\s{0,9}\{(.{0,2000}?)window\.", re.DOTALL)
_PARAM = re.compile(r"""["']?(token|expires)["']?\s{0,9}:\s{0,9}["'](\w{1,200})["']""")
_URL = re.compile(r"""\burl["']?\s{0,9}:\s{0,9}["'](https?://[^"'\s<>]+)["']""")
_FULL_HD = re.compile(r"canPlayFHD\s{0,9}=\s{0,9}true")

_MARKS: tuple[Mark, ...] = (
    ("<title>404", Gone, "{host} does not have the film"),
    ("not found</title>", Gone, "{host} does not have the film"),
)


def parse(page: Page) -> Stream:
    """Read the playlist's address off the page's script."""
    for block in _LIST.findall(page.text):
        params, url = dict(_PARAM.findall(block)), _URL.search(block)
        if url and params.keys() == {"token", "expires"}:
            parts = urlsplit(url[1].replace("\\/", "/"))
            path = parts.path if parts.path.endswith(".m3u8") else f"{parts.path}.m3u8"
            more = {"h": "1"} if _FULL_HD.search(page.text) else {}
            query = "&".join(filter(None, (parts.query, urlencode({**params, **more}))))
            made = parts._replace(path=path, query=query).geturl()
            return Stream.hls(made, referer=page.url, expires=expiry(made))
    raise verdict(page, _MARKS, "VixSrc")


class VixSrc:
    """The host vixsrc.to."""

    name = "VixSrc"
    labels = ("VixCloud",)
    domains = ("vixsrc.to", "vixcloud.co")
    headers: Mapping[str, str] = {"Referer": "https://vixsrc.to/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and parse it."""
        return parse((yield Get(link.url, referer=link.referer)))

    def recognises(self, page: Page) -> bool:
        """Whether a page's script names its playlist as this host does."""
        return "window.masterPlaylist" in page.text


@hookimpl
def register_providers() -> list[Provider]:
    """Offer VixSrc."""
    return [VixSrc()]
