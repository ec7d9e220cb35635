"""Promises of the queue: no second job for an episode, a fenced last step, nothing lost."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from anidana.core.models import GERMAN_DUB, Attempt
from anidana.core.store import outbox, queue, shelf
from anidana.core.store.queue import Ticket
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import DownloadQueueItem, EpisodeFile, Status, now


def _file(episode_id: int, path: str = "/lib/1.mkv") -> EpisodeFile:
    return EpisodeFile(episode_id=episode_id, path=path, language="de", provider="VOE", size=10, seconds=1.0)


async def _only_job() -> DownloadQueueItem:
    async with get_db_session(read_only=True) as session:
        return (await session.scalars(select(DownloadQueueItem))).one()


async def _pending() -> list[int]:
    async with get_db_session(read_only=True) as session:
        query = select(DownloadQueueItem.id).where(DownloadQueueItem.status == Status.PENDING)
        return sorted(await session.scalars(query))


async def _take_up(episode_id: int) -> Ticket:
    async with get_db_session() as session:
        (job_id,) = await queue.enqueue(session, [episode_id])
        ticket = await queue.take_up(session, job_id)
    assert ticket is not None
    return ticket


async def test_an_episode_is_queued_once_however_often_it_is_asked_for(episode_ids: list[int]) -> None:
    async with get_db_session() as session:
        first = await queue.enqueue(session, [episode_ids[1], episode_ids[0], episode_ids[1]])
        second = await queue.enqueue(session, [episode_ids[0], episode_ids[2]])
    assert await _pending() == sorted({*first, *second})
    assert list(first.values()) == [episode_ids[1], episode_ids[0]], "in the order asked for"
    assert len({*first, *second}) == 3


async def test_the_database_itself_refuses_a_second_open_job(episode_ids: list[int]) -> None:
    with pytest.raises(IntegrityError):
        async with get_db_session() as session:
            session.add(DownloadQueueItem(episode_id=episode_ids[0], status=Status.DOWNLOADING))
            session.add(DownloadQueueItem(episode_id=episode_ids[0]))
    async with get_db_session() as session:
        session.add(DownloadQueueItem(episode_id=episode_ids[0], status=Status.COMPLETED))
        session.add(DownloadQueueItem(episode_id=episode_ids[0], status=Status.FAILED))
        session.add(DownloadQueueItem(episode_id=episode_ids[0]))


async def test_a_job_is_taken_up_once(episode_ids: list[int]) -> None:
    ticket = await _take_up(episode_ids[0])
    async with get_db_session() as session:
        assert await queue.take_up(session, ticket.job_id) is None


async def test_the_last_step_marks_the_episode_and_tells_every_server(episode_ids: list[int]) -> None:
    ticket = await _take_up(episode_ids[0])
    async with get_db_session() as session:
        assert await queue.plan_filing(session, ticket, _file(episode_ids[0]))
        assert await queue.complete(session, ticket, ["jellyfin", "kodi"])
    async with get_db_session(read_only=True) as session:
        row = (await shelf.episodes(session))[0]
        waiting = await outbox.waiting(session)
    assert row.episode.is_downloaded and row.episode.file_path == "/lib/1.mkv"
    assert row.file is not None and row.file.provider == "VOE"
    assert [one.row.server for one in waiting] == ["jellyfin", "kodi"]


async def test_a_worker_that_lost_its_job_changes_nothing(episode_ids: list[int]) -> None:
    frozen = await _take_up(episode_ids[0])
    async with get_db_session() as session:
        await queue.put_back(session, frozen)
    current = await _take_up(episode_ids[0])
    async with get_db_session() as session:
        assert not await queue.plan_filing(session, frozen, _file(episode_ids[0]))
        assert not await queue.complete(session, frozen, ["kodi"])
        assert not await queue.fail(session, frozen, "gone", "x", counts=True, most_retries=3)
        assert await outbox.waiting(session) == []
    job = await _only_job()
    assert (job.status, job.attempt, job.file_destination) == ("downloading", current.attempt, None)


async def test_failures_that_count_end_in_giving_up_and_a_new_wish_starts_anew(
    episode_ids: list[int],
) -> None:
    for _ in range(3):
        ticket = await _take_up(episode_ids[0])
        async with get_db_session() as session:
            await queue.fail(session, ticket, "no_stream", "all failed", counts=True, most_retries=2)
    job = await _only_job()
    assert (job.status, job.retry_count, job.error_message) == ("permanently_failed", 3, "all failed")
    again = await _take_up(episode_ids[0])
    assert again.job_id != ticket.job_id


async def test_failures_that_do_not_count_never_give_up(episode_ids: list[int]) -> None:
    for _ in range(5):
        ticket = await _take_up(episode_ids[0])
        async with get_db_session() as session:
            await queue.fail(session, ticket, "not_out", "not out", counts=False, most_retries=0)
    job = await _only_job()
    assert (job.status, job.retry_count, job.attempt) == ("failed", 0, 5)


async def test_a_paused_job_waits_until_it_is_asked_for(episode_ids: list[int]) -> None:
    ticket = await _take_up(episode_ids[0])
    async with get_db_session() as session:
        await queue.pause(session, ticket, "disk_full", "no room")
    assert await _pending() == []
    async with get_db_session() as session:
        assert [row.job.status for row in await shelf.episodes(session, open_jobs=True) if row.job] == [
            "paused"
        ]
        assert list(await queue.enqueue(session, [episode_ids[0]])) == [ticket.job_id]
    assert await _pending() == [ticket.job_id]


async def test_a_file_told_again_is_one_entry_that_waits_again(episode_ids: list[int]) -> None:
    for path in ("/lib/old.mkv", "/lib/new.mkv"):
        ticket = await _take_up(episode_ids[0])
        async with get_db_session() as session:
            await queue.plan_filing(session, ticket, _file(episode_ids[0], path))
            await queue.complete(session, ticket, ["kodi"])
            (entry,) = await outbox.waiting(session)
            assert entry.row.path == path
            await outbox.confirm(session, [entry.row.id])
            assert await outbox.waiting(session) == []


async def test_attempts_are_kept_in_order(episode_ids: list[int]) -> None:
    began = now()
    ticket = await _take_up(episode_ids[0])
    tried = [Attempt("VOE", GERMAN_DUB, "gone", "removed", 0.5), Attempt("Vidmoly", GERMAN_DUB, "ok")]
    async with get_db_session() as session:
        await queue.save_attempts(session, ticket, tried)
        rows = await queue.attempts(session, [ticket.job_id], began)
    assert [(row.provider, row.result, row.language) for row in rows] == [
        ("VOE", "gone", "de"),
        ("Vidmoly", "ok", "de"),
    ]


async def test_an_endless_label_of_a_host_costs_no_attempt(episode_ids: list[int]) -> None:
    began = now()
    ticket = await _take_up(episode_ids[0])
    async with get_db_session() as session:
        await queue.save_attempts(session, ticket, [Attempt("V" * 200, GERMAN_DUB, "refused")])
        (row,) = await queue.attempts(session, [ticket.job_id], began)
    assert row.provider == "V" * 100
