"""What the hosts' media servers do alike: signed links, HLS, files with ranges, broken bodies."""

from __future__ import annotations

import asyncio
import re
import time
import zlib
from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from ..faults import Faults
from ..media import HEIGHTS, Clip, Media, Segment
from ..serving import Seen, html
from ..story import Upload, stable

HEX = "0123456789abcdef"
MODIFIED = "Wed, 01 Jan 2025 00:00:00 GMT"
NOT_A_VIDEO = (
    b"<!DOCTYPE html><html><head><title>Error</title></head><body>Please come back later.</body></html>"
)

_LEAF = re.compile(r"(?:index|seg-(\d+))-(?:f(\d)-)?v1-a1\.(?:m3u8|ts)")
_HLS = "application/vnd.apple.mpegurl"
_BANDWIDTHS = {360: 640_000, 180: 280_000}


def agent_of(seen: Seen) -> str:
    """The User-Agent, which links are bound to."""
    return seen.headers.get("user-agent", "")


def sign(upload: Upload, seen: Seen, seconds: int) -> dict[str, str]:
    """Query parameters that let whoever asked for the page have the media for `seconds`."""
    start = str(int(time.time()))
    return {"t": _token(upload, agent_of(seen), start), "s": start, "e": str(seconds), "f": str(upload.id)}


def is_signed(upload: Upload, seen: Seen) -> bool:
    """Whether a request carries what `sign` gave out, in time and with the same User-Agent."""
    start, seconds = seen.query.get("s", ""), seen.query.get("e", "")
    return (
        start.isdecimal()
        and seconds.isdecimal()
        and time.time() <= int(start) + int(seconds)
        and seen.query.get("t") == _token(upload, agent_of(seen), start)
    )


def comes_from(seen: Seen, hosts: Iterable[str]) -> bool:
    """Whether the Referer is a page of one of the hosts."""
    return urlsplit(seen.headers.get("referer", "")).hostname in tuple(hosts)


def _token(upload: Upload, agent: str, start: str) -> str:
    return stable(upload.code, agent, start, length=43)


def seal(upload: Upload, seen: Seen, seconds: int) -> tuple[str, str]:
    """A digest for whoever asked for the page, and the moment until which it lets them have the media."""
    end = str(int(time.time()) + seconds)
    return _digest(upload, seen, end), end


def is_sealed(upload: Upload, seen: Seen, digest: str, end: str) -> bool:
    """Whether a digest is what `seal` gave out, in time and to the same User-Agent."""
    return end.isdecimal() and time.time() <= int(end) and digest == _digest(upload, seen, end)


def _digest(upload: Upload, seen: Seen, end: str) -> str:
    return stable("seal", upload.code, agent_of(seen), end, length=32, alphabet=HEX)


def forbidden() -> web.Response:
    """What media servers say to a wrong Referer, User-Agent or signature."""
    return html("<html><head><title>403 Forbidden</title></head></html>", 403)


def not_found() -> web.Response:
    """What media servers say to a name they do not have."""
    return html("<html><head><title>404 Not Found</title></head></html>", 404)


def clip_of(upload: Upload, media: Media, faults: Faults) -> Clip:
    """The recording that stands for an episode: by its audio language."""
    return media.placeholder if faults.placeholder else media.clips[upload.language.audio]


async def deliver_hls(
    request: web.BaseRequest,
    seen: Seen,
    clip: Clip,
    heights: tuple[int, ...],
    faults: Faults,
    *,
    master: str = "master.m3u8",
) -> web.StreamResponse:
    """Master, rendition or segment, by the last part of the path, named as nginx-vod does.

    A master that is called `.txt` is sent as text, as hosts do that hide it.
    """
    leaf = seen.path.rpartition("/")[2]
    if leaf == master:
        return _playlist(_master(heights, seen), "text/plain" if master.endswith(".txt") else _HLS)
    found = _LEAF.fullmatch(leaf)
    place = int(found[2] or 1) - 1 if found else -1
    if found is None or not 0 <= place < len(heights):
        return not_found()
    segments = clip.hls[heights[place]]
    if found[1] is None:
        return _playlist(_rendition(segments, found[2], seen))
    index = int(found[1]) - 1
    if not 0 <= index < len(segments) or (faults.segment_lost and index == 2):
        return not_found()
    return await deliver(request, segments[index].data, "video/mp2t", faults)


def _playlist(lines: list[str], content_type: str = _HLS) -> web.Response:
    return web.Response(text="\n".join(lines) + "\n", content_type=content_type)


def _master(heights: tuple[int, ...], seen: Seen) -> list[str]:
    lines = ["#EXTM3U"]
    for place, height in enumerate(heights, 1):
        name = f"index-f{place}-v1-a1.m3u8" if len(heights) > 1 else "index-v1-a1.m3u8"
        lines.append(
            f"#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH={_BANDWIDTHS[height]},RESOLUTION={HEIGHTS[height]},"
            'FRAME-RATE=25.000,CODECS="avc1.64001e,mp4a.40.2"'
        )
        lines.append(_signed_like(seen, name))
    return lines


def _rendition(segments: tuple[Segment, ...], number: str | None, seen: Seen) -> list[str]:
    lines = [
        "#EXTM3U",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-ALLOW-CACHE:YES",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-VERSION:3",
        "#EXT-X-MEDIA-SEQUENCE:1",
    ]
    infix = f"f{number}-" if number else ""
    for place, segment in enumerate(segments, 1):
        lines.append(f"#EXTINF:{segment.seconds:.3f},")
        lines.append(_signed_like(seen, f"seg-{place}-{infix}v1-a1.ts"))
    return [*lines, "#EXT-X-ENDLIST"]


def _signed_like(seen: Seen, name: str) -> str:
    return f"{name}?{urlencode(seen.query)}" if seen.query else name


async def deliver(
    request: web.BaseRequest, data: bytes, content_type: str, faults: Faults
) -> web.StreamResponse:
    """A segment or file: one byte range if asked for, If-Range honoured (RFC 9110, 13.1.5, 14.2)."""
    if faults.segments_refused:
        return forbidden()
    if faults.html_media:
        data = NOT_A_VIDEO
    headers = {
        "Content-Type": content_type,
        "Accept-Ranges": "bytes",
        "ETag": f'"{len(data):x}-{zlib.crc32(data):08x}"',
        "Last-Modified": MODIFIED,
    }
    asked = _asked(request, headers["ETag"])
    span = range(len(data))[asked or slice(None)]
    if not span:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    if asked:
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{len(data)}"
    headers["Content-Length"] = str(len(span))
    response = web.StreamResponse(status=206 if asked else 200, headers=headers)
    await response.prepare(request)
    if request.method != "HEAD":
        await _write(request, response, data[span.start : span.stop], faults)
    return response


def _asked(request: web.BaseRequest, etag: str) -> slice | None:
    """The one range asked for; None for everything else, which is answered with the whole."""
    if request.headers.get("If-Range", etag) not in (etag, MODIFIED):
        return None
    try:
        asked = request.http_range
    except ValueError:
        return None
    return None if asked.start is None else asked


async def _write(request: web.BaseRequest, response: web.StreamResponse, data: bytes, faults: Faults) -> None:
    if not (faults.stalling or faults.truncated):
        await response.write(data)
        return
    await response.write(data[: len(data) // 2])
    if faults.stalling:
        await asyncio.Event().wait()  # until the client goes, or the network ends
    if request.transport is not None:
        request.transport.close()
