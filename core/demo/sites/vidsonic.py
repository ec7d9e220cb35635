"""VidSonic on the practice network: an address backwards in hexadecimal, HLS in one quality."""

from __future__ import annotations

import time

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, stable, upload_in
from .delivery import agent_of, clip_of, comes_from, deliver_hls, forbidden, not_found
from .skeletons import fill
from .voe import file_name

HOME = "vidsonic.net"
HEIGHTS = (360,)
LINK_SECONDS = 12 * 3600

_CDN = "st-us-01.vidsonic.net"


class VidSonic:
    """The host VidSonic."""

    name = "VidSonic"
    hosts: tuple[str, ...] = (HOME,)

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/e/{upload.code}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = upload_in(path, self.name)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = upload_in(seen.path, self.name)
        if seen.host == _CDN:
            if upload is None or not _may_have(upload, seen):
                return forbidden()
            return await deliver_hls(request, seen, clip_of(upload, self._media, faults), HEIGHTS, faults)
        if upload is None or faults.gone:
            return not_found()
        end = str(int(time.time()) + LINK_SECONDS)
        url = (
            f"https://{_CDN}/secure/98/{upload.code}/master.m3u8"
            f"?server_id=3&expires={end}&file_id={upload.code}&md5={_token(upload, seen, end)}"
        )
        return html(fill("vidsonic_player.html", name=file_name(upload), payload=turn_round(url)))


def turn_round(url: str) -> str:
    """An address as the page holds it: backwards, in hexadecimal, a bar after every five letters."""
    digits = url[::-1].encode().hex()
    return "|".join(digits[at : at + 10] for at in range(0, len(digits), 10))


def _token(upload: Upload, seen: Seen, end: str) -> str:
    return stable(upload.code, agent_of(seen), end, length=32, alphabet="0123456789abcdef")


def _may_have(upload: Upload, seen: Seen) -> bool:
    """Whether a request carries what the page gave out, in time, from the page, by the same program."""
    end = seen.query.get("expires", "")
    return (
        seen.query.get("md5") == _token(upload, seen, end)
        and time.time() < int(end)
        and comes_from(seen, (HOME,))
        and seen.headers.get("origin") == f"https://{HOME}"
    )
