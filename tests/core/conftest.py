"""A local server that stands in for every site, and a network that leads there."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
from aiohttp import web

from anidana.core import settings
from anidana.core.fetch import Network

Handler: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Site:
    """Every site at once: answers by `host/path`, and keeps what it was asked.

    `address` is `127.0.0.1:<port>`. What has no answer is a 404.
    """

    address: str = ""
    answers: dict[str, Handler] = field(default_factory=dict)
    asked: list[web.BaseRequest] = field(default_factory=list)

    def answer(self, place: str, body: str | bytes = "", status: int = 200, **headers: str) -> None:
        """Answer at `host/path`; an underscore in a header's name stands for a hyphen."""

        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            data = body.encode() if isinstance(body, str) else body
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            named.setdefault("Content-Type", "text/html; charset=utf-8")
            return web.Response(status=status, body=data, headers=named)

        self.answers[place] = handler

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request)
        handler = self.answers.get(f"{request.host}{request.path}")
        return await handler(request) if handler else web.Response(status=404)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """The open server."""
    it = Site()
    runner = web.ServerRunner(web.Server(it.serve), shutdown_timeout=0.1)
    await runner.setup()
    socket = web.TCPSite(runner, "127.0.0.1", 0)
    await socket.start()
    it.address = f"127.0.0.1:{runner.addresses[0][1]}"
    yield it
    await runner.cleanup()


@pytest.fixture
async def network(site: Site) -> AsyncIterator[Network]:
    """An open network whose every request ends at `site`."""
    async with Network(settings.Network(route_all_to=site.address, pages_per_second=0)) as it:
        yield it


HASTE = 500
"""Seconds of a hasty loop in one of ours, while it waits."""


class HastySelector(selectors.DefaultSelector):
    """Waits a fraction of what it is told to, and counts all of it if nothing came meanwhile."""

    waited = 0.0

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(timeout and timeout / HASTE)
        if timeout and not events:
            self.waited += timeout
        return events


class HastyLoop(asyncio.SelectorEventLoop):
    """A loop whose clock runs ahead while it waits, and never while the machine is busy."""

    def __init__(self) -> None:
        self.hasty = HastySelector()
        super().__init__(self.hasty)

    def time(self) -> float:
        return self.hasty.waited


@pytest.fixture
def hastily() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Runs a coroutine on a hasty loop."""

    def run(work: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=HastyLoop) as runner:
            runner.run(work)

    return run
