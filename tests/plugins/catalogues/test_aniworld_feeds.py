"""New episodes, the calendar, postponements and genre pages of aniworld.to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest

from anidana.core import (
    ENGLISH_SUB,
    GERMAN_DUB,
    GERMAN_SUB,
    Get,
    Language,
    NeedsPerson,
    Number,
    Page,
    PageChanged,
    Release,
)
from anidana.plugins.catalogues._v1_feeds import NewEpisode, read_calendar, read_cards, read_new_episodes
from anidana.plugins.catalogues._v1_postponed import Day, Postponement, read_postponements
from anidana.plugins.catalogues.aniworld import ANIWORLD, SITE

Recorded = Callable[..., Page]
Expected = Callable[[str], dict[str, Any]]

ROOT = "https://aniworld.to"
FLAG = {GERMAN_DUB: "german", GERMAN_SUB: "japanese-german", ENGLISH_SUB: "japanese-english"}


def test_new_episodes_read_as_recorded(recorded: Recorded, expected: Expected) -> None:
    name = "neue-episoden-2026-09-trimmed.html"
    rows = read_new_episodes(recorded(name, "/neue-episoden"), SITE)
    assert len(rows) == expected(name)["rows"]
    seen: dict[tuple[Any, ...], list[str]] = {}
    for row in rows:
        seen.setdefault((row.key, row.title, row.number, row.day, row.fresh), []).append(FLAG[row.language])
    assert seen == {
        (
            episode["url"].split("/")[3],
            episode["series"],
            Number(episode["season"], episode["episode"]),
            date.fromisoformat(episode["date"]),
            episode.get("new", False),
        ): episode["languages"]
        for episode in expected(name)["episodes"]
    }


def test_the_feed_is_newest_first_and_by_language(
    recorded: Recorded, expected: Expected, answering: Callable[..., Any]
) -> None:
    name = "neue-episoden-2026-09-trimmed.html"
    outcome = answering(ANIWORLD.newest(), [recorded(name, "/neue-episoden")])
    assert outcome.requests == (Get(f"{ROOT}/neue-episoden", referer=f"{ROOT}/"),)
    language = {flag: language for language, flag in FLAG.items()}
    listed = sorted(expected(name)["episodes"], key=lambda one: one["date"], reverse=True)
    assert outcome.value == [
        Release(one["url"].split("/")[3], Number(one["season"], one["episode"]), language[flag])
        for one in listed
        for flag in one["languages"]
    ]


def feed(row: str) -> Page:
    return Page(
        f"{ROOT}/neue-episoden", 200, f'<div class="newEpisodeList"><div class="rows">{row}</div></div>'
    )


def test_a_new_film_is_of_season_0_by_either_link() -> None:
    row = (
        '<div><a href="{}"><strong>Naruto</strong><span class="elementFloatRight">Fr, 01.01.2027</span></a>'
        '<img class="flag" data-src="/public/img/german.svg"></div>'
    )
    links = ("/anime/stream/naruto/filme/film-6", f"{ROOT}/anime/stream/naruto/staffel-0/episode-6")
    film = NewEpisode("naruto", "Naruto", Number(0, 6), GERMAN_DUB, date(2027, 1, 1))
    for link in links:
        assert read_new_episodes(feed(row.format(link)), SITE) == (film,)


def test_a_feed_of_which_nothing_can_be_read_is_not_an_empty_feed() -> None:
    with pytest.raises(PageChanged):
        read_new_episodes(feed('<div><a href="/neu"><strong>Naruto</strong></a></div>'), SITE)


def test_the_calendar_reads_as_recorded(recorded: Recorded, expected: Expected) -> None:
    name = "animekalender-2026-08-03-days1-3.html"
    days = read_calendar(recorded(name, "/animekalender"), SITE)
    for day, wanted in zip(days, expected(name)["days"], strict=True):
        assert day.weekday.lower() == wanted["id"]
        assert day.day == date.fromisoformat(wanted["date"])
        assert len(day.airings) == wanted["cards"]
        assert Counter(FLAG[airing.language] for airing in day.airings) == wanted["languages"]
        for which, airing in (("first", day.airings[0]), ("last", day.airings[-1])):
            if which in wanted:
                shown = [airing.key, str(airing.number), f"~{airing.at:%H:%M}", FLAG[airing.language]]
                assert shown == wanted[which]


def test_the_calendar_goes_by_dates_over_the_turn_of_the_year() -> None:
    card = (
        '<a href="/anime/stream/x"><h3 class="seriesTitle">X</h3><small>Film '
        '<img class="flag" data-src="/public/img/german.svg"></small><small>~ 23:59 Uhr</small></a>'
    )
    sections = "".join(
        f'<section class="calendarList" id="donnerstag"><h3>Donnerstag, {day}</h3>{card}</section>'
        for day in ("31.12.2026", "07.01.2027")
    )
    page = Page(f"{ROOT}/animekalender", 200, f'<div id="seriesContainer">{sections}</div>')
    days = read_calendar(page, SITE)
    assert [day.day for day in days] == [date(2026, 12, 31), date(2027, 1, 7)]
    assert [(airing.number, airing.at) for airing in days[0].airings] == [(None, None)]


def test_a_day_without_a_date_is_not_guessed() -> None:
    section = '<section class="calendarList"><h3>Montag, 31.02.2026</h3></section>'
    page = Page(f"{ROOT}/animekalender", 200, f'<div id="seriesContainer">{section}</div>')
    with pytest.raises(PageChanged):
        read_calendar(page, SITE)


def test_a_time_is_local_as_printed(recorded: Recorded) -> None:
    day = read_calendar(recorded("animekalender-2026-08-03-days1-3.html", "/animekalender"), SITE)[1]
    assert day.airings[0].at == time(6, 10)


def test_a_genre_page_reads_as_recorded(recorded: Recorded, expected: Expected) -> None:
    name = "genre-mecha-page1-trimmed.html"
    facts = expected(name)
    page = read_cards(recorded(name, "/genre/mecha"), SITE)
    assert (page.number, page.last) == (facts["page"], facts["last_page"])
    assert [[card.key, card.title, card.genre] for card in page.cards] == facts["cards"]
    for card in page.cards:
        assert card.cover is not None
        assert card.cover.startswith(f"{ROOT}/public/img/cover/")
        assert facts["cover_size"] in card.cover


def test_a_genre_of_one_page_has_no_pager() -> None:
    card = '<div><a href="/anime/stream/x"><h3>X</h3></a></div>'
    text = f'<div class="seriesListContainer row">{card}</div>'
    page = read_cards(Page(f"{ROOT}/genre/x", 200, text), SITE)
    assert (page.number, page.last, len(page.cards)) == (1, 1, 1)


def test_postponements_read_as_recorded(recorded: Recorded, expected: Expected) -> None:
    name = "anime-verschiebungen-2026-08-03.html"

    def day(text: str | None) -> Day | None:
        return Day(*map(int, text.split("-"))) if text else None

    entries = read_postponements(recorded(name, "/support/frage/anime-verschiebungen"), SITE)
    seen = [
        (entry.title, entry.season, entry.episode, entry.and_following, entry.track, entry.old, entry.new)
        for entry in entries
    ]
    assert seen == [
        (
            wanted["title"],
            wanted["season"],
            wanted["episode"],
            wanted.get("and_following", False),
            wanted["track"],
            day(wanted["from"]),
            day(wanted["to"]),
        )
        for wanted in expected(name)["entries"]
    ]
    assert "Sonderprogrammierung im JP TV" in entries[0].note


def post(text: str) -> Page:
    article = f'<article class="supportFAQArticle"><h1>Animeverschiebungen</h1><p>{text}</p></article>'
    return Page(f"{ROOT}/support/frage/anime-verschiebungen", 200, article)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "⚠️ X<br>• S1E2<br>📅 1.2. ▲ 31.1.",
            Postponement("X", 1, 2, False, None, Day(2, 1), Day(1, 31), "⚠️ X\n• S1E2\n📅 1.2. ▲ 31.1."),
        ),
        (
            "⚠️ X [Sub]<br>• S01 E02<br>01.02. ► Pause",
            Postponement("X", 1, 2, False, "sub", Day(2, 1), None, "⚠️ X [Sub]\n• S01 E02\n01.02. ► Pause"),
        ),
        (
            "⚠️ X<br>• S01 E02<br>📅 ? ▼ 03.04.2027 (Dub)",
            Postponement("X", 1, 2, False, "dub", None, Day(4, 3), "⚠️ X\n• S01 E02\n📅 ? ▼ 03.04.2027 (Dub)"),
        ),
    ],
)
def test_a_postponement_is_read_however_it_is_spaced(text: str, wanted: Postponement) -> None:
    assert read_postponements(post(text), SITE) == (wanted,)


@pytest.mark.parametrize("text", ["", "nichts", "• S01 E01", "⚠️ X<br>• S01 E02<br>bald", "- " * 5000])
def test_a_post_without_entries_is_no_error(text: str) -> None:
    assert read_postponements(post(text), SITE) == ()


@pytest.mark.parametrize("read", [read_new_episodes, read_calendar, read_cards, read_postponements])
def test_a_gate_is_no_empty_list(recorded: Recorded, read: Callable[..., object]) -> None:
    with pytest.raises(NeedsPerson) as caught:
        read(recorded("synthetic-gate.html", "/neue-episoden"), SITE)
    assert caught.value.url == f"{ROOT}/neue-episoden"


def test_a_language_is_told_by_the_flags_file_not_by_its_words(recorded: Recorded) -> None:
    rows = read_new_episodes(recorded("neue-episoden-2026-09-trimmed.html", "/neue-episoden"), SITE)
    assert rows[0].language == Language("ja", "de")
