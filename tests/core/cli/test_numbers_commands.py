"""The commands about which series and episodes of a metadata source ours are."""

from __future__ import annotations

from typing import Any

import pytest

from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import LOST, SHELF

KEY = SHELF.series.key


@pytest.fixture
def keyed(shell: Any, practice: PracticeNetwork) -> Any:
    """A shell with a key for the practice metadata API."""
    shell.environment["TMDB_API_KEY"] = "practice"
    shell.environment["ANIDANA__METADATA__URLS__TMDB"] = practice.tmdb_url
    return shell


async def test_pairs_are_listed_decided_and_a_series_pinned(keyed: Any) -> None:
    assert (await keyed("follow", KEY)).code == 0
    matched = (await keyed("match", KEY, "--json")).json["data"]
    assert (matched["id"], matched["pinned"], matched["pairs"]["sure"]) == ("990240", False, 7)
    assert "Nothing waits" in (await keyed("numbers", "list")).out
    every = (await keyed("numbers", "list", KEY, "--all", "--json")).json["data"]
    assert {one["target"] for one in every} >= {"S01E01", "film 9902401"}
    assert "1 rejected" in (await keyed("numbers", "reject", KEY, "S01E02")).out
    assert "It is S01E02 there" in (await keyed("numbers", "set", KEY, "S01E01", "--to", "s01e02")).out
    assert "2 forgotten" in (await keyed("numbers", "reset", KEY)).out
    assert "1 accepted" in (await keyed("numbers", "accept", KEY, "S01E03")).out
    pinned = await keyed("match", KEY, "--id", str(LOST.tmdb))
    assert LOST.series.title in pinned.out and "pinned" in pinned.out


async def test_without_a_key_a_pin_is_kept_for_later_and_that_is_said(shell: Any) -> None:
    await shell("follow", KEY)
    pinned = await shell("match", KEY, "--id", "7", "--json")
    assert pinned.code == 0 and pinned.json["data"]["id"] == "7" and not pinned.json["data"]["asked"]
    assert pinned.json["warnings"] == ["there is no key for tmdb"]
    assert (await shell("numbers", "set", KEY, "S01E01", "--to", "nonsense")).code == 3
    assert (await shell("numbers", "set", KEY, "--to", "S01E01")).code == 4
