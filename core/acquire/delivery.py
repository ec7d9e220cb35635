"""One stream to one verified file: fetched, put together while it still comes, and looked at."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import shutil
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AnidanaError, Damaged, DiskFull, SetupError
from ..fetch import Visit
from ..library.room import Claim, Room
from ..models import Language, MediaInfo, Stream
from . import direct, hls, plan, verify
from .joining import Joining, joining
from .playlist import Playlist
from .quarantine import Quarantine
from .transfer import Fetched, Meter, Report

if TYPE_CHECKING:
    from ..settings import Downloads


_MOST_BANDWIDTH = 50_000_000
"""In bits per second; a list of qualities that says more is wrong."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A stream that was seen to come, and all it takes to fetch it.

    `headers` go with every request, over `visit`, which has the cookies of the extraction.
    `playlist` is None for a plain file, and for a stream that only another program can fetch. `mark` tells
    it from another that is listed alike: the start of its first segment, or its address.
    """

    provider: str
    stream: Stream
    visit: Visit
    headers: Mapping[str, str]
    playlist: Playlist | None = None
    mark: bytes = field(default=b"", repr=False)


async def deliver(
    proof: Proof,
    language: Language,
    *,
    staging: Path,
    settings: Downloads,
    report: Report,
    expected_seconds: Callable[[], float | None] = lambda: None,
    claim: Claim | None = None,
    quarantine: Quarantine | None = None,
) -> tuple[Path, MediaInfo]:
    """Fetch what was proven, put it together and look whether it is whole.

    Segments are put together while later ones still come. What an earlier run left in `staging` of
    the same stream is gone on with. Damaged if what came is not whole, with its parts removed, the
    video kept in `quarantine` if there is one; errors of `hls`, `direct` and `ytdlp` with the parts kept.
    `claim` is the job's part of the room where several go on side by side; DiskFull if the video will not
    fit in.
    """
    floor = settings.floor_mib * 2**20
    claim = claim or Claim(Room(floor), staging, staging)
    meter = Meter(staging, floor, report, claim)
    folder = parts_of(proof, language, staging)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    expected = claim.size
    meter.expect(_announced(proof, expected))
    report.stage("downloading")
    made = folder / f"joined.{settings.container}"

    async def judge(join: Joining, fetched: Fetched | None) -> MediaInfo:
        report.stage("verifying")
        try:
            joined = await join.result
            assert fetched is not None, "a join that failed has raised"
            verify.check(
                joined, fetched, announced_size=proof.stream.size, expected_seconds=expected_seconds()
            )
        except Damaged as error:
            if quarantine is not None:
                whose = f"{staging.name} {proof.provider}"
                await asyncio.to_thread(quarantine.keep, made, whose, str(error))
            # Going on with these parts would only lead here again.
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        return joined.media

    try:
        if proof.playlist is not None:
            async with joining(plan.tracks(proof.playlist, folder), made, language) as join:
                came = await _beside(join.result, _segments(proof, folder, meter, settings, join))
                info = await judge(join, came)
        else:
            came = await _whole(proof, folder, meter, settings)
            meter.need(came.size)
            async with joining(came.tracks, made, language) as join:
                join.add(*(path for track in came.tracks for path in track.paths))
                info = await judge(join, came)
        path = made.replace(staging / f"episode.{settings.container}")
    finally:
        claim.size = expected  # what one host said is not held against the next
        made.unlink(missing_ok=True)
    await asyncio.to_thread(shutil.rmtree, folder.parent, ignore_errors=True)
    return path, info


def parts_of(proof: Proof, language: Language, staging: Path) -> Path:
    """The folder of a stream's parts, which no other stream has: parts of two must never be put together.

    Two qualities may be listed alike, each behind a token; their first segments differ.
    """
    shape = proof.playlist.shape if proof.playlist is not None else proof.stream.kind
    text = f"{proof.provider}\n{language}\n{shape}"
    return staging / "parts" / hashlib.sha256(text.encode() + proof.mark).hexdigest()[:16]


def _announced(proof: Proof, expected: int) -> int:
    """Bytes by the host's word, else as `expected`, else by the bandwidth in the list of qualities; or 0."""
    if proof.stream.size or expected or proof.playlist is None:
        return proof.stream.size or expected
    words = proof.playlist.quality.split()
    bandwidth = int(words[1]) if len(words) > 1 else 0
    return int(bandwidth / 8 * proof.playlist.seconds) if bandwidth <= _MOST_BANDWIDTH else 0


async def _segments(proof: Proof, folder: Path, meter: Meter, settings: Downloads, join: Joining) -> Fetched:
    assert proof.playlist is not None
    return await hls.fetch(
        proof.playlist,
        proof.visit,
        proof.headers,
        folder,
        connections=settings.connections,
        meter=meter,
        arrived=join.add,
    )


async def _whole(proof: Proof, folder: Path, meter: Meter, settings: Downloads) -> Fetched:
    url, visit, headers = proof.stream.url, proof.visit, proof.headers
    if proof.stream.kind == "file":
        return await direct.fetch(
            url,
            visit,
            headers,
            folder,
            meter,
            connections=settings.connections,
            stand_in=proof.stream.stand_in,
        )
    from . import ytdlp  # rarely needed

    return await ytdlp.fetch(
        url,
        visit,
        headers,
        folder,
        page=proof.stream.kind == "page",
        most_height=settings.most_height,
        meter=meter,
    )


async def _beside(result: asyncio.Task[Any], transfer: Coroutine[Any, Any, Fetched]) -> Fetched | None:
    """The result of the transfer; None if it is of no use any more, for the join has failed."""
    fetching = asyncio.create_task(transfer)
    try:
        await asyncio.wait({fetching, result}, return_when=asyncio.FIRST_COMPLETED)
        if result.done() and result.exception() is not None:
            return None
        return await fetching
    finally:
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)


def machine_trouble(error: OSError, staging: Path) -> AnidanaError:
    """What an error of the file system means for the owner: DiskFull or SetupError."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"no room is left in {staging}", hint="free some space; what was fetched is kept")
    return SetupError(
        f"{staging} cannot be used: {error.strerror or error}", hint="check path and permissions"
    )
