"""What is joined into one video: files by their paths, and what is known of them beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CLOCK_SECONDS = 2**33 / 90_000
"""When the clock of a transport stream, which playlists mean too, begins anew: after a day or so."""


@dataclass(frozen=True, slots=True)
class Track:
    """Files that are one stream from beginning to end, or several that come together (`main`).

    A piece is the files that make up one continuous stream when read in a row; its clock may
    start anywhere, but all tracks share it. `seconds` is how long each piece should be, where
    somebody said so, and `slack` how far that may be off by rounding. `language` is ISO 639.
    """

    pieces: tuple[tuple[Path, ...], ...]
    kind: Literal["main", "audio", "subtitles"] = "main"
    seconds: tuple[float, ...] = ()
    slack: tuple[float, ...] = ()
    language: str = ""
    title: str = ""
    forced: bool = False

    @property
    def paths(self) -> Iterator[Path]:
        """Every file, in order; an init part is there as often as pieces begin with it."""
        return (path for piece in self.pieces for path in piece)

    def least(self, number: int) -> float:
        """What a piece must last at the very least, in seconds: half a segment less is no rounding."""
        if number >= len(self.seconds):
            return 0.0
        return self.seconds[number] - max(0.5, 0.02 * self.seconds[number], self.slack[number])
