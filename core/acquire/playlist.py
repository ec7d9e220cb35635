"""Reads HLS playlists (RFC 8216) and refuses those that would hurt: pure, nothing is fetched here.

The m3u8 library does the parsing; it is lenient, so what it passes over in silence is checked
before and after: addresses, counts, durations, and whatever stands for encryption.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal
from urllib.parse import urlsplit

import m3u8

from ..errors import Blocked, Damaged, SourceError
from .iso639 import code_in, code_of

MOST_BYTES = 4 * 1024 * 1024
MOST_SEGMENTS = 20_000
MOST_SEGMENT_SECONDS = 24 * 3600.0
MOST_QUALITIES = 300
"""Variants, and renditions: the library looks at every pair of the two."""

MOST_LABEL = 100
MOST_KEYS = 2000
"""Keys, and headers: the library compares every one with every other, and with every segment."""


_TOKEN = re.compile(r"(?<=/)(?=[^/]*\d)[\w~=-]{20,}(?=/)|(?<=/)\d{9,11}(?=/)")
"""A folder in a path that changes with every link: a long random name, or a Unix time."""


class Unsupported(SourceError):
    """Nothing is wrong with it, but our own code does not do it: somebody else's may."""

    code = "unsupported"


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes to be fetched: a whole address, or `length` bytes of it from `start`."""

    url: str
    start: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """What opens an encrypted segment: the address of a 16-byte AES key, and the IV."""

    key_url: str
    iv: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of video. `init` goes before it in a file; `run` counts discontinuities."""

    part: Part
    seconds: float
    lock: Lock | None = None
    init: Part | None = None
    run: int = 0


@dataclass(frozen=True, slots=True)
class Rendition:
    """Sound or subtitles beside the picture; `url` is empty for what comes with the picture.

    `described` is sound that tells the blind what is seen.
    """

    kind: Literal["audio", "subtitles"]
    url: str = ""
    language: str = ""
    name: str = ""
    default: bool = False
    forced: bool = False
    described: bool = False

    @property
    def code(self) -> str:
        """Its language by the shortest code; empty if neither tag nor name tells."""
        return code_of(self.language) or code_in(self.name)


@dataclass(frozen=True, slots=True)
class Playlist:
    """All segments of a complete video; never empty. `quality` is what the master playlist says of it.

    `renditions` are what is to come with it, each with a playlist of its own.
    """

    segments: tuple[Segment, ...]
    quality: str = ""
    renditions: tuple[tuple[Rendition, Playlist], ...] = ()

    @property
    def seconds(self) -> float:
        """How long the video will be."""
        return sum(segment.seconds for segment in self.segments)

    @property
    def slack(self) -> float:
        """How far `seconds` may be off by rounding: old playlists know whole seconds only."""
        whole = all(segment.seconds == round(segment.seconds) for segment in self.segments)
        return len(self.segments) / 2 if whole else 0.0

    @property
    def shape(self) -> str:
        """What stays the same when the same video is listed again with fresh links: no host, no token.

        Subtitles have no say: they may fail to come, and the video is still the same.
        """
        sound = (pair for pair in self.renditions if pair[0].kind == "audio")
        beside = (f"{one.language} {one.name}\n{its.shape}" for one, its in sound)
        return "\n".join((self.quality, *map(_shape, self.segments), *beside))

    @property
    def pieces(self) -> Iterator[tuple[Part | None, list[int]]]:
        """Stretches that are one continuous stream each: their init part and their segments' numbers."""
        numbered = enumerate(self.segments)
        for (_, init), piece in groupby(numbered, key=lambda item: (item[1].run, item[1].init)):
            yield init, [number for number, _ in piece]


@dataclass(frozen=True, slots=True)
class Variant:
    """One quality of a master playlist, and what may come with it.

    `height` is in lines, `bandwidth` in bits and `frame_rate` in frames per second, each 0 where it
    is not told; `codecs` are those of RFC 6381, with commas between.
    """

    url: str
    height: int = 0
    bandwidth: int = 0
    codecs: str = ""
    frame_rate: float = 0.0
    renditions: tuple[Rendition, ...] = ()

    @property
    def quality(self) -> str:
        """What tells it from the other variants, whatever its link."""
        return f"{self.height} {self.bandwidth} {self.codecs} {self.frame_rate}"


def _shape(segment: Segment) -> str:
    path = _TOKEN.sub("*", urlsplit(segment.part.url).path)
    return f"{path} {segment.part.start} {segment.part.length} {segment.seconds}"


def read(text: str, url: str) -> Playlist | tuple[Variant, ...]:
    """A media playlist as Playlist, a master playlist as its variants.

    Damaged if it makes no sense, Blocked for DRM and for addresses that we never follow,
    Unsupported for what needs another program: live lists, unknown ciphers.
    """
    text = text.removeprefix("\ufeff").lstrip()
    if not text.startswith("#EXTM3U"):
        raise Damaged("there is no playlist where the host said")
    if text.count("#EXTINF") > MOST_SEGMENTS:
        raise Damaged(f"the playlist has more than {MOST_SEGMENTS} segments")
    if max(text.count("#EXT-X-STREAM-INF"), text.count("#EXT-X-MEDIA:")) > MOST_QUALITIES:
        raise Damaged(f"the playlist has more than {MOST_QUALITIES} qualities")
    if text.count("#EXT-X-KEY") > MOST_KEYS:
        raise Damaged(f"the playlist has more than {MOST_KEYS} keys")
    if text.count("#EXT-X-MAP") > MOST_KEYS:
        raise Damaged(f"the playlist has more than {MOST_KEYS} headers")
    if "#EXT-X-DEFINE" in text:
        raise Unsupported("the playlist uses variables")
    try:
        parsed: Any = m3u8.loads(text, uri=url)
        _check_keys([*parsed.keys, *parsed.session_keys])
        if parsed.is_variant:
            return _variants(parsed)
        return Playlist(tuple(_segments(parsed, text)))
    except (Damaged, SourceError):
        raise
    # The library raises whatever the line of code meets that reads the nonsense.
    except Exception as error:
        raise Damaged(f"the playlist cannot be read: {type(error).__name__}: {str(error)[:100]}") from error


def _variants(parsed: Any) -> tuple[Variant, ...]:
    groups = dict[tuple[str, str], list[Rendition]]()
    for media in parsed.media:
        if media.type in ("AUDIO", "SUBTITLES"):
            groups.setdefault((media.type, media.group_id), []).append(_rendition(media))
    variants = tuple(
        Variant(
            _http(entry.absolute_uri),
            (told.resolution or (0, 0))[1],
            told.bandwidth or 0,
            told.codecs or "",
            told.frame_rate or 0.0,
            (*groups.get(("AUDIO", told.audio), ()), *groups.get(("SUBTITLES", told.subtitles), ())),
        )
        for entry in parsed.playlists
        for told in (entry.stream_info,)
    )
    if not variants:
        raise Damaged("the playlist lists no quality")
    return variants


def _rendition(media: Any) -> Rendition:
    return Rendition(
        "audio" if media.type == "AUDIO" else "subtitles",
        _http(media.absolute_uri) if media.uri else "",
        _label(media.language),
        _label(media.name),
        default=media.default == "YES",
        forced=media.forced == "YES",
        described="describes-video" in (media.characteristics or ""),
    )


def _label(text: str | None) -> str:
    """Words of strangers, fit for a container's tags."""
    return "".join(filter(str.isprintable, text or ""))[:MOST_LABEL]


def _segments(parsed: Any, text: str) -> Iterator[Segment]:
    lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
    if not lines:
        raise Damaged("the playlist is empty")
    if len(lines) != len(parsed.segments):  # the library drops segments without a duration
        raise Damaged("the playlist has segments without a duration, or durations without a segment")
    run, ends, sealed = 0, dict[str, int](), False
    for number, entry in enumerate(parsed.segments):
        run += bool(entry.discontinuity)
        if not 0 <= entry.duration <= MOST_SEGMENT_SECONDS:
            raise Damaged(f"segment {number + 1} has an impossible duration")
        if entry.gap_tag:
            raise Damaged(f"segment {number + 1} is missing at the host")
        part = _part(entry.absolute_uri, entry.byterange, ends)
        lock = _lock(entry.key, parsed.media_sequence + number)
        init = entry.init_section and _part(entry.init_section.absolute_uri, entry.init_section.byterange, {})
        sealed |= bool(lock and init)
        yield Segment(part, float(entry.duration), lock, init or None, run)
    # Last, so that no other program is given a playlist that leads where we never go.
    if not parsed.is_endlist and parsed.playlist_type != "vod":
        raise Unsupported("the playlist has no end, as for a live stream")
    if parsed.is_i_frames_only:
        raise Unsupported("the playlist has key frames only")
    if sealed:
        raise Unsupported("the playlist has encrypted segments with a header of their own")


def _part(url: str, byterange: str | None, ends: dict[str, int]) -> Part:
    """A part; a byte range without a start goes on where the last one of the same address ended."""
    url = _http(url)
    if not byterange:
        return Part(url)
    length, _, offset = byterange.partition("@")
    start = int(offset) if offset else ends.get(url, 0)
    if int(length) <= 0 or start < 0 or start < ends.get(url, 0):
        raise Damaged("the playlist has byte ranges that overlap")
    ends[url] = start + int(length)
    return Part(url, start, int(length))


def _lock(key: Any, sequence: int) -> Lock | None:
    if key is None or key.method == "NONE":
        return None
    iv = int(key.iv, 16) if key.iv else sequence
    return Lock(_http(key.absolute_uri or ""), iv.to_bytes(16, "big"))


def _check_keys(keys: list[Any]) -> None:
    for key in keys:
        if key is None:
            continue
        if key.method.startswith("SAMPLE-AES") or (key.keyformat or "identity") != "identity":
            raise Blocked("the video is protected by DRM")
        if key.method not in ("NONE", "AES-128"):
            raise Unsupported(f"the cipher {key.method[:20]} is unknown")


def _http(url: str) -> str:
    """The address, if it is one that we follow; a playlist may name files of this machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Blocked(f"the playlist leads to an address of the kind {parts.scheme[:20] or 'none'}:")
    return url
