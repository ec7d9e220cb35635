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
