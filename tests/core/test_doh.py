"""DNS over HTTPS, with a real server on this machine."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import h2.config
import h2.connection
import h2.events
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from anidana.core import Blocked, Refused
from anidana.core.acquire.proxy import filtering_proxy
from anidana.core.doh import ANSWER_SECONDS, MOST_ANSWER_BYTES, MOST_KEPT_SECONDS, REST_SECONDS, DohResolver
from anidana.core.fetch import Network
from anidana.core.settings import DNS_SERVERS
from anidana.core.settings import Network as NetworkSettings
from anidana.core.steps import Get

HOST = "clips.example"
TYPE = "application/dns-message"


def answered(wire: bytes, zone: dict[tuple[str, str], list[str]], rcode: dns.rcode.Rcode, ttl: int) -> bytes:
    """The reply to a query: what the zone has under (name, type), aliases first."""
    query = dns.message.from_wire(wire)
    reply = dns.message.make_response(query)
    reply.set_rcode(rcode)
    (question,) = query.question
    name = question.name.to_text(omit_final_dot=True)
    while alias := zone.get((name, "CNAME")):
        reply.answer.append(dns.rrset.from_text(f"{name}.", ttl, "IN", "CNAME", f"{alias[0]}."))
        name = alias[0]
    kind = dns.rdatatype.to_text(question.rdtype)
    if found := zone.get((name, kind)):
        reply.answer.append(dns.rrset.from_text(f"{name}.", ttl, "IN", kind, *found))
    return reply.to_wire()


@dataclass
class DohServer:
    """Answers from `zone`; `instead` answers in its place. `asked` are the queries, by name and type."""

    url: str = ""
    zone: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    ttl: int = 300
    instead: Callable[[web.BaseRequest, bytes], Awaitable[web.StreamResponse]] | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        wire = await request.read()
        (question,) = dns.message.from_wire(wire).question
        self.asked.append((question.name.to_text(True), dns.rdatatype.to_text(question.rdtype)))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        assert request.method == "POST"
        if self.instead:
            return await self.instead(request, wire)
        body = answered(wire, self.zone, self.rcode, self.ttl)
        return web.Response(body=body, content_type=TYPE, headers={"Set-Cookie": "who=you; Path=/"})

    async def hold(self, request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
        self.arrived.release()
        await self.held.wait()
        return web.Response(status=503)


@pytest.fixture
async def server() -> AsyncIterator[DohServer]:
    it = DohServer()
    runner = web.ServerRunner(web.Server(it.serve), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.url = f"http://127.0.0.1:{runner.addresses[0][1]}/dns-query"
    yield it
    it.held.set()
    await runner.cleanup()


@dataclass
class System(AbstractResolver):
    """The system's resolver: every name is at `address`."""

    address: str = "9.8.7.6"
    asked: list[str] = field(default_factory=list)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        return [{"hostname": host, "host": self.address, "port": port, "family": socket.AF_INET,
                 "proto": 0, "flags": 0}]  # fmt: skip

    async def close(self) -> None:
        pass


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def system() -> System:
    return System()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def resolver(server: DohServer, system: System, clock: Clock) -> AsyncIterator[DohResolver]:
    async with DohResolver(server.url, system, clock=clock) as it:
        yield it


async def addresses(resolver: DohResolver, host: str = HOST, **more: Any) -> list[str]:
    return [entry["host"] for entry in await resolver.resolve(host, 443, **more)]


async def test_both_kinds_of_addresses_come_and_ipv4_is_first(
    resolver: DohResolver, server: DohServer, system: System
) -> None:
    server.zone = {(HOST, "A"): ["1.2.3.4", "1.2.3.5"], (HOST, "AAAA"): ["2606:4700::1"]}
    found = await resolver.resolve(HOST, 443)
    assert sorted(entry["host"] for entry in found[:2]) == ["1.2.3.4", "1.2.3.5"]
    assert (found[2]["host"], found[2]["family"], found[2]["port"]) == ("2606:4700::1", socket.AF_INET6, 443)
    assert {entry["hostname"] for entry in found} == {HOST}
    assert await addresses(resolver, family=socket.AF_INET6) == ["2606:4700::1"]
    assert not system.asked


async def test_an_alias_is_followed_to_its_addresses(resolver: DohResolver, server: DohServer) -> None:
    server.zone = {(HOST, "CNAME"): ["cdn.example"], ("cdn.example", "A"): ["1.2.3.4"]}
    assert await addresses(resolver) == ["1.2.3.4"]


async def test_nothing_is_said_about_who_asks(resolver: DohResolver, server: DohServer) -> None:
    server.zone = {(HOST, "A"): ["1.2.3.4"], ("b.example", "A"): ["1.2.3.4"]}
    await addresses(resolver)
    await addresses(resolver, "b.example")
    assert len(server.headers) == 4
    for headers in server.headers:
        assert headers["content-type"] == headers["accept"] == TYPE
        assert not {"cookie", "user-agent"} & set(headers)


async def test_an_answer_is_kept_as_long_as_it_says(
    resolver: DohResolver, server: DohServer, clock: Clock
) -> None:
    server.zone, server.ttl = {(HOST, "A"): ["1.2.3.4"]}, 60
    await addresses(resolver)
    clock.now += 59
    assert await addresses(resolver) == ["1.2.3.4"]
    assert len(server.asked) == 2
    clock.now += 1
    server.zone = {(HOST, "A"): ["1.2.3.5"]}
    assert await addresses(resolver) == ["1.2.3.5"]
    assert len(server.asked) == 4


async def test_no_answer_is_kept_for_ever(resolver: DohResolver, server: DohServer, clock: Clock) -> None:
    server.zone, server.ttl = {(HOST, "A"): ["1.2.3.4"]}, 2**31 - 1
    await addresses(resolver)
    clock.now += MOST_KEPT_SECONDS
    await addresses(resolver)
    assert len(server.asked) == 4


async def test_what_is_kept_is_bounded(resolver: DohResolver, server: DohServer) -> None:
    server.zone = {(f"{number}.example", "A"): ["1.2.3.4"] for number in range(520)}
    for number in range(520):
        await addresses(resolver, f"{number}.example")
    assert len(resolver._known) == 512
    await addresses(resolver, "519.example")
    assert len(server.asked) == 1040
    await addresses(resolver, "0.example")
    assert len(server.asked) == 1042


@pytest.mark.parametrize("rcode", [dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, dns.rcode.NOERROR])
async def test_that_there_is_no_address_is_an_answer(
    resolver: DohResolver, server: DohServer, system: System, caplog: Any, rcode: dns.rcode.Rcode
) -> None:
    server.rcode = rcode
    with pytest.raises(OSError, match="no address"):
        await addresses(resolver)
    assert not system.asked
    assert not caplog.records


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", "", "." * 300, "x." * 200])
async def test_what_cannot_be_a_name_is_not_asked_for(
    resolver: DohResolver, server: DohServer, system: System, host: str
) -> None:
    with pytest.raises(OSError, match="no address"):
        await addresses(resolver, host)
    assert not system.asked


@pytest.mark.parametrize("host", ["1.2.3.4", "2606:4700::1"])
async def test_an_address_is_its_own_answer(resolver: DohResolver, server: DohServer, host: str) -> None:
    assert await addresses(resolver, host) == [host]
    assert not server.asked


async def status(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    return web.Response(status=503)


async def redirect(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": "/elsewhere"})


async def web_page(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    return web.Response(text="<html>This site is blocked</html>", content_type="text/html")


async def garbage(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    return web.Response(body=b"\xff" * 40, content_type=TYPE)


async def empty(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    return web.Response(body=b"", content_type=TYPE)


async def cut(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    body = answered(wire, {(HOST, "A"): ["1.2.3.4"], (HOST, "AAAA"): ["2606:4700::1"]}, dns.rcode.NOERROR, 9)
    return web.Response(body=body[:-3], content_type=TYPE)


async def other_question(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    other = dns.message.make_query("other.example", "A", id=0).to_wire()
    zone = {("other.example", "A"): ["6.6.6.6"]}
    return web.Response(body=answered(other, zone, dns.rcode.NOERROR, 9), content_type=TYPE)


async def question_back(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    return web.Response(body=wire, content_type=TYPE)


async def refused(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    return web.Response(body=answered(wire, {}, dns.rcode.REFUSED, 9), content_type=TYPE)


async def alias_of_itself(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    query = dns.message.from_wire(wire)
    reply = dns.message.make_response(query)
    for here, there in (("clips", "other"), ("other", "clips")):
        reply.answer.append(dns.rrset.from_text(f"{here}.example.", 9, "IN", "CNAME", f"{there}.example."))
    return web.Response(body=reply.to_wire(), content_type=TYPE)


async def endless(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": TYPE})
    await response.prepare(request)
    for _ in range(2 * MOST_ANSWER_BYTES // 1024):
        await response.write(bytes(1024))
    await asyncio.Event().wait()  # until the other side has gone
    raise AssertionError


async def hang_up(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


NONSENSE = (status, redirect, web_page, garbage, empty, cut, other_question, question_back, refused,
            alias_of_itself, endless, hang_up)  # fmt: skip


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda one: one.__name__)
async def test_what_is_no_answer_leaves_the_question_to_the_system(
    resolver: DohResolver, server: DohServer, system: System, nonsense: Any
) -> None:
    server.instead = nonsense
    assert await addresses(resolver) == ["9.8.7.6"]
    assert system.asked == [HOST]


async def test_a_slow_server_is_not_waited_for(server: DohServer, system: System) -> None:
    server.instead = server.hold
    async with DohResolver(server.url, system, seconds=0.05) as resolver:
        assert await addresses(resolver) == ["9.8.7.6"]
    assert ANSWER_SECONDS <= 5


async def test_a_server_that_is_not_there_is_told_once_and_asked_again_later(
    resolver: DohResolver, server: DohServer, system: System, clock: Clock, caplog: Any
) -> None:
    server.instead = status
    for host in ("a.example", "b.example", "c.example"):
        assert await addresses(resolver, host) == ["9.8.7.6"]
    assert len(server.asked) == 2  # the first name, as A and AAAA
    clock.now += REST_SECONDS
    await addresses(resolver)  # still away
    assert len(server.asked) == 4
    clock.now += REST_SECONDS
    server.instead, server.zone = None, {(HOST, "A"): ["1.2.3.4"]}
    assert await addresses(resolver) == ["1.2.3.4"]
    assert len(system.asked) == 4
    (line,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert "127.0.0.1 does not answer" in line.getMessage()


async def test_one_kind_of_addresses_is_enough(
    resolver: DohResolver, server: DohServer, system: System
) -> None:
    async def only_ipv4(request: web.BaseRequest, wire: bytes) -> web.StreamResponse:
        body = answered(wire, {(HOST, "A"): ["1.2.3.4"]}, dns.rcode.NOERROR, 9)
        is_ipv4 = dns.message.from_wire(wire).question[0].rdtype == dns.rdatatype.A
        return web.Response(body=body, content_type=TYPE) if is_ipv4 else web.Response(status=500)

    server.instead = only_ipv4
    assert await addresses(resolver) == ["1.2.3.4"]
    assert not system.asked


async def test_a_cancelled_question_leaves_nothing_behind(
    resolver: DohResolver, server: DohServer, system: System
) -> None:
    server.instead = server.hold
    before = asyncio.all_tasks()
    running = asyncio.ensure_future(addresses(resolver))
    await server.arrived.acquire()
    await server.arrived.acquire()
    ours = asyncio.all_tasks() - before
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not system.asked
    assert {task for task in ours if not task.done() and "_ask" in repr(task)} == set()
    server.instead, server.zone = None, {(HOST, "A"): ["1.2.3.4"]}
    assert await addresses(resolver) == ["1.2.3.4"]


# In the network, and for the helper programs


@pytest.fixture
async def network(resolver: DohResolver) -> AsyncIterator[Network]:
    async with Network(NetworkSettings(pages_per_second=0), resolver) as it:
        yield it


@pytest.mark.parametrize(
    ("kind", "address"),
    [("A", "127.0.0.1"), ("A", "192.168.1.1"), ("A", "0.0.0.0"), ("AAAA", "::1"), ("AAAA", "::ffff:7f00:1")],
)
async def test_what_the_server_answers_is_reached_only_if_it_is_public(
    network: Network, server: DohServer, site: Any, kind: str, address: str
) -> None:
    server.zone = {(HOST, kind): [address]}
    port = site.address.rpartition(":")[2]
    with pytest.raises(Blocked, match="not a public address"):
        await network.visit().page(Get(f"http://{HOST}:{port}/"))
    assert (HOST, kind) in server.asked
    assert not site.asked


async def test_a_name_that_does_not_exist_is_told_as_such(network: Network, server: DohServer) -> None:
    server.rcode = dns.rcode.NXDOMAIN
    with pytest.raises(Refused, match="does not resolve"):
        await network.visit().page(Get(f"https://{HOST}/"))


async def through(proxy: str, host: str, port: str) -> bytes:
    """The status line of what a program sees that asks for a page through the proxy."""
    reader, writer = await asyncio.open_connection(*proxy.removeprefix("http://").split(":"))
    writer.write(f"GET http://{host}:{port}/a HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    line = await reader.readline()
    writer.close()
    return line


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["1.2.3.4", "127.0.0.1"]])
async def test_the_proxy_of_the_helper_programs_asks_the_same_server_and_refuses_what_is_not_public(
    network: Network, server: DohServer, system: System, site: Any, addresses: list[str]
) -> None:
    server.zone = {(HOST, "A"): addresses}
    async with filtering_proxy(network) as proxy:
        assert b" 403 " in await through(proxy.url, HOST, site.address.rpartition(":")[2])
        assert proxy.refused == [HOST]
    assert (HOST, "A") in server.asked
    assert not system.asked
    assert not site.asked


# HTTP/2, the only thing that Quad9 speaks


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "practice")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(pem))
    return file


async def speak_http2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection of a server that knows HTTP/2 and one address."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    bodies: dict[int, bytes] = {}
    writer.write(connection.data_to_send())
    while data := await reader.read(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
            elif isinstance(event, h2.events.StreamEnded):
                body = answered(bodies[event.stream_id], {(HOST, "A"): ["1.2.3.4"]}, dns.rcode.NOERROR, 9)
                connection.send_headers(event.stream_id, [(":status", "200"), ("content-type", TYPE)])
                connection.send_data(event.stream_id, body, end_stream=True)
        writer.write(connection.data_to_send())
    writer.close()


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_server_that_speaks_http2_only_is_understood_and_has_to_show_its_certificate(
    tmp_path: Path, system: System, trusted: bool
) -> None:
    file = certificate(tmp_path)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(file)
    theirs.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(speak_http2, "127.0.0.1", 0, ssl=theirs)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/dns-query"
    tls = ssl.create_default_context(cafile=str(file)) if trusted else None
    async with server, DohResolver(url, system, tls=tls) as resolver:
        assert await addresses(resolver) == (["1.2.3.4"] if trusted else ["9.8.7.6"])
    await server.wait_closed()


# The setting


@pytest.mark.parametrize("name", ["system", "Cloudflare", "google", "quad9", "https://dns.example/dns-query"])
def test_a_server_is_chosen_by_name_or_address(name: str) -> None:
    assert NetworkSettings(dns=name).dns.casefold() == name.casefold()


@pytest.mark.parametrize(
    "name",
    ["", "dns", "http://dns.example/", "https://", "https://a b/", "tls://1.1.1.1", "https://x/{?dns}"],
)
def test_anything_else_is_no_server(name: str) -> None:
    with pytest.raises(ValueError, match="is wanted"):
        NetworkSettings(dns=name)


def test_the_known_servers_are_found_without_asking_anybody() -> None:
    for url in DNS_SERVERS.values():
        assert ip_address(url.removeprefix("https://").partition("/")[0]).is_global


@pytest.mark.parametrize(("dns", "kind"), [("system", "ThreadedResolver"), ("quad9", "DohResolver")])
async def test_the_setting_decides_who_is_asked(dns: str, kind: str) -> None:
    async with Network(NetworkSettings(dns=dns)) as network:
        assert type(network._resolver).__name__ == kind
