"""gxplayer, also StreamEmbed: the playlist's address is made of the video's data on the page.

Checked on a page recorded in July 2025.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice

from anidana.core import Get, Gone, Link, NotReady, Page, Provider, Steps, Stream, hookimpl

from ._verdict import Mark, verdict

_VIDEO = re.compile(r"\bvideo\s{0,9}=\s{0,9}(?=\{)")
_MOST_VIDEOS = 20  # a page that begins more of them wants to keep us busy

_MARKS: tuple[Mark, ...] = (
    ("video is not ready", NotReady, "{host} is still working on the file"),
    ("video not found", Gone, "{host} does not have the file"),
    ("file not found", Gone, "{host} does not have the file"),
)


def parse(page: Page) -> Stream:
    """Read the video's data off the page."""
    for start in islice(_VIDEO.finditer(page.text), _MOST_VIDEOS):
        try:
            video, _ = json.JSONDecoder().raw_decode(page.text, start.end())
        except (ValueError, RecursionError):
            continue
        match video:
            case {"uid": str(uid), "md5": str(md5), "id": str(id_), "status": str(status)} if all(
                re.fullmatch(r"\w{1,64}", part) for part in (uid, md5, id_, status)
            ):
                if str(video.get("progressbar") or "100") != "100":
                    raise NotReady("gxplayer is still working on the file")
                url = page.join(f"/m3u8/{uid}/{md5}/master.txt?s=1&id={id_}&cache={status}")
                return Stream.hls(url, referer=page.url)
    raise verdict(page, _MARKS, "gxplayer")


class Gxplayer:
    """The host watch.gxplayer.xyz, under whichever name."""

    name = "gxplayer"
    labels = ("StreamEmbed", "MegaKino")
    domains = ("gxplayer.xyz", "bullstream.xyz", "mp4player.site", "watch.brstream.cc")
    headers: Mapping[str, str] = {"Referer": "https://watch.gxplayer.xyz/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page and parse it."""
        return parse((yield Get(link.url, referer=link.referer)))

    def recognises(self, page: Page) -> bool:
        """Whether a page's player asks for the master list as this software does."""
        return "/m3u8/${video.uid}/" in page.text


@hookimpl
def register_providers() -> list[Provider]:
    """Offer gxplayer."""
    return [Gxplayer()]
