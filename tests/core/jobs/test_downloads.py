"""Promises of the download service on the store: what is asked of the queue happens, at once and once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from anidana.core.errors import AnidanaError, Held, NotFound
from anidana.core.jobs.bus import Bus
from anidana.core.jobs.downloads import STALLED_AFTER, DownloadService
from anidana.core.jobs.events import Listener, Moved, Staged
from anidana.core.jobs.items import DownloadItem, DownloadPriority, EpisodeIdentifier, Hold
from anidana.core.jobs.publish import Publisher
from anidana.core.jobs.stored_queue import StoredQueue
from anidana.core.models import GERMAN_DUB, Attempt, Episode, Number, Season, Series
from anidana.core.store import queue, shelf
from anidana.core.store.queue_control import Which
from anidana.core.store.sessions import get_db_session, open_store
from anidana.core.store.tables import AnimeSeries, DownloadQueueItem, Status, now
from anidana.core.store.tables import Episode as EpisodeRow

KEY = "frieren"


@dataclass
class Desk:
    """Does what the real one does to the store, when it is told to."""

    holding: Hold | None = None
    off: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)
    started: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    go: dict[str, asyncio.Event] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    settled: int = 0

    async def hold(self) -> Hold | None:
        return self.holding

    async def settle(self, is_running: Callable[[int], bool]) -> None:
        self.settled += 1

    async def sites_off(self) -> set[str]:
        return self.off

    async def forget(self, ids: Collection[str]) -> None:
        self.forgotten.extend(ids)

    async def download(self, item: DownloadItem, listen: Listener) -> AnidanaError | None:
        async with get_db_session() as session:
            ticket = await queue.take_up(session, int(item.id))
        if ticket is None:
            return Held("not waiting")
        self.order.append(item.id)
        self.listeners[item.id] = listen
        gate = self.go.setdefault(item.id, asyncio.Event())
        self.started.put_nowait(item.id)
        try:
            await gate.wait()
        except asyncio.CancelledError:
            async with get_db_session() as session:
                await queue.put_back(session, ticket)
            raise
        async with get_db_session() as session:
            if self.outcomes.get(item.id) == "failed":
                await queue.fail(session, ticket, "no_stream", "nobody had it", counts=True, most_retries=3)
            else:
                await queue.complete(session, ticket, [])
        return None

    async def finish(self, id_: str) -> None:
        self.go.setdefault(id_, asyncio.Event()).set()


@dataclass
class Room:
    """A service on a store with one series of twelve episodes, and another of two."""

    service: DownloadService
    desk: Desk
    bus: Bus
    episode_ids: dict[tuple[str, int], int]

    async def add(self, *numbers: int, key: str = KEY, priority: str = "normal") -> list[str]:
        episodes = [EpisodeIdentifier(1, n) for n in numbers]
        return await self.service.add_to_queue(key, key, key, episodes, priority)

    async def states(self) -> dict[int, str]:
        """State by number of episode, of the first series."""
        async with get_db_session(read_only=True) as session:
            rows = await session.execute(
                select(EpisodeRow.episode_number, DownloadQueueItem.status)
                .join(EpisodeRow, EpisodeRow.id == DownloadQueueItem.episode_id)
                .order_by(DownloadQueueItem.id)
            )
            return {row[0]: str(row[1]) for row in rows}

    async def waiting(self) -> list[int]:
        """Episodes in the order in which they will be taken."""
        return [item.episode.episode for item in await self.service.items()]

    async def row(self, id_: str) -> DownloadQueueItem:
        async with get_db_session(read_only=True) as session:
            return await session.get_one(DownloadQueueItem, int(id_))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_store(tmp_path / "anidana.db"):
        async with get_db_session() as session:
            for key, most in ((KEY, 12), ("another", 2)):
                series = Series("aniworld", key, key, f"https://aniworld.to/anime/stream/{key}", (1,))
                row = await shelf.save_series(session, series, key)
                season = Season(1, tuple(Episode(Number(1, n), f"{n}") for n in range(1, most + 1)))
                await shelf.save_season(session, row.id, season)
            rows = await shelf.episodes(session)
        ids = {(row.series.key, row.episode.episode_number): row.episode.id for row in rows}
        desk, bus = Desk(), Bus()
        service = DownloadService(desk, StoredQueue(), 3, slots=2, publisher=Publisher(bus))
        yield Room(service, desk, bus, ids)


async def test_items_are_taken_in_order_and_the_more_urgent_first(room: Room) -> None:
    await room.add(1, 2)
    await room.add(3, priority="low")
    await room.add(4, priority="high")
    await room.add(5)
    await room.add(6, priority="high")
    assert await room.waiting() == [4, 6, 1, 2, 5, 3]


async def test_items_change_places_and_go_first(room: Room) -> None:
    ids = dict(zip(range(1, 6), await room.add(1, 2, 3, 4, 5), strict=True))
    await room.service.reorder([ids[5], ids[1], ids[3]])
    assert await room.waiting() == [5, 2, 1, 4, 3], "2 and 4 stay where they were"
    await room.service.put_first([ids[4], ids[3]])
    assert await room.waiting() == [4, 3, 5, 2, 1]
    await room.service.prioritise([ids[1]], "high")
    assert await room.waiting() == [1, 4, 3, 5, 2]
    await room.service.reorder(["nonsense", "99999", ids[2], ids[1]])
    assert await room.waiting() == [2, 4, 3, 5, 1]


async def test_pages_of_items_joined_are_the_queue(room: Room) -> None:
    await room.add(*range(1, 8))
    await room.service.put_first([(await room.service.items())[3].id])
    pages, after = [], None
    while some := await room.service.page([Status.PENDING], after, 3):
        pages += some
        after = some[-1].position, int(some[-1].id)
    assert pages == await room.service.items() and len(pages) == 7
    assert await room.service.page([Status.FAILED]) == []


async def test_what_was_put_first_meanwhile_is_taken_first(room: Room) -> None:
    ids = await room.add(1, 2, 3, 4)
    async with room.service.running():
        running = {await room.desk.started.get(), await room.desk.started.get()}
        assert running == {ids[0], ids[1]}, "two at once"
        await room.service.put_first([ids[3]])
        await room.desk.finish(ids[0])
        assert await room.desk.started.get() == ids[3]


async def test_a_job_that_runs_is_paused_at_once_and_goes_on_where_it_stood(room: Room) -> None:
    (id_,) = await room.add(1)
    async with room.service.running():
        await room.desk.started.get()
        assert await room.service.pause(Which(jobs=[id_])) == [id_]
        assert (await room.row(id_)).status == Status.PAUSED
        assert await room.add(1) == [], "it stands for its episode still"
        await room.service.resume(Which())
        assert await room.desk.started.get() == id_


async def test_series_are_paused_and_resumed_alone(room: Room) -> None:
    await room.add(1, 2)
    await room.add(1, key="another")
    async with get_db_session(read_only=True) as session:
        series = await shelf.by_key(session, "aniworld", "another")
    assert series is not None
    assert len(await room.service.pause(Which(series=[series.id]))) == 1
    assert len(await room.service.pause(Which())) == 2
    assert len(await room.service.resume(Which(series=[series.id]))) == 1


async def test_what_is_removed_while_it_runs_is_stopped_forgotten_and_may_come_again(room: Room) -> None:
    (id_,) = await room.add(1)
    async with room.service.running():
        await room.desk.started.get()
        await room.service.remove(Which(jobs=[id_]))
        assert (await room.row(id_)).status == Status.CANCELLED
        assert room.desk.forgotten == [id_]
        (again,) = await room.add(1)
        assert await room.desk.started.get() == again != id_


async def test_what_is_being_filed_is_past_pausing_and_removing(room: Room) -> None:
    (id_,) = await room.add(1)
    async with get_db_session() as session:
        assert await queue.take_up(session, int(id_))
        await session.execute(update(DownloadQueueItem).values(stage="filing"))
    assert await room.service.pause(Which()) == []
    assert await room.service.remove(Which(jobs=[id_])) == []
    assert (await room.row(id_)).status == Status.DOWNLOADING


async def test_failed_jobs_are_retried_and_the_count_goes_on(room: Room) -> None:
    (id_,) = await room.add(1)
    room.desk.outcomes[id_] = "failed"
    async with room.service.running():
        for count in (1, 2, 3):
            await room.desk.started.get()
            await ended(room, id_)
            assert (await room.row(id_)).retry_count == count
            assert await room.service.retry() == [id_]
        await room.desk.started.get()
        await ended(room, id_)
        assert (await room.row(id_)).status == Status.PERMANENTLY_FAILED
        assert await room.service.retry() == [], "all failed ones: not those that were given up"
        assert await room.service.retry([id_]) == [id_]
        assert (await room.row(id_)).retry_count == 0


async def ended(room: Room, id_: str) -> None:
    """Let a job end, and wait until the service has taken note."""
    with room.bus.listen() as subscription:
        room.desk.go[id_].set()
        async for message in subscription:
            if message.type == "job.changed" and message.data["state"] not in ("downloading", "pending"):
                break
    room.desk.go[id_] = asyncio.Event()


async def test_a_failed_job_is_due_again_by_itself_and_what_has_come_meanwhile_is_not(room: Room) -> None:
    ids = await room.add(1, 2, 3)
    async with get_db_session() as session:
        for id_ in ids:
            ticket = await queue.take_up(session, int(id_))
            assert ticket is not None
            await queue.fail(session, ticket, "no_stream", "", counts=True, most_retries=3)
    await room.service.look()
    assert set((await room.states()).values()) == {"failed"}, "not before its time"
    async with get_db_session() as session:
        await session.execute(update(DownloadQueueItem).values(next_try_at=now() - timedelta(seconds=1)))
        await session.execute(
            update(EpisodeRow)
            .where(EpisodeRow.id == room.episode_ids[KEY, 2])
            .values(is_downloaded=True, file_path="/lib/2.mkv")
        )
    await room.service.look()
    assert await room.states() == {1: "pending", 2: "failed", 3: "pending"}


async def test_what_has_ended_is_cleared_by_its_state(room: Room) -> None:
    ids = await room.add(1, 2, 3)
    async with room.service.running():
        room.desk.outcomes[ids[1]] = "failed"
        for id_ in ids[:2]:
            await room.desk.started.get()
            await ended(room, id_)
        assert await room.service.clear([Status.COMPLETED, Status.PENDING]) == [ids[0]]
        assert await room.service.clear([Status.FAILED]) == [ids[1]]


async def test_a_queue_that_is_stopped_stays_so_and_keeps_its_jobs(room: Room) -> None:
    (id_,) = await room.add(1)
    async with room.service.running():
        await room.desk.started.get()
        await room.service.stop_downloads()
        assert (await room.row(id_)).status == Status.PENDING
    again = DownloadService(room.desk, StoredQueue(), slots=2)
    async with again.running():
        await again.look()
        assert (await again.get_queue_status()).stopped and room.desk.started.empty()
        await again.start_downloads()
        assert await room.desk.started.get() == id_


async def test_a_scan_does_not_start_a_stopped_queue(room: Room) -> None:
    from anidana.core import following

    await room.service.stop_downloads()
    await following.note_scan()
    assert (await room.service.get_queue_status()).stopped


async def test_what_holds_the_queue_up_is_said_and_it_goes_on_by_itself(room: Room) -> None:
    room.desk.holding = Hold("disk_full", "3 MiB are free", "make room")
    (id_,) = await room.add(1)
    with room.bus.listen(after=0) as heard:
        async with room.service.running():
            await room.service.look()
            assert (await room.service.get_queue_status()).hold == room.desk.holding
            assert room.desk.started.empty() and room.desk.settled == 0
            room.desk.holding = None
            await room.service.look()
            assert await room.desk.started.get() == id_
    holds = [one.data["hold"] for one in heard.waiting if one.type == "queue.changed"]
    assert [hold and hold["code"] for hold in holds] == ["disk_full", None]


async def test_series_of_a_site_in_trouble_wait_and_others_go_on(room: Room) -> None:
    await room.add(1)
    room.desk.off = {"aniworld"}
    async with room.service.running():
        await room.service.look()
        assert room.desk.started.empty()
        room.desk.off = set()
        await room.service.look()
        await room.desk.started.get()


async def test_a_job_without_progress_is_taken_back_and_counts_once(room: Room) -> None:
    clock = asyncio.get_running_loop()
    (id_,) = await room.add(1)
    async with room.service.running():
        await room.desk.started.get()
        room.desk.listeners[id_](Staged(int(id_), "", "downloading"))
        room.service._working[id_].moved_at = clock.time() - STALLED_AFTER + 5
        await room.service.look()
        assert (await room.row(id_)).status == Status.DOWNLOADING
        room.service._working[id_].moved_at = clock.time() - STALLED_AFTER - 5
        room.desk.listeners[id_](Moved(int(id_), "", 1, 2))
        await room.service.look()
        assert (await room.row(id_)).status == Status.DOWNLOADING, "it has moved"
        room.service._working[id_].moved_at = clock.time() - STALLED_AFTER - 5
        await room.service.look()
        row = await room.row(id_)
        assert (row.status, row.error_code, row.retry_count) == ("failed", "stalled", 1)
        assert row.next_try_at is not None and row.next_try_at > now()


async def test_what_another_process_called_off_may_be_queued_again(room: Room) -> None:
    await room.add(1)
    async with get_db_session() as session:
        series = await shelf.by_key(session, "aniworld", KEY)
        assert series is not None
        await shelf.unfollow(session, series.id)
        series = await shelf.by_key(session, "aniworld", KEY)
        assert series is not None
        series.followed = True
    assert len(await room.add(1)) == 1


async def test_a_series_that_is_deleted_while_it_is_fetched_leaves_nothing_behind(room: Room) -> None:
    (id_,) = await room.add(1, key="another")
    async with room.service.running():
        await room.desk.started.get()
        async with get_db_session() as session:
            await session.execute(delete(AnimeSeries).where(AnimeSeries.key == "another"))
            attempt = Attempt("VOE", GERMAN_DUB, "ok")
            await queue.save_attempts(session, queue.Ticket(int(id_), 1), [attempt])
        (other,) = await room.add(1)
        room.desk.go[id_].set()
        await room.desk.started.get()
        await ended(room, other)
        assert room.service._pending_by_episode == {}
        assert await room.service.add_episodes([room.episode_ids["another", 1], 10**6]) == []


async def test_unknown_episodes_and_series_are_refused_and_nothing_is_queued(room: Room) -> None:
    with pytest.raises(NotFound, match="S01E99"):
        await room.add(1, 99)
    with pytest.raises(NotFound, match="nobody"):
        await room.add(1, key="nobody")
    assert await room.states() == {}
    assert len(await room.add(1)) == 1


async def test_a_key_that_two_sites_share_is_refused_and_each_is_found_by_its_site(room: Room) -> None:
    async with get_db_session() as session:
        series = Series("serienstream", KEY, KEY, f"https://s.to/serie/{KEY}", (1,))
        row = await shelf.save_series(session, series, "other")
        await shelf.save_season(session, row.id, Season(1, (Episode(Number(1, 1), "1"),)))
    with pytest.raises(NotFound, match="2 followed series"):
        await room.add(1)
    assert len(await room.add(1, key=f"aniworld:{KEY}")) == 1
    assert len(await room.add(1, key=f"serienstream:{KEY}")) == 1
    assert [item.serie_id for item in await room.service.items()] == [
        f"aniworld:{KEY}",
        f"serienstream:{KEY}",
    ]


async def test_ten_thousand_are_one_insert_one_message_and_no_second_time(room: Room) -> None:
    async with get_db_session() as session:
        row = await shelf.save_series(
            session, Series("aniworld", "long", "Long", "https://aniworld.to/anime/stream/long", (1,)), "long"
        )
        await shelf.save_season(
            session, row.id, Season(1, tuple(Episode(Number(1, n), "") for n in range(1, 10_001)))
        )
        ids = [one.episode.id for one in await shelf.episodes(session, series_ids=[row.id])]
    with room.bus.listen() as heard:
        assert len(await room.service.add_episodes(ids)) == 10_000
        assert await room.service.add_episodes(ids) == []
    assert [(one.type, one.data) for one in heard.waiting] == [("queue.changed", {"count": 10_000})]


async def test_two_clients_at_once_never_queue_an_episode_twice(room: Room) -> None:
    async def client(first: int) -> list[str]:
        added = []
        for n in range(12):
            added += await room.add((first + n) % 12 + 1)
        return added

    added = await asyncio.gather(*(client(start) for start in (0, 3, 6, 9)))
    assert len({id_ for ids in added for id_ in ids}) == sum(map(len, added)) == 12


async def test_a_store_that_fails_for_a_moment_costs_nothing(room: Room, caplog: Any) -> None:
    failed = asyncio.Event()

    class Locked(Desk):
        async def download(self, item: DownloadItem, listen: Listener) -> AnidanaError | None:
            if not self.order:
                self.order.append("locked")
                failed.set()
                raise Held("another program holds the database")
            return await super().download(item, listen)

    desk = Locked()
    service = DownloadService(desk, StoredQueue(), slots=1)
    await service.add_to_queue(KEY, KEY, KEY, [EpisodeIdentifier(1, 1)], DownloadPriority.HIGH)
    async with service.running():
        await failed.wait()
        await service.look()
        await desk.started.get()
    assert "another program holds the database" in caplog.text
