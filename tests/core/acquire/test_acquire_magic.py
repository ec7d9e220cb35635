"""What the first bytes give away."""

from __future__ import annotations

from pathlib import Path

import pytest

from anidana.core.acquire.magic import container_of, describe


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("ts0.ts", "mpegts"),
        ("init.mp4", "mp4"),
        ("f0.m4s", "mp4"),
        ("whole.mp4", "mp4"),
        ("late.mp4", "mp4"),
        ("whole.mkv", "matroska"),
    ],
)
def test_video_is_known_by_its_start(films: Path, name: str, container: str) -> None:
    assert container_of((films / name).read_bytes()[:4096]) == container


def test_a_transport_stream_behind_a_picture_s_header_is_video(films: Path) -> None:
    disguised = b"\x89PNG\r\n\x1a\n" + bytes(100) + (films / "ts0.ts").read_bytes()
    assert container_of(disguised[:4096]) == "mpegts"


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"", "nothing"),
        (b"<!doctype html><title>G</title>", "a web page"),
        (b"\xef\xbb\xbf\n<html>" + b"G" * 4096, "a web page"),
        (b"#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n", "a playlist"),
        (b"ffconcat version 1.0\nfile a.ts\n", "a playlist"),
        (b"\x89PNG\r\n\x1a\n" + bytes(3000), "no video that we know"),
        (b'{"error": "expired"}', "no video that we know"),
    ],
)
def test_everything_else_is_named(head: bytes, what: str) -> None:
    assert container_of(head) is None
    assert describe(head) == what
