"""How fast a plain file comes: `python tests/bench/bench_file.py`.

Serves made-up bytes on loopback, 40 ms away and 3 MB/s a connection, and prints for every program
that is installed how long it took, as a share of one stream and of what the line could carry.
Faults hit each program at the same places: two answers of 503 and two breaks (`faulty`), a connection
that hangs (`stall`), a host that serves one connection only (`single`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import os
import re
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from anidana.core import settings
from anidana.core.acquire import direct
from anidana.core.acquire.transfer import Meter
from anidana.core.fetch import Network

RTT, RATE = 0.040, 3_000_000
BURST = 10 * 1460
PACING = 47  # SO_MAX_PACING_RATE, which the socket module does not name
FAULTS = {
    "none": (),
    "faulty": ((0.21, "503"), (0.37, "cut"), (0.58, "503"), (0.83, "cut")),
    "stall": ((0.6, "hang"),),
    "single": (),
}


@dataclass
class Origin:
    """One file behind a slow line; `faults` are places in it and what happens there, once each."""

    file: Path
    faults: list[tuple[float, str]] = field(default_factory=list)
    single: bool = False
    open: int = 0

    async def answer(self, connection: socket.socket) -> None:
        loop, first = asyncio.get_running_loop(), True
        self.open += 1
        alone = self.open == 1 or not self.single
        ramp = None
        try:
            head = b""
            while True:
                while b"\r\n\r\n" not in head:
                    if not (data := await loop.sock_recv(connection, 65536)):
                        return
                    head += data
                asked, _, head = head.partition(b"\r\n\r\n")
                await asyncio.sleep(RTT * (3 if first else 1))  # a new connection: TCP and TLS come first
                if first:
                    ramp, first = asyncio.create_task(slow_start(connection)), False
                await self.send(connection, asked, alone=alone)
        except OSError:
            pass
        finally:
            self.open -= 1
            if ramp is not None:
                ramp.cancel()
            connection.close()

    async def send(self, connection: socket.socket, asked: bytes, *, alone: bool) -> None:
        loop, size = asyncio.get_running_loop(), self.file.stat().st_size
        wanted = re.search(rb"(?i)\r\nrange: *bytes=(\d+)-(\d*)", asked)
        start = int(wanted[1]) if wanted else 0
        stop = min(int(wanted[2] or size - 1) + 1, size) if wanted else size
        fault = next((one for one in self.faults if start <= one[0] * size < stop), None)
        if fault and not asked.startswith(b"HEAD"):
            self.faults.remove(fault)
        if not alone or (fault and fault[1] == "503"):
            await loop.sock_sendall(
                connection, b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
            )
            return
        lines = [
            "HTTP/1.1 206 Partial Content" if wanted else "HTTP/1.1 200 OK",
            f"Content-Length: {stop - start}",
            "Content-Type: video/mp4",
            "Accept-Ranges: bytes",
            'ETag: "one"',
        ]
        if wanted:
            lines.append(f"Content-Range: bytes {start}-{stop - 1}/{size}")
        await loop.sock_sendall(connection, "\r\n".join([*lines, "", ""]).encode())
        if asked.startswith(b"HEAD"):
            return
        end = int(fault[0] * size) if fault else stop
        with self.file.open("rb") as file:
            while start < end:
                sent = await loop.sock_sendfile(connection, file, start, min(end - start, 1 << 20))
                start += sent
                if not sent:
                    raise ConnectionError
        if fault:
            await asyncio.sleep(60 if fault[1] == "hang" else 0.2)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise ConnectionError

    async def serve(self, listener: socket.socket) -> None:
        tasks = set[asyncio.Task[None]]()
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(listener)
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            tasks.add(task := asyncio.create_task(self.answer(connection)))
            task.add_done_callback(tasks.discard)


async def slow_start(connection: socket.socket) -> None:
    """Ten packets in the first round trip, twice as many in each after it, up to the line's rate."""
    rate = min(BURST / RTT, RATE)
    while True:
        connection.setsockopt(socket.SOL_SOCKET, PACING, struct.pack("Q", int(rate)))
        if rate >= RATE:
            return
        await asyncio.sleep(RTT)
        rate = min(2 * rate, RATE)


@contextlib.contextmanager
def origin(file: Path, faults: str) -> Iterator[str]:
    """The address of a fresh origin, in a process of its own: it must not share our interpreter."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        child = os.fork()
        if not child:
            listener.setblocking(False)
            with contextlib.suppress(BaseException):
                asyncio.run(Origin(file, list(FAULTS[faults]), faults == "single").serve(listener))
            os._exit(0)
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)


class Nobody:
    """A report that nobody reads."""

    def stage(self, name: str) -> None: ...

    def progress(self, done: int, total: int | None) -> None: ...

    def attempt(self, attempt: object) -> None: ...


async def ours(address: str, folder: Path, connections: int) -> None:
    async with Network(settings.Network(route_all_to=address)) as network:
        meter = Meter(folder, 0, Nobody())
        began, url = time.monotonic(), "http://cdn.example/film.mp4"
        await direct.fetch(url, network.visit(), {}, folder, meter, connections=connections)
        print(time.monotonic() - began)


def commands(address: str, connections: int) -> dict[str, list[str]]:
    """What is compared; each writes `video` into the folder that it runs in."""
    url, n = f"http://{address}/film.mp4", str(connections)
    return {
        "ours": [sys.executable, __file__, "--fetch", address, "-n", n],
        "aria2c": ["aria2c", "-q", f"-x{n}", f"-s{n}", "-k1M", "--file-allocation=none", "--retry-wait=1",
                   "-o", "video", url],
        "axel": ["axel", "-q", "-n", n, "-o", "video", url],
        "curl, one stream": ["curl", "-sf", "--retry", "3", "-o", "video", url],
    }  # fmt: skip


def run(command: list[str], folder: Path, limit: float) -> tuple[float, float, int, str]:
    """Seconds, seconds of CPU, the exit code (124 if stopped at the limit), and what it printed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    try:
        done = subprocess.run(command, cwd=folder, timeout=limit, capture_output=True, text=True)
        code, said = done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        code, said = 124, ""
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, code, said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=330)
    parser.add_argument("-n", type=int, default=16, help="connections")
    parser.add_argument("--faults", choices=FAULTS, action="append")
    parser.add_argument("--only", help="programs, separated by commas")
    parser.add_argument("--work", type=Path, help="a folder; default: memory")
    parser.add_argument("--fetch", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fetch:
        asyncio.run(ours(arguments.fetch, Path.cwd(), arguments.n))
        return
    memory = Path("/dev/shm")
    root = arguments.work or (memory if memory.is_dir() else None)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        measure(Path(folder), arguments)


def measure(folder: Path, arguments: argparse.Namespace) -> None:
    film = folder / "film.mp4"
    film.write_bytes(os.urandom(1_000_000) * arguments.mb)
    size, digest = film.stat().st_size, hashlib.file_digest(film.open("rb"), "sha256").digest()
    alone = size / RATE
    print(f"{arguments.mb} MB, {arguments.n} connections, {RTT * 1000:.0f} ms, {RATE / 1e6:.0f} MB/s each")
    print(f"{'faults':8} {'program':18} {'s':>7} {'x one stream':>13} {'of the line':>12} {'CPU s/GB':>9}")
    for faults in arguments.faults or FAULTS:
        line = alone if faults == "single" else alone / arguments.n
        for name, command in commands("", arguments.n).items():
            if not shutil.which(command[0]) or (arguments.only and name.split(",")[0] not in arguments.only):
                continue
            out = Path(tempfile.mkdtemp(dir=folder))
            with origin(film, faults) as address:
                took, cpu, code, told = run(commands(address, arguments.n)[name], out, 3 * alone + 30)
            got = out / "video"
            whole = got.exists() and hashlib.file_digest(got.open("rb"), "sha256").digest() == digest
            said = f"  exit {code}, {'whole' if whole else 'NOT WHOLE'}" if code or not whole else ""
            if told.strip():
                said += f"  ({float(told):.2f} s without its start, {line / float(told):.3f} of the line)"
            print(
                f"{faults:8} {name:18} {took:7.2f} {alone / took:13.2f} {line / took:12.3f}"
                f" {cpu / size * 1e9:9.2f}{said}",
                flush=True,
            )
            shutil.rmtree(out)


if __name__ == "__main__":
    main()
