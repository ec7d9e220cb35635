"""Our own HLS engine: parallel segments, each to a file of its own, so that a killed run goes on.

ffmpeg on a remote playlist loses segments and exits 0 (measured); here every one of them arrives
or the mirror has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import Damaged, Refused
from ..fetch import Body, Visit, refusal
from ..steps import Page
from .crew import Crew, Run
from .magic import ENOUGH_BYTES, container_of, describe
from .playlist import MOST_BYTES, Lock, Part, Playlist, Unsupported, best, read
from .transfer import Fetched, Meter, content_range, head_of, pour, tries, turned_away

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
        cipher, _ = _opening(key, segment.lock.iv)
        head = cipher.update(head[: len(head) // _KEY_BYTES * _KEY_BYTES])
    _check_video(head, "the first segment")
    return head


def pieces(playlist: Playlist, folder: Path) -> tuple[tuple[Path, ...], ...]:
    """The files that `fetch` makes, ready for `media.join`."""
    inits = _inits(playlist, folder)
    return tuple(
        (*((inits[init].path,) if init else ()), *(_path(folder, number) for number in numbers))
        for init, numbers in playlist.pieces
    )


async def fetch(
    playlist: Playlist,
    visit: Visit,
    headers: Mapping[str, str],
    folder: Path,
    *,
    connections: int,
    meter: Meter,
    arrived: Callable[[Path], object] = lambda _: None,
) -> Fetched:
    """Bring every segment into `folder`, those excepted that are there from an earlier run.

    At most `connections` at once, and `arrived` is told of each that is whole. The folder must
    belong to this playlist's `shape` alone. Damaged if a segment is missing or no video, Refused if
    the host no longer gives any.
    """
    segments = [
        _Job(f"segment {number + 1}", segment.part, _path(folder, number), segment.lock, segment.seconds)
        for number, segment in enumerate(playlist.segments)
    ]
    engine = _Engine(visit, headers, meter, playlist.seconds, arrived)
    keys = dict.fromkeys(job.lock.key_url for job in segments if job.lock)
    await Crew(engine.fetch_key, connections, lambda _: None).work(keys)
    jobs = [*_inits(playlist, folder).values(), *segments]
    here = await asyncio.to_thread(lambda: [job for job in jobs if _is_here(job.path)])
    for job in here:
        engine.count(job)
    known = {job.path for job in here}
    crew = Crew(engine.fetch, connections, engine.count, patient=visit.network.pace.limits_speed)
    await crew.work(job for job in jobs if job.path not in known)
    return Fetched(pieces(playlist, folder), playlist.seconds, playlist.slack)


@dataclass(frozen=True, slots=True)
class _Job:
    """Bytes that are to become a file."""

    name: str
    part: Part
    path: Path
    lock: Lock | None = None
    seconds: float = 0.0


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}"


def _inits(playlist: Playlist, folder: Path) -> dict[Part, _Job]:
    parts = dict.fromkeys(segment.init for segment in playlist.segments if segment.init is not None)
    return {
        part: _Job(f"header {number + 1}", part, folder / f"init{number}")
        for number, part in enumerate(parts)
    }


def _is_here(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


@dataclass(slots=True)
class _Engine:
    """What the requests of one transfer share."""

    visit: Visit
    headers: Mapping[str, str]
    meter: Meter
    seconds: float
    arrived: Callable[[Path], object]
    keys: dict[str, bytes] = field(default_factory=dict)
    bytes_here: int = 0
    seconds_here: float = 0.0

    async def fetch_key(self, run: Run[str]) -> None:
        async for attempt in tries():
            with attempt:
                self.keys[run.job] = await _key(run.job, self.visit, self.headers)

    async def fetch(self, run: Run[_Job]) -> None:
        """Bring one file, under a name of this run's own until it is whole."""
        partial = run.job.path.with_suffix(f".part{run.number}")
        try:
            async for attempt in tries():
                with attempt:
                    await self._fetch(run, partial)
            partial.replace(run.job.path)
        finally:
            partial.unlink(missing_ok=True)

    def count(self, job: _Job) -> None:
        """A file is here."""
        self.bytes_here += job.path.stat().st_size
        self.seconds_here += job.seconds
        # Of less than a second of video nothing can be told, and the number could be beyond all bounds.
        known = self.seconds_here >= 1
        total = round(self.bytes_here * self.seconds / self.seconds_here) if known else None
        self.meter.count(self.bytes_here, total)
        self.arrived(job.path)

    async def _fetch(self, run: Run[_Job], partial: Path) -> None:
        job = run.job
        try:
            async with self.visit.network.pace.connection(job.part.url):
                run.ask()
                async with _open(job.part, self.visit, self.headers) as body:
                    run.answered()
                    with partial.open("wb") as file:
                        sink = _Sink(file, job, self.keys)
                        received = await pour(body, sink.write, arrived=run.arrived)
                        await asyncio.to_thread(sink.finish)
        except Refused:
            run.failed()
            raise
        if job.part.length not in (None, received):
            raise Damaged(f"{job.name} ends before its byte range does")


class _Sink:
    """Where a segment goes, on a thread: decrypted if need be, and looked at."""

    def __init__(self, file: BinaryIO, job: _Job, keys: Mapping[str, bytes]) -> None:
        self._file, self._name = file, job.name
        self._head, self._size = b"", 0
        self._steps: list[Any] = []
        if job.lock is not None:
            self._steps = _opening(keys[job.lock.key_url], job.lock.iv)

    def write(self, data: bytes | bytearray) -> None:
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

    def _put(self, data: bytes | bytearray) -> None:
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


def _opening(key: bytes, iv: bytes) -> list[Any]:
    """What opens a segment, step by step."""
    from cryptography.hazmat.primitives.ciphers import Cipher  # most streams do without
    from cryptography.hazmat.primitives.ciphers.algorithms import AES128
    from cryptography.hazmat.primitives.ciphers.modes import CBC
    from cryptography.hazmat.primitives.padding import PKCS7

    return [Cipher(AES128(key), CBC(iv)).decryptor(), PKCS7(8 * _KEY_BYTES).unpadder()]


def _check_video(head: bytes, name: str) -> None:
    if container_of(head) is None:
        raise Damaged(f"{name} is {describe(head)}")
