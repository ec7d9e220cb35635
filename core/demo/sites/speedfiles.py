"""SpeedFiles on the practice network, where it still lives: an address wrapped several times, an mp4.

The wrapping is the exact inverse of what decodes a page recorded in November 2024.
"""

from __future__ import annotations

import base64

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, stable, upload_in
from .delivery import clip_of, deliver, forbidden, is_signed, not_found, sign
from .skeletons import Markup, fill
from .voe import file_name

HOME = "speedfiles.net"
LINK_SECONDS = 3 * 3600

_CDN = "md4.t0006.cache-pr4ct1c.speedfiles.net"


class SpeedFiles:
    """The host SpeedFiles."""

    name = "SpeedFiles"
    hosts: tuple[str, ...] = (HOME,)

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/{upload.code}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = upload_in(path, self.name)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = upload_in(seen.path, self.name)
        if seen.host == _CDN:
            if upload is None or not is_signed(upload, seen):
                return forbidden()
            return await deliver(request, clip_of(upload, self._media, faults).mp4, "video/mp4", faults)
        if upload is None or faults.gone:
            return not_found()
        signed = sign(upload, seen, LINK_SECONDS)
        query = "&".join(f"{name}={value}" for name, value in signed.items())
        payload = wrap(f"https://{_CDN}/store_access/{upload.code}?{query}&sp=1500")
        return html(
            fill(
                "speedfiles_player.html",
                name=file_name(upload),
                short=_hex(upload, 64),
                long=_hex(upload, 128),
                payload=Markup(payload),
            )
        )


def wrap(url: str) -> str:
    """An address as the page holds it: three times base64, swapped and turned round between."""
    inner = base64.b64encode(url.encode())[::-1].swapcase()
    digits = bytes(byte + 3 for byte in inner).hex()[::-1]
    outer = base64.b64encode(digits.encode())[::-1].swapcase()
    return base64.b64encode(outer).decode()


def _hex(upload: Upload, length: int) -> str:
    """A decoy."""
    return "".join(
        stable("decoy", upload.code, at, length=32, alphabet="0123456789abcdef") for at in range(length // 32)
    )
