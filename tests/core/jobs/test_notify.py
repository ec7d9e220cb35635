"""Who is told what, when, and that no address is ever said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from anidana.core.jobs.bus import Bus
from anidana.core.jobs.notify import Happening, Note, NotificationService, compose, send, spans
from anidana.core.models import Number
from anidana.core.settings import Notifications

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@dataclass
class Heard:
    """A service whose notes end here."""

    servers: bool = False
    minutes: float = 0
    events: tuple[str, ...] = ("ready", "failed", "needs_person", "disk")
    bus: Bus = field(default_factory=Bus)
    notes: list[Note] = field(default_factory=list)

    async def take(self, targets: Mapping[str, str], note: Note) -> Mapping[str, str]:
        self.notes.append(note)
        return {}

    async def after(self, *messages: tuple[str, dict[str, Any]]) -> list[Note]:
        """The notes that these messages lead to, the service's end included."""
        chosen = Notifications.model_validate(
            {"targets": {"phone": "json://x"}, "events": self.events, "group_minutes": self.minutes}
        )
        service = NotificationService(self.bus, chosen, lambda: chosen, self.take, servers=self.servers)
        service.start()
        await asyncio.sleep(0)
        for type_, data in messages:
            self.bus.publish(type_, data)
        await asyncio.sleep(0)
        await service.stop()
        return self.notes


def job(state: str, episode: int = 1, code: str | None = None, **more: Any) -> tuple[str, dict[str, Any]]:
    data = {"state": state, "code": code, "name": "Das Regal", "season": 1, "episode": episode}
    return "job.changed", {**data, "reason": "VOE: gone", "retry_count": 1, **more}


def listed(files: int, error: str = "") -> tuple[str, dict[str, Any]]:
    about = {"server": "jellyfin", "series": "Das Regal", "files": files, "error": error}
    return "mediaserver.changed", about


async def test_what_happens_to_a_series_is_one_message() -> None:
    notes = await Heard(minutes=10).after(*(job("completed", n) for n in (1, 2, 3, 7)))
    assert notes == [Note("Das Regal: 4 episodes ready", "S01E01–E03, S01E07")]


async def test_an_episode_is_ready_once_a_server_lists_it_and_then_once() -> None:
    assert await Heard(servers=True).after(job("completed")) == []
    assert await Heard(servers=True).after(job("completed"), listed(1, "it is off")) == []
    notes = await Heard(servers=True, minutes=10).after(job("completed"), listed(1), listed(1))
    assert [note.title for note in notes] == ["Das Regal S01E01 ready"]


async def test_what_was_filed_before_a_restart_is_told_by_its_count() -> None:
    notes = await Heard(servers=True).after(listed(2))
    assert [note.title for note in notes] == ["Das Regal: 2 episodes ready"]


async def test_an_episode_that_every_host_failed_on_is_of_high_priority_and_told_once() -> None:
    failures = [job("failed", code="no_stream"), job("failed", code="no_stream", retry_count=2)]
    (note,) = await Heard(minutes=10).after(*failures)
    assert note == Note("Das Regal S01E01 failed at every host", "S01E01: VOE: gone", high=True)
    assert len(await Heard().after(job("permanently_failed", code="no_stream", retry_count=4))) == 1
    assert await Heard().after(job("failed", code="not_out")) == []


async def test_a_gate_and_a_full_disk_are_told() -> None:
    (note,) = await Heard().after(job("failed", code="needs_person"))
    assert note.title == "Das Regal S01E01: a person is needed"
    full = ("queue.changed", {"hold": {"code": "disk_full", "text": "3 MiB are free"}, "stopped": False})
    (note,) = await Heard().after(full, full)
    assert note == Note("The disk is full: downloads wait", "3 MiB are free", high=True)


async def test_what_nobody_wants_to_hear_and_nonsense_are_passed_over() -> None:
    assert await Heard(events=("failed",)).after(job("completed")) == []
    broken = ("job.changed", {"state": "completed"})
    assert len(await Heard().after(broken, job("completed"))) == 1


def test_many_reasons_are_cut_short() -> None:
    note = compose("failed", "X", [Happening(Number(1, n), "gone") for n in range(1, 9)])
    assert note.text.splitlines()[-1] == "and 3 more"


def test_numbers_are_written_as_spans() -> None:
    numbers = [Number(1, 1), Number(1, 2), Number(1, 4), Number(2, 5)]
    assert spans(numbers) == "S01E01–E02, S01E04, S02E05"


@pytest.fixture
def targets(site: Any) -> dict[str, str]:
    """Targets at a server here: one that takes messages, one that does not, and nonsense."""
    site.answer(f"{site.address}/hook-canary", "{}")
    return {
        "good": f"json://{site.address}/hook-canary",
        "bad": f"json://{site.address}/nothing-canary",
        "nonsense": "what://canary",
    }


async def test_a_message_goes_out_and_what_went_wrong_names_no_address(
    targets: dict[str, str], site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = await send(targets, Note("Ready & <b>", "S01E01", high=True))
    assert wrong.keys() == {"bad", "nonsense"}
    assert "canary" not in f"{wrong} {caplog.text}"


async def test_the_message_arrives_as_it_was_written(site: Any) -> None:
    from aiohttp import web

    bodies: list[dict[str, Any]] = []

    async def keep(request: web.BaseRequest) -> web.StreamResponse:
        bodies.append(json.loads(await request.text()))
        return web.Response()

    site.answers[f"{site.address}/hook"] = keep
    assert await send({"x": f"json://{site.address}/hook"}, Note("Das Regal ready", "S01E01–E02")) == {}
    assert (bodies[0]["title"], bodies[0]["message"]) == ("Das Regal ready", "S01E01–E02")
