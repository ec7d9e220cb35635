"""What the plugin asks aniworld.to for, and what it makes of the answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from anidana.core import (
    ENGLISH_DUB,
    ENGLISH_SUB,
    GERMAN_DUB,
    GERMAN_SUB,
    Catalogue,
    Get,
    Gone,
    Kind,
    Link,
    Mirror,
    NeedsPerson,
    Number,
    Page,
    PageChanged,
    Post,
    Refused,
    SourceError,
)
from anidana.core.fetch import refusal
from anidana.plugins.catalogues._v1_episodes import read_episode
from anidana.plugins.catalogues.aniworld import ANIWORLD, SITE, register_catalogues

Recorded = Callable[..., Page]
Answering = Callable[..., Any]

ROOT = "https://aniworld.to"
SERIES = f"{ROOT}/anime/stream/naruto"
MIRROR = Mirror("VOE", GERMAN_DUB, f"{ROOT}/redirect/2626179")

aniworld = ANIWORLD


def test_it_is_a_catalogue() -> None:
    (offer,) = register_catalogues()
    assert isinstance(offer, Catalogue)
    assert (offer.name, offer.url) == ("aniworld", ROOT)
    assert offer.domains[0] == "aniworld.to"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (SERIES, "naruto"),
        (f"{SERIES}/", "naruto"),
        (f"{SERIES}?a=b#stream", "naruto"),
        (f"{SERIES}/staffel-4", "naruto"),
        (f"{SERIES}/staffel-4/episode-12", "naruto"),
        (f"{SERIES}/filme", "naruto"),
        (f"{SERIES}/filme/film-3", "naruto"),
        (f"{SERIES}/staffel-0/episode-3", "naruto"),
        ("https://www.aniworld.to/anime/stream/86-eighty-six", "86-eighty-six"),
        ("http://aniworld.cc/anime/stream/naruto", "naruto"),
        ("http://186.2.175.111/anime/stream/naruto", "naruto"),
        ("HTTPS://ANIWORLD.TO/anime/stream/naruto", "naruto"),
        ("//aniworld.to/anime/stream/naruto", "naruto"),
        ("/anime/stream/naruto/staffel-1", "naruto"),
        ("aniworld.to/anime/stream/naruto", "naruto"),
        (f"  {SERIES}\n", "naruto"),
        ("https://aniworld.to.evil.test/anime/stream/naruto", None),
        ("https://evil.test/https://aniworld.to/anime/stream/naruto", None),
        ("https://aniworld.to@evil.test/anime/stream/naruto", None),
        ("https://myaniworld.to/anime/stream/naruto", None),
        ("https://serienstream.to/serie/silo", None),
        ("ftp://aniworld.to/anime/stream/naruto", None),
        (f"{SERIES}/staffel-x", None),
        (f"{SERIES}/staffel-1/episode-1/more", None),
        (f"{ROOT}/anime/stream/", None),
        (f"{ROOT}/anime/stream/..", None),
        (f"{ROOT}/genre/mecha", None),
        (f"{ROOT}/", None),
        ("naruto", None),
        ("https://[", None),
        ("", None),
    ],
)
def test_a_key_comes_from_an_address_of_the_site_only(url: str, key: str | None) -> None:
    assert aniworld.key_of(url) == key


def json_page(text: str, path: str = "/ajax/search") -> Page:
    return Page(f"{ROOT}{path}", 200, text)


def keys(hits: list[Any]) -> list[str]:
    return [hit.key for hit in hits]


def test_search_asks_for_series_first(recorded: Recorded, answering: Answering) -> None:
    answer = recorded("synthetic-series-search-naruto.json", "/ajax/seriesSearch")
    outcome = answering(aniworld.search(" Naruto  & co "), [answer])
    (asked,) = outcome.requests
    assert isinstance(asked, Get)
    assert asked.url == f"{ROOT}/ajax/seriesSearch?keyword=Naruto%20%26%20co"


def test_hits_are_best_first_and_each_series_once(recorded: Recorded, answering: Answering) -> None:
    answer = recorded("synthetic-series-search-naruto.json", "/ajax/seriesSearch")
    hits = answering(aniworld.search("naruto"), [answer]).value
    assert keys(hits) == ["naruto", "naruto-shippuden", "narutos-team"]
    assert (hits[0].title, hits[0].year, hits[0].url) == ("Naruto", 2002, SERIES)
    assert hits[0].description == "Rock Lee & Co."
    assert hits[0].cover == f"{ROOT}/public/img/cover/naruto-stream-cover-b_150x225.jpg"
    assert (hits[2].title, hits[2].year, hits[2].cover) == ("Naruto's Team", 2010, None)


@pytest.mark.parametrize(
    "first",
    [
        Gone("aniworld.to answered 404"),
        json_page("<html><body>AniWorld</body></html>"),
        json_page(""),
        json_page("[]"),
        json_page('{"error": true}'),
        json_page('[1, null, {"name": 3}, {"link": "naruto"}, {"name": "x", "link": "../x"}]'),
    ],
    ids=["gone", "html", "empty", "no hits", "another shape", "no hit that can be read"],
)
def test_search_falls_back_to_the_other_endpoint(
    recorded: Recorded, answering: Answering, first: Page | SourceError
) -> None:
    outcome = answering(
        aniworld.search("naruto"), [first, recorded("ajax-search-naruto.json", "/ajax/search")]
    )
    assert outcome.requests[1] == Post(
        f"{ROOT}/ajax/search", {"keyword": "naruto"}, f"{ROOT}/", {"X-Requested-With": "XMLHttpRequest"}
    )
    assert keys(outcome.value) == [
        "naruto",
        "naruto-shippuden",
        "boruto-naruto-next-generations",
        "naruto-spin-off-rock-lee-his-ninja-pals",
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("naruto", ["naruto", "naruto-shippuden"]),
        ("Narutto", ["naruto"]),
        ("shingeki no kyojin", ["attack-on-titan"]),
        ("SnK", ["attack-on-titan"]),
        ("進撃の巨人", ["attack-on-titan"]),
        ("the ogre's bride", ["the-ogres-bride"]),
        ("quxquux", []),
    ],
)
def test_the_index_of_titles_is_the_last_way(
    recorded: Recorded, answering: Answering, query: str, found: list[str]
) -> None:
    no_hits = [json_page("[]")] * (4 if len(query.split()) > 3 else 2)
    index = recorded("synthetic-animes-alphabet.html", "/animes-alphabet")
    outcome = answering(aniworld.search(query), [*no_hits, index])
    assert outcome.requests[-1] == Get(f"{ROOT}/animes-alphabet", referer=f"{ROOT}/", keep=True)
    assert keys(outcome.value)[: len(found)] == found
    assert bool(outcome.value) is bool(found)


@pytest.mark.parametrize(
    ("query", "fewer"),
    [
        ("Naruto: Der Film", "Naruto"),
        ("Naruto (2002)", "Naruto"),
        ("Naruto - Der Film", "Naruto"),
        ("Naruto Shippuden der erste Film", "Naruto Shippuden der"),
    ],
)
def test_a_long_query_is_asked_again_with_fewer_words(
    recorded: Recorded, answering: Answering, query: str, fewer: str
) -> None:
    hits = recorded("ajax-search-naruto.json", "/ajax/search")
    outcome = answering(aniworld.search(query), [json_page("[]"), json_page(""), json_page("[]"), hits])
    assert outcome.requests[3].form == {"keyword": fewer}
    assert "naruto" in keys(outcome.value)


def test_hits_for_fewer_words_must_be_likely(recorded: Recorded, answering: Answering) -> None:
    nothing = json_page("[]")
    unlikely = json_page('[{"name": "Die Abenteuer von Y", "link": "y"}]')
    index = recorded("synthetic-animes-alphabet.html", "/animes-alphabet")
    outcome = answering(aniworld.search("Qux: Die andere"), [nothing, nothing, unlikely, nothing, index])
    assert outcome.value == []


def test_nothing_found_is_an_empty_list_only_if_somebody_said_so(answering: Answering) -> None:
    gone = Gone("aniworld.to answered 404")
    assert answering(aniworld.search("naruto"), [json_page("[]"), gone, gone]).value == []
    with pytest.raises(Gone):
        answering(aniworld.search("naruto"), [gone, gone, gone])
    with pytest.raises(PageChanged):
        answering(aniworld.search("naruto"), [gone, json_page(""), gone])


def test_a_query_that_is_no_text_is_asked_as_well_as_it_can_be(answering: Answering) -> None:
    asked = answering(aniworld.search("na\udcffruto"), [json_page("[]")] * 2 + [Gone("404")]).requests[0]
    assert asked.url.endswith("?keyword=na%3Fruto")


def test_an_empty_query_asks_nothing(answering: Answering) -> None:
    assert answering(aniworld.search("  "), []).value == []


@pytest.mark.parametrize("error", [Refused("aniworld.to does not answer"), NeedsPerson("a gate")])
def test_a_site_that_refuses_is_not_asked_on(answering: Answering, error: SourceError) -> None:
    with pytest.raises(type(error)):
        answering(aniworld.search("naruto"), [error])


def test_a_gate_before_the_search_is_said(recorded: Recorded, answering: Answering) -> None:
    with pytest.raises(NeedsPerson):
        answering(aniworld.search("naruto"), [recorded("synthetic-gate.html", "/ajax/seriesSearch")])


def test_a_blocked_name_is_not_no_hits(recorded: Recorded, answering: Answering) -> None:
    notice = recorded("synthetic-isp-notice.html")
    with pytest.raises(Refused, match="block"):
        answering(aniworld.search("naruto"), [notice, notice, notice])


def test_series_season_and_mirrors_ask_for_their_pages(recorded: Recorded, answering: Answering) -> None:
    page = recorded("series-naruto.html")
    series = answering(aniworld.series("naruto"), [page])
    assert series.requests == (Get(SERIES, referer=f"{ROOT}/", keep=True),)
    assert (series.value.key, series.value.seasons) == ("naruto", (0, 1, 2, 3, 4))
    season = answering(aniworld.season("naruto", 1), [page])
    assert season.requests == (Get(f"{SERIES}/staffel-1", referer=SERIES, keep=True),)
    assert (season.value.number, len(season.value.episodes)) == (1, 52)
    films = answering(aniworld.season("naruto", 0), [recorded("filme-naruto.html")])
    assert films.requests == (Get(f"{SERIES}/filme", referer=SERIES, keep=True),)
    assert [film.kind for film in films.value.episodes][:2] == [Kind.OVA, Kind.MOVIE]
    mirrors = answering(aniworld.mirrors("naruto", Number(1, 1)), [recorded("episode-naruto-s1e1.html")])
    assert mirrors.requests == (Get(f"{SERIES}/staffel-1/episode-1", referer=f"{SERIES}/staffel-1"),)
    assert len(mirrors.value) == 12
    assert mirrors.value[0] == MIRROR


def test_a_film_is_asked_for_among_the_films(recorded: Recorded, answering: Answering) -> None:
    text = recorded("episode-naruto-s1e1.html").text
    page = Page(f"{SERIES}/filme/film-3", 200, text.replace('data-season="1" data-episode="1"', ""))
    outcome = answering(aniworld.mirrors("naruto", Number(0, 3)), [page])
    assert outcome.requests[0].url == f"{SERIES}/filme/film-3"


@pytest.mark.parametrize("key", ["", "..", "a/b", "a b", "-a", "a?b"])
def test_an_impossible_key_is_gone_without_a_request(answering: Answering, key: str) -> None:
    for steps in (aniworld.series(key), aniworld.season(key, 1), aniworld.mirrors(key, Number(1, 1))):
        with pytest.raises(Gone):
            answering(steps, [])


def asks() -> dict[str, Callable[[], Any]]:
    return {
        "series": lambda: aniworld.series("naruto"),
        "season": lambda: aniworld.season("naruto", 1),
        "mirrors": lambda: aniworld.mirrors("naruto", Number(1, 1)),
    }


@pytest.mark.parametrize("ask", asks())
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("synthetic-not-found.html", Gone),
        ("synthetic-gate.html", NeedsPerson),
        ("synthetic-ddos-guard.html", Refused),
        ("synthetic-isp-notice.html", Refused),
    ],
)
def test_a_page_that_came_instead_says_why(
    recorded: Recorded, answering: Answering, ask: str, name: str, error: type[SourceError]
) -> None:
    with pytest.raises(error):
        answering(asks()[ask](), [recorded(name)])


@pytest.mark.parametrize("ask", asks())
def test_a_redirect_to_the_start_page_is_gone(answering: Answering, ask: str) -> None:
    page = Page(f"{ROOT}/", 200, "<html><title>AniWorld.to</title><body>Neue Animes</body></html>")
    with pytest.raises(Gone):
        answering(asks()[ask](), [page])


@pytest.mark.parametrize("ask", asks())
def test_a_redirect_to_a_notice_of_the_provider_is_refused(answering: Answering, ask: str) -> None:
    page = Page("https://notice.example/", 200, "<html><title>AniWorld</title></html>")
    with pytest.raises(Refused):
        answering(asks()[ask](), [page])


@pytest.mark.parametrize("ask", asks())
def test_a_new_layout_is_a_changed_page(answering: Answering, ask: str) -> None:
    # The real footer links to advice on DNS blocks: no sign of a block.
    text = '<html><title>AniWorld</title><a href="https://onlinefilter.info/cuii-dns-sperre/">DNS</a></html>'
    with pytest.raises(PageChanged):
        answering(asks()[ask](), [Page(SERIES, 200, text)])


def test_a_block_by_ddos_guard_is_refused(recorded: Recorded, answering: Answering) -> None:
    page = recorded("synthetic-ddos-guard.html", status=403)
    error = refusal(Page(page.url, page.status, page.text, {"server": "ddos-guard"}))
    with pytest.raises(Refused, match="DDoS-Guard"):
        answering(aniworld.series("naruto"), [error])


def test_a_gate_names_the_page_to_look_at(recorded: Recorded, answering: Answering) -> None:
    with pytest.raises(NeedsPerson) as caught:
        answering(aniworld.series("naruto"), [recorded("synthetic-gate.html")])
    assert caught.value.url == SERIES


def test_a_season_the_site_does_not_have_is_gone(recorded: Recorded, answering: Answering) -> None:
    page = recorded("series-naruto.html")
    with pytest.raises(Gone):
        answering(aniworld.season("naruto", 9), [page])
    with pytest.raises(PageChanged):
        answering(aniworld.season("naruto", 2), [page])


def test_an_announced_episode_has_no_mirrors(recorded: Recorded, answering: Answering) -> None:
    page = recorded("synthetic-episode-announced.html")
    assert answering(aniworld.mirrors("naruto", Number(1, 53)), [page]).value == []
    without_box = page.text.replace("hosterSiteVideo", "somethingElse")
    assert answering(aniworld.mirrors("naruto", Number(1, 53)), [Page(SERIES, 200, without_box)]).value == []


def test_another_episodes_page_is_not_taken(recorded: Recorded, answering: Answering) -> None:
    with pytest.raises(PageChanged):
        answering(aniworld.mirrors("naruto", Number(1, 2)), [recorded("episode-naruto-s1e1.html")])


def test_the_season_instead_of_the_episode_means_there_is_none(
    recorded: Recorded, answering: Answering
) -> None:
    with pytest.raises(Gone):
        answering(aniworld.mirrors("naruto", Number(1, 99)), [recorded("series-naruto.html")])


def test_a_gate_inside_the_episode_page_is_not_taken_for_an_announcement(
    recorded: Recorded, answering: Answering
) -> None:
    text = recorded("synthetic-episode-announced.html").text
    gated = text.replace('<ul class="row"> </ul>', '<div class="cf-turnstile"></div>')
    with pytest.raises(NeedsPerson):
        answering(aniworld.mirrors("naruto", Number(1, 53)), [Page(SERIES, 200, gated)])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("data-link-target", "data-target"),
        ('data-link-id="', 'data-id="'),
        ("data-lang-key", "data-language"),
        ("<li ", "<p "),
        ('<ul class="row">', '<ul class="row"><div>'),
    ],
)
def test_a_new_form_of_the_hosts_is_never_an_announcement(
    recorded: Recorded, answering: Answering, old: str, new: str
) -> None:
    page = recorded("episode-naruto-s1e1.html")
    try:
        outcome = answering(
            aniworld.mirrors("naruto", Number(1, 1)), [Page(SERIES, 200, page.text.replace(old, new))]
        )
    except PageChanged:
        return
    assert len(outcome.value) == 12


def test_a_language_we_do_not_know_is_left_out_and_named(
    recorded: Recorded, answering: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    text = recorded("episode-naruto-s1e1.html").text.replace('data-lang-key="3"', 'data-lang-key="7"')
    with caplog.at_level(logging.WARNING):
        mirrors = answering(aniworld.mirrors("naruto", Number(1, 1)), [Page(SERIES, 200, text)]).value
    assert {mirror.language for mirror in mirrors} == {GERMAN_DUB, ENGLISH_SUB}
    assert "'7'" in caplog.text


def test_the_fourth_language_is_the_english_dub(recorded: Recorded, answering: Answering) -> None:
    text = recorded("episode-naruto-s1e1.html").text.replace('data-lang-key="2"', 'data-lang-key="4"')
    mirrors = answering(aniworld.mirrors("naruto", Number(1, 1)), [Page(SERIES, 200, text)]).value
    assert {mirror.language for mirror in mirrors} == {GERMAN_DUB, GERMAN_SUB, ENGLISH_DUB}


def test_a_host_we_do_not_know_keeps_its_name(recorded: Recorded, answering: Answering) -> None:
    text = recorded("episode-naruto-s1e1.html").text.replace("<h4>VOE</h4>", "<h4>Brand &amp; New</h4>")
    mirrors = answering(aniworld.mirrors("naruto", Number(1, 1)), [Page(SERIES, 200, text)]).value
    assert mirrors[0].provider == "Brand & New"
    nameless = recorded("episode-naruto-s1e1.html").text.replace("<h4>VOE</h4>", "")
    mirrors = answering(aniworld.mirrors("naruto", Number(1, 1)), [Page(SERIES, 200, nameless)]).value
    assert mirrors[0].provider == "VOE"


def table(*rows: str, season: int = 1, shortcuts: int | None = None) -> Page:
    links = "".join(
        f'<li><a href="#">{n}</a></li>' for n in range(len(rows) if shortcuts is None else shortcuts)
    )
    text = f"""<div class="hosterSiteDirectNav pagination"><ul><li><a href="#">1</a></ul></div>
        <div class="hosterSiteDirectNav" id="stream">
        <ul><li><a href="/anime/stream/x/filme">Filme</a></li></ul><ul>{links}</ul></div>
        <table class="seasonEpisodesList" data-season-id="{season}"><thead><tr><th>Film</th></tr></thead>
        <tbody id="season{season}">{"".join(rows)}</tbody></table>"""
    return Page(f"{ROOT}/anime/stream/x", 200, text)


def row(link: str, german: str = "", english: str = "", flags: str = "") -> str:
    title = f"<strong>{german}</strong> <span>{english}</span>"
    return f"""<tr data-episode-id="7"><td><a href="{link}"> Film 1 </a></td>
        <td class="seasonEpisodeTitle"><a href="{link}">{title}</a></td>
        <td></td><td class="editFunctions">{flags}</td></tr>"""


@pytest.mark.parametrize(
    "link",
    [
        "/anime/stream/x/filme/film-1",
        "/anime/stream/x/staffel-0/episode-1",
        f"{ROOT}/anime/stream/x/filme/film-1",
    ],
)
def test_films_are_season_0_by_any_link(answering: Answering, link: str) -> None:
    season = answering(aniworld.season("x", 0), [table(row(link, "", "Name"), season=0)]).value
    (film,) = season.episodes
    assert (film.number, film.title, film.name, film.kind) == (Number(0, 1), "", "Name", Kind.MOVIE)


def test_flags_are_told_by_file_and_counted_once(answering: Answering) -> None:
    flags = """
        <img class="flag" src="data:image/png;base64,iVBO" data-src="/public/img/english.svg" alt="Deutsch">
        <noscript><img class="flag" src="/public/img/english.svg"></noscript>
        <img class="flag" src="/public/img/german.svg?v=2" title="Englisch">
        <img class="flag" src="/public/img/klingon.svg">
        <img src="/public/img/japanese-german.svg">"""
    page = table(row("/anime/stream/x/staffel-1/episode-1", "Titel", flags=flags))
    (episode,) = answering(aniworld.season("x", 1), [page]).value.episodes
    assert episode.languages == (ENGLISH_DUB, GERMAN_DUB)


def test_a_season_without_episodes_needs_the_shortcuts_word_for_it(answering: Answering) -> None:
    assert answering(aniworld.season("x", 1), [table()]).value.episodes == ()
    with pytest.raises(PageChanged):
        answering(aniworld.season("x", 1), [table(shortcuts=12)])
    bare = table().text.replace("<ul></ul>", "")
    with pytest.raises(PageChanged):
        answering(aniworld.season("x", 1), [Page(SERIES, 200, bare)])


@pytest.mark.parametrize("line", [row("/support/x"), row("/anime/stream/x"), "<tr><td>Keine</td></tr>"])
def test_a_line_that_is_no_episode_is_a_changed_page(answering: Answering, line: str) -> None:
    with pytest.raises(PageChanged):
        answering(aniworld.season("x", 1), [table(line)])


def test_a_series_of_films_only_has_season_0(recorded: Recorded, answering: Answering) -> None:
    text = recorded("filme-naruto.html").text
    for season in (1, 2, 3, 4):
        text = text.replace(f'<a href="/anime/stream/naruto/staffel-{season}"', '<a href="#"')
    assert answering(aniworld.series("naruto"), [Page(SERIES, 200, text)]).value.seasons == (0,)


def test_a_series_that_still_runs_has_no_end(recorded: Recorded, answering: Answering) -> None:
    text = recorded("series-naruto.html").text.replace(">2007</a>", ">Heute</a>")
    text = text.replace('data-imdb="tt4907198"', 'data-imdb=""')
    series = answering(aniworld.series("naruto"), [Page(SERIES, 200, text)]).value
    assert (series.year, series.end_year, series.imdb) == (2002, None, None)


def test_the_site_tells_when_it_got_an_episode(recorded: Recorded, answering: Answering) -> None:
    text = recorded("episode-naruto-s1e1.html").text
    for shown, wanted in (("12.09.2026 18:05", "2026-09-12 18:05:00"), ("99.99.2026 18:05", "None")):
        page = Page(SERIES, 200, text.replace("01.01.1970 01:00", shown))
        assert str(read_episode(page, SITE, Number(1, 1)).published) == wanted


def moved(to: str, status: int = 302, url: str = MIRROR.url) -> Page:
    return Page(url, status, "", {"location": to} if to else {})


def test_a_link_is_followed_to_the_host_and_no_further(answering: Answering) -> None:
    outcome = answering(aniworld.resolve(MIRROR), [moved("https://voe.sx/e/abc?t=1", 301)])
    assert outcome.requests == (Get(MIRROR.url, referer=f"{ROOT}/", follow=False),)
    assert outcome.value == Link("https://voe.sx/e/abc?t=1", f"{ROOT}/")


def test_a_link_may_move_to_another_name_of_the_site(answering: Answering) -> None:
    hop = "https://aniworld.cc/redirect/2626179"
    outcome = answering(aniworld.resolve(MIRROR), [moved(hop, 301), moved("//voe.sx/e/abc", url=hop)])
    assert [request.url for request in outcome.requests] == [MIRROR.url, hop]
    assert outcome.value.url == "https://voe.sx/e/abc"


@pytest.mark.parametrize("to", ["/", ROOT, "/anime/stream/naruto", f"{SERIES}/staffel-1/episode-1"])
def test_a_link_back_to_the_site_is_gone(answering: Answering, to: str) -> None:
    with pytest.raises(Gone):
        answering(aniworld.resolve(MIRROR), [moved(to)])


def test_a_link_that_goes_round_in_circles_is_a_changed_page(answering: Answering) -> None:
    with pytest.raises(PageChanged):
        answering(aniworld.resolve(MIRROR), [moved(MIRROR.url)] * 3)


@pytest.mark.parametrize(
    "answer",
    [
        moved(""),
        moved("", 200),
        moved("javascript:alert(1)"),
        moved("https://[", 302),
        moved("/login"),
        moved("https://voe.sx/e/\x1b[2Jabc"),
        moved("https://voe.sx/e/\u202eabc"),
        Page(MIRROR.url, 200, "<html><title>Something else</title></html>"),
    ],
)
def test_a_link_that_leads_nowhere_we_know_is_a_changed_page(answering: Answering, answer: Page) -> None:
    with pytest.raises(PageChanged):
        answering(aniworld.resolve(MIRROR), [answer])


def test_a_gate_before_the_host_needs_a_person(recorded: Recorded, answering: Answering) -> None:
    with pytest.raises(NeedsPerson) as caught:
        answering(aniworld.resolve(MIRROR), [recorded("synthetic-gate.html", "/redirect/2626179")])
    assert caught.value.url == MIRROR.url


@pytest.mark.parametrize("status", [404, 410])
def test_a_link_the_site_does_not_know_is_gone(answering: Answering, status: int) -> None:
    with pytest.raises(Gone):
        answering(aniworld.resolve(MIRROR), [refusal(Page(MIRROR.url, status, ""))])
