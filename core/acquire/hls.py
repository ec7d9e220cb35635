"""Our own HLS engine: parallel segments, each to a file of its own, so that a killed run goes on.

ffmpeg on a remote playlist loses segments and exits 0 (measured); here every one of them arrives
or the mirror has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from ..errors import Damaged
from ..fetch import Body, Visit, refusal
from ..steps import Page
from .magic import ENOUGH_BYTES, container_of, describe
from .playlist import MOST_BYTES, Lock, Part, Playlist, Unsupported, best, read
from .transfer import Fetched, Meter, content_range, head_of, pour, tries, turned_away

T = TypeVar("T")

MOST_NESTING = 3
MOST_SEGMENT_BYTES = 512 * 1024 * 1024
_KEY_BYTES = 16


async def load(url: str, visit: Visit, headers: Mapping[str, str], most_height: int) -> Playlist:
    """Fetch a playlist, through master playlists to the best quality of at most `most_height` lines.

    Errors as in `playlist.read`; Damaged too for playlists that lead to themselves or too deep.
    """
    seen, quality = set[str](), ""
    for _ in range(MOST_NESTING):
        if url in seen:
            raise Damaged("the playlist leads to itself")
        seen.add(url)
        async with visit.open(url, headers) as body:
            data = await body.read(MOST_BYTES)
        text = data.decode("utf-8", "replace")
        if body.status >= 400:
            raise refusal(Page(body.url, body.status, text, body.headers))
        found = await asyncio.to_thread(read, text, body.url)
        if isinstance(found, Playlist):
            return replace(found, quality=quality)
        variant = best(found, most_height)
        if variant.separate_audio:
            raise Unsupported("picture and sound come separately")
        url, quality = variant.url, f"{variant.height} {variant.bandwidth}"
    raise Damaged(f"playlists are nested more than {MOST_NESTING} deep")


async def sample(playlist: Playlist, visit: Visit, headers: Mapping[str, str]) -> bytes:
    """The start of the first segment, seen to be video: playlists are served where segments are refused."""
    segment = playlist.segments[0]
    async with _open(segment.part, visit, headers) as body:
        head = await head_of(body, ENOUGH_BYTES)
    if segment.lock is not None:
        key = await _key(segment.lock.key_url, visit, headers)
        cipher = Cipher(AES128(key), CBC(segment.lock.iv)).decryptor()
        head = cipher.update(head[: len(head) // _KEY_BYTES * _KEY_BYTES])
    _check_video(head, "the first segment")
    return head


async def fetch(
    playlist: Playlist,
    visit: Visit,
    headers: Mapping[str, str],
    folder: Path,
    *,
    connections: int,
    meter: Meter,
) -> Fetched:
    """Bring every segment into `folder`, those excepted that are there from an earlier run.

    The folder must belong to this playlist's `shape` alone. Damaged if a segment is missing or no
    video, Refused if the host no longer gives any.
    """
    segments = [
        _Job(f"segment {number + 1}", segment.part, folder / f"{number:05d}", segment.lock, segment.seconds)
        for number, segment in enumerate(playlist.segments)
    ]
    inits = {
        part: _Job(f"header {number + 1}", part, folder / f"init{number}")
        for number, part in enumerate(dict.fromkeys(segment.init for segment in playlist.segments))
        if part is not None
    }
    engine = _Engine(visit, headers, meter, playlist.seconds)
    await _all_of({job.lock.key_url for job in segments if job.lock}, engine.fetch_key, connections)
    await _all_of([*inits.values(), *segments], engine.fetch_part, connections)
    pieces = tuple(
        (*([inits[init].path] if init else ()), *(segments[number].path for number in numbers))
        for init, numbers in playlist.pieces
    )
    return Fetched(pieces, playlist.seconds, playlist.slack)


@dataclass(frozen=True, slots=True)
class _Job:
    """Bytes that are to become a file."""

    name: str
    part: Part
    path: Path
    lock: Lock | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class _Engine:
    """What the workers of one transfer share."""

    visit: Visit
    headers: Mapping[str, str]
    meter: Meter
    seconds: float
    keys: dict[str, bytes] = field(default_factory=dict)
    bytes_here: int = 0
    seconds_here: float = 0.0

    async def fetch_key(self, url: str) -> None:
        async for attempt in tries():
            with attempt:
                self.keys[url] = await _key(url, self.visit, self.headers)

    async def fetch_part(self, job: _Job) -> None:
        if not job.path.exists() or not job.path.stat().st_size:
            async for attempt in tries():
                with attempt:
                    await self._fetch(job)
        self.bytes_here += job.path.stat().st_size
        self.seconds_here += job.seconds
        # Of less than a second of video nothing can be told, and the number could be beyond all bounds.
        known = self.seconds_here >= 1
        total = round(self.bytes_here * self.seconds / self.seconds_here) if known else None
        self.meter.count(self.bytes_here, total)

    async def _fetch(self, job: _Job) -> None:
        partial = job.path.with_suffix(".part")
        async with _open(job.part, self.visit, self.headers) as body:
            with partial.open("wb") as file:
                sink = _Sink(file, job, self.keys)
                received = await pour(body, sink.write)
                await asyncio.to_thread(sink.finish)
        if job.part.length not in (None, received):
            raise Damaged(f"{job.name} ends before its byte range does")
        partial.replace(job.path)


class _Sink:
    """Where a segment goes, on a thread: decrypted if need be, and looked at."""

    def __init__(self, file: BinaryIO, job: _Job, keys: Mapping[str, bytes]) -> None:
        self._file, self._name = file, job.name
        self._head, self._size = b"", 0
        self._steps: list[Any] = []
        if job.lock is not None:
            cipher = Cipher(AES128(keys[job.lock.key_url]), CBC(job.lock.iv)).decryptor()
            self._steps = [cipher, PKCS7(8 * _KEY_BYTES).unpadder()]

    def write(self, data: bytes) -> None:
        for step in self._steps:
            data = step.update(data)
        self._put(data)

    def finish(self) -> None:
        """Write what the cipher held back; Damaged if this is no video."""
        try:
            rest = b""
            for step in self._steps:
                rest = step.update(rest) + step.finalize()
        except ValueError:
            raise Damaged(f"{self._name} cannot be decrypted") from None
        self._put(rest)
        _check_video(self._head, self._name)

    def _put(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > MOST_SEGMENT_BYTES:
            raise Damaged(f"{self._name} does not end")
        if len(self._head) < ENOUGH_BYTES:
            self._head += data[:ENOUGH_BYTES]
        self._file.write(data)


@asynccontextmanager
async def _open(part: Part, visit: Visit, headers: Mapping[str, str]) -> AsyncIterator[Body]:
    """Ask for a part; what comes is the part and nothing else."""
    if part.length is None:
        async with visit.open(part.url, headers) as body:
            if body.status != 200:
                raise turned_away(body, "a segment")
            yield body
        return
    asked = {**headers, "Range": f"bytes={part.start}-{part.start + part.length - 1}"}
    async with visit.open(part.url, asked) as body:
        if body.status != 206 or content_range(body)[0] != part.start:
            raise turned_away(body, "a byte range")
        yield body


async def _key(url: str, visit: Visit, headers: Mapping[str, str]) -> bytes:
    async with visit.open(url, headers) as body:
        if body.status != 200:
            raise turned_away(body, "the key")
        key = await head_of(body, _KEY_BYTES + 1)
    if len(key) != _KEY_BYTES:
        raise Damaged("the key is none: it does not have 16 bytes")
    return key


def _check_video(head: bytes, name: str) -> None:
    if container_of(head) is None:
        raise Damaged(f"{name} is {describe(head)}")


async def _all_of(jobs: Iterable[T], do: Callable[[T], Awaitable[None]], workers: int) -> None:
    """Do all jobs in order, `workers` at once; the first error stops the rest and comes out as itself."""
    waiting = iter(jobs)

    async def work() -> None:
        for job in waiting:
            await do(job)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
