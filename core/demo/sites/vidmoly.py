"""Vidmoly on the practice network: an embed page with a plain player, HLS in one quality."""

from __future__ import annotations

import time

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import SECONDS, Media
from ..serving import Seen, html
from ..story import Upload, stable, upload_in
from .delivery import clip_of, comes_from, deliver_hls, forbidden, is_signed, sign
from .skeletons import Markup, fill
from .voe import file_name

HEIGHTS = (360,)
LINK_SECONDS = 12 * 3600

_CDN = "box-1583-q.vmeas.cloud"


class Vidmoly:
    """The host Vidmoly."""

    name = "Vidmoly"
    hosts: tuple[str, ...] = ("vidmoly.biz", "vidmoly.me", "vidmoly.net", "vmeas.cloud")

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://vidmoly.biz/embed-{upload.code}.html"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = upload_in(path, self.name)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = upload_in(seen.path, self.name)
        if seen.host.endswith("vmeas.cloud"):
            if upload is None or not is_signed(upload, seen) or not comes_from(seen, self.hosts):
                return forbidden()
            return await deliver_hls(request, seen, clip_of(upload, self._media, faults), HEIGHTS, faults)
        if seen.path == "/notice.php":
            return html(fill("vidmoly_not_found.html"))
        if upload is None or faults.gone:
            return web.Response(status=302, headers={"Location": "/notice.php"})
        if faults.gated:
            return html(fill("vidmoly_gate.html"))
        if faults.not_ready:
            return html(fill("vidmoly_not_ready.html", name=file_name(upload)))
        return html(_player(upload, seen))


def _player(upload: Upload, seen: Seen) -> Markup:
    signature = sign(upload, seen, LINK_SECONDS)
    query = "&".join(f"{name}={signature[name]}" for name in ("t", "s", "e"))
    source = f"https://{_CDN}/hls2/04/01431/{upload.code}_n/master.m3u8?{query}&v=&i=0.4&sp=0&asn=64496"
    return fill(
        "vidmoly_player.html",
        name=file_name(upload).removesuffix(".mp4").replace(".", " "),
        file=upload.id,
        code=upload.code,
        issued=int(time.time()),
        token=stable(upload.code, length=32, alphabet="0123456789abcdef"),
        source=Markup(source),
        cdn=_CDN,
        seconds=SECONDS,
    )
