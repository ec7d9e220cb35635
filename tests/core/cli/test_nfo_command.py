from __future__ import annotations

from typing import Any

import pytest

KEY = "das-regal-am-ende-der-welt"


@pytest.fixture
async def filed(shell: Any) -> Any:
    """One episode on disk, without what belongs beside it."""
    shell.environment["ANIDANA__METADATA__OFF"] = "nfo,artwork,frame"
    await shell("follow", KEY)
    assert (await shell("get", KEY, "S01E01")).code == 0
    del shell.environment["ANIDANA__METADATA__OFF"]
    return shell


async def test_it_checks_writes_and_then_has_nothing_to_do(filed: Any) -> None:
    checked = await filed("nfo", "--check")
    assert checked.code == 0
    assert "tvshow.nfo" in checked.out and "-thumb.jpg" in checked.out and "the file" in checked.out
    assert not list(filed.library.rglob("*.nfo"))

    written = await filed("nfo", "--json")
    (series,) = written.json["data"]
    assert written.code == 0 and series["videos"] == 1 and series["source"] is None
    assert {path.rpartition("/")[2] for path in series["written"]} >= {"tvshow.nfo", "poster.jpg"}

    again = await filed("nfo", KEY, "--update", "--json")
    assert again.json["data"][0]["written"] == []


async def test_a_library_without_videos_is_said_to_be_one(shell: Any) -> None:
    await shell("follow", KEY)
    ran = await shell("nfo")
    assert ran.code == 0 and "There is no video on disk." in ran.out


@pytest.mark.parametrize("words", [("--check", "--update"), ("--pictures",)])
async def test_options_that_contradict_each_other_are_refused(shell: Any, words: tuple[str, ...]) -> None:
    assert (await shell("nfo", *words)).code == 2


async def test_an_unknown_series_is_not_found(shell: Any) -> None:
    assert (await shell("nfo", "nothing of that name")).code == 4
