"""VidStack on the practice network: a page that is the same for every file, and a sealed answer.

The file's id is the link's fragment: no server sees it before the page's script asks for it.
"""

from __future__ import annotations

import json

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, upload_in
from .delivery import clip_of, comes_from, deliver_hls, forbidden
from .skeletons import fill
from .voe import file_name

HOME = "kinoger.re"
HEIGHTS = (360, 180)
MASTER = "cf-master.1748766126.txt"

_CDN = "sipt.greenlineinnovations.store"
_KEY, _IV = b"kiemtienmua911ca", b"1234567890oiuytr"


class VidStack:
    """The host VidStack, under one of its names."""

    name = "VidStack"
    hosts: tuple[str, ...] = (HOME, "greenlineinnovations.store")

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/#{upload.code}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = upload_in(path, self.name)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        if seen.host != HOME:
            upload = upload_in(seen.path, self.name)
            if upload is None or not comes_from(seen, self.hosts):
                return forbidden()
            clip = clip_of(upload, self._media, faults)
            return await deliver_hls(request, seen, clip, HEIGHTS, faults, master=MASTER)
        if seen.path != "/api/v1/video":
            return html(fill("vidstack_page.html"))
        if not comes_from(seen, self.hosts):
            return forbidden()
        upload = upload_in(seen.query.get("id", ""), self.name)
        if upload is None or faults.gone:
            return web.json_response({"message": "not found"}, status=404)
        return web.Response(text=seal(_video(upload)))


def seal(answer: object) -> str:
    """An answer as the interface gives it: AES-128-CBC in hexadecimal."""
    padder, encryptor = PKCS7(128).padder(), Cipher(AES128(_KEY), CBC(_IV)).encryptor()
    padded = padder.update(json.dumps(answer).encode()) + padder.finalize()
    return (encryptor.update(padded) + encryptor.finalize()).hex()


def _video(upload: Upload) -> dict[str, object]:
    """`source` is at a bare address, for documentation (RFC 5737), where nobody listens."""
    return {
        "title": file_name(upload),
        "source": f"https://192.0.2.30/v4/bgm/{upload.code}/master.m3u8?v=1748766126",
        "cf": f"https://{_CDN}/v4/bgm/{upload.code}/{MASTER}",
        "subtitle": {},
    }
