"""Sibnet on the practice network: one file in the set-up of the player, behind Referer and redirect."""

from __future__ import annotations

import re

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, stable, upload_by_id
from .delivery import agent_of, clip_of, comes_from, deliver, forbidden, is_signed, not_found, sign
from .skeletons import fill
from .voe import file_name

HOME = "video.sibnet.ru"
LINK_SECONDS = 4 * 3600

_CDN = "dv98.sibnet.ru"
_FILE = re.compile(r"/(?:v/[0-9a-f]{32}/|\d{2}/)(\d{6,12})\.mp4")


class Sibnet:
    """The host Sibnet."""

    name = "Sibnet"
    hosts: tuple[str, ...] = ("sibnet.ru",)

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/shell.php?videoid={upload.id}"

    def number(self, path: str) -> Number | None:
        """The episode that a path, with its query, is about."""
        upload = _upload(path)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = _upload(f"{seen.path}?videoid={seen.query.get('videoid', '')}")
        if upload is None or faults.gone:
            return not_found()
        if seen.host == _CDN:
            if not is_signed(upload, seen):
                return forbidden()
            return await deliver(request, clip_of(upload, self._media, faults).mp4, "video/mp4", faults)
        token = stable(upload.code, agent_of(seen), length=32, alphabet="0123456789abcdef")
        source = f"/v/{token}/{upload.id}.mp4"
        if seen.path == "/shell.php":
            return html(fill("sibnet_player.html", id=upload.id, name=file_name(upload), source=source))
        if seen.path != source or not comes_from(seen, (HOME,)):
            return forbidden()
        query = "&".join(f"{name}={value}" for name, value in sign(upload, seen, LINK_SECONDS).items())
        return web.Response(status=302, headers={"Location": f"https://{_CDN}/50/{upload.id}.mp4?{query}"})


def _upload(path: str) -> Upload | None:
    found = _FILE.match(path) or re.search(r"[?&]videoid=(\d{6,12})(?:&|$)", path)
    upload = upload_by_id(int(found[1])) if found else None
    return upload if upload and upload.provider == Sibnet.name else None
