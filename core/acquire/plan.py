"""Which files the segments of a playlist become, and in which order they are wanted: pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Literal

from .playlist import Lock, Part, Playlist, Rendition
from .tracks import Track

_FIRST = -1.0


@dataclass(frozen=True, slots=True)
class Job:
    """Bytes that are to become a file; `at` is when the video wants them, in seconds from its start.

    `rendition` is None for what belongs to the main playlist.
    """

    name: str
    part: Part
    path: Path
    at: float
    rendition: Rendition | None = None
    lock: Lock | None = None
    seconds: float = 0.0

    @property
    def kind(self) -> Literal["main", "audio", "subtitles"]:
        """What it belongs to."""
        return self.rendition.kind if self.rendition else "main"


def jobs(playlist: Playlist, folder: Path) -> list[Job]:
    """Everything to be fetched, as the join reads it: subtitles and headers, then by time."""
    found = chain.from_iterable(stream.jobs() for stream in _streams(playlist, folder))
    return sorted(found, key=lambda job: job.at)


def tracks(playlist: Playlist, folder: Path) -> tuple[Track, ...]:
    """The same files, ready for `join`; those of subtitles may not come."""
    return tuple(stream.track() for stream in _streams(playlist, folder))


def _streams(playlist: Playlist, folder: Path) -> Iterator[_Stream]:
    yield _Stream(playlist, folder)
    for rendition, its in playlist.renditions:
        # By number would not do: subtitles may be left out in one run and be there in the next.
        known = sha256(f"{rendition.language}\n{rendition.name}\n{its.shape}".encode()).hexdigest()
        yield _Stream(its, folder, rendition, f"{rendition.kind}-{known[:8]}-")


@dataclass(frozen=True, slots=True)
class _Stream:
    """One playlist of those that make up a video."""

    playlist: Playlist
    folder: Path
    rendition: Rendition | None = None
    prefix: str = ""

    def jobs(self) -> Iterator[Job]:
        of = f" of the {self.rendition.kind}" if self.rendition else ""
        for number, part in enumerate(self._inits):
            yield Job(f"header {number + 1}{of}", part, self._init(number), _FIRST, self.rendition)
        text = self.rendition is not None and self.rendition.kind == "subtitles"
        at = 0.0
        for number, one in enumerate(self.playlist.segments):
            yield Job(
                f"segment {number + 1}{of}",
                one.part,
                self._segment(number),
                _FIRST if text else at,
                self.rendition,
                one.lock,
                0.0 if text else one.seconds,
            )
            at += one.seconds

    def track(self) -> Track:
        place = {init: number for number, init in enumerate(self._inits)}
        pieces = [
            (((self._init(place[init]),) if init else ()), numbers) for init, numbers in self.playlist.pieces
        ]
        paths = tuple((*head, *map(self._segment, numbers)) for head, numbers in pieces)
        seconds = tuple(
            sum(self.playlist.segments[number].seconds for number in numbers) for _, numbers in pieces
        )
        share = self.playlist.slack / len(self.playlist.segments)
        slack = tuple(share * len(numbers) for _, numbers in pieces)
        if (its := self.rendition) is None:
            return Track(paths, "main", seconds, slack)
        return Track(paths, its.kind, seconds, slack, its.code, its.name, its.forced)

    @property
    def _inits(self) -> dict[Part, None]:
        return dict.fromkeys(one.init for one in self.playlist.segments if one.init is not None)

    def _segment(self, number: int) -> Path:
        return self.folder / f"{self.prefix}{number:05d}"

    def _init(self, number: int) -> Path:
        return self.folder / f"{self.prefix}init{number}"
