"""StreamWish: the same software as VidHide, with names of its own that change as often.

No page was recorded; what it says is as other programs read it.
"""

from __future__ import annotations

from collections.abc import Mapping

from anidana.core import Link, Provider, Steps, Stream, hookimpl

from ._xfs import extract

_DOMAINS = """
    streamwish.com streamwish.to ajmidyad.sbs khadhnayad.sbs yadmalik.sbs hayaatieadhab.sbs
    kharabnahs.sbs atabkhha.sbs atabknha.sbs atabknhk.sbs atabknhs.sbs abkrzkr.sbs abkrzkz.sbs
    wishembed.pro mwish.pro strmwis.xyz awish.pro dwish.pro vidmoviesb.xyz embedwish.com
    cilootv.store uqloads.xyz tuktukcinema.store doodporn.xyz ankrzkz.sbs volvovideo.top
    streamwish.site wishfast.top ankrznm.sbs sfastwish.com eghjrutf.sbs eghzrutw.sbs guxhag.com
    playembed.online egsyxurh.sbs egtpgrvh.sbs flaswish.com obeywish.com cdnwish.com javsw.me
    cinemathek.online trgsfjll.sbs fsdcmo.sbs hailindihg.com anime4low.sbs mohahhda.site ma2d.store
    dancima.shop swhoi.com aiavh.com gsfqzmqu.sbs jodwish.com swdyu.com strwish.com asnwish.com
    kravaxxa.com wishonly.site playerwish.com katomen.store hlswish.com streamwish.fun swishsrv.com
    iplayerhls.com hlsflast.com 4yftwvrdz7.sbs ghbrisk.com hgbazooka.com eb8gfmjn71.sbs
    cybervynx.com edbrdl7pab.sbs stbhg.click dhcplay.com strwish.xyz gradehgplus.com tryzendm.com
    hglink.to dumbalag.com haxloppd.com davioad.com uasopt.com hgcloud.to hanerix.com audinifer.com
    vibuxer.com masukestin.com hgplaycdn.com hglamioz.com niramirus.com playnixes.com medixiru.com
"""


class StreamWish:
    """The host streamwish.to, under whichever name."""

    name = "StreamWish"
    domains = tuple(_DOMAINS.split())
    headers: Mapping[str, str] = {"Referer": "https://streamwish.to/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and read the player on it."""
        return (yield from extract(link, self.name))


@hookimpl
def register_providers() -> list[Provider]:
    """Offer StreamWish."""
    return [StreamWish()]
