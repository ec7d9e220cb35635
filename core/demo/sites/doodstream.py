"""Doodstream on the practice network: an alias, the embed page, `pass_md5`, an mp4 behind three checks."""

from __future__ import annotations

import re
import time

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import UPLOADS, Upload, stable, upload_by_id, upload_in
from .delivery import agent_of, clip_of, comes_from, deliver, forbidden
from .skeletons import fill
from .voe import file_name

HOME = "playmogo.com"
LINK_SECONDS = 8 * 3600

_CDN = "pr4ct1c.cloudatacdn.com"
_PASS = re.compile(r"/pass_md5/(\d+)-127-0-(\d+)-([0-9a-f]{32})/([0-9a-z]{24})")
_FILE = re.compile(r"/([0-9a-z]{60})/([0-9a-z]{10})~([A-Za-z0-9]{10})")


class Doodstream:
    """The host Doodstream."""

    name = "Doodstream"
    hosts: tuple[str, ...] = ("dood.li", "doodstream.com", HOME, "cloudatacdn.com")

    def __init__(self, media: Media) -> None:
        self._media = media

    @staticmethod
    def link(upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://dood.li/e/{upload.code}"

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        upload = _upload(path)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = _upload(seen.path)
        if seen.host.endswith("cloudatacdn.com"):
            if upload is None or not _may_have(upload, seen) or not comes_from(seen, self.hosts):
                return forbidden()
            clip = clip_of(upload, self._media, faults)
            return await deliver(request, clip.mp4, "video/mp4", faults)
        if seen.host != HOME:
            return web.Response(status=301, headers={"Location": f"https://{HOME}{seen.path}"})
        if upload is None or faults.gone:
            return html(fill("dood_not_found.html"))
        if found := _PASS.fullmatch(seen.path):
            if not _may_pass(upload, seen, found):
                return forbidden()
            return html(
                "RELOAD" if faults.gated else f"https://{_CDN}/{_folder(upload, seen)}/{_file(upload)}~"
            )
        if faults.gated:
            return html(fill("dood_gate.html", name=file_name(upload)))
        if seen.path.startswith("/d/"):
            return html(fill("dood_landing.html", name=file_name(upload), code=upload.code))
        return html(
            fill(
                "dood_player.html",
                name=file_name(upload),
                code=upload.code,
                file=upload.id,
                hash=_hash(upload, seen, str(int(time.time()))),
                token=_token(upload),
            )
        )


def _upload(path: str) -> Upload | None:
    """The file behind a path; the media server's paths do not hold its code."""
    if found := _PASS.fullmatch(path):
        return upload_by_id(int(found[1]))
    if found := _FILE.fullmatch(path):
        return _BY_FILE.get(found[2])
    return upload_in(path, Doodstream.name)


def _hash(upload: Upload, seen: Seen, issued: str) -> str:
    digest = stable(upload.code, agent_of(seen), issued, length=32, alphabet="0123456789abcdef")
    return f"{upload.id}-127-0-{issued}-{digest}"


def _token(upload: Upload) -> str:
    return stable("token", upload.code, length=24)


def _folder(upload: Upload, seen: Seen) -> str:
    return stable("folder", upload.code, agent_of(seen), length=60)


def _file(upload: Upload) -> str:
    return stable("file", upload.code, length=10)


_BY_FILE = {_file(upload): upload for upload in UPLOADS if upload.provider == Doodstream.name}


def _may_pass(upload: Upload, seen: Seen, path: re.Match[str]) -> bool:
    """Whether `pass_md5` is asked from the page that named it, by the program that read the page."""
    page = seen.headers.get("referer", "").removeprefix(f"https://{HOME}")
    return (
        page in (f"/e/{upload.code}", f"/d/{upload.code}")
        and _hash(upload, seen, path[2]).endswith(f"-{path[3]}")
        and path[4] == _token(upload)
    )


def _may_have(upload: Upload, seen: Seen) -> bool:
    """Whether suffix, token and expiry (milliseconds, by the page's clock) are those of the player."""
    found = _FILE.fullmatch(seen.path)
    expiry = seen.query.get("expiry", "")
    return (
        found is not None
        and found[1] == _folder(upload, seen)
        and seen.query.get("token") == _token(upload)
        and re.fullmatch(r"\d{13}", expiry) is not None
        and abs(time.time() - int(expiry) / 1000) < LINK_SECONDS
    )
