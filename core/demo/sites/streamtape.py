"""Streamtape on the practice network: sums among decoys, `get_video`, an mp4, or the clip in its place."""

from __future__ import annotations

import re
import time
from urllib.parse import quote

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, stable, upload_in
from .delivery import agent_of, clip_of, comes_from, deliver, forbidden
from .skeletons import Markup, fill
from .voe import file_name

HOME = "streamtape.com"
LINK_SECONDS = 24 * 3600
STAND_IN_BYTES = 7_975_279
"""How long the clip is that a wrong link leads to."""

_CDN = "1470183.tapecontent.net"
_STAND_IN = "/radosgw/stand-in/video.mp4"
_ELEMENTS = {"e": ("robotlink", "botlink"), "v": ("norobotlink", "captchalink")}
"""What a page writes the right address into; the second is what its player reads."""


class Streamtape:
    """The host Streamtape."""

    name = "Streamtape"
    hosts: tuple[str, ...] = (HOME, "tapecontent.net")

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://{HOME}/e/{upload.code}/{quote(file_name(upload))}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about; that of `get_video` does not say."""
        upload = upload_in(path, self.name)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = upload_in(seen.path, self.name)
        if seen.host.endswith("tapecontent.net"):
            if seen.path == _STAND_IN:
                clip = self._media.placeholder.mp4.ljust(STAND_IN_BYTES, b"\0")
                return await deliver(request, clip, "video/mp4", faults)
            if upload is None or seen.path != _file(upload, seen):
                return forbidden()
            return await deliver(request, clip_of(upload, self._media, faults).mp4, "video/mp4", faults)
        if faults.gated:
            return html(fill("challenge.html", host=seen.host), 403, {"cf-mitigated": "challenge"})
        if seen.path == "/get_video":
            return web.Response(status=302, headers={"Location": f"https://{_CDN}{_lead(seen)}"})
        kind = re.match(r"/([ev])/", seen.path)
        if upload is None or kind is None or faults.gone:
            return html(fill("streamtape_not_found.html"), 404)
        return html(_player(upload, seen, kind[1]))


def add_up(element: str, value: str, cut: int, junk: str) -> str:
    """A statement that writes `value` into an element, as a sum that is cut there and has junk to drop."""
    drop = f".substring({len(junk) - 1}).substring(1)"
    return f"document.getElementById('{element}').innerHTML = '{value[:cut]}'+ ('{junk}{value[cut:]}'){drop};"


def _player(upload: Upload, seen: Seen, kind: str) -> Markup:
    expires = int(time.time()) + LINK_SECONDS
    ask = f"id={upload.code}&expires={expires}&ip=PRACTICExf&token={_token(upload, seen, str(expires))}"
    true = f"//{HOME}/get_video?{ask}"
    first, second = _ELEMENTS[kind]
    at_id = true.index(upload.code) + 4
    sums = [  # the decoys are wrong by one letter, where they are cut
        add_up("ideoolink", f"/{HOME}/get_video?{ask}", 8, "xcd"),
        add_up("ideoolink", f"{true[:12]}b{true[12:]}", 12, "xnft"),
        add_up(first, true, 20, "xyza"),
        add_up(second, true, at_id, "xcd"),
        add_up("ideoolink", f"{true[:at_id]}b{true[at_id:]}", at_id, "xcd"),
    ]
    return fill(
        "streamtape_player.html",
        name=file_name(upload),
        bait=f"{true[:-4]}xyza",
        elements=Markup(f'<div id="{first}" style="display:none;">{true[:-3]}cde</div>'),
        sums=Markup("\n".join(sums)),
        read=second,
    )


def _lead(seen: Seen) -> str:
    """Where `get_video` leads: to the file, or to the clip if anything about the question is wrong."""
    upload, expires = upload_in(seen.query.get("id", ""), Streamtape.name), seen.query.get("expires", "")
    right = (
        upload is not None
        and seen.query.get("token") == _token(upload, seen, expires)
        and time.time() < int(expires)
        and seen.query.get("stream") == "1"
        and comes_from(seen, Streamtape.hosts)
    )
    return _file(upload, seen) if upload and right else _STAND_IN


def _token(upload: Upload, seen: Seen, expires: str) -> str:
    return stable("token", upload.code, agent_of(seen), expires)


def _file(upload: Upload, seen: Seen) -> str:
    return f"/radosgw/{stable('folder', upload.code, agent_of(seen), length=20)}/{upload.code}/video.mp4"
