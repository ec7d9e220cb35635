"""Promises of a service that downloads: the whole job, on the practice network, for as long as it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from anidana.core.demo.faults import Faults
from anidana.core.errors import DiskFull
from anidana.core.jobs.bus import Bus, Message, Subscription
from anidana.core.jobs.downloads import DownloadService
from anidana.core.jobs.events import ignore
from anidana.core.jobs.fetcher import Fetcher, quiet_until
from anidana.core.jobs.host_slots import HostSlots
from anidana.core.jobs.recover import recover
from anidana.core.jobs.stored_queue import StoredQueue
from anidana.core.jobs.trouble import Trouble
from anidana.core.metadata.images import ImageDownloader
from anidana.core.service import downloading
from anidana.core.store import hosts, queue
from anidana.core.store.queue_control import Which
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import DownloadQueueItem


@dataclass
class Running:
    """A service that downloads, and what it has said so far."""

    downloads: DownloadService
    heard: Subscription
    house: Any

    async def add(self, *numbers: str) -> list[str]:
        rows = await self.house.rows()
        return await self.downloads.add_episodes([rows[number].episode.id for number in numbers or rows])

    async def until(self, type_: str, count: int = 1, **data: object) -> list[Message]:
        """Everything heard until so many messages of a type, with this data, have come."""
        messages = []
        async for message in self.heard:
            messages.append(message)
            if message.type == type_ and data.items() <= message.data.items():
                count -= 1
                if not count:
                    break
        return messages


@asynccontextmanager
async def service(house: Any) -> AsyncIterator[Running]:
    bus = Bus()
    with bus.listen() as heard:
        async with house.app.alone(), downloading(house.app, bus) as downloads:
            yield Running(downloads, heard, house)


async def jobs() -> list[DownloadQueueItem]:
    async with get_db_session(read_only=True) as session:
        return list(await session.scalars(select(DownloadQueueItem).order_by(DownloadQueueItem.id)))


async def test_everything_that_is_queued_is_filed_and_told(house: Any) -> None:
    async with service(house) as running:
        assert len(await running.add()) == 7
        messages = await running.until("episode.changed", 7)
        assert len(house.videos()) == 7 and house.stray() == []
        (row, *_) = (await running.downloads.get_queue_status()).counts.items()
        assert row is not None
    states = [
        (message.data["state"], message.data["stage"])
        for message in messages
        if message.type == "job.changed" and message.subject == ("job", messages[0].data["id"])
    ]
    stages = [stage for state, stage in states if state == "downloading" and stage]
    assert stages == ["resolving", "downloading", "verifying", "describing", "filing"]
    assert {message.data["key"] for message in messages if message.type == "series.changed"} == {
        "das-regal-am-ende-der-welt"
    }
    tried = [message.data for message in messages if message.type == "attempt.ended"]
    assert {one["result"] for one in tried} == {"ok"} and {one["folder"] for one in tried}
    assert {job.status for job in await jobs()} == {"completed"}


async def test_what_is_stopped_half_way_waits_with_its_parts_and_the_next_start_goes_on(house: Any) -> None:
    house.practice.faults["VOE"] = Faults(slow=0.2)
    async with service(house) as running:
        await running.add("S01E01")
        await running.until("job.changed", stage="downloading")
    (job,) = await jobs()
    assert (job.status, job.attempt, job.retry_count) == ("pending", 1, 0)
    assert list(house.app.staging().glob("job-*"))
    house.practice.faults.clear()
    async with service(house) as running:
        await running.until("episode.changed")
    assert len(house.videos()) == 1 and not list(house.app.staging().glob("job-*"))


async def test_what_is_removed_while_it_runs_leaves_no_parts(house: Any) -> None:
    house.practice.faults["VOE"] = Faults(slow=0.2)
    async with service(house) as running:
        (id_,) = await running.add("S01E01")
        await running.until("job.changed", stage="downloading")
        assert list(house.app.staging().glob("job-*"))
        await running.downloads.remove(Which([id_]))
        assert not list(house.app.staging().glob("job-*"))
    assert house.videos() == [] and [job.status for job in await jobs()] == ["cancelled"]


async def test_a_job_that_a_dead_process_left_running_is_done(house: Any) -> None:
    async with get_db_session() as session:
        (job_id,) = await queue.enqueue(session, [(await house.rows())["S01E01"].episode.id])
        assert await queue.take_up(session, job_id)
    async with service(house) as running:
        await running.until("episode.changed")
    (job,) = await jobs()
    assert (job.id, job.status, job.attempt) == (job_id, "completed", 2)


async def test_a_job_whose_end_the_store_did_not_take_down_is_settled_and_those_that_run_are_left_alone(
    house: Any,
) -> None:
    rows = await house.rows()
    async with get_db_session() as session:
        found = await queue.enqueue(session, [rows["S01E01"].episode.id, rows["S01E02"].episode.id])
        for job_id in found:
            await queue.take_up(session, job_id)
    lost, runs = found
    await recover(house.app, lambda job_id: job_id == runs, clear=False)
    assert {job.id: job.status for job in await jobs()} == {lost: "pending", runs: "downloading"}


async def test_a_site_that_shows_a_gate_makes_its_jobs_wait_and_fails_none(house: Any) -> None:
    house.practice.faults["aniworld"] = Faults(gated=True)
    async with service(house) as running:
        await running.add("S01E01", "S01E02", "S01E03")
        await running.until("job.changed", state="pending", code="needs_person")
        house.practice.requests.clear()
        for _ in range(3):
            await running.downloads.look()
        assert house.practice.asked("aniworld") == []
    assert {job.status for job in await jobs()} == {"pending"}
    assert {job.retry_count for job in await jobs()} == {0}
    house.practice.faults.clear()
    async with get_db_session() as session:
        await hosts.change(session, "site", "aniworld", lambda state: type(state)(state.name))
    async with service(house) as running:
        await running.until("episode.changed", 3)


async def test_a_library_that_is_gone_holds_the_queue_and_it_goes_on_when_it_is_back(house: Any) -> None:
    away = house.library.rename(house.library.parent / "away")
    async with service(house) as running:
        await running.add("S01E01")
        (*_, held) = await running.until("queue.changed")
        assert held.data["hold"]["code"] == "setup" and str(house.library) in held.data["hold"]["text"]
        assert {job.status for job in await jobs()} == {"pending"}
        away.rename(house.library)
        await running.downloads.look()
        await running.until("episode.changed")


@pytest.mark.parametrize("house", [{"downloads": {"floor_mib": 10**9}}], indirect=True)
async def test_too_little_room_holds_the_queue_and_says_how_much_there_is(house: Any) -> None:
    async with service(house) as running:
        await running.add("S01E01")
        (*_, held) = await running.until("queue.changed")
        assert held.data["hold"]["code"] == "disk_full" and "floor of" in held.data["hold"]["text"]
    assert [job.status for job in await jobs()] == ["pending"]


async def test_a_disk_that_fills_up_on_the_way_puts_the_job_back_with_its_reason(house: Any) -> None:
    full = house.app.settings.downloads.model_copy(update={"floor_mib": 10**9})
    app = replace(house.app, settings=house.app.settings.model_copy(update={"downloads": full}))
    async with get_db_session() as session:
        (job_id,) = await queue.enqueue(session, [(await house.rows())["S01E01"].episode.id])
    async with ImageDownloader(house.app.network) as images:
        fetcher = Fetcher(app, images)
        (item,) = await StoredQueue().get_items([str(job_id)])
        assert isinstance(await fetcher.download(item, ignore), DiskFull)
        (job,) = await jobs()
        assert (job.status, job.error_code, job.retry_count) == ("pending", "disk_full", 0)
        hold = await fetcher.hold()
        assert hold is not None and hold.code == "disk_full"
        await fetcher.close()


async def test_a_host_that_is_busy_with_other_episodes_is_asked_last(house: Any) -> None:
    async with ImageDownloader(house.app.network) as images:
        fetcher = Fetcher(house.app, images)
        async with get_db_session() as session:
            (job_id,) = await queue.enqueue(session, [(await house.rows())["S01E01"].episode.id])
        (item,) = await StoredQueue().get_items([str(job_id)])
        async with fetcher._places.place("VOE"), fetcher._places.place("VOE"):
            assert await fetcher.download(item, ignore) is None
        await fetcher.close()
    assert (await house.rows())["S01E01"].file.provider == "Doodstream"


async def test_so_many_at_one_host_and_the_next_waits_for_its_place() -> None:
    places, inside, most = HostSlots(2), 0, 0
    full, go = asyncio.Event(), asyncio.Event()

    async def fetch() -> None:
        nonlocal inside, most
        async with places.place("VOE"):
            inside += 1
            most = max(most, inside)
            if places.full():
                full.set()
            await go.wait()
            inside -= 1

    tasks = [asyncio.create_task(fetch()) for _ in range(5)]
    await full.wait()
    assert places.full() == {"VOE"}
    go.set()
    await asyncio.gather(*tasks)
    assert most == 2 and places.full() == set()


async def test_trouble_ends_after_a_while_whatever_the_time_of_day_is_set_to() -> None:
    trouble = Trouble(lasts=60)
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC)) as wall:
        trouble["aniworld"] = DiskFull("x")
        wall.shift(86_400)
        assert trouble.now() == {"aniworld"}
        wall.shift(-2 * 86_400)
        assert trouble.get("aniworld") is not None
    over = Trouble(lasts=0)
    over["aniworld"] = DiskFull("x")
    assert over.get("aniworld") is None and over.now() == set()


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        ("", "12:00", None),
        ("18:00-23:30", "17:59", None),
        ("18:00-23:30", "18:00", "01 23:30"),
        ("18:00-23:30", "23:30", None),
        ("22:00-06:30", "23:00", "02 06:30"),
        ("22:00-06:30", "00:10", "01 06:30"),
        ("22:00-06:30", "06:30", None),
        ("05:00-05:00", "05:00", "02 05:00"),
    ],
)
def test_quiet_hours_and_their_end(hours: str, now: str, end: str | None) -> None:
    moment = datetime.fromisoformat(f"2026-06-01T{now}").astimezone()
    found = quiet_until(hours, moment)
    assert (found.strftime("%d %H:%M") if found else None) == end


@pytest.mark.parametrize("house", [{"downloads": {"quiet_hours": "00:00-00:00"}}], indirect=True)
async def test_in_quiet_hours_nothing_is_begun_and_what_was_left_is_settled(house: Any) -> None:
    async with get_db_session() as session:
        (job_id,) = await queue.enqueue(session, [(await house.rows())["S01E01"].episode.id])
        await queue.take_up(session, job_id)
    async with service(house) as running:
        (*_, held) = await running.until("queue.changed")
        assert held.data["hold"]["code"] == "quiet_hours"
        await running.downloads.look()
    assert [job.status for job in await jobs()] == ["pending"]
