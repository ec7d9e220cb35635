from __future__ import annotations

import gc
import inspect
import logging
import os
import warnings
from typing import Any

import pytest
import tmdbv3api

from anidana.core import ConfigError, Gone, PageChanged, Refused
from anidana.plugins.metadata._tmdb_answers import Entry
from anidana.plugins.metadata._tmdb_client import Answers, TMDBClient

OLD_KEY = "0123456789abcdef0123456789abcdef"
SHOW = {"id": 209867, "name": "Frieren", "original_name": "葬送のフリーレン", "first_air_date": "2023-09-29"}


class Pauses(list[float]):
    """Takes note of every pause instead of making it."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


async def test_it_works_as_the_guide_says(tmdb: Any) -> None:
    tmdb.searches["Show", "en", None] = [SHOW]
    async with TMDBClient(api_key="key", url=tmdb.url) as client:
        (show,) = await client.search_tv_show("Show")
    assert (show.id, show.name, show.original_name, show.year) == (
        209867,
        "Frieren",
        "葬送のフリーレン",
        2023,
    )


def test_the_library_still_sends_everything_through_the_method_we_replace() -> None:
    # If this fails, a release of tmdbv3api has renamed it, and our transport is not used any more.
    parameters = list(inspect.signature(tmdbv3api.TMDb._request_obj).parameters)
    assert parameters[:3] == ["self", "action", "params"]
    for kind in (tmdbv3api.Search, tmdbv3api.TV, tmdbv3api.Season, tmdbv3api.Find, tmdbv3api.Group):
        assert "_request_obj" not in vars(kind)
        assert issubclass(kind, tmdbv3api.TMDb)


async def test_two_languages_do_not_mix_and_the_environment_stays_as_it_is(tmdb: Any) -> None:
    before = dict(os.environ)
    tmdb.searches["A & B/C", "de", "2023"] = [SHOW]
    async with (
        TMDBClient("key", url=tmdb.url) as one,
        TMDBClient("key", url=tmdb.url) as two,
    ):
        assert await one.search_tv_show("A & B/C", year=2023, language="de")
        assert not await two.search_tv_show("A & B/C", year=2023, language="en")
        assert await one.search_tv_show("A & B/C", year=2023, language="de")
    assert dict(os.environ) == before
    assert not any("adult" in request.query_string for request in tmdb.asked)


async def test_a_token_travels_in_a_header_and_an_old_key_in_the_query_only(tmdb: Any) -> None:
    async with TMDBClient("a.bearer.token", url=tmdb.url) as client:
        await client.search_tv_show("Show")
    async with TMDBClient(OLD_KEY, url=tmdb.url) as client:
        await client.search_tv_show("Show")
    new, old = tmdb.asked
    assert new.headers["Authorization"] == "Bearer a.bearer.token" and "token" not in new.query_string
    assert old.query["api_key"] == OLD_KEY and "Authorization" not in old.headers


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, ConfigError), (403, ConfigError), (404, Gone), (302, PageChanged), (422, PageChanged)],
)
async def test_answers_that_no_retry_mends_are_told_apart(
    tmdb: Any, status: int, error: type[Exception]
) -> None:
    tmdb.trouble = [(status, {"Location": "http://127.0.0.1:1/"}, b"{}")]
    async with TMDBClient("key", url=tmdb.url, pause=Pauses()) as client:
        with pytest.raises(error):
            await client.search_tv_show("Show")
    assert len(tmdb.asked) == 1


@pytest.mark.parametrize(
    ("status", "headers", "waited"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (429, {}, 1.0),
        (503, {"Retry-After": "tomorrow"}, 1.0),
        (500, {}, 1.0),
    ],
)
async def test_a_busy_tmdb_is_asked_again_when_it_wishes(
    tmdb: Any, status: int, headers: dict[str, str], waited: float
) -> None:
    tmdb.searches["Show", "en", None] = [SHOW]
    tmdb.trouble = [(status, headers, b"")]
    pauses = Pauses()
    async with TMDBClient("key", url=tmdb.url, pause=pauses) as client:
        assert await client.search_tv_show("Show")
    assert pauses == [waited]


async def test_an_error_is_never_remembered(tmdb: Any) -> None:
    tmdb.searches["Show", "en", None] = [SHOW]
    tmdb.trouble = [(404, {}, b"{}")]
    async with TMDBClient("key", url=tmdb.url) as client:
        with pytest.raises(Gone):
            await client.search_tv_show("Show")
        assert await client.search_tv_show("Show")


async def test_a_tmdb_that_stays_busy_is_given_up(tmdb: Any) -> None:
    tmdb.trouble = [(503, {}, b"")] * 3 + [(200, {}, b"{}")]
    pauses = Pauses()
    async with TMDBClient("key", url=tmdb.url, pause=pauses) as client:
        with pytest.raises(Refused, match="503"):
            await client.search_tv_show("Show")
    assert pauses == [1.0, 4.0]


async def test_a_long_wish_to_wait_is_handed_on(tmdb: Any) -> None:
    tmdb.trouble = [(429, {"Retry-After": "600"}, b"")]
    async with TMDBClient("key", url=tmdb.url, pause=Pauses()) as client:
        with pytest.raises(Refused) as caught:
            await client.search_tv_show("Show")
    assert caught.value.retry_after == 600


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"x"',
        b'{"results": 1}',
        b'{"results": [{"id": "x"}]}',
        b'{"results": [null]}',
        b"\xff",
    ],
)
async def test_an_answer_we_cannot_read_is_an_error_of_ours(tmdb: Any, body: bytes) -> None:
    tmdb.trouble = [(200, {}, body)]
    async with TMDBClient("key", url=tmdb.url) as client:
        with pytest.raises(PageChanged):
            await client.search_tv_show("Show")


async def test_an_answer_without_end_is_cut_off(tmdb: Any) -> None:
    tmdb.trouble = [(200, {}, b" " * (5 * 1024 * 1024))]
    async with TMDBClient("key", url=tmdb.url) as client:
        with pytest.raises(PageChanged, match="more than"):
            await client.search_tv_show("Show")


async def test_a_text_that_is_null_is_an_empty_one(tmdb: Any) -> None:
    tmdb.say("/tv/1", id=1, name=None, overview=None, poster_path=None, external_ids={"imdb_id": None})
    async with TMDBClient("key", url=tmdb.url) as client:
        details = await client.details(1)
    assert (details.name, details.overview, details.year, details.external_ids.imdb_id) == ("", "", None, "")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/3", "http://[::1]:1/3"])
async def test_a_tmdb_that_is_not_there_is_refused_without_naming_the_key(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with TMDBClient(OLD_KEY, url=url, pause=Pauses()) as client:
        with pytest.raises(Refused) as caught:
            await client.search_tv_show("Show")
    error = caught.value
    assert OLD_KEY not in f"{error} {error.__cause__} {error.hint} {caplog.text}"
    assert error.__suppress_context__


@pytest.mark.parametrize("url", ["tmdb", "http://", "http://x:port/"])
async def test_an_address_that_is_none_names_the_setting(url: str) -> None:
    async with TMDBClient("key", url=url) as client:
        with pytest.raises(ConfigError, match=r"metadata\.urls\.tmdb"):
            await client.search_tv_show("Show")


async def test_a_title_of_any_bytes_can_be_searched(tmdb: Any) -> None:
    async with TMDBClient("key", url=tmdb.url) as client:
        assert await client.search_tv_show("a\ud800\0&=#%/?" + "b" * 5000) == []
    assert tmdb.asked[0].query["query"].startswith("a?\0&=#%/?bbb")


async def test_one_left_open_warns_when_it_is_dropped(tmdb: Any) -> None:
    client = TMDBClient("key", url=tmdb.url)
    await client.search_tv_show("Show")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del client
        gc.collect()
        assert [str(one.message) for one in caught if "unclosed" in str(one.message)] == [
            "unclosed TMDBClient"
        ]
        for _ in range(3):  # each warning holds on to its source: client, aiohttp's session, its connector
            caught.clear()
            gc.collect()


async def test_one_closed_by_hand_goes_quietly(tmdb: Any) -> None:
    client = TMDBClient("key", url=tmdb.url)
    await client.search_tv_show("Show")
    await client.close()
    await client.close()
    del client
    gc.collect()


async def test_no_session_is_ever_left_unclosed(tmdb: Any, caplog: pytest.LogCaptureFixture) -> None:
    tmdb.trouble = [(200, {}, b"{}"), (500, {}, b""), (404, {}, b""), (200, {}, b"<html>")]
    for _ in range(4):
        try:
            async with TMDBClient("key", url=tmdb.url, pause=Pauses()) as client:
                await client.search_tv_show("Show")
                raise LookupError
        except (LookupError, Gone, PageChanged):
            del client
        gc.collect()
    assert not tmdb.trouble
    assert "Unclosed" not in caplog.text


@pytest.mark.parametrize(
    ("said", "minutes"), [(24, 24), (0, None), (None, None), ("24", None), (-1, None), ([], None)]
)
def test_a_length_is_a_number_of_minutes_or_unknown(said: object, minutes: int | None) -> None:
    assert Entry.model_validate({"id": 1, "episode_number": 1, "runtime": said}).runtime == minutes


async def test_an_answer_is_used_again_for_an_hour_and_kept_without_the_key(tmdb: Any) -> None:
    moment = [0.0]
    answers = Answers(lambda: moment[0])
    tmdb.searches["Show", "en", None] = [SHOW]
    for key, at in (("key", 0.0), (OLD_KEY, 3599.0), ("key", 3601.0)):
        moment[0] = at
        async with TMDBClient(key, url=tmdb.url, answers=answers) as client:
            assert len(await client.search_tv_show("Show")) == 1
    assert len(tmdb.asked) == 2
    assert not any(OLD_KEY in address for address in answers.addresses)


def test_answers_take_no_more_room_than_they_may() -> None:
    answers = Answers(lambda: 0.0, most_bytes=10)
    for name in "abc":
        answers.keep(name, b"12345")
    assert answers.addresses == ["b", "c"] and answers.get("c") == b"12345"
    answers.keep("d", b"x" * 11)
    assert answers.addresses == []


async def test_an_answer_that_cannot_be_read_is_not_kept(tmdb: Any) -> None:
    tmdb.trouble = [(200, {}, b"<html>")]
    tmdb.searches["Show", "en", None] = [SHOW]
    async with TMDBClient("key", url=tmdb.url) as client:
        with pytest.raises(PageChanged):
            await client.search_tv_show("Show")
        assert await client.search_tv_show("Show")
