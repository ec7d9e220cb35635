"""What the first bytes give away."""

from __future__ import annotations

from pathlib import Path

import pytest

from anidana.core.acquire.magic import container_of, describe, packed_sound, packed_start


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


ADTS, LAYER_3 = b"\xff\xf1\x50\x80\x02\x1f\xfc", b"\xff\xfb\x90\x64\x00\x00\x00"
STAMP = b"com.apple.streaming.transportStreamTimestamp\0" + (180_000).to_bytes(8, "big")


def id3(content: bytes) -> bytes:
    return b"ID3\x04\0\0" + bytes([0, 0, len(content) >> 7, len(content) & 127]) + content


@pytest.mark.parametrize(
    ("head", "demuxer"),
    [
        (ADTS, "aac"),
        (id3(STAMP) + ADTS, "aac"),
        (id3(bytes(900)) + LAYER_3, "mp3"),
        (b"\x0b\x77\0\0\0\x40\0", "ac3"),
        (b"\x0b\x77\0\0\0\x80\0", "eac3"),
        (id3(STAMP), None),
        (b"ID3", None),
        (b"<html>", None),
        (b"\xff" * 2, None),
        (b"", None),
    ],
)
def test_sound_without_a_container_is_known_by_its_first_frame(head: bytes, demuxer: str | None) -> None:
    assert packed_sound(head) == demuxer
    assert container_of(head) is None


@pytest.mark.parametrize(
    ("head", "seconds"),
    [(id3(STAMP) + ADTS, 2.0), (id3(b"PRIV") + ADTS, None), (ADTS + STAMP, None), (id3(STAMP[:-3]), None)],
)
def test_packed_sound_says_when_it_begins_in_its_tag(head: bytes, seconds: float | None) -> None:
    assert packed_start(head) == seconds
