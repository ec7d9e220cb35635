"""What the owner decides about metadata, and that nothing we find later changes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from anidana.core import ConfigError, Number, following, matching, settings
from anidana.core.app import App, open_app
from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import LOST, SHELF
from anidana.core.errors import NotFound
from anidana.core.metadata.matching import facts_of
from anidana.core.selector import Selector, parse
from anidana.core.store import shelf
from anidana.core.store.pairs import State
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import AnimeSeries

KEY = SHELF.series.key
FIRST = [Selector(KEY, 1, (1,))]


@dataclass
class House:
    """An open app with the practice series and the practice metadata API."""

    app: App
    practice: PracticeNetwork

    async def series(self) -> AnimeSeries:
        async with get_db_session(read_only=True) as session:
            return await shelf.find_series(session, KEY)

    async def pairs(self) -> dict[str, tuple[str, str]]:
        return {
            str(one.number): (one.pair.target, one.pair.state)
            for one in await matching.review(self.app, KEY, every=True)
        }


@pytest.fixture
async def house(practice: PracticeNetwork, tmp_path: Path) -> AsyncIterator[House]:
    chosen = settings.Settings(
        network=settings.Network(route_all_to=practice.address, pages_per_second=0),
        metadata=settings.MetadataSettings(
            keys={"tmdb": SecretStr("practice")}, urls={"tmdb": practice.tmdb_url}
        ),
    )
    async with open_app(tmp_path / "data", chosen=chosen) as app:
        listing = await following.look(app, app.plugins.catalogue("aniworld"), KEY)
        await following.follow(app, listing)
        yield House(app, practice)


async def test_a_look_up_says_what_it_found_and_stores_it(house: House) -> None:
    found = await matching.match(house.app, KEY)
    assert found.match is not None and found.asked and not found.match.pinned
    assert (found.match.source_id, found.match.title) == ("990240", SHELF.series.title)
    assert found.counts[State.SURE] == found.episodes == 7
    pairs = await house.pairs()
    assert pairs["S02E01"] == ("S02E01", "sure")
    assert pairs["S00E02"] == ("S00E01", "sure"), "a special, by its title"
    assert pairs["S00E01"] == ("film 9902401", "sure")


async def test_what_was_found_is_not_searched_again(house: House) -> None:
    await matching.match(house.app, KEY)
    searches = [seen.path for seen in house.practice.asked("tmdb") if "search/tv" in seen.path]
    await facts_of(house.app, await house.series())
    assert [seen.path for seen in house.practice.asked("tmdb") if "search/tv" in seen.path] == searches


async def test_a_pinned_series_stands_and_pairs_with_another_go(house: House) -> None:
    await matching.match(house.app, KEY)
    found = await matching.match(house.app, KEY, pin=str(LOST.tmdb))
    assert found.match is not None and found.match.pinned and found.match.title == LOST.series.title
    await facts_of(house.app, await house.series())
    assert (await matching.match(house.app, KEY)).match.source_id == str(LOST.tmdb)
    found = await matching.match(house.app, KEY, forget=True)
    assert found.match is not None and found.match.source_id == "990240" and not found.match.pinned


async def test_a_pin_is_stored_even_if_nobody_answers(house: House) -> None:
    house.practice.faults["tmdb"] = Faults(gone=True)
    found = await matching.match(house.app, KEY, pin="990240")
    assert found.match is not None and found.match.pinned and not found.asked


@pytest.mark.parametrize("bad", [{"pin": "no id!"}, {"source": "other"}])
async def test_what_cannot_be_pinned_is_said(house: House, bad: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        await matching.match(house.app, KEY, **bad)


async def test_a_choice_is_never_overwritten(house: House) -> None:
    await matching.match(house.app, KEY)
    assert await matching.choose(house.app, FIRST[0], "s1e3") == "S01E03"
    assert await matching.reject(house.app, [Selector(KEY, 1, (2,))]) == 1
    facts = await facts_of(house.app, await house.series())
    assert facts is not None
    assert facts.episodes[Number(1, 1)].title == "Wer hat die Leiter?"
    assert Number(1, 2) not in facts.episodes
    pairs = await house.pairs()
    assert pairs["S01E01"] == ("S01E03", "chosen") and pairs["S01E02"][1] == "rejected"
    assert "S01E03" not in pairs, "what the owner gave to another is not given twice"
    assert await matching.reset(house.app, [Selector(KEY)]) == 2
    await facts_of(house.app, await house.series())
    assert (await house.pairs())["S01E01"] == ("S01E01", "sure")


async def test_accepting_a_whole_series_takes_only_what_waits(house: House) -> None:
    await matching.match(house.app, KEY)
    assert await matching.accept(house.app, [Selector(KEY)]) == 0
    assert await matching.accept(house.app, FIRST) == 1
    assert (await house.pairs())["S01E01"] == ("S01E01", "chosen")


@pytest.mark.parametrize("target", ["", "E05", "S01", "film", "S01E05 or so", "7"])
async def test_a_target_that_is_none_is_said(house: House, target: str) -> None:
    with pytest.raises(ConfigError):
        await matching.choose(house.app, FIRST[0], target)


async def test_a_choice_is_for_one_episode(house: House) -> None:
    with pytest.raises(NotFound):
        await matching.choose(house.app, Selector(KEY, 1), "S01E01")
    with pytest.raises(NotFound):
        await matching.accept(house.app, parse([KEY, "S09E01"]))


async def test_a_source_that_is_silent_changes_nothing(house: House) -> None:
    await matching.match(house.app, KEY)
    before = await house.pairs()
    house.practice.faults["tmdb"] = Faults(gone=True)
    assert await facts_of(house.app, await house.series()) is None or await house.pairs() == before
    assert await house.pairs() == before
