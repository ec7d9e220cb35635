"""DNS over HTTPS (RFC 8484): names are asked of a chosen server, past the resolver of the line.

HTTP/2 is spoken where the server has it: Quad9 takes nothing older since December 2025
(https://quad9.net/news/blog/doh-http-1-1-retirement/), and our other client speaks HTTP/1.1 only.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self
from urllib.parse import urlsplit

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import httpx
from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from .addresses import is_literal

ANSWER_SECONDS = 5.0
REST_SECONDS = 60.0
"""How long the system is asked instead once the server has failed to answer."""
MOST_ANSWER_BYTES = 65_535
MOST_ADDRESSES = 8
MOST_NAMES = 512
MOST_KEPT_SECONDS = 600

_TYPE = "application/dns-message"
_ANSWERS = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL)

log = logging.getLogger(__name__)


class DohResolver(AbstractResolver):
    """Asks the DNS server at `url`; where that is silent, the system, with one warning in its life.

    That a name does not exist is an answer, and so is that the name's own servers fail: the system
    is not asked then. `tls` are the certificates to trust, `clock` counts seconds.
    """

    def __init__(
        self,
        url: str,
        fallback: AbstractResolver | None = None,
        *,
        seconds: float = ANSWER_SECONDS,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._seconds, self._clock = url, seconds, clock
        self._fallback = fallback or ThreadedResolver()
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._rests_until = float("-inf")
        self._warned = False
        self._client = httpx.AsyncClient(
            http2=True,
            trust_env=False,
            verify=tls or ssl.create_default_context(),
            timeout=seconds,
            # A cookie would tell one household's questions from another's.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            headers={"Accept": _TYPE, "Accept-Encoding": "identity"},
        )
        del self._client.headers["User-Agent"]  # RFC 8484, 8.2: nothing that tells who asks

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()
        await self._fallback.close()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host, IPv4 first; OSError if it has none."""
        addresses = (host,) if is_literal(host) else await self._addresses(host)
        if addresses is None:
            return await self._fallback.resolve(host, port, family)
        found = [one for one in (_result(host, a, port) for a in addresses) if family in (0, one["family"])]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "the name has no address")
        return found

    async def _addresses(self, host: str) -> tuple[str, ...] | None:
        """What is known or answered; None if the system has to be asked."""
        now = self._clock()
        until, addresses = self._known.get(host, (now, ()))
        if until > now:
            return addresses
        if self._rests_until > now:
            return None
        try:
            asked = [dns.message.make_query(host, kind, id=0) for kind in ("A", "AAAA")]
        except (dns.exception.DNSException, ValueError):
            return ()  # no name at all
        answers = await asyncio.gather(*map(self._ask, asked))
        addresses = tuple(address for answer in answers if answer for address in answer.addresses)
        if not addresses and None in answers:
            self._rest()
            return None
        self._keep(host, addresses, [answer.seconds for answer in answers if answer and answer.addresses])
        return addresses

    async def _ask(self, query: dns.message.QueryMessage) -> _Answer | None:
        """The server's answer; None for silence, errors and nonsense."""
        try:
            async with asyncio.timeout(self._seconds):
                return _read(query, await self._post(query.to_wire()))
        except (httpx.HTTPError, httpx.InvalidURL, dns.exception.DNSException, OSError, ValueError) as error:
            log.debug("DNS over HTTPS: %s: %s", type(error).__name__, error)
            return None

    async def _post(self, wire: bytes) -> bytes:
        sent = {"Content-Type": _TYPE}
        async with self._client.stream("POST", self._url, content=wire, headers=sent) as response:
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if response.status_code != 200 or kind != _TYPE:
                raise ValueError(f"status {response.status_code}, {kind[:40]!r}")
            data = bytearray()
            async for chunk in response.aiter_raw():
                data += chunk
                if len(data) > MOST_ANSWER_BYTES:
                    raise ValueError("longer than any DNS message")
        return bytes(data)

    def _rest(self) -> None:
        self._rests_until = self._clock() + REST_SECONDS
        if not self._warned:
            self._warned = True
            log.warning(
                "the DNS server %s does not answer: the system's is asked meanwhile, which may block names",
                urlsplit(self._url).hostname,
            )

    def _keep(self, host: str, addresses: tuple[str, ...], seconds: Iterable[int]) -> None:
        self._known.pop(host, None)
        while len(self._known) >= MOST_NAMES:
            del self._known[next(iter(self._known))]
        if addresses:
            self._known[host] = self._clock() + min([*seconds, MOST_KEPT_SECONDS]), addresses


@dataclass(frozen=True, slots=True)
class _Answer:
    """Addresses of one kind, and for how many seconds they may be kept."""

    addresses: tuple[str, ...] = ()
    seconds: int = 0


def _read(query: dns.message.QueryMessage, data: bytes) -> _Answer:
    reply = dns.message.from_wire(data)
    if not isinstance(reply, dns.message.QueryMessage) or not query.is_response(reply):
        raise ValueError("an answer to another question")
    if reply.rcode() not in _ANSWERS:
        raise ValueError(f"the server answers {dns.rcode.to_text(reply.rcode())}")
    if reply.rcode() != dns.rcode.NOERROR:
        return _Answer()
    chain = reply.resolve_chaining()
    if chain.answer is None:
        return _Answer()
    return _Answer(tuple(record.address for record in chain.answer)[:MOST_ADDRESSES], chain.minimum_ttl)


def _result(host: str, address: str, port: int) -> ResolveResult:
    return {
        "hostname": host,
        "host": address,
        "port": port,
        "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
        "proto": 0,
        "flags": socket.AI_NUMERICHOST,
    }
