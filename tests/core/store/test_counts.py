"""Promises of the kept counts: whatever changes episodes, they say what counting would say."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from anidana.core.models import Episode as EpisodeValue
from anidana.core.models import Number, Season, Series
from anidana.core.store import queue, shelf, shelf_page
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import AnimeSeries, Episode, EpisodeFile


async def counted() -> tuple[dict[str, tuple[int, int, int]], dict[str, tuple[int, int, int]]]:
    """What is kept, and what counting finds."""
    lost = ~Episode.is_downloaded & Episode.file_path.is_not(None)
    async with get_db_session(read_only=True) as session:
        kept = await session.execute(
            select(
                AnimeSeries.key,
                AnimeSeries.episode_count,
                AnimeSeries.on_disk_count,
                AnimeSeries.lost_file_count,
            )
        )
        found = await session.execute(
            select(
                AnimeSeries.key,
                func.count(Episode.id),
                func.count(Episode.id).filter(Episode.is_downloaded),
                func.count(Episode.id).filter(lost),
            )
            .outerjoin(Episode, Episode.series_id == AnimeSeries.id)
            .group_by(AnimeSeries.id)
        )
        return (
            {row[0]: (row[1], row[2], row[3]) for row in kept},
            {row[0]: (row[1], row[2], row[3]) for row in found},
        )


async def add(key: str, episodes: int, site: str = "aniworld", year: int | None = None) -> AnimeSeries:
    async with get_db_session() as session:
        value = Series(site, key, key.title(), f"https://aniworld.to/anime/stream/{key}", (1,), year=year)
        row = await shelf.save_series(session, value, key)
        numbers = (EpisodeValue(Number(1, n), str(n)) for n in range(1, episodes + 1))
        await shelf.save_season(session, row.id, Season(1, tuple(numbers)))
    return row


async def fetch(episode_id: int) -> None:
    """A download from its beginning to its end."""
    file = EpisodeFile(
        episode_id=episode_id, path=f"/{episode_id}", language="de", provider="V", size=1, seconds=1
    )
    async with get_db_session() as session:
        (job_id,) = await queue.enqueue(session, [episode_id])
        ticket = await queue.take_up(session, job_id)
    if ticket is None:
        return
    async with get_db_session() as session:
        await queue.plan_filing(session, ticket, file)
        await queue.complete(session, ticket, [])


async def test_adding_scanning_downloading_deleting_and_moving_keep_the_counts(
    series: AnimeSeries, episode_ids: list[int]
) -> None:
    other = await add("other", 3)
    await fetch(episode_ids[0])
    async with get_db_session() as session:
        await shelf.set_found(session, other.id, {Number(1, 2): "/2.mkv"})
        await session.execute(update(Episode).where(Episode.id == episode_ids[0]).values(is_downloaded=False))
        await session.execute(
            update(Episode).where(Episode.id == episode_ids[1]).values(series_id=other.id, season=9)
        )
        await session.execute(delete(Episode).where(Episode.id == episode_ids[2]))
        value = EpisodeValue(Number(1, 2), "another title")
        await shelf.save_season(session, other.id, Season(1, (replace(value, title="anew"),)))
    kept, found = await counted()
    assert kept == found == {"das-regal": (2, 0, 1), "other": (4, 1, 0)}
    async with get_db_session() as session:
        await session.execute(delete(AnimeSeries).where(AnimeSeries.id == other.id))
        (row,) = await shelf.shelf(session)
    assert (row.episodes, row.on_disk, row.missing_files, row.missing) == (2, 0, 1, 1)


async def test_two_clients_that_add_scan_download_and_delete_at_once_stay_consistent(store: None) -> None:
    rows = [await add(f"series-{n}", 4) for n in range(3)]
    async with get_db_session(read_only=True) as session:
        ids = [row.episode.id for row in await shelf.episodes(session)]

    async def scan(client: int) -> None:
        for turn in range(6):
            async with get_db_session() as session:
                found = {Number(1, n): f"/{n}.mkv" for n in range(1, 5) if (n + turn + client) % 2}
                await shelf.set_found(session, rows[0].id, found)

    async def download(client: int) -> None:
        for episode_id in ids[client::2]:
            await fetch(episode_id)

    async def add_and_delete(client: int) -> None:
        for turn in range(6):
            row = await add(f"passing-{client}-{turn}", 3)
            if turn % 2:
                async with get_db_session() as session:
                    await session.execute(delete(AnimeSeries).where(AnimeSeries.id == row.id))
            await add("both", turn + 1)

    await asyncio.gather(*(work(client) for client in (0, 1) for work in (scan, download, add_and_delete)))
    kept, found = await counted()
    assert kept == found
    assert kept["series-1"] == kept["series-2"] == (4, 4, 0) and kept["both"] == (6, 0, 0)
    assert len(kept) == 3 + 2 * 3 + 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_three_hundred_updates_at_once_lose_none(store: None) -> None:
    row = await add("one", 1, year=0)

    async def count_up() -> None:
        async with get_db_session() as session:
            found = await session.get_one(AnimeSeries, row.id)
            assert found.year is not None
            await asyncio.sleep(0)  # anybody else may read now
            found.year += 1

    await asyncio.gather(*(count_up() for _ in range(300)))
    async with get_db_session(read_only=True) as session:
        assert await session.scalar(select(AnimeSeries.year)) == 300


@pytest.mark.parametrize("sort", ["name", "year", "added", "missing", "on_disk"])
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_joined_are_the_whole_shelf_in_order(
    store: None, sort: shelf_page.Sort, descending: bool
) -> None:
    for n in range(9):
        row = await add(f"k{n % 4}{n}", n % 3, year=2000 + n % 2 if n else None)
        async with get_db_session() as session:
            await shelf.set_found(session, row.id, {Number(1, 1): "/1.mkv"} if n % 2 else {})
    async with get_db_session(read_only=True) as session:
        whole = await shelf_page.page(session, sort=sort, descending=descending)
        pages, after = [], None
        while some := await shelf_page.page(session, sort=sort, descending=descending, after=after, most=2):
            pages += some
            after = some[-1].place, some[-1].id
        assert await shelf_page.count(session) == 9
    assert pages == whole and len(whole) == 9
    places = [(line.place, line.id) for line in whole]
    assert places == sorted(places, reverse=descending)  # type: ignore[type-var]


async def test_series_are_found_by_words_by_what_is_missing_and_by_site(store: None) -> None:
    done = await add("100%-done", 1)
    await add("nothing-yet", 2)
    await add("elsewhere", 0, site="serienstream")
    async with get_db_session() as session:
        await shelf.set_found(session, done.id, {Number(1, 1): "/1.mkv"})

        async def keys(**asked: object) -> list[str]:
            return [line.key for line in await shelf_page.page(session, **asked)]  # type: ignore[arg-type]

        assert await keys(words="0%-D") == ["100%-done"]
        assert await keys(words="%y") == []
        assert await keys(only="missing") == await keys(only="no_episodes") == ["nothing-yet"]
        assert await keys(only="complete") == ["100%-done", "elsewhere"]
        assert await keys(sites=["serienstream"]) == ["elsewhere"]
        assert await shelf_page.count(session, only="missing") == 1
        assert await shelf_page.totals(session) == (3, 3, 1, 2)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.sampled_from(["scan", "fetch", "lose", "drop", "add"]), st.integers(1, 6)), max_size=12
    )
)
async def test_no_order_of_events_makes_the_counts_wrong(store: None, events: list[tuple[str, int]]) -> None:
    row = await add("one", 3)
    for event, n in events:
        if event == "add":
            await add("one", n)
            continue
        async with get_db_session() as session:
            some = Episode.episode_number == n
            if event == "scan":
                await shelf.set_found(session, row.id, {Number(1, m): f"/{m}" for m in range(1, n)})
            elif event == "lose":
                await session.execute(update(Episode).where(some).values(is_downloaded=False))
            elif event == "drop":
                await session.execute(delete(Episode).where(some))
            else:
                await session.execute(update(Episode).where(some).values(is_downloaded=True, file_path="/x"))
    kept, found = await counted()
    assert kept == found
