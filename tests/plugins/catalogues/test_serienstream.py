"""What the plugin asks serienstream.to for, and what it makes of the answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from anidana.core import (
    ENGLISH_DUB,
    GERMAN_DUB,
    GERMAN_SUB,
    Catalogue,
    Feed,
    Get,
    Gone,
    Kind,
    Language,
    Link,
    Mirror,
    NeedsPerson,
    Number,
    Page,
    PageChanged,
    Refused,
    Release,
    SourceError,
)
from anidana.core.fetch import refusal
from anidana.plugins.catalogues._layout import layout, read_mirrors, read_season
from anidana.plugins.catalogues._v2_episodes import read_episode
from anidana.plugins.catalogues._v2_series import read_series
from anidana.plugins.catalogues.aniworld import SITE as ANIWORLD
from anidana.plugins.catalogues.serienstream import SERIENSTREAM, SITE, register_catalogues

Recorded = Callable[..., Page]
Expected = Callable[[str], dict[str, Any]]
Answering = Callable[..., Any]

ROOT = "https://serienstream.to"
SERIES = f"{ROOT}/serie/silo"
EPISODE = f"{SERIES}/staffel-1/episode-1"
SEASON_PAGE, EPISODE_PAGE = "staffel-silo-1-trimmed.html", "episode-silo-s1e1-trimmed.html"
ENGLISH_WITH_GERMAN = Language("en", "de")

site = SERIENSTREAM


def with_text(page: Page, *changes: tuple[str, str]) -> Page:
    text = page.text
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return Page(page.url, page.status, text)


def test_it_is_a_catalogue_with_a_feed() -> None:
    (offer,) = register_catalogues()
    assert isinstance(offer, Catalogue)
    assert isinstance(offer, Feed)
    assert (offer.name, offer.url) == ("serienstream", ROOT)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (SERIES, "silo"),
        (f"{SERIES}/", "silo"),
        (f"{SERIES}/staffel-0", "silo"),
        (f"{EPISODE}?a=b#x", "silo"),
        ("https://s.to/serie/stream/silo", "silo"),
        ("https://s.to/serie/stream/silo/staffel-1/episode-2", "silo"),
        ("https://s.to/serie/stream/silo/filme/film-2", "silo"),
        ("https://s.to/serie/stream/silo/filme", "silo"),
        ("https://www.s.to/serie/silo", "silo"),
        ("http://serienstream.cx/serie/silo", "silo"),
        ("http://186.2.175.5/serie/silo", "silo"),
        ("s.to/serie/silo", "silo"),
        ("/serie/silo/staffel-1", "silo"),
        ("https://ss.to/serie/silo", None),
        ("https://s.to.evil.test/serie/silo", None),
        ("https://s.to@evil.test/serie/silo", None),
        ("https://evil.test/s.to/serie/silo", None),
        ("https://myserienstream.to/serie/silo", None),
        ("https://serienstream.to.evil.test/serie/silo", None),
        ("https://aniworld.to/anime/stream/naruto", None),
        ("ftp://s.to/serie/silo", None),
        (f"{ROOT}/serie/", None),
        (f"{ROOT}/serie/stream", None),
        (f"{ROOT}/serie/stream/", None),
        (f"{ROOT}/serie/..", None),
        (f"{ROOT}/serien", None),
        (f"{ROOT}/genre/drama", None),
        ("silo", None),
        ("https://[", None),
        ("", None),
    ],
)
def test_a_key_comes_from_an_address_of_the_site_only(url: str, key: str | None) -> None:
    assert site.key_of(url) == key


def test_the_series_page_reads_as_recorded(recorded_v2: Recorded, expected_v2: Expected) -> None:
    facts = expected_v2(SEASON_PAGE)
    page = read_series(recorded_v2(SEASON_PAGE), SITE, "silo")
    series = page.series
    assert (series.title, series.url) == (facts["title"], SERIES)
    assert (series.year, series.end_year) == (facts["year_start"], facts["year_end"])
    assert (series.fsk, series.imdb) == (facts["fsk"], facts["imdb"])
    assert (series.cover, series.backdrop) == (ROOT + facts["cover"], ROOT + facts["backdrop"])
    assert list(series.genres) == facts["genres"]
    assert list(series.directors) == facts["directors"]
    assert list(series.studios) == facts["producers"]
    assert list(series.actors) == facts["actors"]
    assert list(series.countries) == facts["country"]
    assert series.rating_count == facts["rating_count"]
    assert list(series.seasons) == facts["seasons"]
    assert series.description.startswith("„Silo“ spielt in naher Zukunft")
    assert (page.site_id, page.trailer) == (facts["site_id"], facts["trailer"])
    coming = facts["next_episode"]
    assert page.coming == (
        Number(coming["season"], coming["episode"]),
        date.fromisoformat(coming["date"]),
    )


def test_the_season_reads_as_recorded(recorded_v2: Recorded, expected_v2: Expected) -> None:
    facts = expected_v2(SEASON_PAGE)
    season = read_season(recorded_v2(SEASON_PAGE), SITE, facts["shown_season"])
    assert [[one.title, one.english_title] for one in season.episodes] == facts["episodes"]
    assert [one.number for one in season.episodes] == [Number(1, n) for n in range(1, 11)]
    for one in season.episodes:
        assert list(one.providers) == facts["hosts_every_row"]
        assert one.languages == (GERMAN_DUB, ENGLISH_DUB)
        assert (one.kind, one.absolute) == (Kind.EPISODE, None)


def test_the_episode_page_reads_as_recorded(recorded_v2: Recorded, expected_v2: Expected) -> None:
    facts = expected_v2(EPISODE_PAGE)
    number = Number(facts["season"], facts["episode"])
    page = read_episode(recorded_v2(EPISODE_PAGE, "/serie/silo/staffel-1/episode-1"), SITE, number)
    assert (page.episode.title, page.episode.english_title) == (facts["title_de"], facts["title_en"])
    assert page.published is facts["published"]
    seen = [(link.label, int(link.key), link.host or None, int(link.id), link.link) for link in page.links]
    assert seen == [
        (one["language"], one["language_id"], one["host"], one["link_id"], one["url"])
        for one in facts["links"]
    ]


def test_mirrors_of_unnamed_hosts_stand_last_and_know_their_page(
    recorded_v2: Recorded, answering: Answering
) -> None:
    page = recorded_v2(EPISODE_PAGE, "/serie/silo/staffel-1/episode-1")
    outcome = answering(site.mirrors("silo", Number(1, 1)), [page])
    assert outcome.requests == (Get(EPISODE, referer=f"{SERIES}/staffel-1"),)
    assert [(one.provider, one.language) for one in outcome.value] == [
        ("VOE", GERMAN_DUB),
        ("VOE", ENGLISH_DUB),
        ("Provider", GERMAN_DUB),
        ("Provider", ENGLISH_DUB),
    ]
    first = outcome.value[0]
    assert first.url == f"{ROOT}/r?t=eyJpdiI6IkxkM2dIN0F1U1FG%3D%3D#23569331"
    assert first.page == EPISODE
    assert "eyJ" not in repr(first), "a token is not for logs"


@pytest.mark.parametrize(
    ("heading", "german", "english"),
    [
        ("S01E01: Eins (One)", "Eins", "One"),
        ("S01E01: Eins", "Eins", ""),
        ("S01E01: (One)", "", "One"),
        ("S01E01: Eins (Teil 1) (One (Part 1))", "Eins (Teil 1)", "One (Part 1)"),
        ("S01E01: Eins) (One))", "Eins) (One))", ""),
        ("S01E01:", "", ""),
        ("Der Film (The Movie)", "Der Film (The Movie)", ""),
    ],
)
def test_a_heading_is_two_titles(recorded_v2: Recorded, heading: str, german: str, english: str) -> None:
    page = with_text(recorded_v2(EPISODE_PAGE), ("S01E01:\n Freiheitstag (Freedom Day)", heading))
    episode = read_episode(page, SITE, Number(1, 1)).episode
    assert (episode.title, episode.english_title) == (german, english)


@pytest.mark.parametrize(
    ("key", "flag", "language"),
    [
        ("1", "german", GERMAN_DUB),
        ("1", "english-german", GERMAN_DUB),
        ("2", "english", ENGLISH_DUB),
        ("3", "english-german", ENGLISH_WITH_GERMAN),
        ("3", "", ENGLISH_WITH_GERMAN),
        ("3", "klingon-german", ENGLISH_WITH_GERMAN),
        ("3", "german", ENGLISH_WITH_GERMAN),
        ("3", "japanese-german", GERMAN_SUB),
        ("9", "japanese-german", GERMAN_SUB),
        ("9", "klingon", None),
    ],
)
def test_the_key_says_the_language_and_the_flag_whose_voices(
    recorded_v2: Recorded, caplog: pytest.LogCaptureFixture, key: str, flag: str, language: Language | None
) -> None:
    page = with_text(
        recorded_v2(EPISODE_PAGE),
        ('data-language-id="1"', f'data-language-id="{key}"'),
        ("#icon-flag-german", f"#icon-flag-{flag}"),
    )
    with caplog.at_level(logging.WARNING):
        mirrors = read_mirrors(page, SITE, Number(1, 1))
    assert [one.language for one in mirrors if one.provider == "VOE"] == (
        [language, ENGLISH_DUB] if language else [ENGLISH_DUB]
    )
    assert ("no language we know" in caplog.text) is (language is None)


def row(number: int, german: str = "", english: str = "", flags: str = "", mark: str = "") -> str:
    return f"""<tr class="episode-row {mark}" onclick="window.location='/serie/x/staffel-2/episode-{number}'">
        <th class="episode-number-cell">{number}</th><td class="episode-title-cell">
        <strong class="episode-title-ger" title="{german}">{german}</strong>
        <span class="episode-title-eng">{english}</span></td>
        <td class="episode-watch-cell"></td><td class="episode-language-cell">{flags}</td></tr>"""


def table(*rows: str, shortcuts: int = 0, season: int = 2) -> Page:
    links = "".join(
        f'<a href="/serie/x/staffel-{season}/episode-{n}">{n}</a>' for n in range(1, shortcuts + 1)
    )
    text = f"""<nav id="season-nav"><a href="/serie/x/staffel-{season}" data-season-pill="2">2</a></nav>
        <nav id="episode-nav">{links}</nav>
        <table class="table episode-table"><thead><tr><th>#</th></tr></thead>
        <tbody>{"".join(rows)}</tbody></table>"""
    return Page(f"{ROOT}/serie/x/staffel-2", 200, text)


def flag(code: str) -> str:
    return f'<svg class="watch-language large svg-flag-{code}"><use href="#icon-flag-{code}"></use></svg>'


def test_flags_are_matched_whole_and_new_ones_left_out(caplog: pytest.LogCaptureFixture) -> None:
    flags = "".join(map(flag, ("english-german", "klingon-german", "german-english", "german", "german")))
    (episode,) = read_season(table(row(1, "Eins", flags=flags)), SITE, 2).episodes
    assert episode.languages == (ENGLISH_WITH_GERMAN, GERMAN_DUB)


def test_an_announced_row_is_listed(answering: Answering) -> None:
    page = table(row(1, "Eins"), row(2, "", "Two", mark="upcoming"), shortcuts=1)
    outcome = answering(site.season("x", 2), [page])
    assert outcome.requests == (Get(f"{ROOT}/serie/x/staffel-2", referer=f"{ROOT}/serie/x", keep=True),)
    assert [(one.name, one.languages) for one in outcome.value.episodes] == [("Eins", ()), ("Two", ())]


@pytest.mark.parametrize(
    ("english", "title", "absolute"),
    [
        ("Romance Dawn [Episode 062]", "Romance Dawn", 62),
        ("Episode 062", "", 62),
        ("Romance Dawn (Episode 1062)", "Romance Dawn", 1062),
        ("Romance Dawn Episode 062", "Romance Dawn", 62),
        ("Episode 12", "Episode 12", None),
        ("Episode 001", "Episode 001", None),
    ],
)
def test_an_absolute_number_stands_in_the_english_title(
    english: str, title: str, absolute: int | None
) -> None:
    (episode,) = read_season(table(row(1, "Eins", english)), SITE, 2).episodes
    assert (episode.english_title, episode.absolute) == (title, absolute)


def test_films_are_season_0(answering: Answering) -> None:
    line = row(1, "", "Der Film [OVA]").replace("staffel-2", "staffel-0")
    outcome = answering(site.season("x", 0), [table(line, season=0)])
    assert outcome.requests[0].url == f"{ROOT}/serie/x/staffel-0"
    (film,) = outcome.value.episodes
    assert (film.number, film.kind, film.name) == (Number(0, 1), Kind.OVA, "Der Film")


def test_a_table_that_lost_a_row_is_an_error() -> None:
    with pytest.raises(PageChanged, match="lacks 1 of 3"):
        read_season(table(row(1), row(3), shortcuts=3), SITE, 2)
    with pytest.raises(PageChanged):
        read_season(table(shortcuts=3), SITE, 2)
    assert read_season(table(), SITE, 2).episodes == ()
    bare = with_text(table(), ('id="episode-nav"', ""))
    with pytest.raises(PageChanged):
        read_season(bare, SITE, 2)


def test_another_season_is_not_taken(recorded_v2: Recorded) -> None:
    with pytest.raises(Gone):
        read_season(recorded_v2(SEASON_PAGE), SITE, 9)
    with pytest.raises(PageChanged):
        read_season(recorded_v2(SEASON_PAGE), SITE, 2)


@pytest.mark.parametrize("line", ["<tr><td>Keine</td></tr>", row(1).replace("episode-title-cell", "")])
def test_a_line_that_is_no_episode_is_a_changed_page(line: str) -> None:
    with pytest.raises(PageChanged):
        read_season(table(line), SITE, 2)


def test_recommendations_do_not_leak_into_the_series(recorded_v2: Recorded) -> None:
    page = recorded_v2(SEASON_PAGE)
    at = page.text.index('<section class="continue-widget')
    without = Page(page.url, 200, page.text[:at] + "</div></div></body></html>")
    assert read_series(page, SITE, "silo") == read_series(without, SITE, "silo")


def test_an_announced_episode_has_no_mirrors(recorded_v2: Recorded) -> None:
    page = recorded_v2("synthetic-episode-announced.html")
    read = read_episode(page, SITE, Number(3, 10))
    assert (read.mirrors, read.episode.english_title) == ((), "Finale (Part 2)")
    assert read.published == datetime(2026, 9, 4, 0, 15)
    without_box = with_text(page, ('id="episode-links"', ""))
    assert read_mirrors(without_box, SITE, Number(3, 10)) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("data-play-url", "data-url"),
        ("data-language-id", "data-lang"),
        ("data-provider-name", "data-host"),
        ("<button ", "<span "),
        ("link-box", "box"),
        ("episode-links", "links"),
    ],
)
def test_a_new_form_of_the_hosts_is_never_an_announcement(recorded_v2: Recorded, old: str, new: str) -> None:
    page = with_text(recorded_v2(EPISODE_PAGE), (old, new))
    try:
        assert len(read_mirrors(page, SITE, Number(1, 1))) == 4
    except PageChanged:
        return


def test_a_gate_inside_the_episode_page_is_not_taken_for_an_announcement(recorded_v2: Recorded) -> None:
    page = with_text(
        recorded_v2("synthetic-episode-announced.html"),
        ('class="row"></div>', 'class="row"><div id="episode-redirect-gate-root"></div></div>'),
    )
    with pytest.raises(NeedsPerson):
        read_mirrors(page, SITE, Number(3, 10))


def test_another_episodes_page_is_not_taken(recorded_v2: Recorded) -> None:
    with pytest.raises(PageChanged):
        read_mirrors(recorded_v2(EPISODE_PAGE), SITE, Number(1, 2))
    with pytest.raises(Gone):
        read_episode(recorded_v2(SEASON_PAGE), SITE, Number(1, 99))


@pytest.mark.parametrize("key", ["", "..", "a/b", "a b", "-a", "a?b"])
def test_an_impossible_key_is_gone_without_a_request(answering: Answering, key: str) -> None:
    for steps in (site.series(key), site.season(key, 1), site.mirrors(key, Number(1, 1))):
        with pytest.raises(Gone):
            answering(steps, [])


ASKS: dict[str, Callable[[], Any]] = {
    "series": lambda: site.series("silo"),
    "season": lambda: site.season("silo", 1),
    "mirrors": lambda: site.mirrors("silo", Number(1, 1)),
    "newest": site.newest,
}


@pytest.mark.parametrize("ask", ASKS)
def test_a_page_that_came_instead_says_why(recorded_v2: Recorded, answering: Answering, ask: str) -> None:
    with pytest.raises(NeedsPerson) as caught:
        answering(ASKS[ask](), [recorded_v2("synthetic-gate.html")])
    assert caught.value.url == SERIES
    instead = (
        (Page(f"{ROOT}/", 200, "<html><title>SerienStream (S.to)</title></html>"), Gone),
        (Page("https://notice.example/", 200, "<html>SerienStream</html>"), Refused),
        (Page(SERIES, 200, "<html><title>DDoS-Guard</title></html>"), Refused),
        (Page(SERIES, 200, "<html><title>SerienStream (S.to)</title>Neu</html>"), PageChanged),
        (Page(SERIES, 200, ""), Refused),
    )
    for page, error in instead:
        with pytest.raises(error):
            answering(ASKS[ask](), [page])


def suggestions(*shows: Any) -> Page:
    return Page(f"{ROOT}/api/search/suggest", 200, json.dumps({"shows": list(shows), "people": []}))


def test_search_asks_for_suggestions(answering: Answering) -> None:
    answer = suggestions(
        {"name": "Silo &amp; S&#246;hne", "url": "/serie/silo-2"},
        {"name": "Silo", "url": "/serie/silo"},
        {"name": "Silo", "url": "https://s.to/serie/stream/silo"},
        {"name": "", "url": "/serie/x"},
        {"name": "Silo", "url": "https://evil.test/serie/silo"},
        {"name": 3, "url": None},
        None,
    )
    outcome = answering(site.search(" Silo  & co "), [answer])
    assert outcome.requests == (
        Get(f"{ROOT}/api/search/suggest?term=Silo%20%26%20co", referer=f"{ROOT}/", keep=True),
    )
    assert {hit.key: hit.title for hit in outcome.value} == {"silo": "Silo", "silo-2": "Silo & Söhne"}
    assert all(hit.url == f"{SERIES.removesuffix('silo')}{hit.key}" for hit in outcome.value)


@pytest.mark.parametrize(
    "first",
    [
        Gone("404"),
        suggestions(),
        Page(f"{ROOT}/api", 200, "[]"),
        Page(f"{ROOT}/api", 200, ""),
        Page(f"{ROOT}/api", 200, "<html></html>"),
    ],
    ids=["gone", "no hits", "another shape", "empty", "html"],
)
def test_search_falls_back_to_the_search_page(
    recorded_v2: Recorded, answering: Answering, first: Page | SourceError
) -> None:
    outcome = answering(site.search("silo"), [first, recorded_v2("synthetic-suche.html", "/suche")])
    assert outcome.requests[1].url == f"{ROOT}/suche?term=silo&tab=shows"
    assert [(hit.key, hit.title) for hit in outcome.value] == [("silo", "Silo"), ("silo-2", "Silo & Söhne")]


def test_a_long_query_is_asked_again_with_fewer_words(answering: Answering) -> None:
    answers = [suggestions(), Gone("404"), suggestions({"name": "Silo", "url": "/serie/silo"})]
    outcome = answering(site.search("Silo: Der Turm"), answers)
    assert outcome.requests[2].url.endswith("?term=Silo")
    assert [hit.key for hit in outcome.value] == ["silo"]


def test_nothing_found_is_an_empty_list_only_if_somebody_said_so(answering: Answering) -> None:
    gone = Gone("404")
    assert answering(site.search("silo"), [suggestions(), gone]).value == []
    assert answering(site.search(" "), []).value == []
    with pytest.raises(Gone):
        answering(site.search("silo"), [gone, gone])
    with pytest.raises(Refused):
        answering(site.search("silo"), [Refused("no answer")])


MIRROR = Mirror("VOE", GERMAN_DUB, f"{ROOT}/r?t=old#23569331", page=EPISODE)
FRESH = f"{ROOT}/r?t=eyJpdiI6IkxkM2dIN0F1U1FG%3D%3D#23569331"


def moved(to: str, url: str = MIRROR.url) -> Page:
    return Page(url, 302, "", {"location": to})


def test_a_link_is_followed_to_the_host_and_no_further(answering: Answering) -> None:
    outcome = answering(site.resolve(MIRROR), [moved("https://voe.sx/e/abc?t=1")])
    assert outcome.requests == (Get(MIRROR.url, referer=EPISODE, follow=False),)
    assert outcome.value == Link("https://voe.sx/e/abc?t=1", f"{ROOT}/")


@pytest.mark.parametrize(
    "stale",
    [
        moved("/"),
        moved(EPISODE),
        moved("/login"),
        Page(MIRROR.url, 200, "<html>abgelaufen</html>"),
        Gone("404"),
    ],
    ids=["start page", "its page", "elsewhere", "no redirect", "404"],
)
def test_a_stale_token_is_read_anew_once(
    recorded_v2: Recorded, answering: Answering, stale: Page | SourceError
) -> None:
    page = recorded_v2(EPISODE_PAGE, "/serie/silo/staffel-1/episode-1")
    outcome = answering(site.resolve(MIRROR), [stale, page, moved("https://voe.sx/e/abc", FRESH)])
    assert [request.url for request in outcome.requests] == [MIRROR.url, EPISODE, FRESH]
    assert outcome.value.url == "https://voe.sx/e/abc"
    with pytest.raises((Gone, PageChanged)):
        answering(site.resolve(MIRROR), [stale, page, stale])


@pytest.mark.parametrize(
    "change", [{"provider": "Vidoza"}, {"language": GERMAN_SUB}, {"url": f"{ROOT}/r?t=old#1"}]
)
def test_a_link_that_is_not_offered_any_more_is_gone(
    recorded_v2: Recorded, answering: Answering, change: dict[str, Any]
) -> None:
    page = recorded_v2(EPISODE_PAGE, "/serie/silo/staffel-1/episode-1")
    with pytest.raises(Gone, match="does not offer"):
        answering(site.resolve(replace(MIRROR, **change)), [moved("/"), page])


def test_without_its_page_a_stale_link_is_gone(answering: Answering) -> None:
    for page in ("", "https://evil.test/serie/silo/staffel-1/episode-1", SERIES):
        with pytest.raises(Gone):
            answering(site.resolve(replace(MIRROR, page=page)), [moved("/")])


def test_a_gate_before_the_host_sends_the_person_to_the_episodes_page(
    recorded_v2: Recorded, answering: Answering
) -> None:
    with pytest.raises(NeedsPerson) as caught:
        answering(site.resolve(MIRROR), [recorded_v2("synthetic-gate.html", "/r")])
    assert caught.value.url == EPISODE


def test_a_block_by_ddos_guard_is_refused(answering: Answering) -> None:
    error = refusal(Page(MIRROR.url, 403, "", {"server": "ddos-guard"}))
    with pytest.raises(Refused, match="DDoS-Guard"):
        answering(site.resolve(MIRROR), [error])


def test_the_feed_lists_one_release_for_each_language(recorded_v2: Recorded, answering: Answering) -> None:
    page = recorded_v2("synthetic-neue-episoden.html", "/neue-episoden")
    outcome = answering(site.newest(), [page])
    assert outcome.requests == (Get(f"{ROOT}/neue-episoden", referer=f"{ROOT}/"),)
    assert outcome.value == [
        Release("silo", Number(3, 9), GERMAN_DUB),
        Release("silo", Number(3, 9), ENGLISH_DUB),
        Release("mina-soehne", Number(0, 2), ENGLISH_WITH_GERMAN),
        Release("tana", Number(12, 345), GERMAN_SUB),
    ]


def test_a_feed_of_which_nothing_can_be_read_is_not_an_empty_feed(answering: Answering) -> None:
    text = '<table class="new-episodes-table"><tr><td><a href="/faqs">Hilfe</a></td></tr></table>'
    with pytest.raises(PageChanged):
        answering(site.newest(), [Page(f"{ROOT}/neue-episoden", 200, text)])


def test_a_layout_is_told_by_the_page_not_by_its_host(recorded: Recorded, recorded_v2: Recorded) -> None:
    for name in (SEASON_PAGE, EPISODE_PAGE, "synthetic-neue-episoden.html"):
        assert layout(recorded_v2(name)) == 2
    for name in ("series-naruto.html", "episode-naruto-s1e1.html", "neue-episoden-2026-09-trimmed.html"):
        assert layout(recorded(name)) == 1


def test_aniworld_in_the_newer_layout_reads(recorded_v2: Recorded) -> None:
    page = recorded_v2(SEASON_PAGE)
    text = page.text.replace("/serie/silo", "/anime/stream/silo")
    season = read_season(Page("https://aniworld.to/anime/stream/silo", 200, text), ANIWORLD, 1)
    assert len(season.episodes) == 10


def test_an_old_page_of_s_to_reads_with_its_own_languages(recorded: Recorded, answering: Answering) -> None:
    def old(name: str) -> Page:
        text = recorded(name).text.replace("/anime/stream/", "/serie/stream/")
        return Page("https://s.to/serie/stream/naruto", 200, text.replace("AniWorld", "SerienStream"))

    series = answering(site.series("naruto"), [old("series-naruto.html")]).value
    assert (series.title, series.url, series.seasons) == ("Naruto", f"{ROOT}/serie/naruto", (0, 1, 2, 3, 4))
    assert len(answering(site.season("naruto", 1), [old("series-naruto.html")]).value.episodes) == 52
    assert len(answering(site.season("naruto", 0), [old("filme-naruto.html")]).value.episodes) == 6
    mirrors = answering(site.mirrors("naruto", Number(1, 1)), [old("episode-naruto-s1e1.html")]).value
    assert {one.language for one in mirrors} == {GERMAN_DUB, ENGLISH_DUB, ENGLISH_WITH_GERMAN}
