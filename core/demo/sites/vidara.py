"""Vidara on the practice network: an interface that takes JSON and ends addresses in a line break."""

from __future__ import annotations

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, upload_in
from .delivery import clip_of, comes_from, deliver_hls, forbidden
from .skeletons import fill
from .streamup import is_token, token, video

HOME = "vidara.to"
HEIGHTS = (360, 180)
LINK_SECONDS = 8 * 3600

_CDN = f"cdn59.{HOME}"


class Vidara:
    """The host Vidara."""

    name = "Vidara"
    hosts: tuple[str, ...] = (HOME,)

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/e/{upload.code}?mirror=1"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = upload_in(path, self.name)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        if seen.host != HOME:
            upload = upload_in(seen.path, self.name)
            if upload is None or not is_token(upload, seen) or not comes_from(seen, self.hosts):
                return forbidden()
            return await deliver_hls(request, seen, clip_of(upload, self._media, faults), HEIGHTS, faults)
        if seen.path != "/api/stream":
            return html(fill("vidara_page.html"))
        if seen.method != "POST" or not comes_from(seen, self.hosts):
            return forbidden()
        upload = _asked(seen)
        if upload is None or faults.gone:
            return web.json_response({"error": "not found"})
        url = f"https://{_CDN}/hls/{upload.code}/master.m3u8?token={token(upload, seen, LINK_SECONDS)}"
        return web.json_response(video(upload, f"{url}\r\n"))


def _asked(seen: Seen) -> Upload | None:
    """The file that the player asks for."""
    try:
        match seen.json():
            case {"filecode": str(code), "device": "web"}:
                return upload_in(code, Vidara.name)
    except ValueError:
        pass
    return None
