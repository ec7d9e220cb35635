"""VOE on the practice network: a stub, a mirror of a made-up name, the payload, HLS.

The payload is the exact inverse of what decodes the pages recorded since May 2025.
"""

from __future__ import annotations

import base64
import codecs
import json
import re

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, upload_in
from .delivery import clip_of, comes_from, deliver, deliver_hls, forbidden, is_signed, sign
from .skeletons import Markup, fill

MIRROR = "walterlampshelf.com"
JUNK = ("@$", "^^", "~@", "%?", "*~", "!!", "#&")
HEIGHTS = (360, 180)
LINK_SECONDS = 4 * 3600

_CDN = "ugc-cdn-caching-p3r4c7ic3n0d3001.cloudwindow-route.com"


class Voe:
    """The host VOE."""

    name = "VOE"
    hosts: tuple[str, ...] = ("voe.sx", MIRROR, "cloudwindow-route.com")

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://voe.sx/e/{upload.code}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = upload_in(path, self.name)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = upload_in(seen.path, self.name)
        if seen.host.endswith("cloudwindow-route.com"):
            if upload is None or not is_signed(upload, seen) or not comes_from(seen, self.hosts):
                return forbidden()
            clip = clip_of(upload, self._media, faults)
            if seen.path.startswith("/engine/download/"):
                return await deliver(request, clip.mp4, "video/mp4", faults)
            return await deliver_hls(request, seen, clip, HEIGHTS, faults)
        if faults.gated:
            return html(fill("challenge.html", host=seen.host), 403, {"cf-mitigated": "challenge"})
        if seen.host != MIRROR:
            return html(fill("voe_redirect.html", target=Markup(f"https://{MIRROR}{seen.path}")))
        if upload is None or faults.gone:
            return html(fill("voe_not_found.html"), 404)
        if faults.not_ready:
            return html(fill("voe_not_ready.html", name=file_name(upload)))
        return html(_player(upload, seen))


def file_name(upload: Upload) -> str:
    """What the uploader called the file."""
    title = re.sub(r"\W+", ".", upload.story.series.title).strip(".")
    return f"{title}.{upload.episode.number}.{upload.language.label.replace(' ', '.')}.mp4"


def encode(player: object) -> str:
    """A player's settings as the page carries them; safe inside a JSON string."""
    inner = base64.b64encode(json.dumps(player).encode()).decode()
    shifted = "".join(chr(ord(char) + 3) for char in reversed(inner))
    rotated = codecs.encode(base64.b64encode(shifted.encode()).decode(), "rot13")
    pieces = [rotated[at : at + 4] for at in range(0, len(rotated), 4)]
    return "".join(piece + JUNK[place % len(JUNK)] for place, piece in enumerate(pieces))


def _player(upload: Upload, seen: Seen) -> Markup:
    query = "&".join(f"{name}={value}" for name, value in sign(upload, seen, LINK_SECONDS).items())
    extra = "&node=practice&i=127.0&sp=2500&asn=64496"
    folder = f"01/{upload.id % 100000:05d}"
    settings = {
        "sharing": True,
        "thumbnail": f"https://{MIRROR}/cache/{upload.code}_storyboard_L2.jpg",
        "file_code": upload.code,
        "title": file_name(upload),
        "source": f"https://{_CDN}/engine/hls2/{folder}/{upload.code}_,n,l,.urlset/master.m3u8?{query}{extra}&q=n,l",
        "fallback": [],
        "captions": [],
        "direct_access_allowed": False,
        "direct_access_url": f"https://{_CDN}/engine/download/{folder}/{upload.code}_n.mp4?{query}{extra}&d=1",
        "site_name": MIRROR,
    }
    return fill(
        "voe_player.html",
        name=file_name(upload),
        mirror=MIRROR,
        code=upload.code,
        payload=Markup(encode(settings)),
    )
