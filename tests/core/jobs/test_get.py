"""Promises of a run: all that is missing is filed, what fails has a reason, nothing is half-made."""

from __future__ import annotations

import asyncio
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from anidana.core import following
from anidana.core.demo.faults import Faults
from anidana.core.demo.story import SHELF
from anidana.core.errors import DiskFull, Held, NeedsPerson, NoStream, NotFound, NotOut, Refused, SetupError
from anidana.core.jobs.events import Moved, Staged, Tried
from anidana.core.jobs.get import attempts_of, pick
from anidana.core.models import ENGLISH_SUB, GERMAN_DUB, Number
from anidana.core.selector import parse
from anidana.core.steps import Get
from anidana.core.store import shelf
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import DownloadQueueItem

KEY = SHELF.series.key


async def jobs_in_store() -> list[DownloadQueueItem]:
    async with get_db_session(read_only=True) as session:
        return list(await session.scalars(select(DownloadQueueItem).order_by(DownloadQueueItem.id)))


async def test_everything_missing_is_filed_once(house: Any) -> None:
    outcome = await house.get(KEY)
    assert (len(outcome.done), outcome.failed) == (7, [])
    rows = await house.rows()
    assert all(row.episode.is_downloaded for row in rows.values())
    assert len(house.videos()) == 7
    assert house.stray() == []
    asked = len(house.practice.requests)
    again = await house.get(KEY)
    assert (again.done, again.failed) == ([], [])
    assert len(house.practice.requests) == asked, "what is on disk is not asked for"


async def test_the_language_that_was_got_is_what_store_and_file_say(house: Any) -> None:
    await house.get(KEY, "S01E01", "S01E03", "S02E02")
    rows = await house.rows()
    got = {number: rows[number].file.language for number in ("S01E01", "S01E03", "S02E02")}
    assert got == {"S01E01": "de", "S01E03": "ja+de", "S02E02": "ja+en"}
    media = {number: rows[number].file.media["audio_languages"] for number in got}
    assert media["S01E01"] in (["deu"], ["ger"]) and media["S01E03"] == ["jpn"]


async def test_a_host_that_fails_makes_room_for_the_next_and_is_remembered(house: Any) -> None:
    house.practice.faults["VOE"] = Faults(segments_refused=True)
    house.practice.faults["Doodstream"] = Faults(dead=True)
    outcome = await house.get(KEY, "S01E01")
    assert len(outcome.done) == 1
    rows = await house.rows()
    assert rows["S01E01"].file.provider == "Vidmoly"
    tried = [(one.provider, one.result) for _, one in await attempts_of(outcome)]
    assert tried == [("VOE", "refused"), ("Doodstream", "refused"), ("Vidmoly", "ok")]


async def test_an_episode_that_no_host_delivers_fails_with_every_reason(
    house: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for host in ("VOE", "Doodstream", "Vidmoly"):
        house.practice.faults[host] = Faults(gone=True)
    with caplog.at_level(logging.ERROR):
        outcome = await house.get(KEY, "S01E03")
    ((_, error),) = outcome.failed
    assert isinstance(error, NoStream)
    # One attempt per mirror: two languages at three hosts.
    assert [attempt.result for attempt in error.attempts] == ["gone"] * 6
    (job,) = await jobs_in_store()
    assert (job.status, job.error_code, job.retry_count) == ("failed", "no_stream", 1)
    assert (await house.rows())["S01E03"].episode.is_downloaded is False
    assert "All download providers failed for S01E003" in caplog.text
    assert "VOE" in caplog.text and house.videos() == []


async def test_another_language_is_never_taken_silently(house: Any) -> None:
    outcome = await house.get(KEY, "S02E02", languages=[GERMAN_DUB])
    ((_, error),) = outcome.failed
    assert isinstance(error, NotOut)
    assert "English sub" in str(error), "what there is instead is said"
    (job,) = await jobs_in_store()
    assert (job.status, job.error_code, job.retry_count) == ("failed", "not_out", 0)
    assert house.practice.asked("VOE") == []


async def test_a_lower_language_is_taken_where_the_owner_lists_it(house: Any) -> None:
    outcome = await house.get(KEY, "S02E02", languages=[GERMAN_DUB, ENGLISH_SUB])
    assert len(outcome.done) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Faults(gated=True), NeedsPerson),
        (Faults(blocked=True), Refused),
        (Faults(server_error=True), Refused),
        (Faults(dead=True), Refused),
    ],
)
async def test_a_site_in_trouble_is_named_and_not_asked_for_every_episode(
    house: Any, fault: Faults, kind: type[Exception]
) -> None:
    house.practice.faults["aniworld"] = fault
    house.practice.requests.clear()
    outcome = await house.get(KEY)
    assert len(outcome.failed) == 7
    assert {type(error) for _, error in outcome.failed} == {kind}
    # Two jobs at once, each request sent again once where the connection was closed on it.
    assert len(house.practice.asked("aniworld")) <= 4
    assert {job.retry_count for job in await jobs_in_store()} == {0}, "no failure of the episodes"


async def test_a_gate_before_the_links_is_shown_once_and_costs_no_retry(house: Any) -> None:
    house.practice.faults["aniworld"] = Faults(gated_links=True)
    outcome = await house.get(KEY)
    assert {type(error) for _, error in outcome.failed} == {NeedsPerson}
    assert all(error.url.startswith("https://aniworld.to/redirect/") for _, error in outcome.failed)
    assert {job.retry_count for job in await jobs_in_store()} == {0}
    links = [seen for seen in house.practice.asked("aniworld") if seen.path.startswith("/redirect/")]
    assert len(links) <= 6, "nobody asks for every mirror of every episode"


async def test_a_staging_folder_that_cannot_be_is_told_before_anything_is_fetched(house: Any) -> None:
    house.practice.requests.clear()
    with pytest.raises(SetupError, match="/proc/nowhere"):
        await with_downloads(house, staging=Path("/proc/nowhere")).get(KEY, "S01E01")
    assert house.practice.requests == [] and await jobs_in_store() == []
    assert len((await house.get(KEY, "S01E01")).done) == 1


async def test_what_was_staged_for_a_job_that_is_over_is_removed(house: Any) -> None:
    left = house.app.staging() / "job-999"
    left.mkdir()
    await house.get(KEY, "S01E01")
    assert not left.exists() and list(house.app.staging().iterdir()) == []


async def test_half_characters_from_a_host_cost_nothing(house: Any) -> None:
    url = "https://voe.sx/e/x\udcff?token=1"
    plugins = house.app.plugins

    class Odd:
        name, domains, headers = "VOE", ("voe.sx",), {"Referer": "https://voe.sx/"}

        def extract(self, link: Any) -> Any:
            yield Get(url)

    odd = replace(plugins, providers=(Odd(), *plugins.providers[1:]))
    outcome = await replace(house, app=replace(house.app, plugins=odd)).get(KEY, "S01E01")
    assert len(outcome.done) == 1


async def test_an_unmounted_library_changes_nothing(house: Any) -> None:
    await house.get(KEY, "S01E01")
    row = (await house.rows())["S01E01"].series
    shutil.move(house.library / row.folder, house.library.parent / "elsewhere")
    async with house.app.alone():
        with pytest.raises(SetupError, match="held files before"):
            await following.bring_up_to_date(house.app, row, ask=False)
    assert (await house.rows())["S01E01"].episode.is_downloaded


async def test_following_again_looks_into_the_folder_the_series_has(house: Any) -> None:
    await house.get(KEY, "S01E01")
    listing = await following.look(house.app, house.app.plugins.catalogue("aniworld"), KEY)
    async with get_db_session() as session:
        await shelf.unfollow(session, (await house.rows())["S01E01"].series.id)
    renamed = replace(listing, series=replace(listing.series, year=1999))
    await following.follow(house.app, renamed)
    assert (await house.rows())["S01E01"].episode.is_downloaded
    other = replace(listing, series=replace(listing.series, key="another-series"))
    row = await following.follow(house.app, other)
    assert row.folder == "Das Regal am Ende der Welt (2024) [another-series]"
    async with get_db_session(read_only=True) as session:
        assert len(await shelf.episodes(session, series_ids=[row.id], missing=True)) == 7


async def test_half_a_page_is_an_error_and_never_an_episode_without_mirrors(house: Any) -> None:
    house.practice.faults["aniworld"] = Faults(half_page=True)
    outcome = await house.get(KEY, "S01E01")
    ((_, error),) = outcome.failed
    assert not isinstance(error, NotOut)
    house.practice.faults.clear()
    assert len((await house.get(KEY, "S01E01")).done) == 1


async def test_a_full_disk_pauses_and_the_next_run_goes_on(house: Any) -> None:
    outcome = await with_downloads(house, floor_mib=10**9).get(KEY)
    assert {type(error) for _, error in outcome.failed} == {DiskFull}
    statuses = [job.status for job in await jobs_in_store()]
    assert statuses.count("paused") <= 2 and set(statuses) <= {"paused", "pending"}, "no failure per item"
    resumed = await with_downloads(house, floor_mib=0).get()
    assert len(resumed.done) == 7, "work that waits goes on without a selector"


def with_downloads(house: Any, **values: Any) -> Any:
    """The same house with other settings."""
    app = house.app
    downloads = app.settings.downloads.model_copy(update=values)
    changed = app.settings.model_copy(update={"downloads": downloads})
    return replace(house, app=replace(app, settings=changed))


async def test_a_missing_library_is_told_before_anything_is_fetched(house: Any) -> None:
    house.practice.requests.clear()
    house.library.rmdir()
    with pytest.raises(SetupError) as caught:
        await house.get(KEY)
    assert str(house.library) in str(caught.value) and caught.value.hint
    assert house.practice.requests == [] and await jobs_in_store() == []


async def test_a_foreign_file_under_the_name_is_left_alone(house: Any) -> None:
    await house.get(KEY, "S01E01")
    (path,) = house.library.rglob("*.mkv")
    path.write_bytes(b"somebody else's")
    async with get_db_session() as session:
        await session.execute(DownloadQueueItem.__table__.delete())
        row = (await house.rows())["S01E01"].episode
        row = await session.merge(row)
        row.is_downloaded, row.file_path = False, None
    outcome = await house.get(KEY, "S01E01")
    ((_, error),) = outcome.failed
    assert isinstance(error, Held)
    assert path.read_bytes() == b"somebody else's" and house.stray() == []


@pytest.mark.parametrize("moment", [Tried, Moved], ids=["while asking hosts", "while downloading"])
async def test_cancelling_puts_jobs_back_and_the_next_run_finishes_them(house: Any, moment: type) -> None:
    house.practice.faults["VOE"] = Faults(dead=True)
    house.practice.faults["Doodstream"] = Faults(slow=0.05)
    reached = asyncio.Event()
    house.listener = lambda event: reached.set() if isinstance(event, moment) else None
    task = asyncio.create_task(house.get(KEY))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    statuses = [job.status for job in await jobs_in_store()]
    assert statuses.count("pending") >= 5 and set(statuses) <= {"pending", "completed"}
    assert house.stray() == []
    house.practice.faults.clear()
    await house.get()
    assert all(row.episode.is_downloaded for row in (await house.rows()).values())


async def test_cancelling_while_a_file_is_moved_lets_it_arrive(house: Any) -> None:
    filing = asyncio.Event()
    house.listener = lambda event: filing.set() if getattr(event, "stage", "") == "filing" else None
    task = asyncio.create_task(house.get(KEY, "S01E01"))
    await filing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (job,) = await jobs_in_store()
    assert job.status == "completed" and len(house.videos()) == 1
    assert (await house.get(KEY, "S01E01")).failed == []


async def test_two_runs_on_one_data_folder_are_refused(house: Any) -> None:
    async with house.app.alone():
        with pytest.raises(Held, match="another anidana"):
            await house.get(KEY, "S01E01")


async def test_events_tell_the_story_in_order(house: Any) -> None:
    await house.get(KEY, "S01E01")
    stages = [event.stage for event in house.events if isinstance(event, Staged)]
    assert stages == ["resolving", "downloading", "verifying", "describing", "filing", "filed"]
    assert [event.attempt.result for event in house.events if isinstance(event, Tried)] == ["ok"]
    last = [event for event in house.events if isinstance(event, Moved)][-1]
    assert last.done == last.total


async def test_a_selector_that_fits_nothing_is_refused(house: Any) -> None:
    with pytest.raises(NotFound, match="no such episode"):
        await pick(house.app, parse([KEY, "S09"]))
    url = f"{SHELF.series.url}/staffel-1/episode-2"
    picked = await pick(house.app, parse([url]))
    assert [row.number for row in picked.wanted] == [Number(1, 2)]


async def test_a_library_that_holds_files_already_is_understood(house: Any) -> None:
    await house.get(KEY, "S01E01")
    async with house.app.alone():
        row = (await house.rows())["S01E01"].series
        update = await following.bring_up_to_date(house.app, row)
        assert (update.new, update.changed) == (0, 0)
        next(house.library.rglob("*S01E01*.mkv")).unlink()
        dry = await following.bring_up_to_date(house.app, row, dry_run=True)
        assert dry.changed == 1 and (await house.rows())["S01E01"].episode.is_downloaded
        assert (await following.bring_up_to_date(house.app, row)).changed == 1
    assert not (await house.rows())["S01E01"].episode.is_downloaded
