"""Filemoon on the practice network: a packed player in a frame; as Byse, sealed answers."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ...models import Number
from ..faults import Faults
from ..media import SECONDS, Media
from ..serving import Seen, html
from ..story import Upload, upload_in
from .delivery import clip_of, comes_from, deliver_hls, forbidden, is_signed, sign
from .packing import pack
from .skeletons import Markup, fill
from .voe import file_name

HOME, FRAME = "filemoon.sx", "pqham.com"
BYSE, BYSE_FRAME = "byse.sx", "bysewihe.com"
HEIGHTS = {"n": 180, "h": 360}
"""Qualities by their letter in a playlist's address."""

LINK_SECONDS = 3 * 3600

_CDN = "be7713.rcr82.waw05.i8yz83pn.com"
_ATTEST = {"error": "attestation required", "captcha_required": True}


class Filemoon:
    """The host Filemoon, also Byse."""

    name = "Filemoon"
    hosts: tuple[str, ...] = (HOME, FRAME, BYSE, BYSE_FRAME, "i8yz83pn.com")

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/e/{upload.code}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = upload_in(path, self.name)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = upload_in(seen.path, self.name)
        if seen.host.endswith("i8yz83pn.com"):
            if upload is None or not is_signed(upload, seen) or not comes_from(seen, self.hosts):
                return forbidden()
            height = HEIGHTS["n" if f"{upload.code}_n/" in seen.path else "h"]
            return await deliver_hls(request, seen, clip_of(upload, self._media, faults), (height,), faults)
        if seen.path.startswith("/api/"):
            return _interface(upload, seen, faults)
        if faults.gated or seen.host in (BYSE, BYSE_FRAME):
            return html(fill("filemoon_shell.html"))
        if upload is None or faults.gone:
            return html(fill("filemoon_not_found.html"))
        if faults.not_ready:
            return html(fill("filemoon_not_ready.html", name=file_name(upload)))
        if seen.host == FRAME:
            framed = seen.headers.get("sec-fetch-dest") == "iframe" and comes_from(seen, (HOME,))
            return html(_player(upload, seen)) if framed else forbidden()
        return html(
            fill("filemoon_outer.html", name=file_name(upload), frame=f"https://{FRAME}/bkg/{upload.code}")
        )


def _playlist(upload: Upload, seen: Seen, quality: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in sign(upload, seen, LINK_SECONDS).items())
    return f"https://{_CDN}/hls2/01/09665/{upload.code}_{quality}/master.m3u8?{query}&srv=1075&asn=64496&sp=4000&p="


def _player(upload: Upload, seen: Seen) -> Markup:
    script = (
        f'var player=jwplayer("vplayer");player.setup({{sources:[{{file:"{_playlist(upload, seen, "h")}"}}],'
        f'image:"https://{FRAME}/{upload.code}.jpg",width:"100%",height:"100%",preload:\'auto\',duration:"{SECONDS}",'
        'tracks:[],"skin":{"name":"alaska"}});'
    )
    return fill("filemoon_player.html", player=Markup(pack(script)))


def _interface(upload: Upload | None, seen: Seen, faults: Faults) -> web.Response:
    """`…/details` names the frame; `…/embed/playback`, asked from there, gives the sealed sources.

    Under the old name there is no interface before the gate has come.
    """
    if upload is None or faults.gone or (seen.host == HOME and not faults.gated):
        return web.json_response({"error": "not found"}, status=404)
    if seen.path == f"/api/videos/{upload.code}/details":
        frame = f"https://{BYSE_FRAME}/e/{upload.code}"
        return web.json_response({"title": file_name(upload), "embed_frame_url": frame})
    if seen.path != f"/api/videos/{upload.code}/embed/playback" or seen.host != BYSE_FRAME:
        return web.json_response({"error": "not found"}, status=404)
    parent = seen.headers.get("x-embed-parent", "")
    if faults.gated or not comes_from(seen, (BYSE_FRAME,)) or not parent.endswith(f"/e/{upload.code}"):
        return web.json_response(_ATTEST, status=403)
    sources = [
        {
            "quality": f"{height}p",
            "label": f"{height}p",
            "mime_type": "application/vnd.apple.mpegurl",
            "url": _playlist(upload, seen, letter),
            "height": height,
        }
        for letter, height in HEIGHTS.items()
    ]
    return web.json_response({"playback": seal({"sources": sources}), "tracks": []})


def seal(answer: object) -> dict[str, Any]:
    """An answer as it is sent since July 2026: AES-256-GCM, the key's two parts among longer, false ones."""
    key, nonce = os.urandom(32), os.urandom(12)
    false = [os.urandom(24) for _ in range(4)]
    return {
        "algorithm": "AES-256-GCM",
        "iv": _text(nonce),
        "payload": _text(AESGCM(key).encrypt(nonce, json.dumps(answer).encode("utf-8-sig"), None)),
        "key_parts": [_text(part) for part in (false[0], key[:16], *false[1:3], key[16:], false[3])],
        "version": 2,
    }


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
