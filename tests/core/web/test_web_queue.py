"""The queue over the API: from a request to a file in the library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from anidana.core import following
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF
from anidana.core.service import Service
from anidana.core.settings import Settings

KEY = SHELF.series.key
ONE = {"serie_id": KEY, "episodes": [{"season": 1, "episode": 1}]}


@pytest.fixture
def chosen(tmp_path: Path, practice: PracticeNetwork) -> Settings:
    (tmp_path / "library").mkdir()
    return Settings.model_validate(
        {
            "library": {"anime_directory": tmp_path / "library"},
            "network": {"route_all_to": practice.address, "pages_per_second": 0},
            "downloads": {"floor_mib": 0},
        }
    )


@pytest.fixture
async def shop(owner: httpx.AsyncClient, service: Service) -> httpx.AsyncClient:
    """The owner of a service that follows a series and has been told to download nothing yet."""
    assert (await owner.post("/api/queue/stop")).status_code == 200
    catalogue = service.app.plugins.catalogue("aniworld")
    await following.follow(service.app, await following.look(service.app, catalogue, KEY))
    return owner


async def queue(shop: httpx.AsyncClient) -> dict[str, Any]:
    answer = await shop.get("/api/queue")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_episode_that_is_queued_comes_into_the_library(
    shop: httpx.AsyncClient, service: Service
) -> None:
    with service.bus.listen() as subscription:
        assert len((await shop.post("/api/queue/add", json=ONE)).json()["ids"]) == 1
        await shop.post("/api/queue/start")
        types = set()
        async for message in subscription:
            types.add(message.type)
            if message.type == "job.changed" and message.data["state"] in ("completed", "failed"):
                break
    assert message.data["state"] == "completed"
    assert {"job.added", "attempt.ended"} <= types
    detail = (await shop.get(f"/api/anime/{KEY}")).json()
    assert detail["on_disk"] == 1
    assert [one["status"] for one in (await shop.get("/api/history")).json()["items"]] == ["completed"]


async def test_what_waits_already_is_not_queued_again(shop: httpx.AsyncClient) -> None:
    first = await shop.post("/api/queue/add", json=ONE)
    again = await shop.post("/api/queue/add", json={**ONE, "episodes": ONE["episodes"] * 2})  # type: ignore[operator]
    assert (first.status_code, len(first.json()["ids"]), again.json()["ids"]) == (201, 1, [])
    unknown = await shop.post("/api/queue/add", json={"serie_id": "nobody", "episodes": []})
    assert unknown.status_code in (201, 404)
    rest = await shop.post("/api/queue/add", json={"serie_id": KEY})
    assert len(rest.json()["ids"]) + 1 == len((await queue(shop))["jobs"])


async def test_the_owner_s_word_counts(shop: httpx.AsyncClient) -> None:
    await shop.post("/api/queue/add", json={"serie_id": KEY})
    ids = [job["id"] for job in (await queue(shop))["jobs"]]
    await shop.post("/api/queue/reorder", json={"ids": [ids[-1]], "first": True})
    assert (await queue(shop))["jobs"][0]["id"] == ids[-1]
    await shop.post("/api/queue/pause", json={"ids": [ids[0]]})
    await shop.post("/api/queue/priority", json={"ids": [ids[1]], "priority": "high"})
    jobs = {job["id"]: job for job in (await queue(shop))["jobs"]}
    assert jobs[ids[0]]["state"] == "paused" and jobs[ids[1]]["priority"] == "high"
    await shop.post("/api/queue/resume", json={"series": KEY})
    assert {job["state"] for job in (await queue(shop))["jobs"]} == {"pending"}
    assert (await shop.delete(f"/api/queue/{ids[0]}")).status_code == 204
    assert (await shop.delete(f"/api/queue/{ids[0]}")).status_code in (204, 404)
    await shop.post("/api/queue/remove", json={})
    found = await queue(shop)
    assert found["jobs"] == [] and found["stopped"] is True


@pytest.mark.parametrize("body", [{"ids": ["x"]}, {"ids": ["1"] * 10_001}, {"odd": 1}, {"series": "nobody"}])
async def test_nonsense_is_told_and_changes_nothing(shop: httpx.AsyncClient, body: dict[str, Any]) -> None:
    await shop.post("/api/queue/add", json=ONE)
    assert (await shop.post("/api/queue/pause", json=body)).status_code in (404, 422)
    assert [job["state"] for job in (await queue(shop))["jobs"]] == ["pending"]
