"""MixDrop on the practice network: a landing page, a player in a packed script, an mp4."""

from __future__ import annotations

import time

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import UPLOADS, Upload, stable, upload_in
from .delivery import agent_of, clip_of, comes_from, deliver, forbidden
from .packing import pack
from .skeletons import Markup, fill
from .voe import file_name

HOME, ALIAS = "mixdrop.ag", "mixdrop.co"
LINK_SECONDS = 4 * 3600
RADIX = 10
"""That of the packed script; it was 36 until July 2026."""

_CDN = "a-delivery34.mxcontent.net"


class MixDrop:
    """The host MixDrop."""

    name = "MixDrop"
    hosts: tuple[str, ...] = (HOME, ALIAS, "mxcontent.net")

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/f/{upload.code}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = _upload(path)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = _upload(seen.path)
        if seen.host.endswith("mxcontent.net"):
            if upload is None or not _may_have(upload, seen) or not comes_from(seen, self.hosts):
                return forbidden()
            return await deliver(request, clip_of(upload, self._media, faults).mp4, "video/mp4", faults)
        if upload is None or faults.gone:
            return html(fill("mixdrop_not_found.html"))
        if seen.host == ALIAS:
            return html(fill("mixdrop_hop.html", target=f"//{HOME}/e/{upload.code}"))
        if seen.path.startswith("/f/"):
            return html(fill("mixdrop_landing.html", name=file_name(upload), code=upload.code))
        return html(
            fill(
                "mixdrop_player.html",
                name=file_name(upload),
                player=Markup(pack(_player(upload, seen), RADIX)),
            )
        )


def _upload(path: str) -> Upload | None:
    """The file behind a path; the media server's paths do not hold its code."""
    return _BY_FILE.get(path) or upload_in(path, MixDrop.name)


def _player(upload: Upload, seen: Seen) -> str:
    """What the player is told; only `wurl` is the file's address."""
    now = int(time.time())
    end = str(now + LINK_SECONDS)
    url = f"//{_CDN}{_file(upload)}?s={_token(upload, seen, end)}&e={end}&_t={now}"
    settings = {
        "poster": f"//{_CDN}/thumbs/{upload.code}.jpg",
        "furl": " ",
        "wurl": url,
        "vfile": f"{upload.code}.mp4",
        "vserver": _CDN.partition(".")[0],
        "referrer": "",
    }
    told = "".join(f'MDCore.{name}="{value}";' for name, value in settings.items())
    return f"{told}MDCore.chromeInject=0;"


def _file(upload: Upload) -> str:
    return f"/v2/{stable('file', upload.code, length=32, alphabet='0123456789abcdef')}.mp4"


_BY_FILE = {_file(upload): upload for upload in UPLOADS if upload.provider == MixDrop.name}


def _token(upload: Upload, seen: Seen, end: str) -> str:
    return stable("token", upload.code, agent_of(seen), end, length=22)


def _may_have(upload: Upload, seen: Seen) -> bool:
    """Whether a request carries what the player's page gave out, in time and with the same User-Agent."""
    end = seen.query.get("e", "")
    return seen.query.get("s") == _token(upload, seen, end) and time.time() < int(end)
