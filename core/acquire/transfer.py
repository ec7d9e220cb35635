"""What the ways of fetching share: blocks to disk off the loop, room, retries, the result."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import stamina

from ..errors import AnidanaError, Damaged, DiskFull, Refused
from ..fetch import Body, refusal
from ..library.room import Claim
from ..models import Attempt
from ..steps import Page
from .tracks import Track

stamina.instrumentation.set_on_retry_hooks([])  # it would warn of every retry, without a reason

BLOCK_BYTES = 384 * 1024
_TRICKLE_BYTES, _TRICKLE_SECONDS = 64 * 1024, 0.02
"""Smaller reads than this wait so long for company, except in the last part of a body."""

_LAST_BYTES = 256 * 1024
MOST_VIDEO_BYTES = 32 * 2**30
"""No episode is larger; a host that says or sends more must not fill the disk and pause the queue."""

_BELIEVED = 0.05
"""The part of a video after which it is believed how large all of it will be."""

MOST_TRIES = 4
MOST_PATIENCE_SECONDS = 30.0
"""A host that asks us to wait longer than this is left for the next one."""

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 522, 524})
"""Statuses that may be others a moment later."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


class Expired(Refused):
    """The host no longer accepts this link; asking again with it is of no use."""


class Report(Protocol):
    """Who is told how an episode goes; called often, on the event loop: return soon."""

    def stage(self, name: str) -> None:
        """It went on to `resolving`, `downloading` or `verifying`."""
        ...

    def progress(self, done: int, total: int | None) -> None:
        """So many bytes are here; of a stream in segments, the total is an estimate."""
        ...

    def attempt(self, attempt: Attempt) -> None:
        """A mirror was tried to its end."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a transfer left in its folder, ready for `join`.

    `seconds` is the announced length, `slack` how far that may be off by rounding.
    """

    tracks: tuple[Track, ...]
    seconds: float | None = None
    slack: float = 0.0

    @classmethod
    def one(cls, path: Path) -> Fetched:
        """A video that came as one file."""
        return cls((Track(((path,),)),))

    @property
    def size(self) -> int:
        """Bytes on disk; an init part that several pieces begin with counts once, subtitles never."""
        return sum(
            path.stat().st_size
            for track in self.tracks
            if track.kind != "subtitles"
            for path in set(track.paths)
        )


@dataclass(frozen=True, slots=True)
class Meter:
    """Passes progress on, and stops before the disk is full: `floor` bytes stay free.

    `claim` is the job's part of the room, where others work side by side with it.
    """

    folder: Path
    floor: int
    report: Report
    claim: Claim | None = None

    def count(self, done: int, total: int | None = None) -> None:
        """So many bytes are here; Damaged if no episode is that large, DiskFull if too little room is left.

        The total is told on, and once a part of it has come other jobs leave so much room; this one is not
        stopped by it: hosts say anything.
        """
        if done > MOST_VIDEO_BYTES:
            raise Damaged("the video does not end")
        if total and done >= _BELIEVED * total and self.claim is not None:
            self.claim.size = min(total, MOST_VIDEO_BYTES)
        self.need(0)
        self.report.progress(done, total)

    def expect(self, size: int) -> None:
        """DiskFull unless a video of `size` bytes can be fetched, put together and filed."""
        if self.claim is not None:
            self.claim.expect(min(size, MOST_VIDEO_BYTES) or self.claim.size)
        else:
            self.need(size)

    def need(self, size: int) -> None:
        """DiskFull unless `size` more bytes leave enough room."""
        free = shutil.disk_usage(self.folder).free
        if free - size < self.floor:
            raise DiskFull(
                f"{free // 2**20} MiB are free for downloads, {(size + self.floor) // 2**20} are needed",
                hint="free some space, or lower downloads.floor_mib",
            )


async def pour(
    body: Body,
    write: Callable[[bytearray], object],
    flushed: Callable[[int], object] | None = None,
    arrived: Callable[[int], object] | None = None,
) -> int:
    """Hand a body to `write` in large blocks, on a thread; returns its length in bytes.

    `arrived` is told the size of each bit that comes, `flushed` the length so far after each block.
    """
    block, total = bytearray(), 0
    calm = (body.length or 0) - _LAST_BYTES

    async def flush() -> None:
        nonlocal block, total
        full, block = block, bytearray()
        await asyncio.to_thread(write, full)
        total += len(full)
        if flushed is not None:
            flushed(total)

    try:
        async with aclosing(body.chunks()) as chunks:
            async for chunk in chunks:
                block += chunk
                if arrived is not None:
                    arrived(len(chunk))
                if len(block) >= BLOCK_BYTES:
                    await flush()
                elif len(chunk) < _TRICKLE_BYTES and total + len(block) < calm:
                    await asyncio.sleep(_TRICKLE_SECONDS)  # each wake-up costs as much as a large read
    finally:
        await flush()  # a transfer that breaks off can go on from here
    return total


async def head_of(body: Body, enough: int) -> bytes:
    """The first bytes of a body: `enough`, or all there are."""
    head = bytearray()
    async with aclosing(body.chunks()) as chunks:
        async for chunk in chunks:
            head += chunk
            if len(head) >= enough:
                break
    return bytes(head[:enough])


def content_range(body: Body) -> tuple[int, int, int]:
    """First byte, last byte and whole size of a 206; Damaged if it does not say."""
    match = _CONTENT_RANGE.fullmatch(body.headers.get("content-range", ""))
    if match is None:
        raise Damaged(f"{urlsplit(body.url).hostname} sends a part without saying which")
    return int(match[1]), int(match[2]), int(match[3])


def turned_away(body: Body, what: str) -> AnidanaError:
    """The error that an answer stands for which is not `what` we asked for."""
    where = f"{urlsplit(body.url).hostname} answered {body.status} when asked for {what}"
    if body.status in (404, 416) or body.status < 400:
        return Damaged(where)
    if body.status in PASSING:
        return refusal(Page(body.url, body.status, "", body.headers))
    return Expired(where)


def tries() -> AsyncIterable[stamina.Attempt]:
    """Up to four tries with growing pauses: `async for attempt in tries(): with attempt: …`."""
    return stamina.retry_context(
        on=_pause_after, attempts=MOST_TRIES, timeout=None, wait_initial=0.5, wait_max=8.0, wait_jitter=0.5
    )


def _pause_after(error: Exception) -> bool | float:
    """Whether the same request may go well a little later, or after how many seconds."""
    if not isinstance(error, Refused) or isinstance(error, Expired):
        return False
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= MOST_PATIENCE_SECONDS else False
    return True
