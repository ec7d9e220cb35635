"""Pictures as bytes: right headers, no pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

MakePicture: TypeAlias = Callable[..., bytes]


def _png(width: int, height: int) -> bytes:
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + size


def _jpeg(width: int, height: int) -> bytes:
    exif = b"\xff\xe1\x00\x10Exif\x00\x00" + bytes(8)
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return b"\xff\xd8" + exif + b"\xff\xff\xc2\x00\x11\x08" + size


def _webp(kind: bytes, body: bytes) -> bytes:
    return b"RIFF\x00\x00\x00\x00WEBP" + kind + b"\x00\x00\x00\x00" + body


def _extended(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _webp(b"VP8X", bytes(4) + sides)


def _lossless(width: int, height: int) -> bytes:
    return _webp(b"VP8L", b"\x2f" + (width - 1 | (height - 1) << 14).to_bytes(4, "little"))


def _lossy(width: int, height: int) -> bytes:
    sides = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return _webp(b"VP8 ", bytes(3) + b"\x9d\x01\x2a" + sides)


_KINDS = {"png": _png, "jpeg": _jpeg, "extended": _extended, "lossless": _lossless, "lossy": _lossy}


@pytest.fixture
def picture() -> MakePicture:
    """Makes a picture of `png`, `jpeg`, or one of the three sorts of WebP."""

    def make(kind: str = "png", width: int = 600, height: int = 900, size: int = 2000) -> bytes:
        return _KINDS[kind](width, height).ljust(size, b"\0")

    return make
