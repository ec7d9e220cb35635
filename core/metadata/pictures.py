"""Tells a picture by its first bytes: format and size, without decoding it.

Decoders are where hostile pictures do harm; the media servers decode, we only look at the header.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import PageChanged

LEAST_BYTES = 1024
MOST_SIDE = 10_000
"""Pixels; more is a bomb, not a poster."""

_SIZED_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that begin a frame and tell its size (ITU-T T.81, table B.1)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's format and its sides in pixels."""

    kind: Literal["jpeg", "png", "webp"]
    width: int
    height: int


def inspect(data: bytes) -> Picture:
    """Look at a picture's header; PageChanged if it is none that we file."""
    picture = _png(data) or _jpeg(data) or _webp(data)
    if picture is None:
        raise PageChanged("what came is neither a JPEG, a PNG nor a WebP picture")
    if len(data) < LEAST_BYTES:
        raise PageChanged(f"the picture has {len(data)} bytes only")
    if not (0 < picture.width <= MOST_SIDE and 0 < picture.height <= MOST_SIDE):
        raise PageChanged(f"the picture claims {picture.width}×{picture.height} pixels")
    return picture


def _png(data: bytes) -> Picture | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        return None
    return Picture("png", int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))


def _jpeg(data: bytes) -> Picture | None:
    """Walk from segment to segment until one tells the size."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _SIZED_FRAMES:
            height, width = (int.from_bytes(data[at + i : at + i + 2], "big") for i in (5, 7))
            return Picture("jpeg", width, height)
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None


def _webp(data: bytes) -> Picture | None:
    """Read the first chunk (RFC 9649): extended, lossless or lossy."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    match data[12:16]:
        case b"VP8X":
            width, height = (1 + int.from_bytes(data[i : i + 3], "little") for i in (24, 27))
        case b"VP8L" if data[20] == 0x2F:
            bits = int.from_bytes(data[21:25], "little")
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 " if data[23:26] == b"\x9d\x01\x2a":
            width, height = (int.from_bytes(data[i : i + 2], "little") & 0x3FFF for i in (26, 28))
        case _:
            return None
    return Picture("webp", width, height)
