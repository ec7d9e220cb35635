"""The fake media servers know a file only after they were told, each in its own way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from anidana.core.demo.servers import FakeJellyfin, FakeKodi

NFO = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<tvshow><title>Das Regal</title><year>2024</year>'
    '<uniqueid type="tmdb" default="true">990240</uniqueid></tvshow>'
)
EPISODE = '<?xml version="1.0" encoding="UTF-8"?>\n<episodedetails><title>One</title></episodedetails>'


class Shelf:
    """A library with one series, on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.series = root / "Das Regal (2024)"
        self.add("Season 01/Das Regal - S01E01 - One.mkv")
        Path(self.series, "tvshow.nfo").write_text(NFO, "utf-8")

    def add(self, name: str, nfo: str | None = EPISODE) -> Path:
        video = self.series / name
        video.parent.mkdir(parents=True, exist_ok=True)
        video.write_bytes(b"video")
        if nfo is not None:
            video.with_suffix(".nfo").write_text(nfo, "utf-8")
        return video


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "library")


class Jellyfin:
    """A client of the fake."""

    def __init__(self, fake: FakeJellyfin, session: aiohttp.ClientSession) -> None:
        self.fake, self.session = fake, session
        self.headers = {"Authorization": f'MediaBrowser Token="{fake.key}", Client="test"'}

    async def get(self, path: str) -> Any:
        async with self.session.get(self.fake.url + path, headers=self.headers) as response:
            return await response.json() if response.status == 200 else response.status

    async def post(self, path: str, body: object = None) -> int:
        async with self.session.post(self.fake.url + path, headers=self.headers, json=body) as response:
            return response.status

    async def files(self) -> list[str]:
        """Names of all episodes it lists."""
        names = []
        for series in (await self.get("/Items?recursive=true&includeItemTypes=Series&fields=Path"))["Items"]:
            episodes = await self.get(f"/Shows/{series['Id']}/Episodes?fields=Path")
            names += [Path(one["Path"]).name for one in episodes["Items"]]
        return names


@pytest.fixture
async def jellyfin(shelf: Shelf) -> AsyncIterator[Jellyfin]:
    async with FakeJellyfin(shelf.root) as fake, aiohttp.ClientSession() as session:
        yield Jellyfin(fake, session)


async def test_jellyfin_opens_to_the_current_scheme_only(jellyfin: Jellyfin) -> None:
    old = {"X-Emby-Token": jellyfin.fake.key}
    for headers in ({}, old, {"Authorization": f'Emby Token="{jellyfin.fake.key}"'}):
        jellyfin.headers = headers
        assert await jellyfin.get("/Library/VirtualFolders") == 401
    assert (await jellyfin.get("/System/Info/Public"))["Version"].startswith("10.11.")


async def test_jellyfin_lists_nothing_before_it_was_told(jellyfin: Jellyfin) -> None:
    assert await jellyfin.files() == []


async def test_jellyfin_finds_a_new_series_through_its_library(jellyfin: Jellyfin, shelf: Shelf) -> None:
    (library,) = await jellyfin.get("/Library/VirtualFolders")
    assert (library["Locations"], library["CollectionType"]) == ([str(shelf.root)], "tvshows")
    item = f"/Items/{library['ItemId']}/Refresh"
    assert await jellyfin.post(item) == 204
    assert await jellyfin.files() == []
    assert await jellyfin.post(f"{item}?metadataRefreshMode=Default&imageRefreshMode=Default") == 204
    assert await jellyfin.files() == ["Das Regal - S01E01 - One.mkv"]
    (series,) = (await jellyfin.get("/Items?includeItemTypes=Series"))["Items"]
    assert series["Path"] == str(shelf.series)
    assert (series["Name"], series["ProductionYear"]) == ("Das Regal", 2024)
    assert series["ProviderIds"] == {"Tmdb": "990240"}
    (episode,) = (await jellyfin.get(f"/Shows/{series['Id']}/Episodes?season=1"))["Items"]
    assert (episode["ParentIndexNumber"], episode["IndexNumber"]) == (1, 1)
    assert (await jellyfin.get(f"/Shows/{series['Id']}/Episodes?season=2"))["Items"] == []


async def test_jellyfin_finds_a_new_episode_through_its_series(jellyfin: Jellyfin, shelf: Shelf) -> None:
    await jellyfin.post("/Library/Refresh")
    (series,) = (await jellyfin.get("/Items?includeItemTypes=Series"))["Items"]
    shelf.add("Season 02/Das Regal - S02E01 - Two.mkv")
    shelf.add("Season 02/.staged - S02E02.mkv")
    assert len(await jellyfin.files()) == 1
    await jellyfin.post(f"/Items/{series['Id']}/Refresh?metadataRefreshMode=Default")
    assert await jellyfin.files() == ["Das Regal - S01E01 - One.mkv", "Das Regal - S02E01 - Two.mkv"]


async def test_jellyfin_finds_what_it_is_told_has_changed(jellyfin: Jellyfin, shelf: Shelf) -> None:
    elsewhere = {"Updates": [{"Path": "/elsewhere/a.mkv", "UpdateType": "Created"}]}
    assert await jellyfin.post("/Library/Media/Updated", elsewhere) == 204
    assert await jellyfin.files() == []
    video = shelf.add("Season 01/Das Regal - S01E02 - Two.mkv")
    await jellyfin.post("/Library/Media/Updated", {"Updates": [{"Path": str(video), "UpdateType": ""}]})
    assert len(await jellyfin.files()) == 2
    assert jellyfin.fake.requests[-1].method == "GET"


async def test_jellyfin_does_not_know_other_items(jellyfin: Jellyfin) -> None:
    assert await jellyfin.post("/Items/00000000000000000000000000000000/Refresh") == 404
    assert await jellyfin.get("/Shows/00000000000000000000000000000000/Episodes") == 404


async def test_jellyfin_takes_no_folder_without_an_nfo_for_a_series(jellyfin: Jellyfin, shelf: Shelf) -> None:
    Path(shelf.series, "tvshow.nfo").unlink()
    await jellyfin.post("/Library/Refresh")
    assert await jellyfin.files() == []


class Kodi:
    """A client of the fake."""

    def __init__(self, fake: FakeKodi, session: aiohttp.ClientSession) -> None:
        self.fake, self.session = fake, session

    async def call(self, method: str, **params: Any) -> Any:
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        status, answer = await self.post(json.dumps(call))
        assert status == 200
        return answer["result"] if "result" in answer else answer["error"]["code"]

    async def post(
        self, body: str, *, kind: str = "application/json", password: str | None = None
    ) -> tuple[int, Any]:
        """Send a body; the answer is None where it is empty."""
        login = aiohttp.encode_basic_auth(self.fake.user, password or self.fake.password)
        headers = {"Content-Type": kind, "Authorization": login}
        async with self.session.post(f"{self.fake.url}/jsonrpc", data=body, headers=headers) as response:
            return response.status, json.loads(await response.read() or b"null")

    async def scan(self, directory: str = "") -> None:
        """Scan and wait for the end of it."""
        assert await self.call("VideoLibrary.Scan", directory=directory, showdialogs=False) == "OK"
        name = "Library.IsScanningVideo"
        async with asyncio.timeout(10):
            while (await self.call("XBMC.GetInfoBooleans", booleans=[name]))[name]:
                pass

    async def files(self) -> list[str]:
        """Names of all episodes it lists."""
        found = await self.call("VideoLibrary.GetEpisodes", properties=["file"])
        return [Path(one["file"]).name for one in found["episodes"]]


@pytest.fixture
async def kodi(shelf: Shelf) -> AsyncIterator[Kodi]:
    async with FakeKodi(shelf.root) as fake, aiohttp.ClientSession() as session:
        yield Kodi(fake, session)


async def test_kodi_wants_its_password(kodi: Kodi) -> None:
    assert await kodi.call("JSONRPC.Ping") == "pong"
    assert await kodi.post("{}", password="wrong") == (401, None)
    async with kodi.session.post(f"{kodi.fake.url}/jsonrpc", json={}) as response:
        assert (response.status, response.headers["WWW-Authenticate"]) == (401, 'Basic realm="Kodi"')


async def test_kodi_finds_new_shows_from_the_source_only(kodi: Kodi, shelf: Shelf) -> None:
    (source,) = (await kodi.call("Files.GetSources", media="video"))["sources"]
    assert source["file"] == f"{shelf.root}/"
    await kodi.scan(f"{shelf.series}/")
    assert await kodi.files() == []
    await kodi.scan(source["file"])
    assert await kodi.files() == ["Das Regal - S01E01 - One.mkv"]
    shows = await kodi.call("VideoLibrary.GetTVShows", properties=["title", "file", "uniqueid"])
    assert shows["tvshows"] == [
        {
            "tvshowid": 1,
            "label": "Das Regal",
            "title": "Das Regal",
            "file": f"{shelf.series}/",
            "uniqueid": {"tmdb": "990240"},
        }
    ]


async def test_kodi_finds_new_episodes_from_a_known_show_but_not_from_a_new_season(
    kodi: Kodi, shelf: Shelf
) -> None:
    await kodi.scan()
    season = shelf.add("Season 02/Das Regal - S02E01 - Two.mkv").parent
    await kodi.scan(f"{season}/")
    assert len(await kodi.files()) == 1
    await kodi.scan(f"{shelf.series}/")
    assert len(await kodi.files()) == 2
    shelf.add("Season 02/Das Regal - S02E02 - Three.mkv")
    await kodi.scan(f"{season}/")
    assert len(await kodi.files()) == 3


@pytest.mark.parametrize("nfo", [None, "", "<episodedetails><season>1</season></episodedetails>"])
async def test_kodi_passes_over_an_episode_without_a_fitting_nfo(
    kodi: Kodi, shelf: Shelf, nfo: str | None
) -> None:
    shelf.add("Season 01/Das Regal - S01E02 - Two.mkv", nfo)
    await kodi.scan()
    assert await kodi.files() == ["Das Regal - S01E01 - One.mkv"]


async def test_kodi_cancels_a_scan_when_another_comes(kodi: Kodi) -> None:
    kodi.fake.scan_seconds = 60.0
    assert await kodi.call("VideoLibrary.Scan") == "OK"
    assert kodi.fake.scanning
    assert await kodi.call("VideoLibrary.Scan") == "OK"
    assert not kodi.fake.scanning
    assert await kodi.files() == []


async def test_kodi_filters_by_path_and_file_name(kodi: Kodi, shelf: Shelf) -> None:
    shelf.add("Season 00/Das Regal - S00E02 - Special.mkv")
    await kodi.scan()
    show = {"field": "path", "operator": "is", "value": f"{shelf.series}/"}
    assert (await kodi.call("VideoLibrary.GetTVShows", filter=show))["limits"]["total"] == 1
    show["value"] = f"{shelf.root}/Other/"
    assert (await kodi.call("VideoLibrary.GetTVShows", filter=show))["limits"]["total"] == 0
    both = {
        "and": [
            {"field": "path", "operator": "startswith", "value": f"{shelf.series}/"},
            {"field": "filename", "operator": "is", "value": "Das Regal - S00E02 - Special.mkv"},
        ]
    }
    (episode,) = (await kodi.call("VideoLibrary.GetEpisodes", filter=both))["episodes"]
    assert episode.keys() == {"episodeid", "label", "tvshowid"}
    by_season = await kodi.call("VideoLibrary.GetEpisodes", tvshowid=1, season=0, properties=["episode"])
    assert [one["episode"] for one in by_season["episodes"]] == [2]


async def test_kodi_names_what_it_does_not_understand(kodi: Kodi) -> None:
    assert await kodi.call("VideoLibrary.Polish") == -32601
    assert await kodi.call("VideoLibrary.GetTVShows", properties=["status"]) == -32602
    assert await kodi.call("Files.GetSources", media="music") == -32602
    assert (await kodi.post("{}", kind="text/plain"))[0] == 415
    status, answer = await kodi.post("{")
    assert (status, answer["error"]["code"]) == (200, -32700)
    _, (first, second) = await kodi.post('[{"id": 1, "method": "JSONRPC.Ping"}, {"id": 2, "method": "No"}]')
    assert (first["result"], second["error"]["code"]) == ("pong", -32601)
