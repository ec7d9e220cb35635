"""Serves one handler on loopback, on a port of its own, and remembers what was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ..models import Number

SHUTDOWN_SECONDS = 0.05
"""What a handler that holds its answer may cost at the end; it is cancelled then."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that arrived.

    `site` is the site's label (`VOE`, `aniworld`), empty for a host nobody plays; `number` is the
    episode it was about, if any. Header names are in lower case.
    """

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    site: str = ""
    number: Number | None = None

    def json(self) -> Any:
        """The body as JSON; ValueError if it is none."""
        return json.loads(self.body)


async def see(request: web.BaseRequest, *, site: str = "", number: Number | None = None) -> Seen:
    """Read a request to its end."""
    return Seen(
        request.method,
        host_of(request),
        request.path,
        dict(request.query),
        {name.lower(): value for name, value in request.headers.items()},
        await request.read(),
        site,
        number,
    )


def host_of(request: web.BaseRequest) -> str:
    """The host name a request was meant for, in lower case, without port."""
    return request.host.partition(":")[0].lower()


def html(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A page."""
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


@asynccontextmanager
async def listening(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """Serve until the end of the block; yields `127.0.0.1:port`."""
    server = web.Server(handler, access_log=None, handler_cancellation=True)
    runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
