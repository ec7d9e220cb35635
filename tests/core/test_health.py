"""Checks: what they weigh, that nobody waits for them, and what strangers may read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from anidana.core import checks as room
from anidana.core.app import App, open_app
from anidana.core.checks import Check, Trouble, Weight, checks, file_system
from anidana.core.errors import SetupError
from anidana.core.health import Health
from anidana.core.jobs.bus import Bus
from anidana.core.settings import Settings


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    (tmp_path / "library").mkdir()
    chosen = Settings.model_validate(
        {
            "library": {"anime_directory": tmp_path / "library"},
            "network": {"route_all_to": "127.0.0.1:9"},
            "downloads": {"floor_mib": 0},
        }
    )
    async with open_app(tmp_path / "data", chosen=chosen) as it:
        yield it


def fails(short: str, message: str = "") -> room.Look:
    async def look(app: App) -> str:
        raise Trouble(short, message)

    return look


async def fine(app: App) -> str:
    return "fine"


async def test_the_checks_of_the_predecessor_are_there_with_their_weight(app: App) -> None:
    weights = {one.name: one.weight for one in checks(app)}
    assert weights["anime_directory"] is Weight.ERROR
    assert {weights[name] for name in ("ffmpeg", "dns_aniworld", "dns_tmdb")} == {Weight.WARNING}


async def test_a_sound_installation_has_no_error_and_only_expected_notices(app: App) -> None:
    health = Health(app, Bus())
    await health.look()
    assert len(health.findings) == len(checks(app)) and health.critical() == []
    wrong = {one.name for one in health.findings if one.weight is not Weight.OK}
    assert wrong <= {"practice", "backup", "user", "staging", "time_zone", "database_disk"}
    assert "practice" in wrong


async def test_a_library_that_is_not_there_is_an_error_and_its_path_is_for_the_owner(app: App) -> None:
    (app.data.parent / "library").rmdir()
    health = Health(app, Bus())
    await health.look(["anime_directory"])
    (finding,) = health.findings
    assert (health.status, finding.status) == ("unhealthy", "error")
    assert str(app.data.parent) in finding.message
    assert str(app.data.parent) not in str(health.public()) + str(health.critical())
    assert health.critical()[0] == "anime_directory: not there or not writable"


@pytest.mark.parametrize(
    ("weight", "status"),
    [(Weight.NOTICE, "healthy"), (Weight.WARNING, "degraded"), (Weight.ERROR, "unhealthy")],
)
async def test_the_worst_check_says_how_all_is(app: App, weight: Weight, status: str) -> None:
    health = Health(app, Bus(), [Check("a", weight, fails("x")), Check("b", Weight.ERROR, fine)])
    await health.look()
    assert health.status == status


async def test_what_was_not_looked_at_yet_is_not_ready(app: App) -> None:
    health = Health(app, Bus(), [Check("anime_directory", Weight.ERROR, fine)])
    assert health.critical() == ["anime_directory: not checked yet"]
    await health.look()
    assert health.critical() == []


async def test_a_change_is_told_once(app: App) -> None:
    bus = Bus()
    health = Health(app, bus, [Check("a", Weight.WARNING, fails("off", "the server is off"))])
    with bus.listen() as heard:
        await health.look()
        await health.look()
    (message,) = heard.waiting
    assert message.type == "health.changed"
    assert message.data["checks"]["a"]["message"] == "the server is off"


async def test_a_check_that_crashes_is_a_finding_and_no_crash(app: App) -> None:
    async def crash(app: App) -> str:
        raise ZeroDivisionError

    async def ours(app: App) -> str:
        raise SetupError("no disk", hint="mount it")

    health = Health(app, Bus(), [Check("a", Weight.WARNING, crash), Check("b", Weight.WARNING, ours)])
    await health.look()
    assert [one.message for one in health.findings] == ["an error of ours: ZeroDivisionError", "no disk"]


async def test_a_check_that_hangs_holds_nobody_up_and_is_not_begun_twice(app: App) -> None:
    begun, released = [], asyncio.Event()

    async def hang(app: App) -> str:
        begun.append(1)
        await released.wait()
        return "late"

    health = Health(app, Bus(), [Check("a", Weight.WARNING, hang), Check("b", Weight.OK, fine)], patience=0.0)
    await health.look()
    await health.look()
    assert begun == [1] and health.findings[0].short == "does not answer"
    released.set()
    await asyncio.sleep(0)
    await health.look()
    assert health.findings[0].message == "late"
    await health.stop()


async def test_checks_leave_no_thread_or_task_behind(app: App) -> None:
    before, threads = asyncio.all_tasks(), threading.active_count()
    health = Health(app, Bus(), [Check("a", Weight.OK, fine)])
    health.start()
    await asyncio.sleep(0)
    await health.stop()
    assert asyncio.all_tasks() == before and threading.active_count() == threads


def test_the_file_system_of_a_path_is_the_one_mounted_nearest() -> None:
    assert file_system(Path("/proc/self")) == "proc"
