"""Fsst on the practice network: files by height in a Playerjs set-up; each leads on to another host."""

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

HOME, FILES = "fsst.online", "www.secvideo1.online"
HEIGHTS = (180, 360)
LINK_SECONDS = 4 * 3600

_CDN = "s18.filevideo1.com"
_ID = re.compile(r"/(\d{6,12})(?:_\d{3,4}p\.mp4|\.mp4)?/?$")


class Fsst:
    """The host Fsst, also SecVideo."""

    name = "Fsst"
    hosts: tuple[str, ...] = (HOME, "secvideo1.online", "filevideo1.com")

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/embed/{upload.id}/"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = _upload(path)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = _upload(seen.path)
        if upload is None:
            return not_found()
        if seen.host == _CDN:
            if not is_signed(upload, seen):
                return forbidden()
            return await deliver(request, clip_of(upload, self._media, faults).mp4, "video/mp4", faults)
        if faults.gone:
            return not_found()
        if seen.path.startswith("/get_file/"):
            if seen.path not in _files(upload, seen).values() or not comes_from(seen, (HOME, FILES)):
                return forbidden()
            query = "&".join(f"{name}={value}" for name, value in sign(upload, seen, LINK_SECONDS).items())
            return web.Response(
                status=302, headers={"Location": f"https://{_CDN}/contents/{upload.id}.mp4?{query}"}
            )
        files = ",".join(f"[{height}p]https://{FILES}{path}" for height, path in _files(upload, seen).items())
        return html(fill("fsst_player.html", id=upload.id, name=file_name(upload), files=files))


def _upload(path: str) -> Upload | None:
    found = _ID.search(path)
    upload = upload_by_id(int(found[1])) if found else None
    return upload if upload and upload.provider == Fsst.name else None


def _files(upload: Upload, seen: Seen) -> dict[int, str]:
    """The files' paths by height, lowest first; the best has no height in its name."""
    names = {height: f"{upload.id}_{height}p.mp4" for height in HEIGHTS[:-1]} | {
        HEIGHTS[-1]: f"{upload.id}.mp4"
    }
    return {
        height: f"/get_file/18/{_token(upload, seen, height)}/{upload.id // 1000 * 1000}/{upload.id}/{name}/"
        for height, name in names.items()
    }


def _token(upload: Upload, seen: Seen, height: int) -> str:
    return stable(upload.code, agent_of(seen), height, length=42, alphabet="0123456789abcdef")
