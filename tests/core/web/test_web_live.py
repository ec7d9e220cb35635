"""Event streams and the socket: who hears what, who is let go."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from anidana.core.jobs.bus import KEPT, MOST_WAITING, Bus, Message
from anidana.core.service import Service
from anidana.core.store.tables import now
from anidana.core.web.live import _obey, translated


async def heard(bus: Bus, count: int, after: int | None = None) -> list[int]:
    ids = []
    with bus.listen(after) as subscription:
        async for message in subscription:
            ids.append(message.id)
            if len(ids) == count:
                break
    return ids


async def test_who_comes_back_hears_what_it_missed_and_nothing_twice() -> None:
    bus = Bus()
    for _ in range(5):
        bus.publish("job.changed", {})
    assert await heard(bus, 3, after=2) == [3, 4, 5]


async def test_who_was_away_too_long_is_told_so() -> None:
    bus = Bus()
    for _ in range(KEPT + 10):
        bus.publish("job.changed", {})
    with bus.listen(3) as late, bus.listen(KEPT) as fine, bus.listen() as new:
        assert (late.missed, fine.missed, new.missed) == (True, False, False)


async def test_who_reads_too_slowly_is_let_go_and_holds_up_nobody() -> None:
    bus = Bus()
    with bus.listen() as slow, bus.listen() as quick:
        for _ in range(MOST_WAITING + 5):
            bus.publish("job.progress", {})
            quick.waiting.popleft()
        assert len([message async for message in slow]) == MOST_WAITING
        assert not quick.dropped


async def test_the_end_of_the_service_lets_everybody_go() -> None:
    bus = Bus()
    with bus.listen() as one:
        bus.publish("system.stopping", {})
        closing = asyncio.create_task(bus.close())
        await asyncio.sleep(0)
        assert [message.type async for message in one] == ["system.stopping"]
    await closing


async def test_a_stream_has_ids_types_and_only_what_was_asked_for(
    owner: httpx.AsyncClient, service: Service
) -> None:
    ours = service.bus.listeners
    service.bus.publish("host.changed", {"name": "VOE"})
    service.bus.publish("job.changed", {"status": "failed"}, ("job", 7))
    stream = asyncio.create_task(owner.get("/api/events?topics=job", headers={"Last-Event-ID": "0"}))
    while service.bus.listeners == ours:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await service.bus.close()
    answer = await stream
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "\nid: " in answer.text and "event: job.changed" in answer.text and '"id": 7' in answer.text
    assert "host.changed" not in answer.text


@pytest.mark.parametrize(
    ("type_", "data", "types"),
    [
        ("job.progress", {"id": "7", "speed": 2_500_000, "eta": 4}, ["download_progress"]),
        ("job.changed", {"state": "completed"}, ["download_complete", "queue_status"]),
        ("job.changed", {"state": "failed"}, ["download_failed", "queue_status"]),
        ("job.changed", {"state": "permanently_failed"}, ["download_failed", "queue_status"]),
        ("job.added", {"state": "pending"}, ["queue_status"]),
        ("scan.progress", {}, ["scan_progress"]),
        ("scan.complete", {}, ["scan_complete"]),
    ],
)
def test_the_socket_speaks_the_words_of_the_predecessor(
    type_: str, data: dict[str, object], types: list[str]
) -> None:
    message = Message(1, type_, now(), None, data)
    assert [one for one, _ in translated(message)] == types


@pytest.mark.parametrize(
    "text", ["", "[]", '{"action": "join"}', '{"action": "join", "room": "attic"}', "{" * 9999]
)
def test_nonsense_on_the_socket_is_answered(text: str) -> None:
    rooms = set[str]()
    assert _obey(text, rooms)["type"] == "error"
    assert not rooms


def test_progress_has_the_fields_of_the_predecessor() -> None:
    data = {"id": "7", "speed": 2_500_000, "eta": 4, "key": "k", "folder": "K", "percent": 50.0}
    ((_, told),) = translated(Message(1, "job.progress", now(), None, data))
    assert told["download_id"] == "7" and told["speed_mbps"] == 2.5 and told["eta_seconds"] == 4
    assert {"key", "folder", "percent"} <= told.keys()


def test_rooms_are_joined_and_left() -> None:
    rooms = set[str]()
    assert _obey('{"action": "join", "room": "downloads"}', rooms)["type"] == "joined"
    assert rooms == {"downloads"}
    assert _obey('{"action": "leave", "room": "downloads"}', rooms)["type"] == "left"
    assert not rooms
