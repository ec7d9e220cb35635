"""VidHide, also FileLions and EarnVids: up to three playlists in a packed script, the newest kind first.

Checked on pages recorded in October 2025 and January 2026.
"""

from __future__ import annotations

from collections.abc import Mapping

from anidana.core import Link, Page, Provider, Steps, Stream, hookimpl

from ._packed import unpack
from ._xfs import extract

_DOMAINS = """
    filelions.com filelions.to ajmidyadfihayh.sbs alhayabambi.sbs vidhideplus.com
    moflix-stream.click azipcdn.com mlions.pro alions.pro dlions.pro filelions.live motvy55.store
    filelions.xyz lumiawatch.top filelions.online javplaya.com fviplions.com egsyxutd.sbs
    filelions.site filelions.co vidhide.com vidhidepro.com vidhidevip.com javlion.xyz fdewsdc.sbs
    techradar.ink anime7u.com coolciima.online gsfomqu.sbs vidhidepre.com katomen.online vidhide.fun
    vidhidehub.com dhtpre.com 6sfkrspw4u.sbs streamvid.su movearnpre.com bingezove.com
    dingtezuni.com dinisglows.com ryderjet.com e4xb5c2xnz.sbs smoothpre.com videoland.sbs
    taylorplayer.com mivalyo.com vidhidefast.com peytonepre.com dintezuvio.com callistanise.com
    minochinos.com earnvids.xyz lookmovie2.skin morencius.com kinoger.be
"""


class VidHide:
    """The host filelions.to, under whichever name."""

    name = "VidHide"
    labels = ("FileLions", "EarnVids")
    domains = tuple(_DOMAINS.split())
    headers: Mapping[str, str] = {"Referer": "https://filelions.to/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and read the player on it."""
        return (yield from extract(link, self.name, embed="v"))

    def recognises(self, page: Page) -> bool:
        """Whether a packed script lists playlists by kind; StreamWish does too, and is read the same way."""
        return any('"hls2"' in script for script in unpack(page.text))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer VidHide."""
    return [VidHide()]
