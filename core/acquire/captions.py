"""Subtitles from WebVTT files into the video: SubRip in Matroska, timed text in mp4."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from . import webvtt
from .tracks import CLOCK_SECONDS, Track

_TICK = Fraction(1, 1000)
_LOOK = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
"""What libav's encoders want to see before they open, though we encode by hand; mp4 keeps it as the style."""


def read(track: Track, wait: Callable[[Path], object] | None) -> list[tuple[webvtt.Cue, ...]]:
    """The cues of each piece; empty unless every file came. Waits for them."""
    if wait is not None:
        for path in track.paths:
            wait(path)
    if not all(map(Path.exists, track.paths)):
        return []
    found = [tuple(cue for path in piece for cue in _cues(path)) for piece in track.pieces]
    return found if any(found) else []


def _cues(path: Path) -> tuple[webvtt.Cue, ...]:
    return webvtt.read(path.read_text("utf-8", "replace"))


class Captions:
    """One subtitle track of the output; it must not outlast the video, so `whole` seconds end it."""

    def __init__(
        self, pieces: list[tuple[webvtt.Cue, ...]], output: OutputContainer, muxer: str, whole: float
    ) -> None:
        self._pieces, self._whole, self._simple = pieces, whole, muxer == "mp4"
        self.output = output.add_stream("mov_text" if self._simple else "subrip")
        self.output.codec_context.subtitle_header = _LOOK
        self.output.time_base = _TICK
        self._last = (0.0, 0.0, "")

    def packets(self, number: int, shift: float) -> Iterator[Packet[Stream]]:
        """What belongs to one piece of the video, whose clock is `shift` seconds behind ours."""
        cues = self._pieces[number] if number < len(self._pieces) else ()
        for cue in _apart(self._placed(cues, shift)) if self._simple else self._placed(cues, shift):
            data = cue.plain.encode() if self._simple else cue.text.encode()
            packet: Packet[Stream] = Packet(len(data).to_bytes(2, "big") + data if self._simple else data)
            packet.stream, packet.time_base = self.output, _TICK
            packet.pts = packet.dts = round(cue.start / _TICK)
            packet.duration = max(round((cue.end - cue.start) / _TICK), 1)
            yield packet

    def _placed(self, cues: Iterable[webvtt.Cue], shift: float) -> Iterator[webvtt.Cue]:
        """Cues on our clock, in order, each once: every segment repeats those that reach into it."""
        moved = [
            replace(cue, start=max(cue.start + by, 0.0), end=min(cue.end + by, self._whole))
            for cue in cues
            for by in (_by(cue, shift),)
        ]
        for cue in sorted(moved, key=lambda cue: (cue.start, cue.end, cue.text)):
            this = (round(cue.start, 3), round(cue.end, 3), cue.text)
            if this > self._last and cue.start >= self._last[0] and cue.end > cue.start:
                self._last = this
                yield cue


def _by(cue: webvtt.Cue, shift: float) -> float:
    """How far a cue has to be moved."""
    if not cue.mapped:
        return 0.0
    return shift - CLOCK_SECONDS * round((cue.start + shift) / CLOCK_SECONDS)


def _apart(cues: Iterable[webvtt.Cue]) -> Iterator[webvtt.Cue]:
    """Cues of which no two are seen at once: timed text knows no such thing."""
    before: webvtt.Cue | None = None
    for cue in cues:
        if before is not None and cue.start == before.start:
            before = replace(before, end=max(before.end, cue.end), text=f"{before.text}\n{cue.text}")
            continue
        if before is not None:
            yield replace(before, end=min(before.end, cue.start))
        before = cue
    if before is not None:
        yield before
