"""gxplayer on the practice network: the video's data on the page, a playlist that calls itself a text."""

from __future__ import annotations

import json
import re

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, stable, upload_by_id, upload_in
from .delivery import HEX, clip_of, comes_from, deliver_hls, forbidden
from .skeletons import Markup, fill
from .voe import file_name

HOME = "watch.gxplayer.xyz"
HEIGHTS = (360, 180)

_ID = re.compile(r"[?&]id=(\d{1,18})\b")


class Gxplayer:
    """The host gxplayer."""

    name = "gxplayer"
    hosts: tuple[str, ...] = (HOME,)

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/watch?v={upload.code}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = _upload(path)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = _upload(request.path_qs)
        if seen.path.startswith("/m3u8/"):
            if upload is None or _folder(upload) not in seen.path or not comes_from(seen, self.hosts):
                return forbidden()
            clip = clip_of(upload, self._media, faults)
            return await deliver_hls(request, seen, clip, HEIGHTS, faults, master="master.txt")
        if upload is None or faults.gone:
            return html(fill("gxplayer_not_found.html"), 404)
        if faults.not_ready:
            return html(fill("gxplayer_not_ready.html"))
        return html(fill("gxplayer_player.html", video=Markup(json.dumps(_video(upload)))))


def _upload(text: str) -> Upload | None:
    """The file that a page's address names by its code, a playlist's or segment's by its number."""
    found = _ID.search(text)
    return upload_by_id(int(found[1])) if found else upload_in(text, Gxplayer.name)


def _folder(upload: Upload) -> str:
    return f"/m3u8/3/{_md5(upload)}/"


def _md5(upload: Upload) -> str:
    return stable("md5", upload.code, length=32, alphabet=HEX)


def _video(upload: Upload) -> dict[str, str | None]:
    return {
        "id": str(upload.id),
        "uid": "3",
        "slug": upload.code,
        "title": file_name(upload),
        "quality": '["360p","180p"]',
        "sources": None,
        "type": "hls",
        "subtitles": None,
        "status": "1",
        "errorcount": "0",
        "progressbar": "100",
        "progress": "all done.",
        "md5": _md5(upload),
    }
