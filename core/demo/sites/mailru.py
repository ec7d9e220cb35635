"""A site of yt-dlp's on the practice network: my.mail.ru, whose extractor asks where the page says.

The page and the list of files are plain http, as nothing here has a certificate.
"""

from __future__ import annotations

import json

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, upload_in
from .delivery import clip_of, deliver
from .skeletons import Markup, fill

HOME = "my.mail.ru"

_CDN = f"cdn1.{HOME}"


class MailRu:
    """The site my.mail.ru, in the catalogue under the provider that reads it."""

    name = "yt-dlp"
    hosts: tuple[str, ...] = (HOME,)

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/mail/practice/video/embed/{upload.code}/{upload.id}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = upload_in(path, self.name)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = upload_in(seen.path, self.name)
        if upload is None or faults.gone:
            return html("<html><head><title>404</title></head></html>", 404)
        if seen.host == _CDN:
            return await deliver(request, clip_of(upload, self._media, faults).mp4, "video/mp4", faults)
        if seen.path.startswith("/+/video/meta/"):
            return web.json_response(
                {
                    "meta": {"title": upload.episode.name, "accId": 1, "itemId": upload.id},
                    "author": {"name": "practice"},
                    "videos": [{"key": "360p", "url": f"http://{_CDN}/v/{upload.code}.mp4"}],
                }
            )
        config = json.dumps({"metaUrl": f"http://{HOME}/+/video/meta/{upload.code}"})
        return html(fill("mailru_player.html", name=upload.episode.name, config=Markup(config)))
