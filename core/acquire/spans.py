"""A file that arrives in parts: what is here, what is still to come, and a journal that outlives us."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

LEAST_BYTES = 256 * 1024
"""A part smaller than this is not worth a connection of its own."""


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one version of a file from another: its size in bytes, its ETag, its date.

    The date is `settled` if the answer was sent so much later that two versions cannot share it.
    """

    size: int | None
    etag: str = ""
    modified: str = ""
    settled: bool = False

    @property
    def validator(self) -> str:
        """What means the same bytes in another run too (RFC 9110, 8.8.1); empty if there is nothing."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.modified if self.settled else ""

    def became(self, other: Version) -> bool:
        """Whether the host speaks of another version now; a part need not repeat what tells it."""
        if self.size != other.size or (self.etag and other.etag):
            return (self.size, self.etag) != (other.size, other.etag)
        return bool(self.modified and other.modified) and self.modified != other.modified


@dataclass(slots=True, eq=False)
class Span:
    """Bytes that are still to come, from `at` up to `stop`, or to wherever the file ends."""

    at: int
    stop: int | None

    @property
    def left(self) -> int:
        """How many bytes; of an unknown end, at least one."""
        return 1 if self.stop is None else max(0, self.stop - self.at)


@dataclass(slots=True)
class Copy:
    """Our copy of the file: sparse, in `folder`, with a journal beside it where a later run may go on.

    `ranged` says whether the host lets us choose parts; `waiting` are the spans that nobody fetches.
    """

    folder: Path
    version: Version | None = None
    ranged: bool = False
    waiting: list[Span] = field(default_factory=lambda: [Span(0, None)])

    @property
    def video(self) -> Path:
        """The file."""
        return self.folder / "video"

    @property
    def journaled(self) -> bool:
        """Whether a later run may go on with it."""
        return self.ranged and self.version is not None and bool(self.version.validator)

    @property
    def _journal(self) -> Path:
        return self.folder / "journal.json"

    @classmethod
    def found(cls, folder: Path) -> Copy:
        """What an earlier run left; nothing if it cannot be gone on with."""
        copy = cls(folder)
        try:
            note = json.loads(copy._journal.read_text("utf-8"))
            version, size = Version(**note["version"]), int(note["version"]["size"])
            waiting = list(_gaps([(int(start), int(stop)) for start, stop in note["done"]], size))
            if version.validator and copy.video.stat().st_size == size:
                copy.version, copy.waiting, copy.ranged = version, waiting, True
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            pass
        return copy

    def begin(self, version: Version, *, ranged: bool) -> Span:
        """Start from zero with this version; returns the span that is the whole of it."""
        self._journal.unlink(missing_ok=True)  # first: it must never speak of another file
        self.video.write_bytes(b"")
        if version.size is not None:
            os.truncate(self.video, version.size)
        self.version, self.ranged, self.waiting = version, ranged, []
        return Span(0, version.size)

    def forget(self) -> None:
        """Keep nothing of what is here."""
        self._journal.unlink(missing_ok=True)
        self.version, self.ranged, self.waiting = None, False, [Span(0, None)]

    def take(self, fetched: Iterable[Span]) -> Span | None:
        """Something to fetch: a span that waits, else half of the largest remainder of the others'."""
        if self.waiting:
            return self.waiting.pop(0)
        largest = max(fetched, key=lambda span: span.left, default=None)
        if largest is None or largest.stop is None or largest.left < 2 * LEAST_BYTES:
            return None
        middle, end = largest.at + largest.left // 2, largest.stop
        largest.stop = middle
        return Span(middle, end)

    def here(self, fetched: Iterable[Span]) -> int:
        """Bytes on disk; the spans being `fetched` are not all there yet, as are those that wait."""
        spans = [*fetched, *self.waiting]
        if self.version is None or self.version.size is None:
            return max((span.at for span in spans), default=0)
        return self.version.size - sum(span.left for span in spans)

    def done(self, fetched: Iterable[Span]) -> list[tuple[int, int]]:
        """The parts that are here, first byte and the one after the last."""
        size = self.version.size if self.version is not None else None
        open_ = [(span.at, span.stop) for span in [*fetched, *self.waiting] if span.left]
        return [(gap.at, gap.stop) for gap in _gaps(open_, size or 0) if gap.stop is not None]

    def save(self, done: list[tuple[int, int]]) -> None:
        """Write down what is here, so that it holds after a power cut too; blocks. For `journaled` files.

        The journal is believed blindly, so data must be on the disk before it is named there. The
        journal itself needs no fsync: if its newest version is lost, an older one or none tells less.
        """
        assert self.version is not None
        with self.video.open("rb+") as file:
            os.fdatasync(file.fileno())
        note = {"version": asdict(self.version), "done": done}
        staged = self._journal.with_suffix(".new")
        staged.write_text(json.dumps(note), "utf-8")
        staged.replace(self._journal)


def _gaps(parts: Iterable[tuple[int, int | None]], size: int) -> Iterable[Span]:
    """What is left of a file without these parts; ValueError for parts that no file can have."""
    at = 0
    for start, stop in sorted((start, size if stop is None else stop) for start, stop in parts):
        if not 0 <= start < stop <= size:
            raise ValueError(f"there is no part from {start} to {stop}")
        if start > at:
            yield Span(at, start)
        at = max(at, stop)
    if at < size:
        yield Span(at, size)
