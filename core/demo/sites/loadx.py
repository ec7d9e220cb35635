"""LoadX on the practice network: an interface that takes a form and answers with the playlist."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import UPLOADS, Upload, stable
from .delivery import HEX, clip_of, comes_from, deliver_hls, forbidden, is_sealed, seal
from .skeletons import fill
from .voe import file_name

HOME = "loadx.ws"
HEIGHTS = (360, 180)
LINK_SECONDS = 4 * 3600

_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


class LoadX:
    """The host LoadX."""

    name = "LoadX"
    hosts: tuple[str, ...] = (HOME,)

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/video/{_hash(upload)}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = _upload(path)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        if seen.path == "/player/index.php":
            return self._video(seen, faults)
        upload = _upload(seen.path)
        if upload is None:
            return html(fill("loadx_not_found.html"), 404)
        if not seen.path.startswith("/cdn/"):
            return html(fill("loadx_player.html", name=file_name(upload), hash=_hash(upload)))
        sealed = is_sealed(upload, seen, seen.query.get("md5", ""), seen.query.get("expires", ""))
        if not sealed or not comes_from(seen, self.hosts):
            return forbidden()
        clip = clip_of(upload, self._media, faults)
        return await deliver_hls(request, seen, clip, HEIGHTS, faults, master="master.txt")

    def _video(self, seen: Seen, faults: Faults) -> web.Response:
        """What the interface says to the player's form."""
        hash_ = seen.query.get("data", "")
        asked = (seen.method, seen.query.get("do"), seen.headers.get("x-requested-with"))
        if asked != ("POST", "getVideo", "XMLHttpRequest") or not comes_from(seen, self.hosts):
            return forbidden()
        upload = _BY_HASH.get(hash_)
        if upload is None or faults.gone or parse_qs(seen.body.decode("latin-1")).get("hash") != [hash_]:
            return web.json_response({"hls": False})
        digest, end = seal(upload, seen, LINK_SECONDS)
        url = f"https://{HOME}/cdn/hls/{hash_}/master.txt?md5={digest}&expires={end}"
        return web.json_response({"hls": True, "videoImage": None, "videoSource": url})


def _hash(upload: Upload) -> str:
    return stable("hash", upload.code, length=32, alphabet=HEX)


_BY_HASH = {_hash(upload): upload for upload in UPLOADS if upload.provider == LoadX.name}


def _upload(text: str) -> Upload | None:
    """The file whose hash a text names first; tokens look alike and come later."""
    return next((_BY_HASH[found] for found in _HASH.findall(text) if found in _BY_HASH), None)
