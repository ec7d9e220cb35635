"""Renames in a real library: the store follows, jobs are left alone, a kill or an error leaves nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from anidana.core import following, settings
from anidana.core.demo.story import SHELF
from anidana.core.errors import Held, NotFound, SetupError
from anidana.core.jobs import renames
from anidana.core.jobs.renames import Planned
from anidana.core.selector import parse
from anidana.core.store import queue
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import AnimeSeries, Episode, EpisodeFile, OutboxRow, RenameRow

KEY = SHELF.series.key
OLD = "Das Regal"
TITLE = SHELF.series.title
NEW = f"{TITLE} (2024)"


async def shelve(house: Any, *files: str, folder: str = OLD) -> None:
    """Put files into the library as an older program did, and let the store know them."""
    async with get_db_session() as session:
        series = (await session.scalars(select(AnimeSeries))).one()
        series.folder = folder
    for name in files:
        path = house.library / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    async with house.app.alone():
        await following.bring_up_to_date(house.app, series, ask=False)
    async with get_db_session() as session:
        for row in await session.scalars(select(Episode).where(Episode.is_downloaded)):
            assert row.file_path is not None
            session.add(
                EpisodeFile(
                    episode_id=row.id,
                    path=row.file_path,
                    language="de",
                    provider="VOE",
                    size=4,
                    seconds=1.0,
                )
            )


async def plan(house: Any, *words: str) -> Planned:
    (planned,) = await renames.plan(house.app, parse(words))
    return planned


async def rename(house: Any, planned: Planned) -> None:
    async with house.app.alone():
        await renames.apply(house.app, planned)


def tree(library: Path) -> dict[str, str]:
    """Every file and what is in it; whether the library can be written is tried with a file of ours."""
    files = (path for path in library.rglob("*") if path.is_file() and not path.name.startswith(".anidana-"))
    return {str(path.relative_to(library)): path.read_text() for path in files}


async def unfinished() -> list[RenameRow]:
    async with get_db_session(read_only=True) as session:
        return list(await session.scalars(select(RenameRow)))


FILES = ("Staffel 1/regal 1x01.mkv", "Staffel 1/regal 1x01.nfo", "Staffel 1/regal 1x02.mkv", "tvshow.nfo")


async def test_files_folders_sidecars_and_the_store_follow_the_templates(house: Any) -> None:
    await shelve(house, *FILES)
    planned = await plan(house)
    assert [str(one.video.new) for one in planned.plan.renamed] == [
        f"{NEW}/Season 01/{TITLE} - S01E01 - Der leere Platz.mkv",
        f"{NEW}/Season 01/{TITLE} - S01E02 - Ein Buch, das niemand schrieb.mkv",
    ]
    before = tree(house.library)
    assert set(before) == {f"{OLD}/{one}" for one in FILES}, "a plan changes nothing"
    await rename(house, planned)
    after = tree(house.library)
    assert sorted(after.values()) == sorted(before.values())
    folder = NEW
    assert after[f"{folder}/Season 01/{TITLE} - S01E01 - Der leere Platz.nfo"] == FILES[1]
    assert after[f"{folder}/tvshow.nfo"] == "tvshow.nfo"
    assert not (house.library / OLD).exists() and not list(house.library.rglob(".*"))
    rows = await house.rows()
    assert rows["S01E01"].series.folder == folder
    for row in (rows["S01E01"], rows["S01E02"]):
        assert row.file is not None and Path(row.file.path) == Path(str(row.episode.file_path))
        assert Path(row.file.path).is_file() and row.file.path.startswith(str(house.library / folder))
    assert await unfinished() == []
    assert not (await plan(house)).plan.changes, "named once, named for good"


async def test_the_path_of_a_file_that_has_vanished_follows_its_folder(house: Any) -> None:
    await shelve(house, *FILES)
    (house.library / OLD / FILES[2]).unlink()
    planned = await plan(house)
    assert [one.why for one in planned.plan.left] == ["it is not there"]
    await rename(house, planned)
    assert (await house.rows())["S01E02"].episode.file_path == str(house.library / NEW / FILES[2])


async def test_a_file_with_two_episodes_is_named_after_both(house: Any) -> None:
    await shelve(house, "regal S01E01-E02.mkv", "regal S01E03.mkv")
    names = [one.video.new.name for one in (await plan(house, KEY)).plan.renamed]
    assert names[0].startswith(f"{TITLE} - S01E01-E02 - Der leere Platz + Ein Buch, das niemand schrieb")
    await rename(house, await plan(house, KEY))
    rows = await house.rows()
    assert rows["S01E01"].episode.file_path == rows["S01E02"].episode.file_path
    assert not (await plan(house)).plan.changes


async def test_one_episode_is_renamed_in_the_folder_as_it_is(house: Any) -> None:
    await shelve(house, *FILES)
    planned = await plan(house, KEY, "S01E02")
    assert [str(one.video.new) for one in planned.plan.renamed] == [
        f"Das Regal/Season 01/{TITLE} - S01E02 - Ein Buch, das niemand schrieb.mkv"
    ]
    await rename(house, planned)
    assert f"{OLD}/{FILES[0]}" in tree(house.library)
    with pytest.raises(NotFound, match="no such episode"):
        await plan(house, KEY, "S09")


@pytest.mark.parametrize(
    "house",
    [{"library": {"naming": settings.Naming(preset="jellyfin")}}],
    indirect=True,
)
async def test_the_id_of_tmdb_comes_from_the_nfo(house: Any) -> None:
    await shelve(house, "regal S01E01.mkv", "tvshow.nfo")
    nfo = house.library / OLD / "tvshow.nfo"
    for text, folder in (
        ("<tvshow><title>Das Regal</title></tvshow>", NEW),
        (
            '<tvshow><uniqueid type="tmdb" default="true">123</uniqueid></tvshow>',
            f"{NEW} [tmdbid-123]",
        ),
        ("<tvshow><tmdbid>45</tmdbid></tvshow>", f"{NEW} [tmdbid-45]"),
    ):
        nfo.write_text(text)
        assert (await plan(house)).plan.folder.new.name == folder


async def test_a_series_with_a_job_is_left_alone_and_says_so(house: Any) -> None:
    await shelve(house, *FILES)
    before = await plan(house)
    rows = await house.rows()
    async with get_db_session() as session:
        (job_id,) = await queue.enqueue(session, [rows["S01E03"].episode.id])
    planned = await plan(house)
    assert not planned.plan.changes
    assert planned.plan.left[0].why == "an episode of it waits or is being fetched"
    with pytest.raises(Held, match="left alone"):
        await rename(house, before)
    assert set(tree(house.library)) == {f"{OLD}/{one}" for one in FILES}
    async with get_db_session() as session:
        assert await queue.take_up(session, job_id) is not None


async def test_no_job_is_taken_up_while_its_series_is_renamed(house: Any) -> None:
    rows = await house.rows()
    async with get_db_session() as session:
        (job_id,) = await queue.enqueue(session, [rows["S01E03"].episode.id])
        session.add(RenameRow(series_id=rows["S01E03"].series.id, library=str(house.library), moves=[]))
    async with get_db_session() as session:
        assert await queue.take_up(session, job_id) is None


async def test_what_changed_since_the_plan_leaves_everything_as_it_was(house: Any) -> None:
    await shelve(house, *FILES)
    planned = await plan(house)
    (house.library / OLD / FILES[2]).unlink()
    before = tree(house.library)
    with pytest.raises(SetupError, match="No such file"):
        await rename(house, planned)
    assert tree(house.library) == before and await unfinished() == []
    (house.library / NEW).mkdir()
    with pytest.raises(Held, match="is there already"):
        await rename(house, planned)
    assert tree(house.library) == before and await unfinished() == []
    assert (await house.rows())["S01E01"].episode.file_path == str(house.library / OLD / FILES[0])


async def test_a_folder_that_another_series_or_nobody_we_know_has_gets_the_key(house: Any) -> None:
    await shelve(house, *FILES)
    (house.library / "das regal am ende der welt (2024)").mkdir()
    (house.library / NEW).mkdir()
    assert (await plan(house)).plan.folder.new.name == f"{NEW} [{KEY}]"
    (house.library / f"{NEW} [{KEY}]").mkdir()
    planned = await plan(house)
    assert planned.plan.folder.new.name == OLD and "taken" in planned.plan.left[0].why


async def test_a_folder_changes_its_case_only(house: Any) -> None:
    await shelve(
        house,
        f"Season 01/{TITLE} - S01E01 - Der leere Platz.mkv",
        folder="das REGAL am Ende der Welt (2024)",
    )
    await rename(house, await plan(house))
    assert [one.name for one in house.library.iterdir()] == [NEW]


async def test_a_folder_that_leads_out_is_left_alone(house: Any, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (house.library / OLD).symlink_to(tmp_path / "elsewhere")
    (house.library / "x").mkdir()
    async with get_db_session() as session:
        (await session.scalars(select(AnimeSeries))).one().folder = OLD
    planned = await plan(house)
    assert not planned.plan.changes and "leads out" in planned.plan.left[0].why


@pytest.mark.parametrize(
    "house",
    [{"media_servers": (settings.MediaServer(kind="kodi", url="http://127.0.0.1:1"),)}],
    indirect=True,
)
async def test_servers_are_to_be_told_of_the_new_names(house: Any) -> None:
    await shelve(house, *FILES)
    await rename(house, await plan(house))
    async with get_db_session(read_only=True) as session:
        waiting = list(await session.scalars(select(OutboxRow.path)))
    assert len(waiting) == 2 and all(f"{NEW}/Season 01" in one for one in waiting)


async def test_a_rename_goes_to_its_end_when_it_is_cancelled(house: Any) -> None:
    await shelve(house, *FILES)
    planned = await plan(house)
    async with house.app.alone():
        task = asyncio.create_task(renames.apply(house.app, planned))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not (await plan(house)).plan.changes and await unfinished() == []


async def test_what_was_cut_off_waits_for_its_library_to_come_back(house: Any, tmp_path: Path) -> None:
    await shelve(house, *FILES)
    row = (await house.rows())["S01E01"]
    (house.library / OLD).rename(house.library / NEW)  # and killed after that
    async with get_db_session() as session:
        moves = [(OLD, NEW)]
        session.add(RenameRow(series_id=row.series.id, library=str(house.library), moves=moves))
    house.library.rename(tmp_path / "unmounted")
    house.library.mkdir()
    with pytest.raises(SetupError, match="is empty"):
        async with house.app.alone():
            pass
    assert len(await unfinished()) == 1
    house.library.rmdir()
    (tmp_path / "unmounted").rename(house.library)
    async with house.app.alone():
        assert set(tree(house.library)) == {f"{OLD}/{one}" for one in FILES} and await unfinished() == []


KILL_AT_A_RENAME = """
import asyncio, os, signal, sys
from pathlib import Path
from anidana.core.app import open_app
from anidana.core.jobs import renames

STEPS = ("os.link", "os.rename", "os.remove", "os.rmdir", "os.mkdir")

def kill_at(step):
    left = step
    def hook(event, arguments):
        nonlocal left
        if event in STEPS and "library" in str(arguments[0]):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    return hook

async def main():
    async with open_app(Path(sys.argv[1])) as app, app.alone():
        (planned,) = await renames.plan(app)
        sys.addaudithook(kill_at(int(sys.argv[2])))
        await renames.apply(app, planned)

asyncio.run(main())
"""


async def test_a_rename_that_is_killed_anywhere_is_put_back_by_the_next_run(house: Any) -> None:
    # The folder changes its case only: there is a stage for each of its two steps.
    await shelve(house, *FILES, "Filme/das regal s00e01.MKV", folder="DAS REGAL AM ENDE DER WELT (2024)")
    before = tree(house.library)
    environment = {**os.environ, "ANIME_DIRECTORY": str(house.library)}
    killed = begun = 0
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILL_AT_A_RENAME, str(house.app.data), str(killed), env=environment
        )
        if await process.wait() != -signal.SIGKILL:
            break
        killed += 6
        if await unfinished():
            begun += 1
            assert (await plan(house)).plan.left[0].why.startswith("a rename of it is under way")
        async with house.app.alone():
            assert tree(house.library) == before and await unfinished() == []
    assert process.returncode == 0 and begun > 2
    assert not (await plan(house)).plan.changes
    assert sorted(tree(house.library).values()) == sorted(before.values())
