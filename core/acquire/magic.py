"""Tells by its first bytes what arrived: headers and file names of hosts say anything."""

from __future__ import annotations

ENOUGH_BYTES = 4096
"""How many bytes of the start the answers here want to see; fewer will do if there are no more."""

_PACKET, _SYNC = 188, 0x47
_BOXES = {b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"emsg", b"mdat", b"free", b"skip", b"wide", b"prft"}


def container_of(head: bytes) -> str | None:
    """The demuxer to read it with (`mp4`, `matroska`, `mpegts`); None if it is no video that we take."""
    if head[4:8] in _BOXES:
        return "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if _is_text(head):
        return None
    # Some hosts hide a transport stream behind the header of a small picture.
    return "mpegts" if any(_syncs(head, start) for start in range(min(len(head), ENOUGH_BYTES))) else None


def describe(head: bytes) -> str:
    """What it is instead of a video, as the end of a sentence."""
    if not head:
        return "nothing"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"#EXTM3U", b"ffconcat")):
        return "a playlist"
    return "a web page" if text.startswith(b"<") else "no video that we know"


def _is_text(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"<", b"#", b"{")


def _syncs(head: bytes, start: int) -> bool:
    """Whether three packets in a row begin here, or all there are of a short head (at least one)."""
    marks = head[start : start + 3 * _PACKET : _PACKET]
    whole = start == 0 or len(marks) == 3
    return bool(marks) and whole and all(mark == _SYNC for mark in marks)


def packed_sound(head: bytes) -> str | None:
    """The demuxer for sound that has no container, as HLS may send it; None if it is not that."""
    data = head[_id3(head) :]
    if len(data) < 6:
        return None
    if data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return "aac"
    if data[0] == 0xFF and data[1] & 0xE0 == 0xE0 and data[1] & 0x06:
        return "mp3"
    if data.startswith(b"\x0b\x77"):
        return "ac3" if data[5] >> 3 <= 10 else "eac3"
    return None


def packed_start(head: bytes) -> float | None:
    """Where packed sound begins on the video's clock, in seconds (RFC 8216, 3.4); None if it does not say."""
    _, found, rest = head[: _id3(head)].partition(b"com.apple.streaming.transportStreamTimestamp\0")
    return (int.from_bytes(rest[:8], "big") & (2**33 - 1)) / 90_000 if found and len(rest) >= 8 else None


def _id3(head: bytes) -> int:
    """How long the tag is that goes before the sound."""
    if not head.startswith(b"ID3") or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size
