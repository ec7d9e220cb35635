"""Servers that no library would write: raw bytes, endless headers, silence, and a clock that runs ahead."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ConnectionTimeoutError
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from anidana.core import Refused, settings
from anidana.core.acquire.proxy import CONNECT_SECONDS, open_first
from anidana.core.fetch import Network
from anidana.core.pace import Pace
from anidana.core.steps import Get

URL = "https://clips.example/e/1"
Hastily = Callable[[Coroutine[Any, Any, None]], None]
Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def has_ipv6() -> bool:
    """Whether this machine can speak IPv6 to itself."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


class Straight(Network):
    """A network that reaches one server of this machine by its own address, encrypted as it asks for."""

    def routed(self, url: str) -> tuple[str, Mapping[str, str]]:  # type: ignore[override]
        return url, {}


class Anywhere(Straight):
    """A network without the rule for addresses."""

    def _socket(self, info: Any) -> socket.socket:
        return socket.socket(*info[:3])


async def fetched(play: Play) -> str:
    """The page that comes from a server which does what it is told with each connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await play(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Network(settings.Network(route_all_to=f"127.0.0.1:{port}", pages_per_second=0)) as network:
            return (await network.visit().page(Get(URL))).text


def sends(data: bytes) -> Play:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return play


async def test_an_answer_of_raw_bytes_is_read() -> None:
    assert await fetched(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")) == "page"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(20_000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 400\r\n\r\npage",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\npage",
        b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\npage",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"",
    ],
    ids=["20000 headers", "two lengths", "chunks cut", "no chunk", "short", "another protocol", "nothing"],
)
async def test_an_answer_that_is_none_is_refused(answer: bytes) -> None:
    with pytest.raises(Refused):
        await fetched(sends(answer))


async def test_a_reset_in_the_middle_is_refused() -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\npage")
        await writer.drain()
        made: socket.socket = writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with pytest.raises(Refused, match="broke off"):
        await fetched(play)


def test_headers_that_come_a_byte_at_a_time_are_given_up(hastily: Hastily) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(2)

    async def work() -> None:
        with pytest.raises(Refused, match="does not answer"):
            await fetched(play)

    hastily(work())


def test_a_server_that_takes_connections_and_says_nothing_is_given_up(hastily: Hastily) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def work() -> None:
        with pytest.raises(Refused, match="does not answer"):
            await fetched(play)

    hastily(work())


def test_a_server_that_does_not_take_connections_is_given_up(hastily: Hastily) -> None:
    async def work() -> None:
        with ExitStack() as stack:
            port = deaf(stack, "127.0.0.1")
            chosen = settings.Network(route_all_to=f"127.0.0.1:{port}", pages_per_second=0)
            async with Network(chosen) as network:
                with pytest.raises(Refused, match="does not answer") as caught:
                    await network.visit().page(Get(URL))
        assert isinstance(caught.value.__cause__, ConnectionTimeoutError), "before the limit for headers"

    hastily(work())


class BothWays(AbstractResolver):
    """A resolver that knows this machine by IPv6 and by IPv4."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address, family in (("::1", socket.AF_INET6), ("127.0.0.1", socket.AF_INET))
        ]

    async def close(self) -> None:
        pass


def deaf(stack: ExitStack, address: str, port: int = 0) -> int:
    """A port whose queue is full: whoever wants to connect is not even answered."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = stack.enter_context(socket.create_server((address, port), family=family, backlog=1))
    for _ in range(4):
        waiting = stack.enter_context(socket.socket(family))
        waiting.setblocking(False)
        waiting.connect_ex(made.getsockname()[:2])
    return int(made.getsockname()[1])


async def says_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")
    writer.close()


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("way", ["ours", "the proxy's"])
def test_a_host_whose_ipv6_leads_nowhere_is_reached_by_ipv4(hastily: Hastily, way: str) -> None:
    async def work() -> None:
        with ExitStack() as stack:
            port = deaf(stack, "::1")
            async with await asyncio.start_server(says_page, "127.0.0.1", port):
                if way == "ours":
                    async with Anywhere(settings.Network(), BothWays()) as network:
                        assert (await network.visit().page(Get(f"http://two.example:{port}/"))).text == "page"
                else:
                    async with asyncio.timeout(CONNECT_SECONDS):
                        reader, writer = await open_first(("::1", "127.0.0.1"), port)
                    assert (await reader.read()).endswith(b"page")
                    writer.close()

    hastily(work())


async def bodies(pause: float, count: int, piece: bytes = b"x", **chosen: Any) -> bytes:
    """A body of so many pieces, each after a pause in seconds of the loop, read as a video is."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (count * len(piece)))
            for _ in range(count):
                await asyncio.sleep(pause)
                writer.write(piece)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with (
            Network(settings.Network(route_all_to=f"127.0.0.1:{port}", **chosen)) as network,
            network.visit().open(URL) as body,
        ):
            return b"".join([chunk async for chunk in body.chunks()])


def test_a_long_transfer_may_take_its_time(hastily: Hastily) -> None:
    async def work() -> None:
        began = asyncio.get_running_loop().time()
        piece = b"x" * 64 * 1024
        assert await bodies(pause=8, count=50, piece=piece) == piece * 50
        assert asyncio.get_running_loop().time() - began > 300, "as long as many a client's total limit"

    hastily(work())


def test_a_body_that_falls_silent_is_given_up(hastily: Hastily) -> None:
    async def work() -> None:
        with pytest.raises(Refused, match="does not answer"):
            await bodies(pause=100, count=2)

    hastily(work())


def test_a_body_that_trickles_is_given_up(hastily: Hastily) -> None:
    async def work() -> None:
        with pytest.raises(Refused, match="next to nothing"):
            await bodies(pause=1, count=400)

    hastily(work())


def test_the_owner_may_allow_a_trickle(hastily: Hastily) -> None:
    async def work() -> None:
        assert len(await bodies(pause=1, count=100, floor_kib=0)) == 100

    hastily(work())


def test_what_the_owner_s_limit_makes_wait_is_no_trickle(hastily: Hastily) -> None:
    async def work() -> None:
        piece = b"x" * 4096  # twice the floor, and half of it is let through
        assert await bodies(pause=0.5, count=80, piece=piece, speed_limit=2 / 1024) == piece * 80

    hastily(work())


def test_a_speed_limit_holds_for_all_bodies_together(hastily: Hastily) -> None:
    async def work() -> None:
        began = asyncio.get_running_loop().time()
        pace = Pace(settings.Network(speed_limit=0.5))
        await asyncio.gather(*(pace.spend(2**20) for _ in range(8)))
        assert asyncio.get_running_loop().time() - began > 15, "8 MiB at half a MiB per second"

    hastily(work())


async def test_a_place_at_a_host_goes_to_the_download_that_has_fewest() -> None:
    pace, order, url = Pace(settings.Network(connections_per_host=2)), list[str](), "https://cdn.example/x"

    async def ask(who: str) -> None:
        async with pace.connection(url, who):
            order.append(who)
            await asyncio.sleep(0)

    async with pace.connection(url, "many"), pace.connection(url, "many"):
        tasks = [asyncio.create_task(ask(who)) for who in ("many", "many", "few", "gone")]
        await asyncio.sleep(0)
        assert pace.crowds(url, "many") and not pace.crowds(url, "few")
        assert not pace.crowds("https://other.example/x", "many")
        tasks.pop().cancel()
        async with pace.connection("https://other.example/x", "many"):
            assert order == [], "another host has places of its own"
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks)
    assert order == ["few", "many", "many"]
    async with asyncio.timeout(5), pace.connection(url, "few"), pace.connection(url, "few"):
        assert not pace.crowds(url, "few"), "none was lost"


async def test_a_place_that_comes_as_its_taker_leaves_goes_to_the_next() -> None:
    pace, url = Pace(settings.Network(connections_per_host=1)), "https://cdn.example/x"

    async def ask() -> None:
        async with pace.connection(url, "b"):
            pass

    async with pace.connection(url, "a"):
        leaving, next_one = asyncio.create_task(ask()), asyncio.create_task(ask())
        await asyncio.sleep(0)
    leaving.cancel()
    async with asyncio.timeout(5):
        await next_one
    assert leaving.cancelled()


class Lost(AbstractResolver):
    """A resolver that finds nothing."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        raise OSError(None, "no such name")

    async def close(self) -> None:
        pass


async def test_a_name_that_does_not_resolve_is_refused() -> None:
    async with Network(settings.Network(), Lost()) as network:
        with pytest.raises(Refused, match="does not resolve"):
            await network.visit().page(Get(URL))


async def test_a_cookie_for_encrypted_connections_is_not_sent_over_others(
    network: Network, site: Any
) -> None:
    site.answer("clips.example/e/1", status=302, Location="http://clips.example/e/2",
                Set_Cookie="session=abc; Path=/; Secure")  # fmt: skip
    site.answer("clips.example/e/2", status=302, Location="https://clips.example/e/3")
    site.answer("clips.example/e/3")
    await network.visit().page(Get(URL))
    assert [request.headers.get("Cookie") for request in site.asked] == [None, None, "session=abc"]


def certificate(folder: Path, days: int) -> Path:
    """A certificate that signs itself, good for so many days from yesterday, and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    since = datetime.now(UTC) - timedelta(days=9)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, since, since + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / "server.pem"
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password)
    path.write_bytes(made.public_bytes(pem) + secret)
    return path


@pytest.mark.parametrize("days", [30, 5], ids=["signs itself", "expired too"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path, days: int) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate(tmp_path, days))
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(100))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        async with Straight(settings.Network(route_all_to=f"127.0.0.1:{port}")) as network:
            with pytest.raises(Refused, match="no secure connection"):
                await network.visit().page(Get(f"https://localhost:{port}/"))
    assert asked == []
