from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest

from anidana.core import (
    Access,
    Episode,
    EpisodeFacts,
    Gone,
    Known,
    Listed,
    Number,
    Refused,
    SeasonFacts,
    Series,
    SeriesFacts,
)
from anidana.core.metadata.facts import Match, look_up, under_our_numbers
from anidana.core.metadata.numbering import Evidence, Pair
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


def pair(ours: Number, theirs: Number | None, confidence: float = 1.0) -> Pair:
    target = Listed("1", theirs, facts=EpisodeFacts(f"of {theirs}", ids={"tmdb": "1"}))
    return Pair(ours, target, Evidence.ENGLISH, confidence)


def test_only_sure_pairs_are_described() -> None:
    pairs = [pair(Number(2, 1), Number(1, 13)), pair(Number(2, 2), Number(1, 14), 0.7)]
    facts = under_our_numbers(FACTS, pairs)
    assert {str(number): one.title for number, one in facts.episodes.items()} == {"S02E01": "of S01E13"}


def test_a_season_is_described_only_if_it_is_the_same_there() -> None:
    known = SeriesFacts(
        "two",
        "Frieren",
        seasons={number: SeasonFacts(f"theirs {number}") for number in (0, 1, 2, 3)},
        pictures={"season02-poster": ("p2",), "season03-poster": ("p3",), "poster": ("p",)},
    )
    moved = [(1, 2), (2, 3), (3, 3), (0, 0)]
    pairs = [pair(Number(ours, 1), Number(theirs, n)) for n, (ours, theirs) in enumerate(moved)]
    facts = under_our_numbers(Known("7", known), pairs)
    assert {number: one.title for number, one in facts.seasons.items()} == {0: "theirs 0", 1: "theirs 2"}
    assert facts.pictures == {"season01-poster": ("p2",), "poster": ("p",)}


def test_the_id_of_a_film_is_given_only_to_what_is_filed_as_one() -> None:
    film, ova, special = Number(0, 1), Number(0, 2), Number(0, 3)
    pairs = [pair(film, None), pair(ova, None), pair(special, Number(0, 1))]
    facts = under_our_numbers(FACTS, pairs, films=[film])
    assert [bool(facts.episodes[one].ids) for one in (film, ova, special)] == [True, False, True]
