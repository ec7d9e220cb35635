"""Promises of the shelf: what is followed, what is missing, and finding a series by its name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from anidana.core.errors import NotFound
from anidana.core.models import Number, Season
from anidana.core.store import queue, shelf
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import AnimeSeries, DownloadQueueItem


async def test_a_series_comes_back_as_the_value_it_was_stored_from(series: AnimeSeries) -> None:
    async with get_db_session(read_only=True) as session:
        row = await shelf.by_key(session, "aniworld", "das-regal")
    assert row is not None
    value = shelf.series_value(row)
    assert value.alternative_titles == ("The Shelf",)
    assert (value.title, value.year, value.seasons) == ("Das Regal", 2024, (0, 1))


async def test_counts_and_order(series: AnimeSeries) -> None:
    async with get_db_session() as session:
        await shelf.set_found(session, series.id, {Number(1, 2): "/lib/2.mkv"})
        (row,) = await shelf.shelf(session)
        missing = await shelf.episodes(session, missing=True)
    assert (row.episodes, row.on_disk, row.missing) == (4, 1, 3)
    assert [str(one.number) for one in missing] == ["S01E01", "S01E03", "S00E01"], "films come last"


async def test_reading_the_catalogue_again_changes_titles_and_keeps_what_is_on_disk(
    series: AnimeSeries,
) -> None:
    async with get_db_session() as session:
        await shelf.set_found(session, series.id, {Number(1, 1): "/lib/1.mkv"})
        row = (await shelf.episodes(session))[0]
        again = replace(shelf.episode_value(row.episode), title="Neu")
        await shelf.save_season(session, series.id, Season(1, (again,)))
    async with get_db_session(read_only=True) as session:
        rows = await shelf.episodes(session)
    assert (rows[0].episode.title, rows[0].episode.is_downloaded, rows[0].episode.file_path) == (
        "Neu",
        True,
        "/lib/1.mkv",
    )
    assert len(rows) == 4, "episodes that the page does not name any more stay"


async def test_a_vanished_file_makes_its_episode_missing_and_keeps_the_row(series: AnimeSeries) -> None:
    async with get_db_session() as session:
        assert await shelf.set_found(session, series.id, {Number(1, 1): "/lib/1.mkv"}) == 1
        assert await shelf.set_found(session, series.id, {Number(1, 1): "/lib/1.mkv"}) == 0
        assert await shelf.set_found(session, series.id, {}) == 1
        assert len(await shelf.episodes(session, missing=True)) == 4


@pytest.mark.parametrize("words", ["das-regal", "DAS REGAL", "regal"])
async def test_a_series_is_found_by_key_name_or_a_part(series: AnimeSeries, words: str) -> None:
    async with get_db_session(read_only=True) as session:
        assert (await shelf.find_series(session, words)).key == "das-regal"


async def test_an_unknown_name_offers_what_it_may_have_been(series: AnimeSeries) -> None:
    async with get_db_session(read_only=True) as session:
        with pytest.raises(NotFound) as caught:
            await shelf.find_series(session, "das rehgal")
    assert caught.value.candidates == ("Das Regal",)


async def test_a_name_that_fits_two_is_refused_with_both(series: AnimeSeries) -> None:
    async with get_db_session() as session:
        other = replace(shelf.series_value(series), key="regal-2", title="Das Regal 2")
        await shelf.save_series(session, other, "Das Regal 2 (2024)")
        with pytest.raises(NotFound) as caught:
            await shelf.find_series(session, "regal")
        exact = await shelf.find_series(session, "das regal")
    assert caught.value.candidates == ("Das Regal", "Das Regal 2")
    assert exact.key == "das-regal", "an exact name wins over a part"


async def test_unfollowing_keeps_rows_and_cancels_waiting_jobs(
    series: AnimeSeries, episode_ids: list[int]
) -> None:
    async with get_db_session() as session:
        await queue.enqueue(session, episode_ids[:2])
        assert await shelf.unfollow(session, series.id) == 2
        assert await shelf.shelf(session) == []
        statuses = list(await session.scalars(select(DownloadQueueItem.status)))
        row = await shelf.by_key(session, "aniworld", "das-regal")
    assert statuses == ["cancelled", "cancelled"]
    assert row is not None and not row.followed
