"""StreamUp on the practice network: a page that is the same for every file, JSON for the file's code."""

from __future__ import annotations

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload, stable, upload_in
from .delivery import HEX, clip_of, comes_from, deliver_hls, forbidden, is_sealed, seal
from .skeletons import fill
from .voe import file_name

HOME = "strmup.to"
HEIGHTS = (360, 180)
LINK_SECONDS = 8 * 3600

_CDN = "s3-hls2-cdn59.strmupcdn.com"


class StreamUp:
    """The host StreamUp, under one of its names."""

    name = "StreamUp"
    hosts: tuple[str, ...] = (HOME, "strmupcdn.com")

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
        if seen.host != HOME:
            upload = upload_in(seen.path, self.name)
            if upload is None or not is_token(upload, seen) or not comes_from(seen, self.hosts):
                return forbidden()
            return await deliver_hls(request, seen, clip_of(upload, self._media, faults), HEIGHTS, faults)
        if faults.gated:
            return html(fill("challenge.html", host=HOME), 403, {"cf-mitigated": "challenge"})
        if seen.path != "/ajax/stream":
            return html(fill("streamup_page.html"))
        if not comes_from(seen, self.hosts):
            return forbidden()
        upload = upload_in(seen.query.get("filecode", ""), self.name)
        if upload is None or faults.gone:
            return web.json_response({"error": "File not found"})
        url = f"https://{_CDN}/hls/{upload.code}/master.m3u8?token={token(upload, seen, LINK_SECONDS)}"
        return web.json_response(video(upload, url))


def token(upload: Upload, seen: Seen, seconds: int) -> str:
    """What lets whoever asked for the page have the media: a digest, its end, an address, another digest."""
    digest, end = seal(upload, seen, seconds)
    return f"{digest}-{end}-127.0.0.1-{stable(digest, length=64, alphabet=HEX)}"


def is_token(upload: Upload, seen: Seen) -> bool:
    """Whether a request carries what `token` gave out, in time and with the same User-Agent."""
    digest, _, rest = seen.query.get("token", "").partition("-")
    return is_sealed(upload, seen, digest, rest.partition("-")[0])


def video(upload: Upload, url: str) -> dict[str, object]:
    """What the interface says of a file."""
    return {
        "title": file_name(upload),
        "thumbnail": "",
        "streaming_url": url,
        "vast_ads": None,
        "filecode": upload.code,
        "subtitles": [],
        "default_sub_lang": "",
    }
