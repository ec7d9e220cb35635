from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest

from anidana.core import Access, Episode, Gone, Known, Refused, Series, SeriesFacts
from anidana.core.metadata.facts import Match, look_up
from anidana.core.settings import MetadataSettings

SERIES = Series("aniworld", "frieren", "Frieren", "https://aniworld.to/x", (1,))
FACTS = Known("7", SeriesFacts("two", "Frieren"))
BOTH = MetadataSettings.model_validate({"keys": {"one": "k1", "two": "k2"}, "urls": {"two": "http://two"}})


class Source:
    """Knows what it was made with, or raises it; keeps what it was given."""

    def __init__(self, name: str, knows: Any) -> None:
        self.name, self.knows = name, knows
        self.given: list[Access] = []

    async def describe(self, series: Series, episodes: Sequence[Episode], access: Access) -> Known | None:
        self.given.append(access)
        if isinstance(self.knows, Exception):
            raise self.knows
        if isinstance(self.knows, asyncio.Event):
            await self.knows.wait()
        return self.knows  # type: ignore[no-any-return]


@pytest.mark.parametrize("first", [None, Refused("away"), RuntimeError("a bug")])
async def test_a_source_that_fails_gives_way_to_the_next(first: object) -> None:
    sources = [Source("one", first), Source("two", FACTS)]
    assert await look_up(SERIES, [], sources, BOTH) == ("two", FACTS)


async def test_a_source_that_does_not_answer_gives_way_to_the_next(caplog: pytest.LogCaptureFixture) -> None:
    sources = [Source("one", asyncio.Event()), Source("two", FACTS)]
    assert await look_up(SERIES, [], sources, BOTH, most_seconds=0.01) == ("two", FACTS)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and "no metadata from one within" in record.getMessage()


async def test_nobody_knows_it_and_nothing_is_raised(caplog: pytest.LogCaptureFixture) -> None:
    sources = [Source("one", Refused("away")), Source("two", RuntimeError("a bug"))]
    assert await look_up(SERIES, [], sources, BOTH) is None
    refused, crashed = caplog.records
    assert refused.levelno == logging.WARNING and refused.exc_info is None
    assert crashed.levelno == logging.ERROR and crashed.exc_info is not None


async def test_a_source_is_asked_with_its_key_only_if_it_has_one() -> None:
    one, two, three = Source("one", None), Source("two", None), Source("three", FACTS)
    assert await look_up(SERIES, [], [one, two, three], BOTH) is None
    assert [(access.key, access.url) for access in one.given + two.given] == [
        ("k1", None),
        ("k2", "http://two"),
    ]
    assert three.given == []


async def test_a_series_that_is_known_is_not_searched_again() -> None:
    two = Source("two", FACTS)
    assert await look_up(SERIES, [], [two], BOTH, matches={"two": Match("7")}) == ("two", FACTS)
    assert [access.id for access in two.given] == ["7"]


class Moved(Source):
    """Knows nothing of the id that it is asked for."""

    async def describe(self, series: Series, episodes: Sequence[Episode], access: Access) -> Known | None:
        self.given.append(access)
        if access.id:
            raise Gone("no such series")
        return FACTS


async def test_an_id_that_is_gone_is_searched_anew_unless_the_owner_chose_it() -> None:
    moved = Moved("two", None)
    assert await look_up(SERIES, [], [moved], BOTH, matches={"two": Match("8")}) == ("two", FACTS)
    assert await look_up(SERIES, [], [moved], BOTH, matches={"two": Match("8", pinned=True)}) is None
    assert [access.id for access in moved.given] == ["8", "", "8"]
