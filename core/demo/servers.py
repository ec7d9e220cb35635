"""Fakes of the owner's media servers: they know a file only after they were told to look.

Both read a real library folder, and both answer "fine" to nearly everything, as the real ones do.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from hashlib import md5
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from aiohttp import web

from .disk import Shown, has_nfo, look
from .serving import Seen, listening, see

_KEYS = ("tvshowid", "season")
_ALWAYS = {"tvshowid", "episodeid", "label"}
_PROPERTIES = {
    "title",
    "year",
    "file",
    "uniqueid",
    "imdbnumber",
    "tvshowid",
    "season",
    "episode",
    "playcount",
}


class _Server:
    """What both fakes share: an address, the requests that arrived, a library folder."""

    def __init__(self, library: Path) -> None:
        self.library = library
        self.requests: list[Seen] = []
        self.url = ""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.url = "http://" + await self._stack.enter_async_context(listening(self._answer))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        seen = await see(request)
        self.requests.append(seen)
        return self.answer(seen)

    def answer(self, seen: Seen) -> web.Response:
        """Answer one request."""
        raise NotImplementedError


class FakeJellyfin(_Server):
    """A Jellyfin 10.11 with one library of series; an async context manager.

    `url` is its address, `requests` is everything that arrived. Only `Authorization: MediaBrowser
    Token="…"` with its `key` opens it. A refresh looks at the disk after `delay` seconds.
    """

    def __init__(self, library: Path, *, key: str = "practice-key", delay: float = 0.0) -> None:
        super().__init__(library)
        self.key = key
        self.delay = delay
        self._known: dict[Path, Shown] = {}

    def answer(self, seen: Seen) -> web.Response:
        """Answer one request."""
        if (seen.method, seen.path) == ("GET", "/System/Info/Public"):
            return web.json_response(self._info())
        token = re.search(r'^MediaBrowser .*?Token="([^"]*)"', seen.headers.get("authorization", ""))
        if token is None or unquote(token[1]) != self.key:
            return web.Response(status=401)
        query = {name.lower(): value for name, value in seen.query.items()}
        match [seen.method, *seen.path.strip("/").split("/")]:
            case ["GET", "Library", "VirtualFolders"]:
                return web.json_response([self._folder()])
            case ["GET", "ScheduledTasks"]:
                return web.json_response([{"Key": "RefreshLibrary", "State": "Idle"}])
            case ["GET", "Items"] if "Series" in query.get("includeitemtypes", ""):
                return self._items((one for one in self._known.values() if one.series is None), query)
            case ["GET", "Shows", item, "Episodes"] if series := self._path(item):
                season = query.get("season")
                return self._items(
                    (one for one in self._known.values() if _is_of(one, series, season)), query
                )
            case ["POST", "Items", item, "Refresh"] if folder := self._path(item):
                # A refresh without a mode (the default is None) only looks at what is known.
                if query.get("metadatarefreshmode", "None") in ("Default", "FullRefresh"):
                    self._look(folder)
                return web.Response(status=204)
            case ["POST", "Library", "Media", "Updated"]:
                for update in seen.json()["Updates"]:
                    self._look(Path(update["Path"]))
                return web.Response(status=204)
            case ["POST", "Library", "Refresh"]:
                self._look(self.library)
                return web.Response(status=204)
        return web.Response(status=404)

    def _look(self, path: Path) -> None:
        asyncio.get_running_loop().call_later(self.delay, self._take_in, path)

    def _take_in(self, path: Path) -> None:
        for one in look(self.library):
            # What lies above a changed path is looked at too, as the real file monitor does.
            if one.path.is_relative_to(path) or path.is_relative_to(one.series or one.path):
                self._known[one.path] = one

    def _path(self, item: str) -> Path | None:
        known = [self.library, *self._known]
        return next((path for path in known if _id(path) == item.replace("-", "").lower()), None)

    def _info(self) -> dict[str, Any]:
        return {
            "LocalAddress": self.url,
            "ServerName": "practice",
            "Version": "10.11.11",
            "ProductName": "Jellyfin Server",
            "Id": _id(Path("server")),
            "StartupWizardCompleted": True,
        }

    def _folder(self) -> dict[str, Any]:
        return {
            "Name": "Anime",
            "Locations": [str(self.library)],
            "CollectionType": "tvshows",
            "ItemId": _id(self.library),
            "LibraryOptions": {"EnableRealtimeMonitor": False, "MetadataSavers": []},
            "RefreshStatus": "Idle",
        }

    def _items(self, shown: Iterable[Shown], query: Mapping[str, str]) -> web.Response:
        items = [self._item(one) for one in shown]
        start = int(query.get("startindex", 0))
        page = items[start : start + int(query.get("limit", len(items)))]
        return web.json_response({"Items": page, "TotalRecordCount": len(items), "StartIndex": start})

    def _item(self, one: Shown) -> dict[str, Any]:
        item: dict[str, Any] = {
            "Name": one.title,
            "Id": _id(one.path),
            "Path": str(one.path),
            "ProviderIds": {name.capitalize(): value for name, value in one.ids.items()},
            "ProductionYear": one.year,
            "LocationType": "FileSystem",
            "Type": "Series" if one.series is None else "Episode",
        }
        if one.series is not None and one.number is not None:
            item |= {
                "SeriesId": _id(one.series),
                "ParentIndexNumber": one.number.season,
                "IndexNumber": one.number.episode,
            }
        return item


def _is_of(one: Shown, series: Path, season: str | None) -> bool:
    """Whether it is an episode of the series and, if one is named, of the season."""
    return one.series == series and season in (None, str(one.number.season if one.number else ""))


def _id(path: Path) -> str:
    return md5(str(path).encode(), usedforsecurity=False).hexdigest()


class FakeKodi(_Server):
    """A Kodi 20 with a local-only scraper and one source, over HTTP; an async context manager.

    `url` is its address, `requests` is everything that arrived. It answers "OK" to every scan; a
    scan takes `scan_seconds`, and one that comes meanwhile cancels both. New shows are found from
    the source's root only, episodes need an NFO, a changed NFO is never read again.
    """

    def __init__(
        self,
        library: Path,
        *,
        user: str = "kodi",
        password: str = "practice",  # noqa: S107 - opens a fake
        scan_seconds: float = 0.01,
    ) -> None:
        super().__init__(library)
        self.user, self.password = user, password
        self.scan_seconds = scan_seconds
        self._known: dict[Path, tuple[int, Shown]] = {}
        self._scan: asyncio.TimerHandle | None = None
        self._methods: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "JSONRPC.Ping": lambda params: "pong",
            "JSONRPC.Version": lambda params: {"version": {"major": 13, "minor": 0, "patch": 0}},
            "Files.GetSources": self._sources,
            "VideoLibrary.Scan": self._start_scan,
            "VideoLibrary.GetTVShows": self._shows,
            "VideoLibrary.GetEpisodes": self._episodes,
            "XBMC.GetInfoBooleans": lambda params: dict.fromkeys(params["booleans"], self.scanning),
        }

    @property
    def scanning(self) -> bool:
        """Whether a scan is running."""
        return self._scan is not None

    def answer(self, seen: Seen) -> web.Response:
        """Answer one request."""
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if seen.headers.get("authorization") != f"Basic {login}":
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="Kodi"'})
        if (seen.method, seen.path) != ("POST", "/jsonrpc"):
            return web.Response(status=404)
        if seen.headers.get("content-type", "application/json").partition(";")[0] != "application/json":
            return web.Response(status=415)
        try:
            calls = seen.json()
        except ValueError:
            return web.json_response(_failure(None, -32700, "Parse error."))
        if isinstance(calls, list):
            return web.json_response([self._call(call) for call in calls])
        return web.json_response(self._call(calls))

    def _call(self, call: Mapping[str, Any]) -> dict[str, Any]:
        method = self._methods.get(call.get("method", ""))
        if method is None:
            return _failure(call.get("id"), -32601, "Method not found.")
        try:
            result = method(call.get("params", {}))
        except (KeyError, TypeError, ValueError):
            return _failure(call.get("id"), -32602, "Invalid params.")
        return {"id": call.get("id"), "jsonrpc": "2.0", "result": result}

    def _start_scan(self, params: Mapping[str, Any]) -> str:
        if self._scan is not None:
            self._scan.cancel()
            self._scan = None
        else:
            directory = str(params.get("directory", ""))
            loop = asyncio.get_running_loop()
            self._scan = loop.call_later(self.scan_seconds, self._finish_scan, directory)
        return "OK"

    def _finish_scan(self, directory: str) -> None:
        self._scan = None
        where = Path(directory) if directory else self.library
        shows = {path for path, (_, one) in self._known.items() if one.series is None}
        folders = {path.parent for path, (_, one) in self._known.items() if one.series is not None}
        if where != self.library and where not in shows and where not in folders:
            return
        for one in look(self.library):
            if one.path.is_relative_to(where) and (one.series is None or has_nfo(one.path)):
                self._known.setdefault(one.path, (len(self._known) + 1, one))

    def _sources(self, params: Mapping[str, Any]) -> dict[str, Any]:
        if params["media"] != "video":
            raise ValueError(params["media"])
        return {"sources": [{"file": f"{self.library}/", "label": "Anime"}], "limits": _limits(1)}

    def _shows(self, params: Mapping[str, Any]) -> dict[str, Any]:
        shows = [
            {
                "tvshowid": key,
                "label": one.title,
                "title": one.title,
                "year": one.year or 0,
                "file": f"{one.path}/",
                "uniqueid": dict(one.ids),
                "imdbnumber": next(iter(one.ids.values()), ""),
            }
            for key, one in self._known.values()
            if one.series is None and _fits(one.path, params.get("filter"))
        ]
        return {"tvshows": _only(shows, params), "limits": _limits(len(shows))}

    def _episodes(self, params: Mapping[str, Any]) -> dict[str, Any]:
        episodes = [
            {
                "episodeid": key,
                "label": one.title,
                "title": one.title,
                "file": str(one.path),
                "tvshowid": self._known[one.series][0],
                "season": one.number.season,
                "episode": one.number.episode,
                "playcount": 0,
            }
            for key, one in self._known.values()
            if one.series is not None and one.number is not None and _fits(one.path, params.get("filter"))
        ]
        wanted = [
            one for one in episodes if all(one[name] == params[name] for name in _KEYS if name in params)
        ]
        return {"episodes": _only(wanted, params), "limits": _limits(len(wanted))}


def _only(items: list[dict[str, Any]], params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The properties asked for, id and label always; ValueError for one that does not exist."""
    asked = set(params.get("properties", ()))
    if asked - _PROPERTIES:
        raise ValueError(asked - _PROPERTIES)
    return [{name: item[name] for name in item if name in asked | _ALWAYS} for item in items]


def _limits(total: int) -> dict[str, int]:
    return {"start": 0, "end": total, "total": total}


def _failure(key: object, code: int, message: str) -> dict[str, Any]:
    return {"id": key, "jsonrpc": "2.0", "error": {"code": code, "message": message}}


def _fits(path: Path, rule: Mapping[str, Any] | None) -> bool:
    """Whether an item passes a filter over `path` (a folder, with its slash) and `filename`."""
    if rule is None:
        return True
    if "and" in rule:
        return all(_fits(path, part) for part in rule["and"])
    folder = path if path.is_dir() else path.parent
    have = {"path": f"{folder}/", "filename": path.name}[rule["field"]]
    value = str(rule["value"])
    match rule["operator"]:
        case "is":
            return have == value
        case "startswith":
            return have.startswith(value)
        case "contains":
            return value in have
    raise ValueError(rule["operator"])
