"""Our own HLS engine: parallel segments, each to a file of its own, so that a killed run goes on.

ffmpeg on a remote playlist loses segments and exits 0 (measured); here every one of them arrives
or the mirror has failed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import AnidanaError, Damaged, Refused, SourceError
from ..fetch import Body, Visit, refusal
from ..models import NO_LANGUAGE, Language
from ..steps import Page
from .choice import best, sound_for, subtitles_for
from .crew import Crew, Run
from .magic import ENOUGH_BYTES, container_of, describe, packed_sound
from .plan import Job, jobs, tracks
from .playlist import MOST_BYTES, Part, Playlist, Rendition, Unsupported, Variant, read
from .transfer import PASSING, Expired, Fetched, Meter, content_range, head_of, pour, tries, turned_away
from .webvtt import is_webvtt

log = logging.getLogger(__name__)

MOST_NESTING = 3
MOST_SEGMENT_BYTES = 512 * 1024 * 1024
MOST_SUBTITLE_BYTES = 16 * 1024 * 1024
"""All of a video's together: the join has them in memory."""

SUBTITLE_SECONDS = 20.0
"""The join waits for subtitles, but not for ever."""

LIST_SECONDS = 5.0
"""For the list of subtitles: a mirror is not proven before it has come."""

_KEY_BYTES = 16
_PACKET = 188
"""Bytes of a packet of a transport stream."""


async def load(
    url: str, visit: Visit, headers: Mapping[str, str], most_height: int, language: Language = NO_LANGUAGE
) -> Playlist:
    """Fetch a playlist, through master playlists to the best quality of at most `most_height` lines.

    With it come sound and subtitles in that language where they come apart. Errors as in
    `playlist.read`; Damaged too for playlists that lead to themselves or too deep.
    """
    seen, quality, beside = set[str](), "", list[Rendition]()
    for _ in range(MOST_NESTING):
        if url in seen:
            raise Damaged("the playlist leads to itself")
        seen.add(url)
        found = await _read_again(url, visit, headers)
        if isinstance(found, Playlist):
            renditions = await _renditions(found, beside, visit, headers)
            return replace(found, quality=quality, renditions=renditions)
        variant = best(found, most_height)
        sound = sound_for(variant, language)
        beside = [*([sound] if sound else []), *subtitles_for(variant, language)]
        url, quality = variant.url, variant.quality
    raise Damaged(f"playlists are nested more than {MOST_NESTING} deep")


async def _read_again(url: str, visit: Visit, headers: Mapping[str, str]) -> Playlist | tuple[Variant, ...]:
    """Read a playlist, again where the host only hiccups: without it nothing can be gone on with."""
    async for attempt in tries():
        with attempt:
            return await _read(url, visit, headers)
    raise AssertionError("the last try raises")


async def _read(url: str, visit: Visit, headers: Mapping[str, str]) -> Playlist | tuple[Variant, ...]:
    async with visit.open(url, headers) as body:
        data = await body.read(MOST_BYTES)
    text = data.decode("utf-8", "replace")
    if body.status >= 400:
        error = refusal(Page(body.url, body.status, text, body.headers))
        if isinstance(error, Refused) and body.status not in PASSING:  # asking again is of no use
            raise Expired(str(error), retry_after=error.retry_after)
        raise error
    return await asyncio.to_thread(read, text, body.url)


async def _renditions(
    main: Playlist, wanted: Iterable[Rendition], visit: Visit, headers: Mapping[str, str]
) -> tuple[tuple[Rendition, Playlist], ...]:
    """Fetch the playlists of what comes with the picture; subtitles that have none are left out."""
    async with asyncio.TaskGroup() as group:
        asked = [
            (one, group.create_task(_failing_late(_rendition(one, main, visit, headers)))) for one in wanted
        ]
    found = list[tuple[Rendition, Playlist]]()
    for one, task in asked:
        outcome = task.result()
        if isinstance(outcome, Playlist):
            found.append((one, outcome))
        elif one.kind == "audio":
            raise outcome
        else:
            _leave_out(one, outcome)
    return tuple(found)


async def _failing_late(work: Coroutine[Any, Any, Playlist]) -> Playlist | AnidanaError:
    try:
        return await work
    except AnidanaError as error:
        return error


async def _rendition(one: Rendition, main: Playlist, visit: Visit, headers: Mapping[str, str]) -> Playlist:
    """The playlist of sound or subtitles, seen to fit the picture's."""
    try:
        async with asyncio.timeout(LIST_SECONDS if one.kind == "subtitles" else None):
            found = await _read(one.url, visit, headers)
    except TimeoutError:
        raise Refused(f"no playlist within {LIST_SECONDS:.0f} s") from None
    if not isinstance(found, Playlist):
        raise Damaged(f"there is a master playlist where that of the {one.kind} should be")
    pieces = len(list(found.pieces))
    if one.kind == "subtitles":
        if any(segment.init for segment in found.segments):
            raise Unsupported("they are no WebVTT")
        if pieces not in (1, len(list(main.pieces))):
            raise Unsupported("they are cut otherwise than the picture")
    elif pieces != len(list(main.pieces)):
        raise Unsupported("picture and sound are cut differently")
    return found


def _leave_out(subtitles: Rendition, error: AnidanaError) -> None:
    log.warning("the subtitles %r (%s) are left out: %s", subtitles.name, subtitles.language, error)


async def sample(playlist: Playlist, visit: Visit, headers: Mapping[str, str]) -> bytes:
    """The start of the first segment, seen to be video: playlists are served where segments are refused."""
    segment = playlist.segments[0]
    async with _open(segment.part, visit, headers) as body:
        head = await head_of(body, ENOUGH_BYTES)
    if segment.lock is not None:
        key = await _key(segment.lock.key_url, visit, headers)
        cipher, _ = _opening(key, segment.lock.iv)
        head = cipher.update(head[: len(head) // _KEY_BYTES * _KEY_BYTES])
    _check(head, "the first segment")
    return head


async def fetch(
    playlist: Playlist,
    visit: Visit,
    headers: Mapping[str, str],
    folder: Path,
    *,
    connections: int,
    meter: Meter,
    arrived: Callable[[Path], object] = lambda _: None,
    subtitle_seconds: float = SUBTITLE_SECONDS,
) -> Fetched:
    """Bring every segment into `folder`, those excepted that are there from an earlier run.

    At most `connections` at once, and `arrived` is told of each that is whole, or, of subtitles, that
    will not come: each of their files has `subtitle_seconds`. The folder must belong to this
    playlist's `shape` alone. Damaged if a segment is missing or no video, Refused if the host no
    longer gives any.
    """
    wanted = jobs(playlist, folder)
    engine = _Engine(visit, headers, meter, sum(job.seconds for job in wanted), arrived, subtitle_seconds)
    keys = dict.fromkeys(job.lock.key_url for job in wanted if job.lock and job.kind != "subtitles")
    await Crew(engine.fetch_key, connections, lambda _: None).work(keys)
    here = await asyncio.to_thread(lambda: [job for job in wanted if _is_here(job.path)])
    for job in here:
        engine.count(job)
    known = {job.path for job in here}
    crew = Crew(engine.fetch, connections, engine.count, patient=visit.network.pace.limits_speed)
    await crew.work(job for job in wanted if job.path not in known)
    return Fetched(tracks(playlist, folder), playlist.seconds, playlist.slack)


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
    subtitle_seconds: float
    keys: dict[str, bytes] = field(default_factory=dict)
    subtitle_bytes: int = 0
    left_out: set[Rendition] = field(default_factory=set)
    bytes_here: int = 0
    seconds_here: float = 0.0

    async def fetch_key(self, run: Run[str]) -> None:
        async for attempt in tries():
            with attempt:
                await self._fetch_key(run)

    async def _fetch_key(self, run: Run[str]) -> None:
        try:
            async with self.visit.network.pace.connection(run.job, self.visit):
                run.ask()
                self.keys[run.job] = await _key(run.job, self.visit, self.headers)
        except Refused:
            run.failed()
            raise
        run.answered()
        run.arrived(_KEY_BYTES)

    async def fetch(self, run: Run[Job]) -> None:
        """Bring one file; a file of subtitles, or else none of them: they never cost the episode."""
        job = run.job
        if job.rendition is None or job.kind != "subtitles":
            await self._bring(run)
        elif job.rendition not in self.left_out:
            try:
                if job.lock is not None and job.lock.key_url not in self.keys:
                    self.keys[job.lock.key_url] = await _key(job.lock.key_url, self.visit, self.headers)
                await self._bring(run)
            except TimeoutError:
                self._leave_out(job.rendition, Refused(f"{job.name} did not come"))
            except (Damaged, SourceError) as error:
                self._leave_out(job.rendition, error)

    def _leave_out(self, rendition: Rendition, error: AnidanaError) -> None:
        if rendition not in self.left_out:
            self.left_out.add(rendition)
            _leave_out(rendition, error)

    async def _bring(self, run: Run[Job]) -> None:
        """Bring one file, under a name of this run's own until it is whole."""
        partial = run.job.path.with_suffix(f".part{run.number}")
        try:
            async for attempt in tries():
                with attempt:
                    await self._fetch(run, partial)
            partial.replace(run.job.path)
        finally:
            partial.unlink(missing_ok=True)

    def count(self, job: Job) -> None:
        """A file is here, or will not come."""
        if job.path.exists():
            self.bytes_here += job.path.stat().st_size
            self.seconds_here += job.seconds
            # Of less than a second of video nothing can be told, and the number could be beyond all bounds.
            known = self.seconds_here >= 1
            total = round(self.bytes_here * self.seconds / self.seconds_here) if known else None
            self.meter.count(self.bytes_here, total)
        self.arrived(job.path)

    async def _fetch(self, run: Run[Job], partial: Path) -> None:
        job = run.job
        pace = self.visit.network.pace  # under a speed limit, slowness is the owner's wish
        patience = self.subtitle_seconds if job.kind == "subtitles" and not pace.limits_speed else None
        try:
            async with pace.connection(job.part.url, self.visit):
                run.ask()
                async with asyncio.timeout(patience), _open(job.part, self.visit, self.headers) as body:
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
        if job.kind == "subtitles":
            self.subtitle_bytes += received
            if self.subtitle_bytes > MOST_SUBTITLE_BYTES:
                raise Damaged("there are too many of them")


class _Sink:
    """Where a segment goes, on a thread: decrypted if need be, and looked at."""

    def __init__(self, file: BinaryIO, job: Job, keys: Mapping[str, bytes]) -> None:
        self._file, self._job = file, job
        self._most = MOST_SUBTITLE_BYTES if job.kind == "subtitles" else MOST_SEGMENT_BYTES
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
            raise Damaged(f"{self._job.name} cannot be decrypted") from None
        self._put(rest)
        _check(self._head, self._job.name, self._job.kind)
        if self._head[:1] == self._head[_PACKET : _PACKET + 1] == b"\x47" and self._size % _PACKET:
            # Cut by the host, for its length was as announced: all the players in the world pass it over.
            raise Refused(f"{self._job.name} ends inside a packet")

    def _put(self, data: bytes | bytearray) -> None:
        self._size += len(data)
        if self._size > self._most:
            raise Damaged(f"{self._job.name} does not end")
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


def _check(head: bytes, name: str, kind: str = "main") -> None:
    """Damaged for what is not of its kind."""
    if kind == "subtitles":
        fine = is_webvtt(head)
    else:
        fine = container_of(head) is not None or (kind == "audio" and packed_sound(head) is not None)
    if not fine:
        raise Damaged(f"{name} is {describe(head)}")
