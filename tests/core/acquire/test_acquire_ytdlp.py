"""The last way, with the real program against a local stream."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from anidana.core.acquire import ytdlp
from anidana.core.acquire.join import join
from anidana.core.acquire.transfer import Meter
from anidana.core.errors import Blocked, Refused
from anidana.core.fetch import Network, Visit
from anidana.core.models import GERMAN_DUB
from anidana.core.settings import Network as NetworkSettings

BASE = "http://cdn.example/v/"
NAMES = [f"ts{number}.ts" for number in range(6)]


class Canary:
    """Counts connections."""

    def __init__(self) -> None:
        self.port = self.hits = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits += 1
        writer.close()


def members(folder: Path) -> list[int]:
    """Processes that work in `folder`: the child, and what it has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                inside = (entry / "cwd").readlink().is_relative_to(folder)
                dead = "State:\tZ" in (entry / "status").read_text()
            except OSError:
                continue
            if inside and not dead:
                found.append(int(entry.name))
    return found


def command(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


async def all_gone(folder: Path) -> bool:
    for _ in range(2000):
        if not members(folder):
            return True
        await asyncio.sleep(0.001)
    return False


async def test_sound_apart_from_the_picture_comes_together(
    cdn: Any, helpers: SimpleNamespace, visit: Visit, meter: Meter, told: Any, tmp_path: Path
) -> None:
    for kind in ("video", "audio"):
        names = [f"{kind}{number}.ts" for number in range(6)]
        cdn.segments(BASE, names)
        cdn.put(f"{BASE}{kind}.m3u8", helpers.playlist(names))
    audio = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="de",LANGUAGE="de",URI="audio.m3u8"\n'
    variant = '#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=320x180,CODECS="avc1.42c00d,mp4a.40.2",AUDIO="a"\n'
    cdn.put(BASE + "m.m3u8", f"#EXTM3U\n{audio}{variant}video.m3u8\n")
    folder = tmp_path / "job"
    headers = {"Referer": "http://host.example/e/1"}
    fetched = await ytdlp.fetch(BASE + "m.m3u8", visit, headers, folder, most_height=1080, meter=meter)
    joined = join(fetched.tracks, tmp_path / "x.mkv", GERMAN_DUB)
    assert joined.seconds == pytest.approx(12, abs=0.3)
    assert joined.audio == pytest.approx(12, abs=0.3)
    assert {request.headers.get("Referer") for request in cdn.site.asked} == {"http://host.example/e/1"}
    assert {request.headers.get("User-Agent") for request in cdn.site.asked} == {visit.user_agent}
    assert told.amounts
    assert not members(folder)


@pytest.fixture
def live(cdn: Any, helpers: SimpleNamespace) -> str:
    """A list that never ends, and whose second segment never comes."""
    cdn.segments(BASE, NAMES[:1])
    cdn.hold(BASE + NAMES[1])
    cdn.put(BASE + "live.m3u8", helpers.playlist(NAMES[:2], end=False))
    return BASE + "live.m3u8?token=canary"


async def test_a_cancelled_child_takes_ffmpeg_with_it(
    cdn: Any, live: str, visit: Visit, meter: Meter, tmp_path: Path
) -> None:
    folder = tmp_path / "job"
    running = asyncio.ensure_future(ytdlp.fetch(live, visit, {}, folder, most_height=1080, meter=meter))
    await cdn.arrived.acquire()
    group = members(folder)
    assert len(group) >= 2  # yt-dlp and ffmpeg
    ours = [line for line in map(command, group) if b"child.py" in line]
    assert len(ours) == 1
    assert b"canary" not in ours[0]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await all_gone(folder)


async def test_a_stream_without_end_is_given_up(
    cdn: Any, live: str, visit: Visit, meter: Meter, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="no end"):
        await ytdlp.fetch(live, visit, {}, tmp_path / "job", most_height=1080, meter=meter, most_seconds=0.5)
    assert await all_gone(tmp_path / "job")


PARENT = """
import asyncio, sys
from pathlib import Path
from anidana.core.acquire import ytdlp
from anidana.core.acquire.transfer import Meter
from anidana.core.fetch import Network
from anidana.core.settings import Network as Settings

class Nobody:
    def progress(self, done, total): pass

async def main(address, url, folder):
    async with Network(Settings(route_all_to=address)) as network:
        meter = Meter(folder.parent, 0, Nobody())
        await ytdlp.fetch(url, network.visit(), {}, folder, most_height=1080, meter=meter)

asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
"""


async def test_children_die_with_us(cdn: Any, live: str, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    arguments = ("-c", PARENT, cdn.site.address, live, str(folder))
    parent = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    await cdn.arrived.acquire()
    assert len(members(folder)) >= 2
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    assert await all_gone(folder)


async def test_a_failure_is_told_without_the_query(
    cdn: Any, visit: Visit, meter: Meter, tmp_path: Path
) -> None:
    cdn.put(BASE + "gone.m3u8", "", fails=(403,) * 99)
    with pytest.raises(Refused, match="403") as caught:
        await ytdlp.fetch(
            BASE + "gone.m3u8?token=canary", visit, {}, tmp_path / "job", most_height=1080, meter=meter
        )
    assert "canary" not in str(caught.value)


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    """A server on this machine that nobody may reach; it counts who did."""
    it = Canary()
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    yield it
    server.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433"])
async def test_an_address_of_this_machine_is_never_reached(
    meter: Meter, tmp_path: Path, canary: Canary, host: str
) -> None:
    url = f"http://{host}:{canary.port}/x.m3u8"
    async with Network(NetworkSettings()) as network:
        with pytest.raises((Refused, Blocked)):
            await ytdlp.fetch(url, network.visit(), {}, tmp_path / "job", most_height=1080, meter=meter)
    assert canary.hits == 0


@pytest.mark.parametrize("way", ["segment", "redirect"])
async def test_no_playlist_and_no_redirect_leads_the_child_to_this_machine(
    cdn: Any, helpers: SimpleNamespace, visit: Visit, meter: Meter, tmp_path: Path, canary: Canary, way: str
) -> None:
    secret = f"http://127.0.0.1:{canary.port}/secret.ts"
    cdn.segments(BASE, NAMES[:1])
    if way == "segment":
        cdn.put(BASE + "x.m3u8", helpers.playlist([NAMES[0], secret]))
    else:

        async def elsewhere(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": secret})

        cdn.site.answers["cdn.example/v/s.ts"] = elsewhere
        cdn.put(BASE + "x.m3u8", helpers.playlist([NAMES[0], "s.ts"]))
    with pytest.raises(Blocked, match="not a public address"):
        await ytdlp.fetch(
            BASE + "x.m3u8", visit, {}, tmp_path / "job", most_height=1080, meter=meter, most_seconds=30
        )
    assert canary.hits == 0


@pytest.mark.parametrize("page", [True, False])
def test_no_page_can_add_an_option(page: bool) -> None:
    hostile = "--exec=touch /tmp/x"
    found = ytdlp.options(hostile, {"Referer": "x\n--exec rm"}, 1080, page=page)
    assert found[-2:] == ["--", hostile]
    assert "--add-headers" in found
    assert found[found.index("--add-headers") + 1] == "Referer:x\n--exec rm"
    assert not {"--exec", "--enable-file-urls", "--netrc-cmd", "--cookies"} & set(found)


# Pages, which yt-dlp reads itself

PAGE = "https://my.mail.ru/mail/practice/video/embed/_myvideo/1"
META = "my.mail.ru/+/video/meta/1"


@pytest.fixture
def offer(site: Any) -> Any:
    """Puts a page with these files on the local server, as my.mail.ru has it."""

    def put(*urls: str, meta: str = f"http://{META}") -> None:
        config = json.dumps({"metaUrl": meta})
        page = f'<script type="text/plain" class="sp-video__page-config">{config}</script>'
        site.answer(PAGE.removeprefix("https://"), page)
        videos = [{"key": f"{360 + number}p", "url": url} for number, url in enumerate(urls)]
        data = {"meta": {"title": "x"}, "author": {"name": "y"}, "videos": videos}
        site.answer(META, json.dumps(data), Content_Type="application/json")

    return put


async def test_a_page_is_proven_without_its_video_and_then_fetched(
    cdn: Any, offer: Any, visit: Visit, meter: Meter, tmp_path: Path, told: Any
) -> None:
    cdn.segments(BASE, ["whole.mp4", "silent.mp4"])
    offer(BASE + "whole.mp4")
    await ytdlp.look(PAGE, visit, {}, 1080)
    assert cdn.count(BASE + "whole.mp4") == 0
    folder = tmp_path / "job"
    fetched = await ytdlp.fetch(PAGE, visit, {}, folder, page=True, most_height=1080, meter=meter)
    joined = join(fetched.tracks, tmp_path / "x.mkv", GERMAN_DUB)
    assert joined.seconds == pytest.approx(12, abs=0.3)
    assert {request.headers.get("User-Agent") for request in cdn.site.asked} == {visit.user_agent}
    assert told.amounts
    assert not members(folder)


async def test_a_page_that_is_gone_is_no_proof(visit: Visit) -> None:
    with pytest.raises(Refused, match="404"):
        await ytdlp.look(PAGE, visit, {}, 1080)


@pytest.mark.parametrize("url", ["rtmp://cdn.example/v", "ftp://cdn.example/v.mp4", "file:///etc/passwd"])
async def test_what_would_go_past_the_proxy_is_no_format(offer: Any, visit: Visit, url: str) -> None:
    offer(url)
    with pytest.raises(Refused, match="format"):
        await ytdlp.look(PAGE, visit, {}, 1080)


@pytest.mark.parametrize("where", ["file", "meta"])
async def test_no_page_leads_the_child_to_this_machine(
    offer: Any, visit: Visit, meter: Meter, tmp_path: Path, canary: Canary, where: str
) -> None:
    secret = f"http://127.0.0.1:{canary.port}/secret.mp4"
    offer(secret, meta=secret if where == "meta" else f"http://{META}")
    with pytest.raises(Blocked, match="not a public address"):
        await ytdlp.fetch(PAGE, visit, {}, tmp_path / "job", page=True, most_height=1080, meter=meter)
    assert canary.hits == 0


async def test_a_page_of_a_site_without_an_extractor_is_not_even_asked_for(
    cdn: Any, site: Any, visit: Visit
) -> None:
    cdn.segments(BASE, ["whole.mp4"])
    site.answer("nobody.example/e/1", f'<video src="{BASE}whole.mp4"></video>')
    with pytest.raises(Refused, match="yt-dlp"):
        await ytdlp.look("https://nobody.example/e/1", visit, {}, 1080)
    assert not site.asked


async def test_the_child_that_looks_is_gone_when_cancelled(cdn: Any, visit: Visit) -> None:
    cdn.hold(PAGE)
    running = asyncio.ensure_future(ytdlp.look(PAGE, visit, {}, 1080))
    await cdn.arrived.acquire()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_no_address_gives_orders_to_extractors() -> None:
    hostile = PAGE + "#__youtubedl_smuggle=%7B%22to_generic%22%3A+true%7D"
    assert ytdlp.options(hostile, {}, 1080, page=True)[-1] == PAGE


async def test_children_that_are_killed_from_outside_fail_their_episode_only(
    cdn: Any, live: str, visit: Visit, meter: Meter, tmp_path: Path
) -> None:
    folder = tmp_path / "job"
    running = asyncio.ensure_future(ytdlp.fetch(live, visit, {}, folder, most_height=1080, meter=meter))
    await cdn.arrived.acquire()
    for process in members(folder):  # as a system does with a whole group that runs out of memory
        os.kill(process, signal.SIGKILL)
    with pytest.raises(Refused):
        await running
    assert await all_gone(folder)


async def test_yt_dlp_killed_alone_does_not_wait_for_its_ffmpeg(
    cdn: Any, live: str, visit: Visit, meter: Meter, tmp_path: Path
) -> None:
    folder = tmp_path / "job"
    running = asyncio.ensure_future(ytdlp.fetch(live, visit, {}, folder, most_height=1080, meter=meter))
    await cdn.arrived.acquire()
    (ours,) = (process for process in members(folder) if b"child.py" in command(process))
    os.kill(ours, signal.SIGKILL)
    with pytest.raises(Refused):  # and not only after hours, as without an end
        await running
    assert await all_gone(folder)


async def test_a_disk_that_fills_up_is_no_fault_of_the_host(cdn: Any, tmp_path: Path) -> None:
    url = cdn.hls(BASE)
    script = 'mount -t tmpfs -o size=100k tmpfs "$4" && exec "$0" -c "$1" "$2" "$3" "$4/job"'
    process = await asyncio.create_subprocess_exec(
        *("unshare", "-rm", "sh", "-c", script, sys.executable, PARENT, cdn.site.address, url, str(tmp_path)),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if b"mount:" in said or b"unshare:" in said:
        pytest.skip("no small disk can be mounted here")
    assert b"errors.DiskFull: no room is left" in said


async def test_a_page_that_unpacks_to_more_than_the_memory_fails_its_episode_only(
    site: Any, visit: Visit
) -> None:
    member = gzip.compress(bytes(64 * 2**20))
    site.answer(PAGE.removeprefix("https://"), member * 24, Content_Encoding="gzip")
    with pytest.raises(Refused, match="memory is used up"):
        await ytdlp.look(PAGE, visit, {}, 1080)


LIMITED = """
import resource, sys, threading, time
from runpy import run_path
limit = run_path(sys.argv[1])["MOST_MEMORY_BYTES"]
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
hold = threading.Event()
threads = [threading.Thread(target=hold.wait) for _ in range(64)]
[one.start() for one in threads]
hold.set()
try:
    bytearray(limit)
except MemoryError:
    print(len(threads))
"""


def test_the_limit_leaves_room_for_many_threads_and_not_for_much_memory() -> None:
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(ytdlp._CHILD)], capture_output=True, text=True, check=True
    )
    assert run.stdout == "64\n"
