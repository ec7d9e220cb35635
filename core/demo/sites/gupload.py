"""GUpload on the practice network: the address of an mp4, sealed on the page behind a decoy."""

from __future__ import annotations

import base64
import json
import re
from itertools import cycle

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, upload_in
from .delivery import clip_of, comes_from, deliver, forbidden, is_sealed, seal
from .skeletons import Markup, fill
from .voe import file_name

HOME = "gupload.xyz"
LINK_SECONDS = 4 * 3600
KEY = ("pr4", "ct1", "c")

_CDN = f"cdn3.{HOME}"
_PAGE = re.compile(r"/data/e/([0-9a-f]{24})")


class GUpload:
    """The host GUpload."""

    name = "GUpload"
    hosts: tuple[str, ...] = (HOME,)

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/data/e/{upload.code.encode().hex()}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = _upload(path)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = _upload(seen.path)
        if seen.host != HOME:
            digest, end = seen.query.get("token", ""), seen.query.get("expires", "")
            if upload is None or not is_sealed(upload, seen, digest, end) or not comes_from(seen, self.hosts):
                return forbidden()
            return await deliver(request, clip_of(upload, self._media, faults).mp4, "video/mp4", faults)
        if faults.gated:
            return html(fill("challenge.html", host=HOME), 403, {"cf-mitigated": "challenge"})
        if upload is None or faults.gone:
            return html(fill("gupload_not_found.html"))
        digest, end = seal(upload, seen, LINK_SECONDS)
        return html(
            fill(
                "gupload_player.html",
                name=file_name(upload),
                key=Markup(json.dumps(KEY)),
                decoy=Markup(wrap({"videoUrl": "https://test-videos.co.uk/vids/bunny.mp4"})),
                sealed=Markup(
                    wrap({"videoUrl": f"https://{_CDN}/v/{upload.code}.mp4?token={digest}&expires={end}"})
                ),
            )
        )


def wrap(data: object) -> str:
    """A video's data as the page carries it: each byte mixed with the key's, in base64."""
    mixed = bytes(a ^ b for a, b in zip(json.dumps(data).encode(), cycle("".join(KEY).encode())))
    return base64.b64encode(mixed).decode()


def _upload(path: str) -> Upload | None:
    """The file that a path names: pages in hexadecimal, the media server by its code."""
    found = _PAGE.fullmatch(path)
    return upload_in(bytes.fromhex(found[1]).decode("latin-1") if found else path, GUpload.name)
