"""What every request passes before anything of ours sees it: plain ASGI, without a look at the body.

Who a browser thinks we are (Host), which page it asks from (Origin), and the headers that keep pages of
others out of ours.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """Turns away what no browser of the owner would send."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = (), origins: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts}
        self._origins = {origin.rstrip("/").lower() for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not host_is_ours(headers.get("host", ""), self._hosts):
            await _turn_away(scope, receive, send, 421, "wrong_host", "nobody of that name is here")
        elif not self._same_site(scope, headers):
            await _turn_away(scope, receive, send, 403, "wrong_origin", "another page asks for this")
        else:
            await self._app(scope, receive, send if scope["type"] == "websocket" else _dressed(scope, send))

    def _same_site(self, scope: Scope, headers: Headers) -> bool:
        if scope["type"] == "http" and scope["method"] in SAFE:
            return True
        origin = headers.get("origin", "").rstrip("/").lower()
        if origin and origin not in self._origins:
            return urlsplit(origin).netloc == headers.get("host", "").lower()
        return bool(origin) or headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def host_is_ours(host: str, known: Collection[str]) -> bool:
    """Whether a Host header names us: an address, a name of the local network, or a known one.

    A page on the internet can point a name of its own at us, but none of these.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if not name or name in known:
        return bool(name)
    with suppress(ValueError):
        return bool(ipaddress.ip_address(name))
    local = "." not in name or name.endswith((".local", ".localhost", ".lan", ".home.arpa", ".internal"))
    return local or name == socket.gethostname().lower()


def _dressed(scope: Scope, send: Send) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if scope["path"].startswith("/api/"):
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return dressed


async def _turn_away(scope: Scope, receive: Receive, send: Send, status: int, code: str, title: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": title})
    else:
        await problem(status, code, title)(scope, receive, _dressed(scope, send))
