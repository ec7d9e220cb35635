"""Series over the API: found, added in the background, listed, looked at, removed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF
from anidana.core.service import Service, open_service
from anidana.core.settings import Settings
from anidana.core.store import additions, shelf
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import AnimeSeries

KEY = SHELF.series.key


@pytest.fixture
def chosen(tmp_path: Path, practice: PracticeNetwork) -> Settings:
    (tmp_path / "library").mkdir()
    return Settings.model_validate(
        {
            "library": {"anime_directory": tmp_path / "library"},
            "network": {"route_all_to": practice.address, "pages_per_second": 0},
        }
    )


async def loaded(service: Service, count: int = 1) -> list[dict[str, Any]]:
    """What the bus says of series that are being read, until so many have ended."""
    heard: list[dict[str, Any]] = []
    with service.bus.listen(0) as subscription:
        async for message in subscription:
            if message.type == "series.loading":
                heard.append(dict(message.data))
                ended = [one for one in heard if one["state"] in ("completed", "failed")]
                if len(ended) == count:
                    return heard
    raise AssertionError("the bus has closed")


async def add(owner: httpx.AsyncClient, service: Service, link: str = f"aniworld:{KEY}") -> None:
    answer = await owner.post("/api/anime/add", json={"link": link})
    assert answer.status_code == 202, answer.text
    await loaded(service)


async def test_a_series_is_added_in_the_background_and_says_how_far_it_is(
    owner: httpx.AsyncClient, service: Service
) -> None:
    answer = await owner.post("/api/anime/add", json={"link": f"aniworld:{KEY}"})
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert [one["state"] for one in await loaded(service)] == ["loading", "completed"]
    status = (await owner.get(f"/api/anime/{KEY}/loading-status")).json()
    assert (status["status"], status["error"]) == ("completed", "")
    assert status["ended_at"] is not None


async def test_two_who_add_one_series_add_it_once(owner: httpx.AsyncClient, service: Service) -> None:
    body = {"link": f"aniworld:{KEY}"}
    answers = await asyncio.gather(*(owner.post("/api/anime/add", json=body) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {202}
    await loaded(service)
    assert (await owner.get("/api/anime")).json()["total"] == 1


async def test_a_site_that_fails_is_told_and_may_be_asked_again(
    owner: httpx.AsyncClient, service: Service, practice: PracticeNetwork
) -> None:
    practice.faults["aniworld"] = Faults(dead=True)
    await owner.post("/api/anime/add", json={"link": f"aniworld:{KEY}"})
    assert (await loaded(service))[-1]["state"] == "failed"
    status = (await owner.get(f"/api/anime/aniworld:{KEY}/loading-status")).json()
    assert status["status"] == "failed" and status["error"]
    del practice.faults["aniworld"]
    assert (await owner.post("/api/anime/add", json={"link": f"aniworld:{KEY}"})).json()["error"] == ""


async def test_what_was_not_finished_goes_on_after_a_restart(tmp_path: Path, chosen: Settings) -> None:
    async with open_service(tmp_path / "data", chosen=chosen), get_db_session() as session:
        assert await additions.begin(session, "aniworld", KEY, "")
    async with open_service(tmp_path / "data", chosen=chosen) as service:
        assert [one["state"] for one in await loaded(service)] == ["loading", "completed"]


async def test_what_the_predecessor_left_is_taken_over_at_the_first_start(
    tmp_path: Path, chosen: Settings
) -> None:
    folder = tmp_path / "library" / "Das Regal"
    folder.mkdir()
    (folder / "key").write_text(KEY)
    async with open_service(tmp_path / "data", chosen=chosen), get_db_session(read_only=True) as session:
        assert [row.series.key for row in await shelf.shelf(session)] == [KEY]
    assert (folder / "key").read_text() == KEY, "it is only read"


async def test_a_list_filters_sorts_and_pages(owner: httpx.AsyncClient, service: Service) -> None:
    await add(owner, service)
    page = (await owner.get("/api/anime", params={"filter": "no_episodes", "limit": 1})).json()
    (series,) = page["items"]
    assert (series["key"], series["site"], page["next"]) == (KEY, "aniworld", None)
    assert series["missing"] == sum(map(len, series["missing_episodes"].values())) > 0
    assert (await owner.get("/api/anime", params={"search": "no such name"})).json()["items"] == []
    assert series["link"].startswith("https://")
    assert (await owner.get("/api/anime", params={"filter": "odd"})).status_code == 422


@pytest.mark.parametrize("sort", ["name", "year", "added", "missing", "on_disk"])
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_have_every_series_once_in_order(
    owner: httpx.AsyncClient, service: Service, sort: str, descending: bool
) -> None:
    async with get_db_session() as session:
        for name in "CADBE":
            session.add(AnimeSeries(key=name.lower(), name=name, site="aniworld", folder=name, year=2020))
    found, cursor = list[str](), ""
    while True:
        asked = {"sort": sort, "descending": descending, "limit": 2, "cursor": cursor}
        page = (await owner.get("/api/anime", params=asked)).json()
        found += [one["name"] for one in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert sorted(found) == list("ABCDE") and page["total"] == 5
    if sort == "name":
        assert found == sorted(found, reverse=descending)


@pytest.mark.parametrize("cursor", ["x", "e30=", "WzEsMl0=", "WyJhIiwiYiJd"])
async def test_a_cursor_that_is_none_is_told(owner: httpx.AsyncClient, cursor: str) -> None:
    answer = await owner.get("/api/anime", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_series_shows_its_episodes(owner: httpx.AsyncClient, service: Service) -> None:
    await add(owner, service)
    detail = (await owner.get(f"/api/anime/{KEY}")).json()
    assert len(detail["list"]) == detail["episodes"]
    assert {one["is_downloaded"] for one in detail["list"]} == {False}
    assert (await owner.get("/api/anime/nobody")).json()["code"] == "not_found"


async def test_a_hit_says_whether_it_is_followed(owner: httpx.AsyncClient, service: Service) -> None:
    title = SHELF.series.title
    assert not (await owner.get("/api/anime/search", params={"q": title})).json()[0]["followed"]
    await add(owner, service)
    hits = (await owner.get("/api/anime/search", params={"q": title})).json()
    assert [hit["followed"] for hit in hits if hit["key"] == KEY and hit["site"] == "aniworld"] == [True]


async def test_a_series_is_removed_and_its_files_stay(
    owner: httpx.AsyncClient, service: Service, chosen: Settings
) -> None:
    await add(owner, service)
    folder = service.app.library() / (await owner.get(f"/api/anime/{KEY}")).json()["folder"]
    folder.mkdir()
    assert (await owner.delete(f"/api/anime/{KEY}")).status_code == 204
    assert (await owner.get("/api/anime")).json()["total"] == 0
    assert folder.is_dir()


async def test_a_viewer_changes_nothing(owner: httpx.AsyncClient, service: Service) -> None:
    await add(owner, service)
    key = (await owner.post("/api/auth/keys", json={"name": "v", "role": "viewer"})).json()["key"]
    viewer = {"X-Api-Key": key, "Authorization": ""}
    assert (await owner.get("/api/anime", headers=viewer)).status_code == 200
    for method, path in (("POST", "/api/anime/add"), ("DELETE", f"/api/anime/{KEY}")):
        answer = await owner.request(method, path, headers=viewer, json={"link": "x"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


async def test_history_and_logs_are_there_from_the_first_day(owner: httpx.AsyncClient) -> None:
    assert (await owner.get("/api/history")).json() == {"items": [], "next": None}
    assert (await owner.get("/api/history/1/attempts")).json() == []
    assert isinstance((await owner.get("/api/logs/anidana")).json()["lines"], list)
    assert (await owner.get("/api/logs/..%2Fconfig")).status_code in (404, 422)
