"""One stream whose address is known, to one verified file of any name."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from ..errors import ConfigError, Held
from ..fetch import Network, Visit
from ..library.place import check_target, place
from ..models import NO_LANGUAGE, MediaInfo, Stream
from . import hls
from .delivery import Proof, deliver, machine_trouble
from .magic import ENOUGH_BYTES, describe
from .playlist import Unsupported
from .transfer import Report, head_of

if TYPE_CHECKING:
    from ..settings import Downloads

Kind: TypeAlias = Literal["auto", "hls", "file"]

CONTAINERS = (".mkv", ".mp4")

_SUFFIXES: dict[str, Literal["hls", "file"]] = {
    ".m3u8": "hls", ".m3u": "hls", ".mp4": "file", ".mkv": "file", ".ts": "file",
}  # fmt: skip


async def fetch_stream(
    url: str,
    target: Path,
    network: Network,
    settings: Downloads,
    report: Report,
    *,
    headers: Mapping[str, str] = MappingProxyType({}),
    kind: Kind = "auto",
) -> MediaInfo:
    """Fetch what is at an address, verify it, and only then name it `target`.

    Its parts wait in a folder beside the target, and a later run goes on with them. Raises
    ConfigError for a name that is no mkv or mp4, Held if the target is there or another run is at
    it; errors of fetching and filing as for an episode.
    """
    if target.suffix not in CONTAINERS:
        raise ConfigError(f"{target.name} does not end in .mkv or .mp4", hint="the name says the container")
    settings = settings.model_copy(update={"container": target.suffix.removeprefix(".")})
    staging = target.with_name(f".{target.name}.parts")
    try:
        await asyncio.to_thread(check_target, target)
        await asyncio.to_thread(staging.mkdir, parents=True, exist_ok=True)
        with FileLock(staging / "lock", timeout=0):
            try:
                report.stage("resolving")
                proof = await _seen(url, network.visit(), headers, kind, settings.most_height)
                path, media = await deliver(
                    proof, NO_LANGUAGE, staging=staging, settings=settings, report=report
                )
                await asyncio.to_thread(place, path, target, target.parent)
            finally:
                await asyncio.to_thread(_leave, staging)
    except Timeout:
        raise Held(f"another run is fetching {target.name}") from None
    except OSError as error:
        raise machine_trouble(error, staging) from error
    return media


def _leave(staging: Path) -> None:
    """Remove the folder, unless there is something in it to go on with."""
    if not any(path.is_file() and path.name != "lock" for path in staging.rglob("*")):
        shutil.rmtree(staging, ignore_errors=True)


async def _seen(url: str, visit: Visit, headers: Mapping[str, str], kind: Kind, most_height: int) -> Proof:
    """The stream, without a look at its first segment: nothing else could be fetched in its place."""
    # Compression would hide the length, and gains nothing on video.
    headers = {"Accept-Encoding": "identity", **headers}
    if kind == "auto":
        kind = await _kind_of(url, visit, headers)
    proof = Proof(urlsplit(url).hostname or "", Stream(url, kind, headers), visit, headers)
    if kind == "file":
        return proof
    try:
        playlist = await hls.load(url, visit, headers, most_height)
        # Two videos may be listed alike, each behind a token: parts belong to the address they came from.
        return replace(proof, playlist=playlist, mark=url.encode("utf-8", "surrogateescape"))
    except Unsupported:
        return proof  # somebody else's program will do it


async def _kind_of(url: str, visit: Visit, headers: Mapping[str, str]) -> Literal["hls", "file"]:
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    async with visit.open(url, headers) as body:
        head = await head_of(body, ENOUGH_BYTES)
    return "hls" if describe(head) == "a playlist" else "file"
