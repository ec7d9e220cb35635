"""Looks at one address the way a job would, step by step, and saves nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..errors import AnidanaError, NotFound
from ..fetch import Network, Visit
from ..hooks import Provider
from ..loader import Plugins
from ..models import Link, Stream
from ..steps import Page, Request
from .delivery import Proof
from .prove import alive, extract, provider_of, sample


@dataclass(slots=True)
class Step:
    """One thing that was done: `link`, `page`, `stream` or `sample`, and what came of it."""

    what: str
    url: str
    outcome: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Probed:
    """What a probe found; `error` says why there is no stream that comes."""

    url: str
    provider: str
    steps: list[Step] = field(default_factory=list)
    stream: Stream | None = None
    error: AnidanaError | None = None


async def probe(
    url: str,
    plugins: Plugins,
    network: Network,
    most_height: int,
    name: str = "",
    referer: str | None = None,
) -> Probed:
    """Let the provider of that name, else the one whose link it is, read an address.

    NotFound if no plugin claims it; every other failure is part of what is returned.
    """
    link, steps = Link(url, referer), list[Step]()
    visit = _Watched(network, steps)
    provider = plugins.provider_for(name) if name else None
    if not name:
        provider, link = await provider_of(link, plugins, visit)
    if provider is None:
        raise NotFound(
            f"no plugin is called {name!r}" if name else f"no plugin claims {link.host or url!r}",
            candidates=[one.name for one in plugins.providers],
            hint="name one of these with --as",
        )
    found = Probed(url, provider.name, steps)
    try:
        await _look(found, link, provider, visit, most_height)
    except AnidanaError as error:
        found.error = error
    return found


async def _look(found: Probed, link: Link, provider: Provider, visit: Visit, most_height: int) -> None:
    async with _timed(found.steps, Step("link", link.url)) as step:
        link = await alive(link, provider, visit)
        step.outcome = "answers"
    found.stream = await extract(link, provider, visit)
    async with _timed(found.steps, Step("stream", found.stream.url)) as step:
        proof = await sample(found.stream, provider, visit, most_height)
        step.outcome = _described(proof)


def _described(proof: Proof) -> str:
    if proof.playlist is not None:
        return f"playlist with {len(proof.playlist.segments)} segments; the first one came"
    if proof.stream.kind == "hls":
        return "a playlist that yt-dlp has to fetch"
    if proof.stream.kind == "page":
        return "a page on which yt-dlp finds a video"
    return "a file; its first bytes came"


class _Watched(Visit):
    """A visit that writes down which pages were asked for."""

    def __init__(self, network: Network, steps: list[Step]) -> None:
        super().__init__(network)
        self._steps = steps

    async def page(self, request: Request) -> Page:
        async with _timed(self._steps, Step("page", request.url)) as step:
            page = await super().page(request)
            kind = page.headers.get("content-type", "?").partition(";")[0]
            step.outcome = f"{page.status}  {kind}  {len(page.text) / 1000:.0f} kB"
            if page.url != request.url:
                step.outcome += f"  from {urlsplit(page.url).hostname}"
            return page


@asynccontextmanager
async def _timed(steps: list[Step], step: Step) -> AsyncIterator[Step]:
    began = time.monotonic()
    steps.append(step)
    try:
        yield step
    except AnidanaError as error:
        step.outcome = str(error)
        raise
    finally:
        step.seconds = time.monotonic() - began
