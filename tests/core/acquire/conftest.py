"""Small real media, hosts that serve it with faults, and plain stand-ins for plugins."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import imageio_ffmpeg
import pytest
import stamina
from aiohttp import web

from anidana.core.acquire.candidates import Candidate
from anidana.core.acquire.transfer import Meter
from anidana.core.fetch import Network, Visit
from anidana.core.hooks import Provider
from anidana.core.loader import Plugins
from anidana.core.models import GERMAN_DUB, Attempt, Language, Link, Mirror, Stream
from anidana.core.steps import Steps

SEGMENTS, SEGMENT_SECONDS = 6, 2
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=12")
SOUND = ("-f", "lavfi", "-i", "sine=f=440:d=12")
ENCODED = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "48", "-keyint_min", "48", "-sc_threshold", "0",
           "-bf", "2", "-c:a", "aac", "-b:a", "64k")  # fmt: skip
AS_HLS = ("-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_filename")


@pytest.fixture(scope="session")
def ffmpeg() -> Callable[..., None]:
    """Runs ffmpeg with these arguments."""

    def run(*arguments: str | Path, cwd: Path | None = None) -> None:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
        subprocess.run(command, cwd=cwd, check=True)

    return run


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory, ffmpeg: Callable[..., None]) -> Path:
    """A folder with twelve seconds of video in every make the tests need.

    `ts0.ts`…`ts5.ts` of two seconds each, `other0.ts` of another film, `init.mp4` with `f0.m4s`…,
    `whole.mp4` (index first), `late.mp4` (index last), `whole.mkv`, `silent.mp4`, `two.mkv` with two
    sound tracks, `audio0.ts`… and `video0.ts`… with sound and picture apart.
    """
    folder = tmp_path_factory.mktemp("films")
    ffmpeg = partial(ffmpeg, cwd=folder)
    ffmpeg(*PICTURE, *SOUND, *ENCODED, *AS_HLS, "ts%d.ts", "ts.m3u8")
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=320x180:r=24:d=4", *SOUND, *ENCODED, "-shortest", *AS_HLS,
           "other%d.ts", "other.m3u8")  # fmt: skip
    copy = ("-i", "ts.m3u8", "-c", "copy")
    ffmpeg(*copy, "-bsf:a", "aac_adtstoasc", "-hls_segment_type", "fmp4", *AS_HLS, "f%d.m4s", "f.m3u8")
    ffmpeg(*copy, "-movflags", "faststart", "whole.mp4")
    ffmpeg(*copy, "late.mp4")
    ffmpeg(*copy, "whole.mkv")
    ffmpeg(*copy, "-an", "-movflags", "faststart", "silent.mp4")
    ffmpeg(*copy, "-an", *AS_HLS, "video%d.ts", "video.m3u8")
    ffmpeg(*copy, "-vn", *AS_HLS, "audio%d.ts", "audio.m3u8")
    languages = ("-metadata:s:a:0", "language=jpn", "-metadata:s:a:1", "language=ger")
    ffmpeg("-i", "ts.m3u8", "-map", "0:a", "-map", "0:a", "-map", "0:v", "-c", "copy", *languages, "two.mkv")
    return folder


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    """Retries without waiting, as many as the code asks for."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


def playlist(names: list[str], *, seconds: float = SEGMENT_SECONDS, head: str = "", end: bool = True) -> str:
    """A media playlist of these segments."""
    lines = "".join(f"#EXTINF:{seconds:.6f},\n{name}\n" for name in names)
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n{head}{lines}" + ("#EXT-X-ENDLIST\n" if end else "")


@dataclass
class Cdn:
    """Puts files and faults on the local server, under any address."""

    site: SimpleNamespace
    films: Path
    held: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def put(
        self,
        url: str,
        data: bytes | str,
        *,
        fails: tuple[int, ...] = (),
        etag: str = "",
        ranges: bool = True,
        cuts: tuple[int, ...] = (),
        length: bool = True,
        slices: int = 2**40,
        type_: str = "application/octet-stream",
    ) -> None:
        """Serve `data` at `url`.

        `fails` are statuses of the first answers, and then `cuts` the bytes after which the next
        ones break off; an answer to a range has at most `slices` bytes.
        """
        content = data.encode() if isinstance(data, str) else data
        failures, breaks = list(fails), list(cuts)

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            if failures:
                return web.Response(status=failures.pop(0))
            headers = {"Content-Type": type_} | ({"ETag": etag} if etag else {})
            first, status = 0, 200
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
            if ranges and wanted and request.headers.get("If-Range", etag) == etag:
                first, status = int(wanted[1]), 206
                last = min(int(wanted[2] or len(content) - 1), len(content) - 1, first + slices - 1)
                headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
                body = content[first : last + 1]
            else:
                body = content
            response = web.StreamResponse(status=status, headers=headers)
            if length:
                response.content_length = len(body)
            else:
                response.force_close()
            await response.prepare(request)
            if request.method == "HEAD":
                return response
            if breaks:
                await response.write(body[: breaks.pop(0)])
                assert request.transport is not None
                request.transport.close()
                return response
            await response.write(body)
            await response.write_eof()
            return response

        self.site.answers[place(url)] = answer

    def hold(self, url: str) -> None:
        """Let requests for `url` wait until `held` is set, and then answer 503; `arrived` counts them."""

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            self.arrived.release()
            await self.held.wait()
            return web.Response(status=503)

        self.site.answers[place(url)] = answer

    def segments(self, base: str, names: list[str], **how: object) -> None:
        """Serve files of the films folder below `base`."""
        for name in names:
            self.put(base + name, (self.films / name).read_bytes(), **how)  # type: ignore[arg-type]

    def hls(self, base: str, names: list[str] | None = None, **how: object) -> str:
        """Serve a whole stream of transport segments below `base`; returns its playlist's address."""
        names = names or [f"ts{number}.ts" for number in range(SEGMENTS)]
        self.segments(base, names, **how)
        self.put(base + "index.m3u8", playlist(names))
        return base + "index.m3u8"

    def count(self, url: str, method: str = "GET") -> int:
        """How often `url` was asked for."""
        return sum(
            f"{request.host}{request.path}" == place(url) and request.method == method
            for request in self.site.asked
        )


def place(url: str) -> str:
    """Host and path, by which the local server knows an address."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


@pytest.fixture
async def cdn(site: SimpleNamespace, films: Path) -> AsyncIterator[Cdn]:
    """The hosts."""
    it = Cdn(site, films)
    yield it
    it.held.set()


@pytest.fixture
async def visit(network: Network) -> Visit:
    """A fresh visit."""
    return network.visit()


@dataclass
class Told:
    """A report that keeps what it was told."""

    stages: list[str] = field(default_factory=list)
    amounts: list[tuple[int, int | None]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    on_progress: Callable[[], None] = lambda: None

    def stage(self, name: str) -> None:
        self.stages.append(name)

    def progress(self, done: int, total: int | None) -> None:
        self.amounts.append((done, total))
        self.on_progress()

    def attempt(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)


@pytest.fixture
def told() -> Told:
    """An empty report."""
    return Told()


@pytest.fixture
def meter(tmp_path: Path, told: Told) -> Meter:
    """A meter that never finds the disk too full."""
    return Meter(tmp_path, 0, told)


@dataclass
class Host:
    """A provider whose every link has a known outcome."""

    name: str
    domains: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    outcome: Stream | Exception | object = None

    def extract(self, link: Link) -> Steps[Stream]:
        yield from ()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome  # type: ignore[return-value]


class Shop:
    """A catalogue whose mirrors lead to the very address they name."""

    name, url, domains = "shop", "http://shop.example", ("shop.example",)

    def resolve(self, mirror: Mirror) -> Steps[Link]:
        yield from ()
        return Link(mirror.url, referer="http://shop.example/")


@pytest.fixture
def shop() -> Shop:
    """The catalogue."""
    return Shop()


@dataclass
class Offers:
    """Builds candidates, and the plugins that go with them."""

    cdn: Cdn
    hosts: list[Host] = field(default_factory=list)
    found: list[Candidate] = field(default_factory=list)

    def add(
        self,
        name: str,
        outcome: Stream | Exception | object,
        language: Language = GERMAN_DUB,
        *,
        alive: int = 200,
    ) -> Candidate:
        """One more mirror, at a host of that name whose page answers with the status `alive`."""
        page = f"http://{name.lower()}.example/e/{language}"
        self.cdn.put(page, "<html>player</html>", fails=(alive,) * 100 if alive != 200 else ())
        host = Host(name, (f"{name.lower()}.example",), outcome=outcome)
        self.hosts.append(host)
        provider: Provider = host
        self.found.append(Candidate(Mirror(name, language, page), provider))
        return self.found[-1]

    @property
    def plugins(self) -> Plugins:
        return Plugins(providers=tuple(self.hosts))


@pytest.fixture
def offers(cdn: Cdn) -> Offers:
    """No candidates yet."""
    return Offers(cdn)


@pytest.fixture
def helpers() -> SimpleNamespace:
    """What test modules cannot import from here: the tree of tests has no packages."""
    return SimpleNamespace(playlist=playlist, Host=Host, Told=Told)
