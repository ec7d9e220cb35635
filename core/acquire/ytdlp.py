"""The last way: yt-dlp, in a child process, for streams and pages that our own engine does not do.

Live playlists, sound that is cut otherwise than the picture, ciphers that we do not know, and the few
sites that it has extractors for and we have no provider. What it writes is believed no more than
anything else: exit code 0 proves nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import Blocked, Damaged, DiskFull, Refused, SourceError
from ..fetch import Network, Visit
from . import media
from .proxy import filtering_proxy
from .transfer import Fetched, Meter

MOST_SECONDS = 3 * 3600.0
"""A live stream without end is given up after this."""

_FULL_BYTES = 2**20
"""With so little room left it is the disk that failed, whatever yt-dlp and ffmpeg say."""

_CHILD = Path(__file__).with_name("child.py")
_LOG = "yt-dlp.log"
_KEPT_ENVIRONMENT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
_PROGRESS = re.compile(rb"@(\d+)/(\d+)?")
_QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S*")


async def fetch(
    url: str,
    visit: Visit,
    headers: Mapping[str, str],
    folder: Path,
    *,
    most_height: int,
    meter: Meter,
    page: bool = False,
    most_seconds: float = MOST_SECONDS,
) -> Fetched:
    """Let yt-dlp fetch the stream into `folder`, which is emptied first.

    With `page` the address is that of a page which one of yt-dlp's extractors reads, else of the
    stream itself. Everything it asks for goes through our filtering proxy. Blocked for what is
    protected by DRM, and for a stream that leads, anywhere in it, to an address that is not public;
    Refused if yt-dlp fails or takes too long, DiskFull if no room is left. Cookies of the visit are not
    handed on: ffmpeg would show them in its arguments. When cancelled, the child and all it has started
    are gone within two seconds.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sent = {"User-Agent": visit.user_agent, **headers}
    arguments = options(url, sent, most_height, page=page)
    try:
        async with asyncio.timeout(most_seconds):
            await _run(arguments, visit.network, folder, meter)
    except TimeoutError:
        raise Refused(f"the stream has no end: given up after {most_seconds:.0f} s") from None
    found = [path for path in folder.iterdir() if path.suffix in (".mp4", ".mkv", ".webm", ".ts")]
    if len(found) != 1:
        raise Damaged(f"yt-dlp left {len(found)} files instead of one")
    return Fetched.one(found[0])


async def look(url: str, visit: Visit, headers: Mapping[str, str], most_height: int) -> None:
    """Let yt-dlp say whether it finds a video on a page, and fetch none of it; errors as in `fetch`."""
    sent = {"User-Agent": visit.user_agent, **headers}
    arguments = ["--simulate", *options(url, sent, most_height, page=True)]
    with TemporaryDirectory(prefix="anidana-") as folder:
        await _run(arguments, visit.network, Path(folder))


async def _run(arguments: list[str], network: Network, folder: Path, meter: Meter | None = None) -> None:
    if network.route is not None:  # the practice network has no certificates
        arguments = [*arguments[:-1], re.sub(r"^https:", "http:", arguments[-1])]
    async with filtering_proxy(network) as proxy, _child(folder, proxy.url) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(["--proxy", proxy.url, *arguments]).encode())
        process.stdin.close()
        await _watch(process, folder, meter)
        failed = await process.wait()
    if proxy.refused:  # ffmpeg goes on without the segment, and says that all is well
        raise Blocked(f"the stream leads to {proxy.refused[0][:100]}, which is not a public address")
    if failed and meter is not None and shutil.disk_usage(folder).free < _FULL_BYTES:
        raise DiskFull(f"no room is left in {folder}", hint="free some space; then: anidana get")
    if failed:
        raise _why(folder / _LOG)


def options(url: str, headers: Mapping[str, str], most_height: int, *, page: bool = False) -> list[str]:
    """The arguments of yt-dlp: a closed list, to which no setting and no page adds; the address is last."""
    # Other schemes (rtmp, ftp) make ffmpeg open connections of its own, past every proxy (measured).
    protocol = "[protocol~='^(https?|m3u8(_native)?)$']" if page else "[protocol^=m3u8]"
    web = f"{protocol}[url~='^https?://']"
    height = f"{web}[height<=?{most_height}]"
    return [
        *("--ignore-config", "--no-plugin-dirs", "--no-cache-dir", "--no-playlist", "--no-mtime"),
        # A page is read by the extractor for its site or not at all: nothing unknown is scraped.
        *(("--ies", "default,-generic") if page else ()),
        *("--downloader", "m3u8:ffmpeg", "--hls-use-mpegts", "--ffmpeg-location", media.ffmpeg()),
        *(
            "--format",
            f"bv*{height}+ba{web}/b{height}/b{web}",
            "--merge-output-format",
            "mkv",
            "--fixup",
            "never",
        ),
        *("--retries", "3", "--fragment-retries", "3", "--abort-on-unavailable-fragments"),
        *("--socket-timeout", "20"),
        *("--color", "never", "--quiet", "--progress", "--newline"),
        *("--progress-template", "download:@%(progress.downloaded_bytes|)d/%(progress.total_bytes|)d"),
        *("--output", "video.%(ext)s"),  # in its working directory
        *(word for name, value in headers.items() for word in ("--add-headers", f"{name}:{value}")),
        # After this mark an address carries orders to extractors, which are yt-dlp's alone to give.
        *("--", url.partition("#__youtubedl_smuggle")[0]),
    ]


@asynccontextmanager
async def _child(folder: Path, proxy: str) -> AsyncIterator[Process]:
    """The child in a process group of its own, which is ended as a whole."""
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    with (folder / _LOG).open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", str(_CHILD), str(os.getpid())),
            stdin=PIPE,
            stdout=PIPE,
            stderr=log,
            cwd=folder,
            env={
                **environment,
                **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), proxy),
                "HOME": str(folder),
                "TMPDIR": str(folder),
            },
            start_new_session=True,
            limit=2**20,
        )
    try:
        yield process
    finally:
        _signal_group(process, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await process.wait()
        _signal_group(process, signal.SIGKILL)
        await process.wait()


def _signal_group(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


async def _watch(process: Process, folder: Path, meter: Meter | None) -> None:
    """Pass progress on until the child closes its output; ffmpeg says nothing, its files do."""
    assert process.stdout is not None
    while True:
        try:
            async with asyncio.timeout(1.0):
                line = await process.stdout.readline()
        except TimeoutError:
            if process.returncode is not None:  # it was killed alone, and ffmpeg holds its output open
                _signal_group(process, signal.SIGKILL)
                return
            if meter is not None:
                meter.count(_size(folder))
            continue
        if not line:
            return
        if meter is not None and (match := _PROGRESS.match(line)):
            meter.count(int(match[1]), int(match[2]) if match[2] else None)


def _size(folder: Path) -> int:
    total = 0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # yt-dlp renames while we look
            total += path.stat().st_size
    return total


def _why(log: Path) -> SourceError:
    """The error behind yt-dlp's last words, without queries, which may hold a token."""
    lines = log.read_text("utf-8", "replace")[-8192:].splitlines()
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    silent = "no reason given, as when its memory is used up"  # a MemoryError has no text
    last = _QUERY.sub(r"\1", (errors[-1] if errors else "") or silent)[:300]
    return Blocked("the video is protected by DRM") if "DRM" in last else Refused(f"yt-dlp: {last}")
