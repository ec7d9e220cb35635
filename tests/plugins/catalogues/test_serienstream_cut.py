"""Half a page and noise of the second generation: the whole result or one of our errors, never less."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anidana.core import NeedsPerson, Number, Page, PageChanged, Refused, SourceError
from anidana.plugins.catalogues._layout import layout, read_mirrors, read_releases, read_season, read_series
from anidana.plugins.catalogues._v2_episodes import read_episode
from anidana.plugins.catalogues._v2_feeds import read_search_page, read_suggestions
from anidana.plugins.catalogues.serienstream import SITE

Recorded = Callable[..., Page]
Reader = Callable[[Page], object]

READERS: dict[str, tuple[str, Reader]] = {
    "series": ("staffel-silo-1-trimmed.html", lambda page: read_series(page, SITE, "silo")),
    "season": ("staffel-silo-1-trimmed.html", lambda page: read_season(page, SITE, 1)),
    "mirrors": ("episode-silo-s1e1-trimmed.html", lambda page: read_mirrors(page, SITE, Number(1, 1))),
    "announced": ("synthetic-episode-announced.html", lambda page: read_episode(page, SITE, Number(3, 10))),
    "new": ("synthetic-neue-episoden.html", lambda page: read_releases(page, SITE)),
    "search": ("synthetic-suche.html", lambda page: read_search_page(page, SITE)),
}


def with_text(page: Page, text: str) -> Page:
    return Page(page.url, page.status, text)


@pytest.mark.parametrize("kind", READERS)
def test_a_page_cut_anywhere_is_whole_or_an_error(recorded_v2: Recorded, kind: str) -> None:
    name, read = READERS[kind]
    page = recorded_v2(name)
    full, text = read(page), page.text
    errors = 0
    for end in {*range(0, len(text), max(1, len(text) // 400)), *range(len(text) - 60, len(text))}:
        try:
            result = read(with_text(page, text[:end]))
        except (Refused, PageChanged):
            errors += 1
        else:
            assert result == full, f"cut at {end} of {len(text)}"
    assert errors


def test_a_table_cut_at_any_line_says_that_the_page_broke_off(recorded_v2: Recorded) -> None:
    page = recorded_v2("staffel-silo-1-trimmed.html")
    lines = page.text.split("</tr>")
    for count in range(1, len(lines)):
        with pytest.raises(Refused, match="broke off"):
            read_season(with_text(page, "</tr>".join(lines[:count])), SITE, 1)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("text", ["", " \n", "\0", "{}", "[]", "null", "<html", "<p>", "<!--", "\ufffd" * 9])
def test_next_to_nothing_is_an_error(kind: str, text: str) -> None:
    with pytest.raises((Refused, PageChanged)):
        READERS[kind][1](Page("https://serienstream.to/serie/silo", 200, text))


def noise() -> dict[str, str]:
    dice = random.Random(7)
    return {
        "bytes": "".join(map(chr, dice.choices(range(256), k=1_000_000))),
        "tags": "<div class='show-header-wrapper'>" * 30_000,
        "classes": 'class="' * 140_000,
        "one class": 'class="' + "a " * 500_000,
        "tables": "<table class='episode-table'>" * 20_000,
        "less-than": "<" * 1_000_000,
        "surrogate": "<html>\ud800</html>",
    }


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("sort", noise())
def test_noise_is_an_error(kind: str, sort: str) -> None:
    with pytest.raises(SourceError):
        READERS[kind][1](Page("https://serienstream.to/serie/silo", 200, noise()[sort]))


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "3", '{"shows": 3}', '{"shows": null}', "<html></html>", "[" * 100_000]
)
def test_a_suggestion_of_another_shape_is_a_changed_page(text: str) -> None:
    with pytest.raises(PageChanged):
        read_suggestions(Page("https://serienstream.to/api", 200, text), SITE)


def test_a_gate_before_the_suggestions_is_said(recorded_v2: Recorded) -> None:
    with pytest.raises(NeedsPerson):
        read_suggestions(recorded_v2("synthetic-gate.html", "/api/search/suggest"), SITE)


@settings(database=None, deadline=None, max_examples=150)
@given(data=st.data())
def test_a_page_with_a_hole_never_becomes_an_empty_season(recorded_v2: Recorded, data: st.DataObject) -> None:
    page = recorded_v2("staffel-silo-1-trimmed.html")
    begin = data.draw(st.integers(0, len(page.text)))
    end = data.draw(st.integers(begin, len(page.text)))
    try:
        season = read_season(with_text(page, page.text[:begin] + page.text[end:]), SITE, 1)
    except SourceError:
        return
    assert season.episodes


@settings(database=None, deadline=None, max_examples=100)
@given(text=st.text(max_size=300))
def test_any_text_ends_in_a_result_or_in_one_of_our_errors(text: str) -> None:
    around = '<div class="show-header-wrapper"><h1>{0}</h1><article><h2>{0}</h2></article>{0}</div>'
    for _, read in READERS.values():
        for shape in ("{}", around, '<table class="episode-table"><tr onclick="{0}"><td>{0}</table>'):
            page = Page("https://serienstream.to/x", 200, shape.format(text))
            assert layout(page) in (1, 2)
            try:
                read(page)
            except SourceError:
                continue
