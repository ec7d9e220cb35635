"""Streamtape: sums of strings write the file's address into the page, most of them wrong by a letter.

Checked on pages recorded in August and October 2025. A wrong address is answered with a clip that
stands in for the film; its size is known from another program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from anidana.core import Get, Gone, Link, Page, PageChanged, Provider, Steps, Stream, hookimpl

from ._expiry import expiry
from ._verdict import Mark, verdict

STAND_IN_BYTES = 7_975_279

_DOMAINS = """
    streamtape.com strtape.cloud streamtape.net streamta.pe streamtape.site strcloud.link
    strcloud.club strtpe.link streamtape.cc scloud.online stape.fun streamadblockplus.com
    shavetape.cash streamtape.to streamta.site streamadblocker.xyz tapewithadblock.org
    adblocktape.wiki antiadtape.com streamtape.xyz tapeblocker.com streamnoads.com
    tapeadvertisement.com tapeadsenjoyer.com watchadsontape.com tpead.net advertape.net strtape.tech
    strcloud.in stape.me
"""

_LINK = re.compile(r"https?://[^/?#]+/[ev]/(\w{8,24})(?:[/?#].*)?", re.DOTALL)
_SUM = re.compile(
    r"""getElementById\(["'](?P<element>\w{1,40})["']\)\.innerHTML\s{0,9}=\s{0,9}["'](?P<start>[^"']{0,200})["']"""
    r"""(?:\s{0,9}\+\s{0,9}(?:''|""))?\s{0,9}\+\s{0,9}\(["'](?P<rest>[^"']{0,400})["']\)"""
    r"""(?P<cuts>(?:\.substring\(\d{1,3}\)){1,9})"""
)
_READ = re.compile(r"""\$\(["']#(\w{1,40})["']\)\.text\(\)""")

_MARKS: tuple[Mark, ...] = (
    (">video not found", Gone, "{host} does not have the file"),
    ("maybe it got deleted by the creator", Gone, "the file was deleted at {host}"),
)


def sums(text: str) -> Iterator[tuple[str, str]]:
    """Every element that a page writes a sum of strings into, and the sum, decoys among them."""
    for found in _SUM.finditer(text):
        cut = sum(int(digits) for digits in re.findall(r"\d+", found["cuts"]))
        yield found["element"], found["start"] + found["rest"][cut:]


def parse(page: Page, code: str) -> Stream:
    """The sum that is an address of this very file at the page's host; the player's own choice first."""
    host, asked = Link(page.url).host, f"/get_video?id={code}&"
    true = (f"//{host}{asked}", f"//www.{host}{asked}")
    found = {element: value for element, value in sums(page.text) if value.startswith(true)}
    if not found:
        raise verdict(page, _MARKS, "Streamtape")
    named = next((element for element in _READ.findall(page.text) if element in found), None)
    url = f"https:{found[named] if named else list(found.values())[-1]}&stream=1"
    return Stream.file(url, referer=page.url, expires=expiry(url), stand_in=STAND_IN_BYTES)


class Streamtape:
    """The host streamtape.com, under whichever name."""

    name = "Streamtape"
    domains = tuple(_DOMAINS.split())
    headers: Mapping[str, str] = {"Referer": "https://streamtape.com/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and parse it."""
        page = yield Get(link.url, referer=link.referer)
        code = _LINK.fullmatch(link.url) or _LINK.fullmatch(page.url)
        if code is None:
            raise PageChanged("the link to Streamtape names no file")
        return parse(page, code[1])

    def recognises(self, page: Page) -> bool:
        """Whether a page writes sums of strings that ask for a video."""
        return any("/get_video?id=" in value for _, value in sums(page.text))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer Streamtape."""
    return [Streamtape()]
