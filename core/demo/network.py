"""The practice network: one server on loopback that plays the whole internet.

    async with PracticeNetwork(cache) as network:
        network.faults["VOE"] = Faults(dead=True)
        …  # with the setting network.route_all_to = network.address
        assert not network.asked("Doodstream")

Every request, `https://` ones too, is sent to `address` as plain http with the Host it was meant
for; core/fetch.py does so when the setting is on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from .faults import Faults, PlaceT, Switches, faults_of
from .media import Media, make
from .serving import Seen, host_of, html, listening, see
from .sites.catalogue import AniWorld
from .sites.hosts import Site, open_hosts
from .sites.metadata_api import MetadataApi
from .sites.serienstream import SerienStream
from .sites.skeletons import fill


class PracticeNetwork:
    """Catalogues (`aniworld`, `serienstream`), all built-in hosts, a stranger (`Veev`), an API (`tmdb`).

    An async context manager. `cache` is where its videos are kept from run to run. `faults` may be
    changed while it runs; `requests` is everything that arrived, oldest first, and may be cleared.
    """

    address: str
    """Where it listens: `127.0.0.1:port`."""

    def __init__(self, cache: Path, faults: Mapping[PlaceT, Faults] | None = None) -> None:
        self.faults: Switches = dict((faults or {}).items())
        self.requests: list[Seen] = []
        self._cache = cache
        self._sites: tuple[Site, ...] = ()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        media: Media = await asyncio.to_thread(make, self._cache)
        hosts = open_hosts(media)
        links = {host.name: host.link for host in hosts}
        self._sites = (AniWorld(media, links), SerienStream(media, links), *hosts, MetadataApi(media))
        self.address = await self._stack.enter_async_context(listening(self._answer))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def asked(self, site: str) -> list[Seen]:
        """What arrived at one site, oldest first."""
        return [seen for seen in self.requests if seen.site == site]

    @property
    def tmdb_url(self) -> str:
        """The metadata API for clients that are not routed."""
        return f"http://{self.address}/3"

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        site = self._site(host_of(request))
        if site is None:
            self.requests.append(await see(request))
            return html("<html><head><title>No such host</title></head></html>", 404)
        seen = await see(request, site=site.name)
        number = site.number(seen.path) or site.number(
            f"{request.path_qs}\n{seen.body.decode(errors='replace')}"
        )
        seen = replace(seen, number=number)
        self.requests.append(seen)
        faults = faults_of(self.faults, site.name, number)
        await asyncio.sleep(faults.slow)
        if faults.dead:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if faults.server_error:
            return html("<h1>503 Service Unavailable</h1>", 503, {"Retry-After": "5"})
        if faults.blocked:
            return html(fill("blocked.html"), 403, {"Server": "ddos-guard"})
        response = await site.answer(request, seen, faults)
        if faults.half_page and isinstance(response, web.Response) and response.content_type == "text/html":
            response.text = (response.text or "")[: len(response.text or "") // 2]
        return response

    def _site(self, host: str) -> Site | None:
        """Who plays a host; our own address stands for the metadata API."""
        if host == "127.0.0.1":
            host = MetadataApi.hosts[0]
        return next(
            (
                site
                for site in self._sites
                if any(host == domain or host.endswith(f".{domain}") for domain in site.hosts)
            ),
            None,
        )
