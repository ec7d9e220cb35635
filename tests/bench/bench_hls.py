"""HLS downloads side by side: `anidana fetch` and the programs that are installed, on a throttled host.

    python tests/bench/bench_hls.py [--minutes 4] [--profiles throttled,faulty,stall,clean] [--connections 16]

The host is on loopback: every request is answered one round trip late, every connection has a cap
of its own, faults stand at fixed places. Each command is a process of its own; what it makes is
checked by counting its video packets. Ratios are what to read; walls depend on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import av
import imageio_ffmpeg

RTT, RATE = 0.04, 3_000_000
SEED_SECONDS, SEGMENT_SECONDS = 120, 6
PROFILES: dict[str, dict[float, str]] = {
    "clean": {},
    "throttled": {},
    "faulty": {0.12: "503", 0.37: "reset", 0.61: "503", 0.83: "reset"},
    "stall": {0.4: "stall"},
}
RATE_OPTION = 47
"""SO_MAX_PACING_RATE of Linux: the kernel spreads a connection's bytes over time."""

PEERS = {
    "anidana": "anidana fetch {url} -o {out} --connections {n}",
    "yt-dlp": "{python} -m yt_dlp -q --no-warnings -N {n} -o {out} {url}",
    "yt-dlp + ffmpeg": "{python} -m yt_dlp -q --no-warnings --downloader ffmpeg --hls-use-mpegts"
    " -o {out} {url}",
    "ffmpeg": "ffmpeg -v error -nostdin -y -i {url} -c copy {out}",
    "streamlink": "streamlink -l error --no-config --stream-segment-threads 10 -f -o {out} {url} best",
}


def make_title(folder: Path, minutes: int) -> int:
    """A title in segments; returns how many packets its picture has."""
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y"]
    seed = folder / "seed.mp4"
    picture = f"testsrc2=s=1280x720:r=25:d={SEED_SECONDS},noise=alls=12:allf=t"
    subprocess.run(
        [*ffmpeg, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"anoisesrc=d={SEED_SECONDS}:a=0.2",
         "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "1700k",
         "-maxrate", "1870k", "-bufsize", "3400k",
         "-g", "150", "-keyint_min", "150", "-sc_threshold", "0", "-c:a", "aac", seed],
        check=True,
    )  # fmt: skip
    loops = max(1, minutes * 60 // SEED_SECONDS)
    subprocess.run(
        [*ffmpeg, "-stream_loop", str(loops - 1), "-i", seed, "-c", "copy", "-f", "hls", "-hls_time",
         str(SEGMENT_SECONDS), "-hls_playlist_type", "vod", "-hls_segment_filename", folder / "%05d.ts",
         folder / "index.m3u8"],
        check=True,
    )  # fmt: skip
    seed.unlink()
    return loops * SEED_SECONDS * 25


@dataclass
class Origin:
    """The host: files of one folder, late and slow; each fault happens once."""

    folder: Path
    profile: str
    faults: dict[int, str] = field(default_factory=dict)
    port: int = 0

    def __post_init__(self) -> None:
        count = len(list(self.folder.glob("*.ts")))
        self.faults = {int(at * count): kind for at, kind in PROFILES[self.profile].items()}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        socket, first = writer.get_extra_info("socket"), True
        late = 0.0 if self.profile == "clean" else RTT
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(late * (3 if first else 1))
                if first and late:
                    socket.setsockopt(1, RATE_OPTION, struct.pack("Q", RATE))
                first = False
                path = self.folder / Path(head.split(b" ", 2)[1].decode().partition("?")[0]).name
                fault = self.faults.pop(int(path.stem), "") if path.suffix == ".ts" else ""
                status, body = ("503 Busy", b"") if fault == "503" else ("200 OK", path.read_bytes())
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
                writer.write(body[: len(body) // 2] if fault in ("reset", "stall") else body)
                await writer.drain()
                if fault in ("reset", "stall"):
                    await asyncio.sleep(0.2 if fault == "reset" else 60)
                    writer.transport.abort()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    @contextmanager
    def open(self) -> Iterator[str]:
        """Serve from a thread; gives the playlist's address."""
        loop, ready = asyncio.new_event_loop(), threading.Event()

        async def start() -> None:
            server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()

        loop.create_task(start())
        threading.Thread(target=loop.run_forever, daemon=True).start()
        ready.wait()
        try:
            yield f"http://127.0.0.1:{self.port}/index.m3u8"
        finally:
            loop.call_soon_threadsafe(loop.stop)


@dataclass(frozen=True)
class Row:
    """What one command took: seconds, seconds of processor, MB of its largest process, packets lost."""

    wall: float
    cpu: float
    peak: float
    lost: int


def measure(command: str, url: str, out: Path, connections: int, packets: int) -> Row:
    """Run one command to its end."""
    words = [word.format(url=url, out=out, n=connections, python=sys.executable) for word in command.split()]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANIDANA__NETWORK__ROUTE_ALL_TO": url.split("/")[2],
    }
    began = time.monotonic()
    child = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, used = os.wait4(child.pid, 0)
    child.returncode = 0
    wall = time.monotonic() - began
    return Row(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, packets - count_packets(out))


def count_packets(path: Path) -> int:
    """Packets of the picture; 0 if there is none."""
    try:
        with av.open(str(path)) as container:
            return sum(packet.size > 0 for packet in container.demux(video=0))
    except (OSError, IndexError):
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=4)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--profiles", default="throttled,faulty,stall,clean")
    arguments = parser.parse_args()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    peers = {
        name: command
        for name, command in PEERS.items()
        if shutil.which(command.split()[0].format(python=sys.executable), path=path)
    }
    with tempfile.TemporaryDirectory() as scratch:
        title, outputs = Path(scratch, "title"), Path(scratch, "out")
        title.mkdir()
        outputs.mkdir()
        packets = make_title(title, arguments.minutes)
        size = sum(file.stat().st_size for file in title.glob("*.ts"))
        for profile in arguments.profiles.split(","):
            print(f"\n{profile}: {size / 1e6:.0f} MB, {arguments.connections} connections")
            link = size / RATE / arguments.connections
            ours: float | None = None
            for number, (name, command) in enumerate(peers.items()):
                with Origin(title, profile).open() as url:
                    out = outputs / f"{profile}{number}.mp4"
                    row = measure(command, url, out, arguments.connections, packets)
                    out.unlink(missing_ok=True)
                ours = ours or row.wall
                of_link = f"  {link / row.wall:4.2f} of link" if profile != "clean" else ""
                print(
                    f"  {name:16} {row.wall:6.2f} s  {row.wall / ours:5.2f} x ours{of_link}"
                    f"  {row.cpu / size * 1e9:5.1f} CPU s/GB  {row.peak:4.0f} MB  {row.lost} packets lost"
                )


if __name__ == "__main__":
    main()
