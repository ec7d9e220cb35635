"""Jellyfin: asks it to look at a series, and whether it lists the new files.

Paths and parameters are those that the OpenAPI documents of 10.10, 10.11 and 12.0 have in common.
An API key acts as an administrator. A user's token often does not; what it may do instead takes
the server's file monitor a minute.
"""

from __future__ import annotations

import logging
from urllib.parse import quote

from pydantic import BaseModel
from pydantic.alias_generators import to_pascal

from anidana.core import Action, ConfigError, MediaServer, News, Refused, ServerClient, hookimpl

log = logging.getLogger(__name__)

PAGE_SIZE = 500
MOST_PAGES = 100


class _Item(BaseModel, alias_generator=to_pascal):
    id: str
    path: str | None = None


class _Items(BaseModel, alias_generator=to_pascal):
    items: list[_Item]
    total_record_count: int


class _Library(BaseModel, alias_generator=to_pascal):
    item_id: str | None = None
    locations: list[str] | None = None


class _Task(BaseModel, alias_generator=to_pascal):
    key: str | None = None
    state: str


class Jellyfin:
    """The media server Jellyfin; `timeout` is in seconds."""

    name = "jellyfin"
    timeout = 10.0

    async def tell(self, server: MediaServer, news: News) -> None:
        """Have the series looked at if the server knows it, else the library that holds its folder."""
        folder = server.path(news.folder)
        async with self._client(server) as client:
            series = await _find_series(client, folder)
            try:
                await _refresh(client, series or await _find_library(client, folder))
            except ConfigError:
                # The key was good enough to list series: it is not an administrator's.
                paths = [server.path(file.path) for file in news.files]
                updates = [{"Path": path, "UpdateType": "Created"} for path in paths]
                await client.send("POST", "/Library/Media/Updated", json={"Updates": updates})

    async def confirm(self, server: MediaServer, news: News) -> bool:
        """Whether every file is listed by now; `tell` only queues the look, so it may take a while."""
        files = {server.path(file.path) for file in news.files}
        async with self._client(server) as client:
            if news.is_film:
                films = await _list(client, "/Items", {"recursive": "true", "includeItemTypes": "Movie"})
                return files <= {film.path for film in films}
            series = await _find_series(client, server.path(news.folder))
            return series is not None and files <= await _list_files(client, series)

    def _client(self, server: MediaServer) -> ServerClient:
        # The server decodes the token as it would a part of a URL. Older schemes and header
        # names are switched off in Jellyfin 12.
        token = f'MediaBrowser Token="{quote(server.api_key, safe="")}"'
        return ServerClient(server, token, "media_servers.api_key", timeout=self.timeout)


async def _refresh(client: ServerClient, item: str | None) -> None:
    """Queue a look at an item and all below it; without one, at everything."""
    if item is not None:
        # Both modes are None by default, and nothing would be done.
        modes = {"metadataRefreshMode": "Default", "imageRefreshMode": "Default"}
        await client.send("POST", f"/Items/{quote(item, safe='')}/Refresh", params=modes)
        return
    tasks = await client.ask(list[_Task], "GET", "/ScheduledTasks")
    if any(task.key == "RefreshLibrary" and task.state != "Idle" for task in tasks):
        # Another scan would cancel the one that runs.
        raise Refused(f"{client} is busy with a scan of all libraries")
    await client.send("POST", "/Library/Refresh")


async def _find_series(client: ServerClient, folder: str) -> str | None:
    """The id of the series in this folder, None if the server does not know it."""
    kind = {"recursive": "true", "includeItemTypes": "Series"}
    return next((item.id for item in await _list(client, "/Items", kind) if item.path == folder), None)


async def _find_library(client: ServerClient, folder: str) -> str | None:
    """The id of the innermost library that holds this folder."""
    found: dict[str, str] = {}
    for library in await client.ask(list[_Library], "GET", "/Library/VirtualFolders"):
        for location in library.locations or ():
            root = location.rstrip("/\\")
            if library.item_id and folder.startswith((root + "/", root + "\\")):
                found[root] = library.item_id
    if not found:
        log.warning("no library of %s holds %s: check media_servers.path_map", client, folder)
        return None
    return found[max(found, key=len)]


async def _list_files(client: ServerClient, series: str) -> set[str]:
    """The files of a series; one of several episodes is one item."""
    # An API key is shown episodes, too, that the server only knows to be missing.
    episodes = await _list(client, f"/Shows/{quote(series, safe='')}/Episodes", {"isMissing": "false"})
    return {episode.path for episode in episodes if episode.path}


async def _list(client: ServerClient, path: str, which: dict[str, str]) -> list[_Item]:
    """All items of a list that the server gives in pages; it can filter by neither path nor folder."""
    fixed = {**which, "fields": "Path", "enableImages": "false", "enableUserData": "false"}
    items: list[_Item] = []
    for _ in range(MOST_PAGES):
        place = {"startIndex": str(len(items)), "limit": str(PAGE_SIZE)}
        page = await client.ask(_Items, "GET", path, params=fixed | place)
        items += page.items
        if not page.items or len(items) >= page.total_record_count:
            break
    return items


@hookimpl
def register_actions() -> list[Action]:
    """Offer this one."""
    return [Jellyfin()]
