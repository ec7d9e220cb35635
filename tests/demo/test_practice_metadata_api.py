"""The small metadata API answers as TMDB's version 3 does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.sites.metadata_api import TOKEN
from anidana.core.demo.story import SHELF

if TYPE_CHECKING:
    from .conftest import Browser

API = "https://api.themoviedb.org/3"


async def ask(browser: Browser, path: str, status: int = 200) -> Any:
    answer = await browser.ask(API + path, Authorization=f"Bearer {TOKEN}")
    assert answer.status == status
    return json.loads(answer.body)


async def test_it_wants_a_bearer_token(browser: Browser) -> None:
    for headers in ({}, {"Authorization": "Bearer other"}, {"Authorization": TOKEN}):
        answer = await browser.ask(f"{API}/search/tv?query=regal&api_key={TOKEN}", **headers)
        assert (answer.status, json.loads(answer.body)["status_code"]) == (401, 7)


@pytest.mark.parametrize(
    ("query", "found"),
    [("regal%20am", [990240]), ("tana", [990240, 990190]), ("nothing", []), ("", [])],
)
async def test_it_searches_in_all_names(browser: Browser, query: str, found: list[int]) -> None:
    answer = await ask(browser, f"/search/tv?query={query}")
    assert [one["id"] for one in answer["results"]] == found
    assert answer["total_results"] == len(found)


async def test_a_search_may_name_the_year(browser: Browser) -> None:
    answer = await ask(browser, "/search/tv?query=tana&first_air_date_year=2019")
    assert [one["id"] for one in answer["results"]] == [990190]


async def test_a_series_is_found_by_its_imdb_id(browser: Browser) -> None:
    answer = await ask(browser, f"/find/{SHELF.series.imdb}?external_source=imdb_id")
    assert [one["id"] for one in answer["tv_results"]] == [990240]


async def test_it_knows_a_series_in_two_languages(browser: Browser) -> None:
    german = await ask(browser, "/tv/990240?language=de")
    english = await ask(browser, "/tv/990240?language=en-US")
    assert (german["name"], english["name"]) == (SHELF.series.title, SHELF.english_title)
    assert german["overview"] == SHELF.series.description
    assert german["external_ids"]["imdb_id"] == SHELF.series.imdb
    assert german["status"] == "Ended"
    counts = [(one["season_number"], one["episode_count"]) for one in german["seasons"]]
    assert counts == [(0, 1), (1, 3), (2, 2)]
    others = await ask(browser, "/tv/990240/alternative_titles")
    assert {"title": "世界の果ての棚"} in others["results"]


async def test_it_counts_specials_its_own_way(browser: Browser) -> None:
    specials = await ask(browser, "/tv/990240/season/0?language=en")
    assert [(one["episode_number"], one["name"]) for one in specials["episodes"]] == [
        (1, "Tana's Dusting Day")
    ]


async def test_a_season_has_a_stand_in_where_a_title_is_missing(browser: Browser) -> None:
    german = await ask(browser, "/tv/990240/season/2?language=de")
    assert [one["name"] for one in german["episodes"]] == ["Flut im Archiv", "Folge 2"]
    assert [one["air_date"] for one in german["episodes"]] == ["2025-04-06", "2025-04-13"]


async def test_what_it_does_not_know_is_404(browser: Browser) -> None:
    for path in ("/tv/1", "/tv/990240/season/9", "/movie/1"):
        assert (await ask(browser, path, 404))["status_code"] == 34


async def test_its_pictures_are_jpegs(browser: Browser) -> None:
    series = await ask(browser, "/tv/990240")
    for path in (series["poster_path"], series["backdrop_path"]):
        answer = await browser.ask(f"https://image.tmdb.org/t/p/w500{path}")
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")


async def test_it_answers_at_the_networks_own_address(browser: Browser, practice: PracticeNetwork) -> None:
    answer = await browser.ask(f"{practice.tmdb_url}/tv/990240", Authorization=f"Bearer {TOKEN}")
    assert answer.status == 200
    assert len(practice.asked("tmdb")) == 1
