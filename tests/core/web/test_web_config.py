"""Settings over the API: read without secrets, changed whole or not at all."""

from __future__ import annotations

import json

import httpx
import pytest

from anidana.core.service import Service
from anidana.core.web.api.config import MASK

KEY = "canary-7f3a"


async def test_a_change_is_written_and_read_back(owner: httpx.AsyncClient, service: Service) -> None:
    answer = await owner.patch("/api/config", json={"downloads": {"slots": 3}})
    assert answer.json()["downloads"]["slots"] == 3
    assert json.loads((service.app.data / "config.json").read_text()) == {"downloads": {"slots": 3}}
    await owner.patch("/api/config", json={"downloads": {"connections": 8}})
    assert (await owner.get("/api/config")).json()["downloads"]["slots"] == 3


@pytest.mark.parametrize(
    "changes",
    [{"downloads": {"slots": 99}}, {"downlaods": {}}, {"downloads": "x"}, {"library": {"naming": 1}}],
)
async def test_a_wrong_value_changes_nothing(
    owner: httpx.AsyncClient, service: Service, changes: dict[str, object]
) -> None:
    verdict = (await owner.post("/api/config/validate", json=changes)).json()
    assert verdict["valid"] is False and verdict["errors"]
    answer = await owner.patch("/api/config", json=changes)
    assert (answer.status_code, answer.json()["code"]) == (400, "setup.config")
    assert not (service.app.data / "config.json").exists()


async def test_a_secret_is_never_shown_and_stays_when_its_stars_come_back(
    owner: httpx.AsyncClient, service: Service
) -> None:
    said = await owner.patch("/api/config", json={"metadata": {"keys": {"tmdb": KEY}}})
    assert KEY not in said.text and said.json()["metadata"]["keys"] == {"tmdb": MASK}
    await owner.patch("/api/config", json={"metadata": said.json()["metadata"]})
    assert json.loads((service.app.data / "config.json").read_text())["metadata"]["keys"] == {"tmdb": KEY}
    assert KEY not in (await owner.get("/api/config/about")).text


async def test_every_setting_says_what_it_means_and_where_it_comes_from(owner: httpx.AsyncClient) -> None:
    await owner.patch("/api/config", json={"downloads": {"slots": 3}})
    about = {one["path"]: one for one in (await owner.get("/api/config/about")).json()}
    assert about["downloads.slots"]["origin"] == "settings"
    assert about["downloads.connections"]["origin"] == "default"
    assert about["downloads.slots"]["variable"] == "ANIDANA__DOWNLOADS__SLOTS"
    assert about["store.database_url"]["secret"] is True
    assert all(one["description"] for one in about.values() if one["path"] != "media_servers")


async def test_who_may_not_do_everything_sees_no_settings(owner: httpx.AsyncClient) -> None:
    key = (await owner.post("/api/auth/keys", json={"name": "m", "role": "member"})).json()["key"]
    headers = {"X-Api-Key": key, "Authorization": ""}
    assert (await owner.get("/api/config", headers=headers)).status_code == 403
    assert (await owner.get("/api/hosts", headers=headers)).status_code == 200


async def test_hosts_are_listed_put_to_rest_and_woken(owner: httpx.AsyncClient, service: Service) -> None:
    listed = (await owner.get("/api/hosts")).json()["hosts"]
    assert [one["name"] for one in listed] == [one.name for one in service.app.plugins.providers]
    assert (await owner.post("/api/hosts/voe/rest", json={"minutes": 5})).json() == ["VOE"]
    rested = (await owner.get("/api/hosts")).json()["hosts"][0]
    assert (rested["name"], rested["state"]) == ("VOE", "resting")
    await owner.post("/api/hosts/VOE/wake")
    assert (await owner.get("/api/hosts")).json()["hosts"][0]["state"] == "unknown"
    assert (await owner.post("/api/hosts/nobody/wake")).json()["code"] == "not_found"


async def test_plugins_are_listed_with_what_was_left_out(owner: httpx.AsyncClient) -> None:
    answer = (await owner.get("/api/plugins")).json()
    assert {"aniworld", "voe"} <= {one["name"] for one in answer["loaded"]}
