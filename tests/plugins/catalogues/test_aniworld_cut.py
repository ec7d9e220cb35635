"""Half a page, noise and wrong encodings: the whole result or one of our errors, never less than there is."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anidana.core import Number, Page, PageChanged, Refused, SourceError
from anidana.plugins.catalogues._v1_episodes import read_episode, read_season
from anidana.plugins.catalogues._v1_feeds import read_calendar, read_cards, read_new_episodes
from anidana.plugins.catalogues._v1_lists import read_index, read_series_search, read_site_search
from anidana.plugins.catalogues._v1_postponed import read_postponements
from anidana.plugins.catalogues._v1_series import read_series
from anidana.plugins.catalogues.aniworld import SITE

Recorded = Callable[..., Page]
Reader = Callable[[Page], object]

READERS: dict[str, tuple[str, Reader]] = {
    "series": ("series-naruto.html", lambda page: read_series(page, SITE, "naruto")),
    "season": ("series-naruto.html", lambda page: read_season(page, SITE, 1)),
    "films": ("filme-naruto.html", lambda page: read_season(page, SITE, 0)),
    "episode": ("episode-naruto-s1e1.html", lambda page: read_episode(page, SITE, Number(1, 1))),
    "announced": ("synthetic-episode-announced.html", lambda page: read_episode(page, SITE, Number(1, 53))),
    "index": ("synthetic-animes-alphabet.html", lambda page: read_index(page, SITE)),
    "new": ("neue-episoden-2026-09-trimmed.html", lambda page: read_new_episodes(page, SITE)),
    "calendar": ("animekalender-2026-08-03-days1-3.html", lambda page: read_calendar(page, SITE)),
    "genre": ("genre-mecha-page1-trimmed.html", lambda page: read_cards(page, SITE)),
    "post": ("anime-verschiebungen-2026-08-03.html", lambda page: read_postponements(page, SITE)),
    "search": ("ajax-search-naruto.json", lambda page: read_site_search(page, SITE)),
    "series search": ("synthetic-series-search-naruto.json", lambda page: read_series_search(page, SITE)),
}


def with_text(page: Page, text: str) -> Page:
    return Page(page.url, page.status, text)


@pytest.mark.parametrize("kind", READERS)
def test_a_page_cut_anywhere_is_whole_or_an_error(recorded: Recorded, kind: str) -> None:
    name, read = READERS[kind]
    page = recorded(name)
    full = read(page)
    text = page.text
    errors = 0
    for end in {*range(0, len(text), max(1, len(text) // 250)), *range(len(text) - 40, len(text))}:
        try:
            result = read(with_text(page, text[:end]))
        except (Refused, PageChanged):
            errors += 1
        else:
            assert result == full, f"cut at {end} of {len(text)}"
    assert errors


@pytest.mark.parametrize("kind", ["season", "films"])
def test_a_table_cut_at_any_line_is_an_error(recorded: Recorded, kind: str) -> None:
    name, read = READERS[kind]
    page = recorded(name)
    lines = page.text.split("</tr>")
    for count in range(1, len(lines)):
        with pytest.raises(Refused):
            read(with_text(page, "</tr>".join(lines[:count])))


def test_a_table_that_lost_a_line_in_the_middle_is_an_error(recorded: Recorded) -> None:
    page = recorded("series-naruto.html")
    begin = page.text.index('<tr class="" data-episode-id="430"')
    end = page.text.index("</tr>", begin) + len("</tr>")
    with pytest.raises(PageChanged, match="51 of 52"):
        read_season(with_text(page, page.text[:begin] + page.text[end:]), SITE, 1)


@pytest.mark.parametrize("end", ["<title>", 'class="series-title"', 'id="stream"', "</table>"])
def test_half_a_page_says_so(recorded: Recorded, end: str) -> None:
    page = recorded("series-naruto.html")
    with pytest.raises(Refused, match="broke off"):
        read_season(with_text(page, page.text[: page.text.index(end)]), SITE, 1)


def test_half_a_page_with_an_alert_is_not_gone(recorded: Recorded) -> None:
    page = recorded("synthetic-not-found.html")
    with pytest.raises(Refused, match="broke off"):
        read_series(with_text(page, page.text.partition("</body>")[0]), SITE, "naruto")


@pytest.mark.parametrize("kind", [kind for kind in READERS if "search" not in kind])
@pytest.mark.parametrize("text", ["", " \n", "\0", "{}", "[]", "null", "<html", "<p>", "<!--", "\ufffd" * 9])
def test_next_to_nothing_is_an_error(kind: str, text: str) -> None:
    with pytest.raises((Refused, PageChanged)):
        READERS[kind][1](Page("https://aniworld.to/anime/stream/naruto", 200, text))


def noise() -> dict[str, str]:
    dice = random.Random(7)
    return {
        "bytes": "".join(map(chr, dice.choices(range(256), k=1_000_000))),
        "tags": "<div class='hosterSiteVideo'>" * 30_000,
        "less-than": "<" * 1_000_000,
        "entities": "&amp;" + "amp;" * 250_000,
        "brackets": "[" * 1_000_000,
        "attributes": "<div " + "class='x' " * 100_000,
        "surrogate": "<html>\ud800</html>",
    }


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("sort", noise())
def test_noise_is_an_error(kind: str, sort: str) -> None:
    with pytest.raises(SourceError):
        READERS[kind][1](Page("https://aniworld.to/anime/stream/naruto", 200, noise()[sort]))


@pytest.mark.parametrize("kind", READERS)
def test_noise_around_the_page_changes_nothing_or_is_an_error(recorded: Recorded, kind: str) -> None:
    name, read = READERS[kind]
    page = recorded(name)
    for text in (noise()["bytes"] + page.text, page.text + noise()["bytes"]):
        try:
            assert read(with_text(page, text)) == read(page)
        except SourceError:
            continue


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-7", "cp037"])
def test_a_wrong_encoding_costs_letters_or_the_page_but_no_episodes(
    recorded: Recorded, kind: str, encoding: str
) -> None:
    name, read = READERS[kind]
    page = recorded(name)
    text = page.text.encode().decode(encoding, "replace")
    try:
        result = read(with_text(page, text))
    except SourceError:
        return
    whole = read(page)
    for part in ("rows", "mirrors"):
        assert len(getattr(result, part, ())) == len(getattr(whole, part, ()))


@settings(database=None, deadline=None, max_examples=200)
@given(data=st.data())
def test_a_page_with_a_hole_never_becomes_an_empty_season(recorded: Recorded, data: st.DataObject) -> None:
    page = recorded("filme-naruto.html", "/anime/stream/naruto/filme")
    begin = data.draw(st.integers(0, len(page.text)))
    end = data.draw(st.integers(begin, len(page.text)))
    try:
        season = read_season(with_text(page, page.text[:begin] + page.text[end:]), SITE, 0)
    except SourceError:
        return
    assert season.rows


@settings(database=None, deadline=None, max_examples=100)
@given(text=st.text(max_size=300))
def test_any_text_ends_in_a_result_or_in_one_of_our_errors(text: str) -> None:
    for _, read in READERS.values():
        for around in ("{}", "<html>{}</html>", '<div id="seriesContainer">{}</div>', "[{{}},{}]"):
            try:
                read(Page("https://aniworld.to/x", 200, around.format(text)))
            except SourceError:
                continue
