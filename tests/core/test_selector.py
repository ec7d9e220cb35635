"""Promises of selectors: every form the help names, and what they pick."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anidana.core.errors import AnidanaError, NotFound
from anidana.core.models import Number
from anidana.core.selector import Selector, parse


@pytest.mark.parametrize(
    ("words", "selectors"),
    [
        (["frieren"], [Selector("frieren")]),
        (["Sousou no Frieren S01"], [Selector("Sousou no Frieren", 1)]),
        (["frieren", "S01E27"], [Selector("frieren", 1, (27,))]),
        (["frieren s1e3-e5,e10"], [Selector("frieren", 1, (3, 4, 5, 10))]),
        (["frieren", "S01E03-05"], [Selector("frieren", 1, (3, 4, 5))]),
        (["one piece 1071"], [Selector("one piece", absolute=1071)]),
        (["frieren missing"], [Selector("frieren")]),
        (["86"], [Selector("86")]),
        (["86", "S01"], [Selector("86", 1)]),
        (["a", "b"], [Selector("a"), Selector("b")]),
        (["a", "S01", "S02E01", "b"], [Selector("a", 1), Selector("a", 2, (1,)), Selector("b")]),
        (
            ["https://aniworld.to/anime/stream/naruto/staffel-2/episode-3"],
            [Selector("https://aniworld.to/anime/stream/naruto/staffel-2/episode-3", 2, (3,))],
        ),
        (
            ["https://aniworld.to/anime/stream/naruto/filme/film-4"],
            [Selector("https://aniworld.to/anime/stream/naruto/filme/film-4", 0, (4,))],
        ),
        (
            ["https://aniworld.to/anime/stream/naruto"],
            [Selector("https://aniworld.to/anime/stream/naruto")],
        ),
    ],
)
def test_every_form_is_read(words: list[str], selectors: list[Selector]) -> None:
    assert parse(words) == selectors


@pytest.mark.parametrize(
    ("selector", "number", "absolute", "picked"),
    [
        (Selector("x"), Number(3, 4), None, True),
        (Selector("x", 1), Number(1, 9), None, True),
        (Selector("x", 1), Number(2, 9), None, False),
        (Selector("x", 1, (3, 4)), Number(1, 4), None, True),
        (Selector("x", 1, (3, 4)), Number(1, 5), None, False),
        (Selector("x", 0), Number(0, 1), None, True),
        (Selector("x", absolute=7), Number(2, 1), 7, True),
        (Selector("x", absolute=7), Number(1, 7), None, False),
    ],
)
def test_what_a_selector_picks(
    selector: Selector, number: Number, absolute: int | None, picked: bool
) -> None:
    assert selector.picks(number, absolute) is picked


def test_a_number_without_a_title_is_refused() -> None:
    with pytest.raises(NotFound, match="names no series"):
        parse(["S01E03"])


def test_a_span_that_runs_backwards_is_refused() -> None:
    with pytest.raises(NotFound, match="backwards"):
        parse(["x S01E05-E03"])


def test_an_endless_span_is_refused() -> None:
    with pytest.raises(NotFound, match="spans more than"):
        parse(["x S01E1-E9999"])


@given(st.lists(st.text(min_size=1), max_size=4))
def test_any_words_are_read_or_refused_in_our_words(words: list[str]) -> None:
    with contextlib.suppress(AnidanaError):
        assert all(isinstance(one, Selector) for one in parse(words))
