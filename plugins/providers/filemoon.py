"""Filemoon, also Byse: a packed player, at times in a frame of another host; since 2026 sealed answers.

The packed player was checked on pages recorded in 2023 and October 2025. The sealed answers are as other
programs read them; where a device is to be attested, a person has to look.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from anidana.core import Get, Gone, Link, NeedsPerson, Page, PageChanged, Provider, Steps, Stream, hookimpl

from ._address import ADDRESS
from ._expiry import expiry
from ._filemoon_data import DOMAINS
from ._verdict import Mark, verdict
from ._xfs import MARKS, find_stream

_LINK = re.compile(r"(https?://[^/?#]+)/(?:e|d|bkg|download)/(\w{6,20})(?:[/?#].*)?", re.DOTALL)
_FRAME = re.compile(r"""<iframe[^<>]{0,300}?\ssrc=["'](https?://[^"'\s<>]+)["']""")

_MARKS: tuple[Mark, ...] = (
    ("<title>not found", Gone, "{host} does not have the file"),
    ("<h1>page not found", Gone, "{host} does not have the file"),
    *MARKS,
)


def open_sealed(playback: Mapping[str, Any]) -> Any:
    """The answer inside a sealed one: AES-256-GCM, its key in parts, among which are false ones.

    PageChanged if it cannot be opened.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        parts = [_bytes(part) for part in playback["key_parts"]]
        true = [part for part in parts if len(part) == 16]
        if len(true) != 2:
            version = int(playback["version"])
            true = [parts[version - 1], parts[len(parts) - version]]
        plain = AESGCM(b"".join(true)).decrypt(_bytes(playback["iv"]), _bytes(playback["payload"]), None)
        return json.loads(plain.decode("utf-8-sig"))
    except (KeyError, IndexError, TypeError, ValueError, RecursionError, InvalidTag) as error:
        raise PageChanged(f"Filemoon's answer cannot be opened: {type(error).__name__}") from error


def parse_playback(answer: Any, page: Page) -> Stream | None:
    """The best stream of the interface's answer, plain or sealed; None if it offers none."""
    if isinstance(answer, dict) and isinstance(answer.get("playback"), dict):
        answer = open_sealed(answer["playback"])
    sources = answer.get("sources") if isinstance(answer, dict) else None
    found = [
        (height if isinstance(height := source.get("height"), int) else 0, url)
        for source in (sources if isinstance(sources, list) else [])
        if isinstance(source, dict) and ADDRESS.fullmatch(url := str(source.get("url")))
    ]
    if not found:
        return None
    height, url = max(found)
    make = Stream.file if ".mp4" in url.partition("?")[0] else Stream.hls
    return make(url, referer=page.join("/"), height=height or None, expires=expiry(url))


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(str(error)) from error


class Filemoon:
    """The host filemoon.sx, under whichever name."""

    name = "Filemoon"
    labels = ("Byse",)
    domains = DOMAINS
    headers: Mapping[str, str] = {"Referer": "https://filemoon.sx/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Read the page, else the last frame on it, else ask the interface."""
        page = yield Get(link.url, referer=link.referer)
        if stream := find_stream(page):
            return stream
        if frames := _FRAME.findall(page.text):  # the earlier ones may be decoys
            inner = yield Get(frames[-1], referer=page.url, headers={"Sec-Fetch-Dest": "iframe"})
            if stream := find_stream(inner):
                return stream
        known, trouble = _LINK.fullmatch(page.url), verdict(page, _MARKS, self.name)
        if known is None or not isinstance(trouble, PageChanged):
            raise trouble
        return (yield from _ask(page, known[2]))


def _ask(page: Page, code: str) -> Steps[Stream]:
    """Ask the interface behind a page without a player; where it sends on to another host, ask there."""
    base = f"/api/videos/{code}"
    for path in ("/details", "/embed/details", ""):  # the last is how it was in 2025
        found = yield Get(page.join(base + path), referer=page.url, accept=(404,) if path else ())
        if found.status != 404:
            break
    answer = found.json()
    frame = answer.get("embed_frame_url") if isinstance(answer, dict) else None
    if isinstance(frame, str) and re.match(r"https?://[^/?#\s]+/", frame):
        url = Page(frame, 200, "").join(f"{base}/embed/playback")
        headers = {"X-Embed-Parent": page.url}
        found = yield Get(url, referer=frame, headers=headers, accept=(401, 403, 404, 405))
        # Where a device is to be attested, nothing is given out to those who only ask.
        answer = found.json() if found.status < 400 else {"captcha_required": True}
    if stream := parse_playback(answer, found):
        return stream
    if isinstance(answer, dict) and answer.get("captcha_required"):
        raise NeedsPerson("Filemoon wants to know whether a person is watching", url=page.url)
    raise PageChanged("Filemoon's interface offers no stream")


@hookimpl
def register_providers() -> list[Provider]:
    """Offer Filemoon."""
    return [Filemoon()]
