"""Promises of what is kept about the library, in both kinds of database."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from anidana.core.library.reading import Reading
from anidana.core.library.scan import Shelved
from anidana.core.library.walk import Listing, Look, Video
from anidana.core.models import Episode, Number, Season
from anidana.core.store import disk, facts, reviews, shelf
from anidana.core.store.listing import save_seasons
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import AnimeSeries, FolderReview


def one(folder: str, name: str, reading: Reading | None = None) -> Shelved:
    return Shelved(Video(folder, name, 5, 1), reading)


async def test_a_folder_that_is_read_again_replaces_what_was_known_of_it(store: None) -> None:
    async with get_db_session() as session:
        look = Look({"A": Listing(1, [], []), "A/B": Listing(2, [], []), "a/B": Listing(3, [], [])})
        files = [one("A", "x"), one("A/B", "y", Reading(None, 1, 2)), one("a/B", "z")]
        await disk.remember(session, look, files)
    async with get_db_session() as session:
        await disk.remember(session, Look({"A": Listing(9, [], [])}, gone=["a/B"]), [one("A", "new")])
    async with get_db_session(read_only=True) as session:
        assert await disk.folders(session) == {"A": 9, "A/B": 2}
        assert await disk.folders(session, "a") == {}, "case tells folders apart"
        assert sorted(await disk.files(session, "A")) == [one("A", "new"), files[1]]
        assert await disk.videos_in(session, {"A/B"}) == [files[1].video]


async def test_only_rows_that_say_something_new_are_written(series: AnimeSeries) -> None:
    async with get_db_session() as session:
        rows = [shelf.episode_value(row.episode) for row in await shelf.episodes(session)]
        season = Season(1, tuple(row for row in rows if row.number.season == 1))
        assert await save_seasons(session, [(series.id, season)]) == 0
        changed = replace(season.episodes[0], title="Neu", languages=())
        new = Episode(Number(1, 9), "Neun")
        assert (
            await save_seasons(session, [(series.id, Season(1, (changed, *season.episodes[1:], new)))]) == 2
        )
    async with get_db_session(read_only=True) as session:
        stored = {row.number: shelf.episode_value(row.episode) for row in await shelf.episodes(session)}
    assert stored[Number(1, 1)] == changed and stored[Number(1, 9)].title == "Neun" and len(stored) == 5


async def test_a_vanished_file_keeps_its_path_and_its_row(series: AnimeSeries) -> None:
    async with get_db_session() as session:
        await shelf.set_found(session, series.id, {Number(1, 1): "/lib/1.mkv"})
        assert await shelf.set_found(session, series.id, {}) == 1
        assert await shelf.set_found(session, series.id, {}) == 0
    async with get_db_session(read_only=True) as session:
        first = (await shelf.episodes(session))[0]
        assert await disk.count_files(session) == (0, 1)
    assert first.lost_its_file and first.episode.file_path == "/lib/1.mkv"


async def test_one_fact_changes_and_the_others_stay(store: None) -> None:
    async with get_db_session() as session:
        await facts.note(session, library_root="/lib")
    async with get_db_session() as session:
        await facts.note(session, migration_legacy_files_completed=True)
    async with get_db_session(read_only=True) as session:
        row = await facts.facts(session)
    assert row.library_root == "/lib" and row.migration_legacy_files_completed


async def test_a_folder_is_on_the_list_once_and_off_it_when_somebody_has_decided(store: None) -> None:
    async with get_db_session() as session:
        for reason in ("first", "second"):
            await reviews.put(session, "A", title="A", year=None, reason=reason, candidates=[{"key": "a"}])
        await reviews.put(session, "B", title="B", year=1999, reason="", candidates=[])
        assert [(row.folder, row.reason) for row in await reviews.waiting(session)] == [
            ("A", "second"),
            ("B", ""),
        ]
        await reviews.settle(session, "A", reviews.TAKEN)
        await reviews.settle(session, "B", reviews.IGNORED)
        assert await reviews.waiting(session) == [] and await reviews.ignored(session) == {"B"}
        assert len(list(await session.scalars(select(FolderReview)))) == 2
