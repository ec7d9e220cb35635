"""Every recorded page of aniworld.to reads as its manifest says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from anidana.core import ENGLISH_SUB, GERMAN_DUB, GERMAN_SUB, Kind, Language, Number, Page
from anidana.plugins.catalogues._page import plain, read_title
from anidana.plugins.catalogues._v1_episodes import Row, read_episode, read_season
from anidana.plugins.catalogues._v1_lists import read_series_search, read_site_search
from anidana.plugins.catalogues._v1_series import read_series
from anidana.plugins.catalogues.aniworld import SITE

Recorded = Callable[..., Page]
Expected = Callable[[str], dict[str, Any]]

ROOT = "https://aniworld.to"
SMUGGLED = "\x1b\x9b\u202e\u2066\u061c\ud800\ue000\x7f"
"""What a terminal obeys, what turns text around, half a character, and one of nobody's."""

FLAG = {GERMAN_DUB: "german", GERMAN_SUB: "japanese-german", ENGLISH_SUB: "japanese-english"}


def flags(languages: tuple[Language, ...]) -> list[str]:
    return [FLAG[language] for language in languages]


def test_the_series_page_reads_as_recorded(recorded: Recorded, expected: Expected) -> None:
    facts = expected("series-naruto.html")
    page = read_series(recorded("series-naruto.html"), SITE, "naruto")
    series = page.series
    assert page.site_id == facts["site_id"]
    assert page.main_genre == facts["main_genre"]
    assert list(page.genres) == facts["genres"]
    assert series.title == facts["title"]
    assert series.url == f"{ROOT}/anime/stream/naruto"
    assert list(series.alternative_titles) == facts["alternative_titles"]
    assert (series.year, series.end_year) == (facts["year_start"], facts["year_end"])
    assert (series.fsk, series.imdb) == (facts["fsk"], facts["imdb"])
    assert series.cover == ROOT + facts["cover"]
    assert series.backdrop == ROOT + facts["backdrop"]
    assert list(series.directors) == facts["directors"]
    assert len(series.actors) == facts["actor_count"]
    assert list(series.studios) == facts["producers"]
    assert list(series.countries) == facts["country"]
    assert (series.rating, series.rating_count) == (facts["rating"], facts["rating_count"])
    assert series.description.startswith(facts["description_starts"])
    assert ("\n" in series.description) is facts["description_has_paragraph_break"]
    assert list(series.seasons) == facts["seasons"]


def test_language_marks_are_no_genres(recorded: Recorded) -> None:
    page = read_series(recorded("series-naruto.html"), SITE, "naruto")
    assert set(page.genres) - set(page.series.genres) == {"Ger", "GerSub"}


def test_the_table_on_the_series_page_reads_as_recorded(recorded: Recorded, expected: Expected) -> None:
    facts = expected("series-naruto.html")
    table = read_season(recorded("series-naruto.html"), SITE, facts["shown_season"])
    assert len(table.rows) == facts["episode_count_shown"]
    assert [row.episode.number.episode for row in table.rows] == list(range(1, 53))
    for row, wanted in ((table.rows[0], facts["first_episode"]), (table.rows[-1], facts["last_episode"])):
        episode = row.episode
        assert episode.number == Number(1, wanted["number"])
        assert row.site_id == wanted["site_id"]
        assert row.link == wanted.get("url", row.link)
        assert (episode.title, episode.english_title) == (wanted["title_de"], wanted["title_en"])
        assert episode.absolute == wanted["absolute"]
        assert list(episode.providers) == wanted.get("hosts", list(episode.providers))
        assert flags(episode.languages) == wanted.get("languages", flags(episode.languages))


def test_the_films_read_as_recorded(recorded: Recorded, expected: Expected) -> None:
    facts = expected("filme-naruto.html")
    table = read_season(recorded("filme-naruto.html", "/anime/stream/naruto/filme"), SITE, facts["season"])
    assert table.number == 0
    assert len(table.rows) == facts["count"]

    def seen(row: Row) -> dict[str, Any]:
        episode = row.episode
        return {
            "n": episode.number.episode,
            "site_id": row.site_id,
            "title_de": episode.title,
            "title_en": episode.english_title,
            "kind": {Kind.OVA: "OVA", Kind.MOVIE: "Movie"}[episode.kind],
            "languages": flags(episode.languages),
        }

    wanted = [{name: value for name, value in film.items() if name != "trap"} for film in facts["films"]]
    assert [seen(row) for row in table.rows] == wanted
    for row in table.rows:
        assert row.link == facts["url_pattern"].replace("N", str(row.episode.number.episode))
        assert list(row.episode.providers) == facts["hosts_every_row"]
        assert row.episode.absolute is None


def test_the_episode_page_reads_as_recorded(recorded: Recorded, expected: Expected) -> None:
    facts = expected("episode-naruto-s1e1.html")
    number = Number(facts["season"], facts["episode"])
    page = read_episode(recorded("episode-naruto-s1e1.html"), SITE, number)
    assert page.episode.number == number
    assert page.site_id == facts["site_episode_id"]
    assert (page.episode.title, page.episode.english_title) == (facts["title_de"], facts["title_en"])
    assert page.episode.absolute == facts["absolute"]
    assert page.languages == facts["language_box"]
    assert [[link.key, link.host, link.link] for link in page.links] == facts["links"]
    assert page.published is facts["published"]


def test_language_keys_are_told_by_number(recorded: Recorded, expected: Expected) -> None:
    meaning = {"1": GERMAN_DUB, "2": ENGLISH_SUB, "3": GERMAN_SUB}
    page = read_episode(recorded("episode-naruto-s1e1.html"), SITE, Number(1, 1))
    links = expected("episode-naruto-s1e1.html")["links"]
    assert [(mirror.provider, mirror.language, mirror.url) for mirror in page.mirrors] == [
        (host, meaning[key], ROOT + link) for key, host, link in links
    ]


def test_the_site_search_reads_as_recorded(recorded: Recorded, expected: Expected) -> None:
    facts = expected("ajax-search-naruto.json")
    answer = recorded("ajax-search-naruto.json", "/ajax/search")
    assert len(answer.json()) == facts["entries"]
    hits = read_site_search(answer, SITE)
    assert [[hit.title, hit.url.removeprefix(ROOT)] for hit in hits] == facts["series"]
    assert all("<" not in hit.description and "&" not in hit.description for hit in hits)


def test_an_episode_that_was_found_is_no_series(recorded: Recorded) -> None:
    answer = recorded("ajax-search-naruto.json", "/ajax/search")
    text = answer.text.replace('"link":"\\/anime\\/stream\\/naruto"', '"link":"\\/genre\\/mecha"')
    assert text != answer.text
    assert "naruto" not in [hit.key for hit in read_site_search(Page(answer.url, 200, text), SITE)]


@pytest.mark.parametrize(
    ("text", "title", "kind", "absolute"),
    [
        ("A Failure Stands Tall! [Episode 047]", "A Failure Stands Tall!", None, 47),
        ("Der Riese [Folge 063]", "Der Riese", None, 63),
        ("Name [OVA]", "Name", Kind.OVA, None),
        ("Name [Movie]", "Name", Kind.MOVIE, None),
        ("Name [Movie][Part 2]", "Name [Part 2]", Kind.MOVIE, None),
        ("Name [Special] [Episode 12]", "Name", Kind.SPECIAL, 12),
        ("Name [Uncut]", "Name [Uncut]", None, None),
        ("Naruto&amp;#039;s heroes", "Naruto's heroes", None, None),
        ("Episode 12", "Episode 12", None, None),
        ("[Episode 1]", "", None, 1),
        ("", "", None, None),
    ],
)
def test_labels_leave_the_title(text: str, title: str, kind: Kind | None, absolute: int | None) -> None:
    assert read_title(text) == (title, kind, absolute)


@pytest.mark.parametrize("mark", [*SMUGGLED, "&#x202e;", "&amp;#x202e;", "\u200b", "\ufeff"])
def test_what_a_terminal_obeys_or_nobody_sees_is_dropped(mark: str) -> None:
    assert plain(f"Na{mark}ruto {mark} II{mark}") == "Naruto II"


@pytest.mark.parametrize(
    "text", ["Käsekästchen – Übung 2½", "進撃の巨人", "مى\u200cخواهم", "👩\u200d🚀", "\U0001fae8"]
)
def test_ordinary_letters_stay(text: str) -> None:
    assert plain(text) == text


def test_a_description_keeps_its_lines_and_nothing_else_that_is_no_letter(recorded: Recorded) -> None:
    page = recorded("series-naruto.html")
    begin = 'data-full-description="'
    hostile = page.text.replace(begin, f"{begin}Zwei{SMUGGLED}&#13;&#10;\r\nZeilen&amp;#x202e;\n\n")
    description = read_series(Page(page.url, 200, hostile), SITE, "naruto").series.description
    start, _, rest = description.partition("\n\n")
    assert start.replace("?", "") == "Zwei"
    assert rest.startswith("Zeilen\n\nEin riesiges")
    assert all(line.isprintable() for line in description.split("\n"))


def test_no_smuggled_mark_comes_out_of_the_searches() -> None:
    entry = {
        "link": "/anime/stream/naruto",
        **dict.fromkeys(("name", "title", "description"), f"A{SMUGGLED}B"),
    }
    text = json.dumps([entry])
    assert "\\ud800" in text and "\\u001b" in text
    for read in (read_series_search, read_site_search):
        (hit,) = read(Page(f"{ROOT}/ajax", 200, text), SITE)
        assert (hit.title.replace("?", ""), hit.description.replace("?", "")) == ("AB", "AB")
