"""A Jellyfin and a Kodi on loopback that behave as the real ones do where it matters to us."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from anidana.core import MediaServer, NewFile, News, Number
from anidana.integrations.jellyfin import Jellyfin
from anidana.integrations.kodi import Kodi

OPERATIONS = json.loads((Path(__file__).parent / "jellyfin-openapi.json").read_text())
"""What we use of Jellyfin's OpenAPI document, 10.11.11."""

OURS, THEIRS = "/srv/anime", "/media/anime"
MAP = ((OURS, THEIRS),)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]


PLACES = ("kodi/kodi.bin", "*/kodi/kodi.bin")
KODI_BIN = next((path for place in PLACES for path in Path("/usr/lib").glob(place)), None)


@pytest.fixture
def start_kodi(tmp_path: Path) -> Iterator[Callable[..., MediaServer]]:
    """Starts a Kodi of the test's own, without a screen, on libraries: `tvshows=PATH, movies=PATH`."""
    if not (KODI_BIN and shutil.which("Xvfb")):
        pytest.skip("needs Kodi and Xvfb")
    with ExitStack() as stack:

        def start(**libraries: Path) -> MediaServer:
            script, home = Path(__file__).with_name("kodi_headless.py"), tmp_path / "home"
            home.mkdir()
            sources = [f"{content}={path}" for content, path in libraries.items()]
            command = [sys.executable, str(script), str(KODI_BIN), str(home), *sources]
            process = stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            # The process ends when its input does: at the end of the stack, or when we are killed.
            assert process.stdout is not None
            answer = process.stdout.readline()
            assert answer, "Kodi did not start"
            return MediaServer("kodi", "kodi", **json.loads(answer))

        yield start


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves a handler on loopback and says where."""
    async with AsyncExitStack() as stack:

        async def start(handler: Handler) -> str:
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", handler)
            server = await stack.enter_async_context(TestServer(app))
            return str(server.make_url("")).rstrip("/")

        yield start


@pytest.fixture
def nowhere() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def news() -> Callable[..., News]:
    """Makes the news of some episodes of one series."""

    def make(title: str, *episodes: int, season: int = 1) -> News:
        files = tuple(
            NewFile(f"{OURS}/{title}/Season {season:02d}/{title} - {number}.mkv", number)
            for number in (Number(season, episode) for episode in episodes)
        )
        return News(OURS, f"{OURS}/{title}", title, files)

    return make


class FakeJellyfin:
    """Jellyfin 10.11. A look at an item happens at once; one that nobody asked for, never."""

    key = 'a+b"c'

    def __init__(self) -> None:
        self.action = Jellyfin()
        self.admin = True
        self.scanning = False
        self.libraries = {"library-1": THEIRS}
        self.series: dict[str, str] = {}
        self.listed: set[str] = set()
        self.placeholders: set[str] = set()
        self.disk: set[str] = set()
        self.asked: list[str] = []
        self.failures: list[int] = []

    def server(self, url: str) -> MediaServer:
        return MediaServer("jellyfin", "jellyfin", url, api_key=self.key, path_map=MAP)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        if self.failures:
            return web.Response(status=self.failures.pop())
        token = re.fullmatch(r'MediaBrowser Token="([^"]*)"', request.headers.get("Authorization", ""))
        if token is None or unquote_plus(token[1]) != self.key:
            return web.Response(status=401)
        for template, operation in OPERATIONS.items():
            pattern = re.sub(r"\{\w+\}", "([^/]+)", template)
            if match := re.fullmatch(pattern, f"{request.method} {request.path}"):
                if not self.admin and any("Elevat" in rule for rule in operation["security"]):
                    return web.Response(status=403)
                if not request.query.keys() <= set(operation["query"]):
                    return web.Response(status=400)
                perform = getattr(self, operation["operation"])
                return await perform(request, *match.groups())
        return web.Response(status=404)

    async def GetItems(self, request: web.Request) -> web.Response:
        assert request.query["recursive"] == "true" and request.query["includeItemTypes"] == "Series"
        return self._page(request, [{"Id": item, "Path": path} for item, path in self.series.items()])

    async def GetEpisodes(self, request: web.Request, series: str) -> web.Response:
        if series not in self.series:
            return web.Response(status=404)
        paths = {path for path in self.listed if path.startswith(self.series[series] + "/")}
        if request.query.get("isMissing") != "false":
            paths |= self.placeholders
        return self._page(request, [{"Id": path, "Path": path} for path in sorted(paths)])

    async def GetVirtualFolders(self, request: web.Request) -> web.Response:
        folders = [
            {"Name": item, "ItemId": item, "Locations": [place]} for item, place in self.libraries.items()
        ]
        return web.json_response(folders)

    async def RefreshItem(self, request: web.Request, item: str) -> web.Response:
        if item not in self.series | self.libraries:
            return web.Response(status=404)
        if request.query.get("metadataRefreshMode", "None") != "None":
            self._look(self.series[item] if item in self.series else self.libraries[item])
        return web.Response(status=204)

    async def RefreshLibrary(self, request: web.Request) -> web.Response:
        for place in self.libraries.values():
            self._look(place)
        return web.Response(status=204)

    async def PostUpdatedMedia(self, request: web.Request) -> web.Response:
        for update in (await request.json())["Updates"]:
            if update["Path"] in self.disk:
                self._look(str(Path(update["Path"]).parents[1]))
        return web.Response(status=204)

    async def GetTasks(self, request: web.Request) -> web.Response:
        state = "Running" if self.scanning else "Idle"
        return web.json_response(
            [{"Key": "DeleteLogFiles", "State": "Running"}, {"Key": "RefreshLibrary", "State": state}]
        )

    def _look(self, place: str) -> None:
        for path in self.disk:
            if path.startswith(place + "/"):
                folder = str(Path(path).parents[1])
                if folder not in self.series.values():
                    self.series[f"series-{len(self.series)}"] = folder
                self.listed.add(path)

    def _page(self, request: web.Request, items: list[dict[str, str]]) -> web.Response:
        start, limit = int(request.query.get("startIndex", 0)), int(request.query.get("limit", len(items)))
        if "Path" not in request.query.get("fields", "").split(","):
            items = [{"Id": item["Id"]} for item in items]
        page = items[start : start + limit]
        return web.json_response({"Items": page, "TotalRecordCount": len(items), "StartIndex": start})


class QuickKodi(Kodi):
    """Does not wait between looks at a fake, which has no use for it."""

    pause = 0.0
    patience = 60.0


class FakeKodi:
    """Kodi 20. A scan lasts for some looks at its state and can only be seen from the second look on."""

    user, password = "kodi", "pa:ss"

    def __init__(self) -> None:
        self.action = QuickKodi()
        self.parameters = {
            "VideoLibrary.Scan": {"directory", "showdialogs"},
            "VideoLibrary.GetTVShows": {"properties", "limits", "sort", "filter"},
            "VideoLibrary.GetEpisodes": {"tvshowid", "season", "properties", "limits", "sort", "filter"},
            "Files.GetSources": {"media", "limits", "sort"},
            "XBMC.GetInfoBooleans": {"booleans"},
        }
        self.sources = [THEIRS + "/"]
        self.content = [THEIRS + "/"]
        self.shows: set[str] = set()
        self.listed: set[str] = set()
        self.disk: set[str] = set()
        self.scans: list[str] = []
        self.scan_began = asyncio.Event()
        self.cancelled = 0
        self.failures: list[int] = []
        self.looks = iter(())
        self.lasts = (False, True, True)

    def server(self, url: str) -> MediaServer:
        return MediaServer("kodi", "kodi", url, user=self.user, password=self.password, path_map=MAP)

    async def answer(self, request: web.Request) -> web.Response:
        if self.failures:
            return web.Response(status=self.failures.pop())
        scheme, _, login = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic" or b64decode(login).decode() != f"{self.user}:{self.password}":
            return web.Response(status=401)
        if (
            request.method != "POST"
            or request.path != "/jsonrpc"
            or request.content_type != "application/json"
        ):
            return web.Response(status=415)
        call = await request.json()
        envelope = {"jsonrpc": "2.0", "id": call["id"]}
        method, params = call["method"], call.get("params", {})
        if method not in self.parameters:
            return web.json_response(envelope | {"error": {"code": -32601, "message": "Method not found."}})
        if not params.keys() <= self.parameters[method]:
            return web.json_response(envelope | {"error": {"code": -32602, "message": "Invalid params."}})
        perform = getattr(self, method.rpartition(".")[2])
        return web.json_response(envelope | {"result": perform(**params)})

    def Scan(self, directory: str, showdialogs: bool) -> str:
        assert not showdialogs
        self.scans.append(directory)
        self.scan_began.set()
        if next(self.looks, None) is None:
            self.looks = self._scan(directory)
            next(self.looks)
        else:
            self.cancel()
        return "OK"

    def cancel(self) -> None:
        self.cancelled += 1
        self.looks = iter(())

    def _scan(self, directory: str) -> Any:
        yield
        yield from self.lasts
        if directory not in self.shows | set(self.content):
            return
        for path in self.disk:
            if path.startswith(directory):
                self.shows.add(f"{Path(path).parents[1]}/")
                self.listed.add(path)

    def GetInfoBooleans(self, booleans: list[str]) -> dict[str, bool]:
        return {name: bool(next(self.looks, False)) for name in booleans}

    def GetTVShows(self, filter: dict[str, str], limits: dict[str, int]) -> dict[str, Any]:
        assert (filter["field"], filter["operator"]) == ("path", "is")
        shows = [{"label": show} for show in self.shows if show == filter["value"]]
        return {"tvshows": shows, "limits": {**limits, "total": len(shows)}}

    def GetEpisodes(self, filter: dict[str, str], properties: list[str]) -> dict[str, Any]:
        assert (filter["field"], filter["operator"], properties) == ("path", "startswith", ["file"])
        found = [{"file": path} for path in self.listed if path.startswith(filter["value"])]
        return {"episodes": found, "limits": {"start": 0, "end": len(found), "total": len(found)}}

    def GetSources(self, media: str) -> dict[str, Any]:
        assert media == "video"
        return {"sources": [{"file": source, "label": source} for source in self.sources]}


class Desk:
    """One of the fakes, where it is served, and the action that knows its kind."""

    def __init__(self, fake: FakeJellyfin | FakeKodi, url: str) -> None:
        self.fake, self.action, self.server = fake, fake.action, fake.server(url)

    def place(self, news: News) -> None:
        """Put the files where the media server can find them."""
        self.fake.disk |= {self.server.path(file.path) for file in news.files}

    async def tell(self, news: News) -> None:
        await self.action.tell(self.server, news)

    async def confirm(self, news: News) -> bool:
        return await self.action.confirm(self.server, news)


@pytest.fixture
async def jellyfin(serve: Serve) -> Desk:
    fake = FakeJellyfin()
    return Desk(fake, await serve(fake.answer))


@pytest.fixture
async def kodi(serve: Serve) -> Desk:
    fake = FakeKodi()
    return Desk(fake, await serve(fake.answer))


@pytest.fixture(params=[FakeJellyfin, FakeKodi], ids=["jellyfin", "kodi"])
async def either(request: pytest.FixtureRequest, serve: Serve) -> Desk:
    """Jellyfin and Kodi in turn."""
    fake = request.param()
    return Desk(fake, await serve(fake.answer))


@pytest.fixture
async def silence() -> AsyncIterator[Handler]:
    """A handler that never answers."""

    async def wait(request: web.Request) -> web.Response:
        await asyncio.get_running_loop().create_future()
        raise AssertionError("nobody resolves the future")

    yield wait
