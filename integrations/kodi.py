"""Kodi: has it scan for new files over JSON-RPC, and asks whether it lists them.

What a scan does was tried on Kodi 20. The answer is always "OK", so only a look into the library
tells. A scan that comes while another runs cancels that one. The folder of a show that Kodi does
not know yet is passed over in silence; the library above it is not.
"""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections import defaultdict
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel

from anidana.core import Action, MediaServer, News, Refused, ServerClient, hookimpl

log = logging.getLogger(__name__)

T = TypeVar("T")

SCANNING = "Library.IsScanningVideo"
QUIET_LOOKS = 3
"""A scan may start a moment after its "OK": one look that finds none proves nothing."""


class _Error(BaseModel):
    message: str


class _Reply(BaseModel, Generic[T]):
    result: T | None = None
    error: _Error | None = None


class _Limits(BaseModel):
    total: int


class _Count(BaseModel):
    limits: _Limits


class _File(BaseModel):
    file: str


class _Sources(BaseModel):
    sources: list[_File] = []


class _Listed(BaseModel):
    episodes: list[_File] = []
    movies: list[_File] = []


class Kodi:
    """The media centre Kodi. Times are in seconds; `patience` is how long a scan may take."""

    name = "kodi"
    timeout = 10.0
    pause = 0.3
    patience = 120.0

    def __init__(self) -> None:
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def tell(self, server: MediaServer, news: News) -> None:
        """Scan, but never while a scan is running, and wait for its end; Refused if that takes too long."""
        async with self._turns[server.url], self._client(server) as client:
            directory = await _choose_directory(client, server, news)
            await self._wait_for_quiet(client)
            await _ask(client, _Reply[str], "VideoLibrary.Scan", directory=directory, showdialogs=False)
            await self._wait_for_quiet(client)

    async def confirm(self, server: MediaServer, news: News) -> bool:
        """Whether every file is listed now."""
        folder = _slashed(server.path(news.folder))
        async with self._client(server) as client:
            listed = await _ask(
                client,
                _Reply[_Listed],
                f"VideoLibrary.{'GetMovies' if news.is_film else 'GetEpisodes'}",
                properties=["file"],
                filter={"field": "path", "operator": "startswith", "value": folder},
            )
        there = {one.file for one in (*listed.episodes, *listed.movies)}
        return {server.path(file.path) for file in news.files} <= there

    async def _wait_for_quiet(self, client: ServerClient) -> None:
        quiet = 0
        try:
            async with asyncio.timeout(self.patience):
                while quiet < QUIET_LOOKS:
                    await asyncio.sleep(self.pause)
                    state = await _ask(
                        client, _Reply[dict[str, bool]], "XBMC.GetInfoBooleans", booleans=[SCANNING]
                    )
                    quiet = 0 if state.get(SCANNING) else quiet + 1
        except TimeoutError:
            raise Refused(f"{client} is still busy with a scan") from None

    def _client(self, server: MediaServer) -> ServerClient:
        login = b64encode(f"{server.user}:{server.password}".encode()).decode()
        settings = "media_servers.user and media_servers.password"
        return ServerClient(server, f"Basic {login}", settings, timeout=self.timeout)


async def _choose_directory(client: ServerClient, server: MediaServer, news: News) -> str:
    """What to scan: the folder of a show that is known, else the library."""
    folder, library = _slashed(server.path(news.folder)), _slashed(server.path(news.library))
    known = await _ask(
        client,
        _Reply[_Count],
        "VideoLibrary.GetTVShows",
        filter={"field": "path", "operator": "is", "value": folder},
        limits={"start": 0, "end": 1},
    )
    if known.limits.total:
        return folder
    found = await _ask(client, _Reply[_Sources], "Files.GetSources", media="video")
    roots = [root for source in found.sources for root in _split(source.file)]
    if not library.startswith(tuple(map(_slashed, roots))):
        # Not an error: a folder that was once set to hold shows is scanned, source or not.
        log.warning("no video source of %s holds %s: check media_servers.path_map", client, library)
    return library


async def _ask(client: ServerClient, kind: type[_Reply[T]], method: str, **params: Any) -> T:
    """Call a method; Kodi's own errors come with status 200 and become Refused."""
    # Without an id Kodi closes the connection and does not answer.
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    reply = await client.ask(kind, "POST", "/jsonrpc", json=call)
    if reply.result is None:
        why = reply.error.message[:200] if reply.error else "no result"
        raise Refused(f"{client} does not perform {method}: {why}")
    return reply.result


def _split(source: str) -> list[str]:
    """The folders of a source; one of several folders is an address made of them all."""
    scheme = "multipath://"
    if not source.startswith(scheme):
        return [source]
    return [unquote(part) for part in source.removeprefix(scheme).split("/") if part]


def _slashed(folder: str) -> str:
    """A folder as Kodi writes it, ending in the separator of the system it is on."""
    return folder.rstrip("/\\") + ("\\" if "\\" in folder and "/" not in folder else "/")


@hookimpl
def register_actions() -> list[Action]:
    """Offer this one."""
    return [Kodi()]
