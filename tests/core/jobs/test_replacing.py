"""An episode that is wanted again: our own file gives way and is kept for a while."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anidana.core.demo.story import SHELF
from anidana.core.errors import SetupError
from anidana.core.jobs.events import Moved
from anidana.core.store import shelf
from anidana.core.store.sessions import get_db_session

KEY = SHELF.series.key


async def wanted_again(house: Any) -> Path:
    """An episode whose file is there, and ours, and which counts as missing; returns the file."""
    await house.get(KEY, "S01E01")
    (path,) = house.library.rglob("*.mkv")
    async with get_db_session() as session:
        episode = await session.merge((await house.rows())["S01E01"].episode)
        episode.is_downloaded, episode.file_path = False, None
    return path  # type: ignore[no-any-return]


def recycled(house: Any) -> list[str]:
    bin_ = house.library / ".recycle"
    return sorted("/".join(path.relative_to(bin_).parts[1:]) for path in bin_.rglob("*.mkv"))


async def test_our_own_file_gives_way_to_the_new_one(house: Any) -> None:
    path = await wanted_again(house)
    old = path.stat().st_ino
    outcome = await house.get(KEY, "S01E01")
    assert outcome.failed == [] and path.stat().st_ino != old
    assert recycled(house) == [str(path.relative_to(house.library))]
    (row,) = outcome.done
    assert row.episode.file_path == str(path) and row.file.size == path.stat().st_size


async def test_a_run_that_was_killed_before_it_replaced_does_so_the_next_time(house: Any) -> None:
    path = await wanted_again(house)
    async with get_db_session() as session:  # the new file was entered, and never came
        file = await shelf.file_of(session, (await house.rows())["S01E01"].episode.id)
        assert file is not None
        file.media, file.size = {**file.media, "replaces": file.size}, 1
    assert (await house.get(KEY, "S01E01")).failed == []
    assert len(recycled(house)) == 1 and path.exists()


async def test_the_folder_is_emptied_when_a_run_begins(house: Any) -> None:
    for day in ("2001-01-01", "2099-01-01"):
        (house.library / ".recycle" / day).mkdir(parents=True)
    await house.get(KEY, "S01E01")
    assert [path.name for path in (house.library / ".recycle").iterdir()] == ["2099-01-01"]


async def test_a_folder_that_becomes_a_link_while_we_fetch_is_not_followed(house: Any) -> None:
    elsewhere = house.library.parent / "elsewhere"
    elsewhere.mkdir()
    folder = house.library / (await house.rows())["S01E01"].series.folder

    def swap(event: object) -> None:
        if isinstance(event, Moved) and not folder.exists():
            folder.symlink_to(elsewhere)

    house.listener = swap
    outcome = await house.get(KEY, "S01E01")
    ((_, error),) = outcome.failed
    assert isinstance(error, SetupError) and "leads out" in str(error)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["", "recycle", ".", "..", ".a/b", "../x"])
def test_the_folder_is_hidden_and_in_the_library(name: str) -> None:
    from pydantic import ValidationError

    from anidana.core.settings import Library

    with pytest.raises(ValidationError):
        Library(recycle=name)
