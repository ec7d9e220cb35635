"""What waits for the owner, over the API."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from anidana.core import taking_in
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF
from anidana.core.service import Service
from anidana.core.settings import Settings

KEY = SHELF.series.key


@pytest.fixture
def chosen(tmp_path: Path, practice: PracticeNetwork) -> Settings:
    folder = tmp_path / "library" / "Etwas ganz anderes"
    folder.mkdir(parents=True)
    (folder / "Etwas ganz anderes S01E01.mkv").write_bytes(b"x")
    return Settings.model_validate(
        {
            "library": {"anime_directory": tmp_path / "library"},
            "network": {"route_all_to": practice.address, "pages_per_second": 0},
        }
    )


async def test_a_folder_waits_until_the_owner_says_whose_it_is(
    owner: httpx.AsyncClient, service: Service
) -> None:
    await taking_in.take_in(service.app)
    (waiting,) = (await owner.get("/api/review/folders")).json()
    assert waiting["folder"] == "Etwas ganz anderes" and waiting["reason"]
    body = {"folder": waiting["folder"], "series": f"aniworld:{KEY}"}
    answer = await owner.post("/api/review/folders", json=body)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "taken")
    assert (await owner.get("/api/review/folders")).json() == []
    assert (await owner.get(f"/api/anime/{KEY}")).json()["folder"] == "Etwas ganz anderes"


async def test_a_folder_may_be_passed_over_for_good(owner: httpx.AsyncClient, service: Service) -> None:
    await taking_in.take_in(service.app)
    answer = await owner.post("/api/review/folders", json={"folder": "Etwas ganz anderes"})
    assert answer.json()["outcome"] == "ignored"
    assert (await owner.get("/api/review/folders")).json() == []


@pytest.mark.parametrize("folder", ["..", ".", "nobody", "a/b", ""])
async def test_no_other_folder_is_settled(owner: httpx.AsyncClient, folder: str) -> None:
    answer = await owner.post("/api/review/folders", json={"folder": folder})
    assert answer.status_code in (404, 422, 503)


async def test_pairs_are_listed_and_decided(owner: httpx.AsyncClient, service: Service) -> None:
    assert (await owner.get("/api/review/pairs", params={"every": True})).json() == []
    body = {"selectors": ["nobody S01E01"], "verdict": "accept"}
    assert (await owner.post("/api/review/pairs", json=body)).json()["code"] == "not_found"
    assert (await owner.post("/api/review/pairs", json={**body, "verdict": "maybe"})).status_code == 422
