"""Doodstream: the page names a ticket, the ticket's answer is the file's address but for a random end.

Checked on recorded pages from June 2025 to January 2026. The way over the landing page is as other
programs go it since June 2026.
"""

from __future__ import annotations

import random
import re
import string
import time
from collections.abc import Mapping

from anidana.core import (
    Get,
    Gone,
    Link,
    NeedsPerson,
    Page,
    PageChanged,
    Provider,
    Steps,
    Stream,
    hookimpl,
)

from ._address import ADDRESS
from ._verdict import Mark, verdict

_DOMAINS = """
    dood.watch doodstream.com dood.to dood.so dood.cx dood.la dood.ws dood.sh doodstream.co dood.pm
    dood.wf dood.re dood.yt dooood.com dood.stream ds2play.com doods.pro ds2video.com d0o0d.com
    do0od.com d0000d.com d000d.com dood.li dood.work dooodster.com vidply.com all3do.com do7go.com
    doodcdn.io doply.net vide0.net vvide0.com d-s.io dsvplay.com myvidplay.com playmogo.com dood.one
    dood.tech dood.video dood.io dood.me dood.cloud dood.cc doodapi.com
"""

_LINK = re.compile(r"(https?://[^/?#]+)/[de]/(\w+)")
_TICKET = re.compile(r"""\$\.get\(\s{0,9}["'](/pass_md5/[\w./-]{0,300}?/(\w{8,64}))["']""")
_SUFFIXED = re.compile(r"src:\s{0,9}data\s{0,9}\+\s{0,9}makePlay\(")
_FRAME = re.compile(r"""<iframe[^<>]{0,500}?\ssrc=["']([^"'\s<>]+)["']""")

_MARKS: tuple[Mark, ...] = (
    ("<title>video not found", Gone, "Doodstream does not have the file"),
    ("oops! sorry", Gone, "Doodstream does not have the file"),
    ('<iframe src="/e/"', Gone, "Doodstream does not have the file"),
    ("op=validate&gc_response=", NeedsPerson, "Doodstream wants to know whether a person is watching"),
)


def parse(player: Page, answer: str, *, suffix: str | None = None, now: float | None = None) -> Stream:
    """Make the file's address of the player's page and the answer to its ticket.

    `suffix` is 10 letters or digits, random if not given; `now` is Unix time. An address in R2
    storage is signed whole and takes no suffix.
    """
    url, ticket = answer.strip(), _TICKET.search(player.text)
    if ticket is None or ADDRESS.fullmatch(url) is None:
        raise PageChanged("Doodstream's ticket was not answered with an address")
    if _SUFFIXED.search(player.text) and "cloudflarestorage." not in url:
        suffix = suffix or "".join(random.choices(string.ascii_letters + string.digits, k=10))
        now = time.time() if now is None else now
        url = f"{url}{suffix}?token={ticket[2]}&expiry={int(now * 1000)}"
    return Stream.file(url, referer=player.join("/"))


class Doodstream:
    """The host doodstream.com, under whichever name."""

    name = "Doodstream"
    domains = tuple(_DOMAINS.split())
    headers: Mapping[str, str] = {"Referer": "https://doodstream.com/"}
    accept = (403,)

    def extract(self, link: Link) -> Steps[Stream]:
        """Find the player, redeem its ticket; once more from the start if it is not taken."""
        for _ in range(2):
            player, ticket = yield from _player(link)
            answer = yield Get(player.join(ticket), referer=player.url)
            if answer.text.strip() != "RELOAD":
                return parse(player, answer.text)
        raise NeedsPerson("Doodstream wants its page loaded in a browser", url=link.url)

    def recognises(self, page: Page) -> bool:
        """Whether a page's script redeems a ticket."""
        return _TICKET.search(page.text) is not None


def _player(link: Link) -> Steps[tuple[Page, str]]:
    """The page with a ticket, and the ticket: the embed page, else what the landing page frames."""
    known = _LINK.match(link.url)
    url = f"{known[1]}/e/{known[2]}" if known else link.url
    page = yield Get(url, referer=link.referer, accept=(403,) if known else ())
    if ticket := _TICKET.search(page.text):
        return page, ticket[1]
    trouble = verdict(page, _MARKS, "Doodstream")
    if known is None or (page.status < 400 and not isinstance(trouble, PageChanged)):
        raise trouble
    landing = yield Get(page.join(f"/d/{known[2]}"), referer=page.join("/"))
    frame = _FRAME.search(landing.text)
    page = yield Get(landing.join(frame[1] if frame else f"/e/{known[2]}"), referer=landing.url)
    if ticket := _TICKET.search(page.text):
        return page, ticket[1]
    raise verdict(page, _MARKS, "Doodstream")


@hookimpl
def register_providers() -> list[Provider]:
    """Offer Doodstream."""
    return [Doodstream()]
