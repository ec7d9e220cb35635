"""From mirrors to the first bytes of video when the first hosts are dead, as ratios to one good host.

    python tests/bench/bench_failover.py [--runs 3]

Our own rotation and proof, over real sockets on loopback. A new connection takes two round trips of
60 ms, an answer one more, and a host's page 150 ms to make; each host is asked whether it is alive,
for its page, for the playlist, and for the start of a segment. The limits stand beside what was measured.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from anidana.core.acquire.candidates import Candidate
from anidana.core.acquire.prove import prove
from anidana.core.acquire.rotation import first_proven
from anidana.core.fetch import Network
from anidana.core.loader import Plugins
from anidana.core.models import GERMAN_DUB, Link, Mirror, Stream
from anidana.core.settings import Downloads
from anidana.core.settings import Network as NetworkSettings
from anidana.core.steps import Get, Steps

RTT, THINK = 0.06, 0.15
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\ns.ts\n#EXT-X-ENDLIST\n"
SEGMENT = (b"\x47" + bytes(187)) * 400
CASES: dict[str, tuple[tuple[str, ...], float | None]] = {
    "none": ((), None),
    "nobody listens": (("refused",), None),
    "no answer to SYN": (("syn",), 1.5),
    "404": (("gone",), None),
    "its CDN refuses": (("cdn-403",), None),
    "one silent": (("silent",), 1.5),
    "its CDN silent": (("cdn-silent",), 1.5),
    "three dead": (("syn", "cdn-silent", "gone"), 2.5),
    "six silent": (("silent", "syn", "cdn-silent") * 2, 5.0),
    "one silent that rests": (("silent*",), None),
}
"""What stands before the good host, and the most seconds that it may cost; a * is a host that rests."""


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection: the name of the host says how it behaves."""
    try:
        await asyncio.sleep(2 * RTT)
        while head := await reader.readuntil(b"\r\n\r\n"):
            host = head.lower().partition(b"host: ")[2].partition(b"\r\n")[0].decode()
            path = head.split(b" ")[1].decode()
            if host.startswith("silent") or (host.startswith("cdn-silent") and host.endswith("-cdn.example")):
                await asyncio.sleep(3600)
            cdn = host.endswith("-cdn.example")
            await asyncio.sleep(RTT + (0 if cdn else THINK))
            status = b"404 x" if host.startswith("gone") else b"403 x" if cdn and "403" in host else b"200 OK"
            body = SEGMENT if path.endswith(".ts") else PLAYLIST if cdn else b"<html>player</html>"
            sent = b"" if head.startswith(b"HEAD") else body
            writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), sent))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


class Host:
    """A provider that reads its page and names a playlist at its own CDN."""

    headers: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, name: str) -> None:
        self.name, self.domains = name, (f"{name}.example",)

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page, and answer."""
        yield Get(link.url)
        return Stream.hls(f"http://{self.name}-cdn.example/index.m3u8")


class Loopback(Network):
    """Every host at an address of its own, so that none is reached over a connection to another."""

    others: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, chosen: NetworkSettings) -> None:
        super().__init__(chosen)
        self.places: dict[str, str] = {}

    def routed(self, url: str) -> tuple[str, dict[str, str]]:
        """Where the host of an address is, as its name says."""
        target, headers = super().routed(url)
        name, here = headers["Host"], str(self.settings.route_all_to)
        own = self.places.setdefault(name, f"127.0.0.{len(self.places) + 1}:{here.rpartition(':')[2]}")
        kind = name.partition(".")[0].rstrip("0123456789")
        return target.replace(here, self.others.get(kind, own)), headers

    def _socket(self, info: Any) -> socket.socket:
        return socket.socket(*info[:3])


def elsewhere(stack: ExitStack) -> dict[str, str]:
    """A port where nobody listens, and one whose queue is full."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        refused = closed.getsockname()[1]
    deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1))
    for _ in range(4):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(deaf.getsockname())
    return {"refused": f"127.0.0.1:{refused}", "syn": f"127.0.0.1:{deaf.getsockname()[1]}"}


class Shop:
    """A catalogue that has nothing to ask."""

    name, url, domains = "shop", "http://shop.example", ("shop.example",)

    def resolve(self, mirror: Mirror) -> Steps[Link]:
        """The link that the mirror names."""
        yield from ()
        return Link(mirror.url)


async def first_bytes(dead: Sequence[str], address: str) -> float:
    """Seconds until a stream is proven."""
    hosts = [Host(f"{kind.removesuffix('*')}{number}") for number, kind in enumerate((*dead, "good"))]
    candidates = [
        Candidate(Mirror(host.name, GERMAN_DUB, f"http://{host.name}.example/e/1"), host, kind.endswith("*"))
        for host, kind in zip(hosts, (*dead, "good"), strict=True)
    ]
    candidates.sort(key=lambda one: one.resting)
    chosen = Downloads()
    async with Loopback(NetworkSettings(route_all_to=address, pages_per_second=0)) as network:
        by = partial(
            prove, catalogue=Shop(), plugins=Plugins(providers=tuple(hosts)), visit=network.visit(),
            most_height=chosen.most_height,
        )  # fmt: skip
        began = time.perf_counter()
        won = await first_proven(candidates, by, lead=chosen.lead_seconds, note=lambda *_: None)
        assert won.candidate.name.startswith("good")
        return time.perf_counter() - began


async def main(runs: int) -> None:
    """Measure every case and print the table."""
    with ExitStack() as stack:
        Loopback.others = elsewhere(stack)
        await measure(runs)


async def measure(runs: int) -> None:
    """The table."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    addresses = [f"127.0.0.{number}" for number in range(1, 2 * 7 + 1)]
    async with await asyncio.start_server(serve, addresses, port) as server:
        host, port = server.sockets[0].getsockname()[:2]
        print(
            "| before the good host | seconds | of one good host alone | limit |\n| --- | --- | --- | --- |"
        )
        alone = 0.0
        for case, (dead, limit) in CASES.items():
            seconds = statistics.median([await first_bytes(dead, f"{host}:{port}") for _ in range(runs)])
            alone = alone or seconds
            print(f"| {case} | {seconds:.2f} | {seconds / alone:.2f} | {limit or '-'} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    asyncio.run(main(parser.parse_args().runs))
