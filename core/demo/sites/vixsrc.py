"""VixSrc on the practice network: the playlist's address and what opens it stand in the page's script."""

from __future__ import annotations

import re

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, upload_by_id
from .delivery import clip_of, comes_from, deliver_hls, forbidden, is_sealed, seal
from .skeletons import fill

HOME = "vixsrc.to"
HEIGHTS = (360, 180)
LINK_SECONDS = 60 * 24 * 3600

_ID = re.compile(r"(?:/movie/|/playlist/|[?&]ub=)(\d{1,18})\b")


class VixSrc:
    """The host VixSrc."""

    name = "VixSrc"
    hosts: tuple[str, ...] = (HOME,)

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/movie/{upload.id}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = _upload(path)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = _upload(request.path_qs)
        if not seen.path.startswith("/playlist/"):
            if upload is None or faults.gone:
                return html(fill("vixsrc_not_found.html"), 404)
            token, end = seal(upload, seen, LINK_SECONDS)
            return html(fill("vixsrc_player.html", id=upload.id, token=token, expires=end))
        token, end = seen.query.get("token", ""), seen.query.get("expires", "")
        if upload is None or not is_sealed(upload, seen, token, end) or not comes_from(seen, self.hosts):
            return forbidden()
        clip = clip_of(upload, self._media, faults)
        return await deliver_hls(request, seen, clip, HEIGHTS, faults, master=f"{upload.id}.m3u8")


def _upload(text: str) -> Upload | None:
    """The file whose number an address names: those of renditions and segments in the query alone."""
    found = _ID.search(text)
    upload = upload_by_id(int(found[1])) if found else None
    return upload if upload and upload.provider == VixSrc.name else None
