"""The one way out to the network: limits, address rule, pace per site, cookies, one User-Agent.

A `Network` is opened once. Each extraction gets a `Visit` of its own: pages and media asked for
through it share one cookie jar and one User-Agent, as a browser's would.
"""

from __future__ import annotations

import asyncio
import errno
import json
import re
import socket
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit, urlunsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from .addresses import is_public
from .errors import Blocked, Gone, NeedsPerson, Refused, SourceError
from .gates import find_gate
from .pace import Pace
from .settings import DNS_SERVERS
from .settings import Network as NetworkSettings
from .steps import Page, Post, Request

MOST_PAGE_BYTES = 4 * 1024 * 1024
MOST_REDIRECTS = 5
BLOCKED_SECONDS = 300.0
"""How long a site that blocks us is left alone; it does not say so itself."""

READ_BYTES = 256 * 1024
"""What an answer may hold before it is read; a smaller buffer stops and starts the socket all the time."""

CONNECT_SECONDS = 10.0
HEADER_SECONDS = 30.0
SILENCE_SECONDS = 20.0
FLOOR_SECONDS = 30.0
"""How long a body may come more slowly than `network.floor_kib`: a read timeout never fires at 1 B/s."""

_PRIVATE = ("authorization", "cookie")
_NOT_PUBLIC = "is not a public address"


class Network:
    """The open network; an async context manager, which closes its `resolver` too."""

    def __init__(self, settings: NetworkSettings, resolver: AbstractResolver | None = None) -> None:
        self.settings = settings
        self.route = _host_port(settings.route_all_to) if settings.route_all_to else None
        self.pace = Pace(settings)
        self._session: aiohttp.ClientSession | None = None
        self._resolver = resolver

    async def __aenter__(self) -> Self:
        self._resolver = self._resolver or _resolver(self.settings.dns)
        connector = aiohttp.TCPConnector(
            limit=0,
            ttl_dns_cache=60,
            resolver=self._resolver,
            socket_factory=self._socket,
            enable_cleanup_closed=False,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            auto_decompress=True,
            read_bufsize=READ_BYTES,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None

    def visit(self) -> Visit:
        """A new visit, without cookies."""
        return Visit(self)

    def routed(self, url: str) -> tuple[str, dict[str, str]]:
        """Where a request really goes, and the headers that say where it was meant to go."""
        if self.route is None:
            return url, {}
        parts = urlsplit(url)
        host, port = self.route
        meant = {"Host": parts.netloc.rpartition("@")[2]}
        return urlunsplit(("http", f"{host}:{port}", parts.path, parts.query, "")), meant

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Every address of a host, from whom the owner chose to ask; OSError if it has none."""
        if self._resolver is None:
            raise RuntimeError("use `async with Network(...)`")
        found = await self._resolver.resolve(host, 0, socket.AF_UNSPEC)
        return tuple(entry["host"] for entry in found)

    def _socket(self, info: Any) -> socket.socket:
        """Make the socket, unless the address is none of those a page may lead to."""
        family, kind, proto, _, address = info
        if not is_public(str(address[0])) and (address[0], address[1]) != self.route:
            raise PermissionError(errno.EACCES, f"{address[0]} {_NOT_PUBLIC}")
        return socket.socket(family, kind, proto)

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session; RuntimeError outside `async with`."""
        if self._session is None:
            raise RuntimeError("use `async with Network(...)`")
        return self._session


class Visit:
    """One extraction's view of the network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._jar = aiohttp.CookieJar(unsafe=True)

    @property
    def network(self) -> Network:
        """The network this visit goes over."""
        return self._network

    @property
    def user_agent(self) -> str:
        """What every request of this visit says it is."""
        return self._network.settings.user_agent

    async def page(self, request: Request) -> Page:
        """Perform a plugin's request.

        Raises Gone for 404 and 410, NeedsPerson for a gate, Refused for every other status of 400
        and above and for a site that does not answer, Blocked for what we never follow.
        """
        _check_address(request.url)
        form = _form(request) if isinstance(request, Post) else None
        headers = dict(request.headers)
        if isinstance(request, Post) and request.json is not None:
            headers["Content-Type"] = "application/json"
        if request.referer:
            headers["Referer"] = request.referer
        async with (
            self._network.pace.page(request.url),
            _our_errors(request.url),
            asyncio.timeout(HEADER_SECONDS),
            self.open(
                request.url,
                headers,
                method="POST" if isinstance(request, Post) else "GET",
                form=form,
                follow=request.follow,
            ) as body,
        ):
            data = await body.read(MOST_PAGE_BYTES)
        page = Page(body.url, body.status, _decode(data, body.charset), body.headers)
        if page.status >= 400 and page.status not in request.accept:
            raise refusal(page)
        return page

    @asynccontextmanager
    async def open(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        form: Mapping[str, str] | bytes | None = None,
        follow: bool = True,
    ) -> AsyncIterator[Body]:
        """Ask for something and hold its answer open, whatever its status; errors as in `page`."""
        session, given = self._network.session, dict(headers or {})
        for _ in range(MOST_REDIRECTS + 1):
            _check_address(url)
            target, extra = self._network.routed(url)
            sent = {
                "User-Agent": self.user_agent,
                "Accept": "*/*",
                "Accept-Language": "de,en;q=0.7",
                **given,
                **extra,
            }
            async with _our_errors(url):
                if cookies := self._jar.filter_cookies(URL(url)).output(header="", sep=";").strip():
                    sent["Cookie"] = cookies
                async with asyncio.timeout(HEADER_SECONDS):
                    response = await session.request(
                        method, _exact(target), headers=sent, data=form, allow_redirects=False
                    )
                self._jar.update_cookies(response.cookies, URL(url))
            if not (
                follow and response.status in (301, 302, 303, 307, 308) and "Location" in response.headers
            ):
                break
            response.close()
            async with _our_errors(url):
                fragment, before = url.partition("#")[2], url
                url = urljoin(url, response.headers["Location"])
                if URL(url).origin() != URL(before).origin():  # what was meant for one site is for no other
                    given = {name: value for name, value in given.items() if name.lower() not in _PRIVATE}
                if fragment and "#" not in url:  # RFC 9110, 10.2.2
                    url = f"{url}#{fragment}"
            if response.status in (301, 302, 303) and method == "POST":
                method, form = "GET", None
        else:
            raise Refused(f"{_plain(url)} redirects more than {MOST_REDIRECTS} times")
        try:
            yield Body(url, response, self._network)
        finally:
            response.close()


@dataclass(frozen=True, slots=True)
class Body:
    """An open answer. `url` is the final one; header names are in lower case."""

    url: str
    response: aiohttp.ClientResponse
    network: Network

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    @property
    def headers(self) -> dict[str, str]:
        """The headers, names in lower case."""
        return {name.lower(): value for name, value in self.response.headers.items()}

    @property
    def charset(self) -> str:
        """The encoding the server named, or UTF-8."""
        return self.response.charset or "utf-8"

    @property
    def length(self) -> int | None:
        """Announced bytes of the body, None where they say nothing about what arrives."""
        if "Content-Encoding" in self.response.headers:
            return None
        return self.response.content_length

    async def read(self, most: int) -> bytes:
        """The whole body; Blocked if it is longer than `most` bytes once decoded."""
        data = bytearray()
        async with aclosing(self._arriving(paced=False)) as chunks:
            async for chunk in chunks:
                data += chunk
                if len(data) > most:
                    raise Blocked(f"{_plain(self.url)} sends more than {most} bytes")
        return bytes(data)

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives, no faster than the owner allows; errors as in `read`, but for its length.

        Refused when it stalls, comes too slowly for half a minute, or breaks off before its end.
        """
        return self._arriving(paced=True)

    async def _arriving(self, *, paced: bool) -> AsyncGenerator[bytes, None]:
        pace, floor = self.network.pace, self.network.settings.floor_kib * 1024 * FLOOR_SECONDS
        clock, content = asyncio.get_running_loop().time, self.response.content
        began, seen = clock(), 0
        async with _our_errors(self.url):
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    chunk = await (content.read(pace.turn_bytes) if paced else content.readany())
                if not chunk:
                    return
                yield chunk
                seen += len(chunk)
                if paced:
                    began += await pace.spend(len(chunk))  # the owner's wish, not the host's fault
                if clock() - began >= FLOOR_SECONDS:
                    if seen < floor:
                        raise Refused(f"{_plain(self.url)} sends next to nothing")
                    began, seen = clock(), 0


def _resolver(dns: str) -> AbstractResolver:
    if dns == "system":
        return aiohttp.ThreadedResolver()
    from .doh import DohResolver  # another client with all it needs, for those who want it

    return DohResolver(DNS_SERVERS.get(dns, dns))


def _form(request: Post) -> Mapping[str, str] | bytes:
    return dict(request.form) if request.json is None else json.dumps(request.json).encode()


def refusal(page: Page) -> SourceError:
    """The error that an answer of status 400 and above stands for."""
    where = f"{urlsplit(page.url).hostname} answered {page.status}"
    if page.status in (404, 410):
        return Gone(where)
    if (gate := find_gate(page.text)) is not None:
        return NeedsPerson(f"{where} with a gate ({gate})", url=page.url)
    if "ddos-guard" in page.headers.get("server", "").lower():
        return Refused(f"{where}: DDoS-Guard blocks us", retry_after=BLOCKED_SECONDS)
    return Refused(where, retry_after=_retry_after(page.headers.get("retry-after", "")))


def _retry_after(value: str) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3); None for garbage, a past, or over 15 minutes."""
    try:
        seconds = float(value) if value.isdigit() else parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError):
        return None
    return seconds if 0 < seconds <= 900 else None


@asynccontextmanager
async def _our_errors(url: str) -> AsyncIterator[None]:
    """Turn what the network raises into our errors, without the query (it may hold a token)."""
    where = _plain(url)
    try:
        yield
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError, ssl.SSLError) as error:
        raise Refused(f"{where}: no secure connection") from error
    except aiohttp.ClientConnectorDNSError as error:
        raise Refused(f"{where}: the name does not resolve") from error
    except aiohttp.ClientConnectorError as error:
        if _NOT_PUBLIC in str(error):
            raise Blocked(f"{where} {_NOT_PUBLIC}") from error
        raise Refused(f"{where} does not take connections") from error
    except ValueError as error:  # a port, a host or a header that cannot be; InvalidURL is one
        raise Blocked(f"{where} is no address") from error
    except aiohttp.ServerDisconnectedError as error:
        raise Refused(f"{where} hangs up without an answer") from error
    except (aiohttp.ClientError, OSError) as error:
        if isinstance(error, TimeoutError):
            raise Refused(f"{where} does not answer") from error
        raise Refused(f"{where} broke off: {type(error).__name__}") from error


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise Blocked(f"{_plain(url)} is not an http address")


def _plain(url: str) -> str:
    """An address for texts: no query, no fragment, no user, not endless."""
    scheme, mark, rest = re.split(r"[?#]", url, maxsplit=1)[0].partition("://")
    host, slash, path = rest.partition("/")
    return _storable(f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"[:120])


def _exact(url: str) -> URL:
    """An address as it was given: re-quoting would break signed links."""
    return URL(url, encoded=url.isascii() and " " not in url)


def _decode(data: bytes, charset: str) -> str:
    try:
        text = data.decode(charset, "replace")
    except (LookupError, ValueError):  # no such encoding, or one that is none of text
        text = data.decode("utf-8", "replace")
    return _storable(text)


def _storable(text: str) -> str:
    """The text without lone surrogates, which no file and no database takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _host_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)
