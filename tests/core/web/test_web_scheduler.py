"""The scheduler over the web: the predecessor's envelope, a change that counts at once, a run by hand."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from anidana.core.service import Service


async def test_the_plan_comes_in_the_predecessors_envelope(owner: httpx.AsyncClient) -> None:
    body = (await owner.get("/api/scheduler/config")).json()
    assert body["success"] is True
    assert body["config"] == {
        "enabled": True, "schedule_time": "03:00",
        "schedule_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "time_zone": "",
        "auto_download_after_rescan": False, "folder_scan_enabled": False, "missed_window_hours": 25.0,
    }  # fmt: skip
    assert body["status"]["running"] is True and body["status"]["in_progress"] is False
    assert body["status"]["next_run"]


async def test_a_change_is_written_and_counts_at_once(owner: httpx.AsyncClient, service: Service) -> None:
    changes = {"schedule_time": "04:30", "schedule_days": ["sun"], "time_zone": "Asia/Tokyo"}
    body = (await owner.post("/api/scheduler/config", json=changes)).json()
    assert "T04:30:00+09:00" in body["status"]["next_run"]
    assert json.loads((service.app.data / "config.json").read_text()) == {"scheduler": changes}
    health = (await owner.get("/health")).json()
    assert health["scheduler_next_run"] == body["status"]["next_run"]


async def test_a_change_of_the_settings_counts_too(owner: httpx.AsyncClient, service: Service) -> None:
    await owner.patch("/api/config", json={"scheduler": {"enabled": False}})
    async with asyncio.timeout(5):
        while (await owner.get("/health")).json()["scheduler_next_run"] is not None:  # noqa: ASYNC110
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "wrong", [{"schedule_time": "25:00"}, {"schedule_days": ["noday"]}, {"time_zone": "X/Y"}, {"no": 1}]
)
async def test_a_wrong_plan_changes_nothing(
    owner: httpx.AsyncClient, service: Service, wrong: dict[str, object]
) -> None:
    answer = await owner.post("/api/scheduler/config", json=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert not (service.app.data / "config.json").exists()


async def test_a_run_by_hand_scans_and_is_told(owner: httpx.AsyncClient, service: Service) -> None:
    with service.bus.listen() as heard:
        answer = await owner.post("/api/scheduler/trigger-rescan")
        assert (answer.status_code, answer.json()["success"]) == (202, True)
        async for message in heard:
            if message.type == "scan.complete":
                break
    assert message.data == {"series": 0, "new": 0, "changed": 0, "failed": 0}
    assert (await owner.get("/health")).json()["scheduler_last_run"]


async def test_a_scheduler_that_is_not_running_says_so(owner: httpx.AsyncClient, service: Service) -> None:
    await service.scheduler.stop()
    answer = await owner.post("/api/scheduler/trigger-rescan")
    assert (answer.status_code, answer.json()["title"]) == (503, "the scheduler is not running")


async def test_who_may_only_look_starts_nothing_and_members_change_no_plan(owner: httpx.AsyncClient) -> None:
    for role, path in (("viewer", "/api/scheduler/trigger-rescan"), ("member", "/api/scheduler/config")):
        key = (await owner.post("/api/auth/keys", json={"name": role, "role": role})).json()["key"]
        answer = await owner.post(path, json={}, headers={"X-Api-Key": key, "Authorization": ""})
        assert answer.status_code == 403


async def test_a_try_of_notifications_without_targets_says_what_to_set(owner: httpx.AsyncClient) -> None:
    answer = await owner.post("/api/notifications/test")
    assert (answer.status_code, answer.json()["hint"]) == (400, "set notifications.targets")


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_a_try_says_whom_it_reached_and_no_address(owner: httpx.AsyncClient, service: Service) -> None:
    targets = {"targets": {"phone": "what://canary-7f3a"}}
    said = await owner.patch("/api/config", json={"notifications": targets})
    assert "canary" not in said.text
    async with asyncio.timeout(5):
        while not service.notifications.settings.targets:  # noqa: ASYNC110
            await asyncio.sleep(0)
    answer = await owner.post("/api/notifications/test")
    assert answer.json() == [
        {"name": "phone", "ok": False, "said": "apprise does not understand the address"}
    ]
