from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from anidana.core import (
    Access,
    Episode,
    Gone,
    Kind,
    Known,
    Listed,
    MetadataSource,
    Number,
    PageChanged,
    Refused,
    Series,
    SeriesFacts,
)
from anidana.plugins.metadata._tmdb_client import Clients
from anidana.plugins.metadata.tmdb import Tmdb, plain, queries, register_metadata, without_year

SERIES = Series(
    "aniworld", "frieren", "Frieren", "https://aniworld.to/x", (0, 1, 2), ("Sousou no Frieren",), 2023
)
SHOW = {"id": 7, "name": "Frieren", "original_name": "葬送のフリーレン", "first_air_date": "2023-09-29"}
OTHER = {"id": 8, "name": "Frieren Extra", "original_name": "", "first_air_date": "2023-01-01"}


def entry(season: int, n: int, kind: Kind = Kind.EPISODE, **titles: str) -> Episode:
    return Episode(Number(season, n), titles.get("title", ""), titles.get("english", ""), kind)


ALL = [entry(0, 1, Kind.OVA), *(entry(1, n) for n in (1, 2, 3)), *(entry(2, n) for n in (1, 2))]


async def ask(
    tmdb: Any,
    series: Series = SERIES,
    episodes: Sequence[Episode] = ALL,
    languages: tuple[str, ...] = ("de", "en"),
    **access: str,
) -> Known | None:
    return await Tmdb().describe(series, episodes, Access("key", tmdb.url, languages, **access))


async def describe(tmdb: Any, series: Series = SERIES, **more: Any) -> SeriesFacts | None:
    known = await ask(tmdb, series, **more)
    return known.facts if known is not None else None


async def listed(tmdb: Any, **more: Any) -> dict[str, Listed]:
    known = await ask(tmdb, **more)
    assert known is not None
    return {one.key: one for one in known.listed}


def know(tmdb: Any, *counts: int, **details: Any) -> None:
    """Let TMDB know the show, with seasons of so many episodes from season 0 on."""
    tmdb.searches.setdefault(("Frieren", "de", "2023"), [SHOW])
    seasons = [{"season_number": n, "episode_count": count} for n, count in enumerate(counts)]
    tmdb.say("/tv/7", **{**SHOW, "seasons": seasons, **details})
    for number, count in enumerate(counts):
        for language in ("de", "en"):
            episodes = [
                {
                    "id": number * 100 + n,
                    "episode_number": n,
                    "name": f"{language} {n}" if n > 1 else "Folge 1",
                    "overview": f"{language} plot {n}" if n == 2 or language == "en" else "",
                    "air_date": f"2023-09-{n:02d}",
                }
                for n in range(1, count + 1)
            ]
            tmdb.say(f"/tv/7/season/{number}", language, episodes=episodes)


def test_the_plugin_offers_a_source() -> None:
    (source,) = register_metadata()
    assert isinstance(source, MetadataSource) and source.name == "tmdb"


def test_loading_the_plugin_does_not_load_its_client() -> None:
    code = "import sys, anidana.plugins.metadata.tmdb; sys.exit('tmdbv3api' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [("Fate/Zero", "FATE ZERO"), ("Pokémon", "Pokemon"), ("Re:Zero – Kara", "ReZero kara"), ("Ａ", "a")],
)
def test_titles_are_compared_without_punctuation_accents_and_case(one: str, other: str) -> None:
    assert plain(one) == plain(other)


def test_titles_that_differ_in_a_number_are_not_the_same() -> None:
    assert plain("Mob Psycho 100 II") != plain("Mob Psycho 100")


async def test_what_tmdb_knows_is_told(tmdb: Any) -> None:
    know(
        tmdb,
        overview="Ein Plot.",
        status="Returning Series",
        genres=[{"name": "Animation"}],
        production_companies=[{"name": "MADHOUSE"}],
        external_ids={"imdb_id": "tt22248376", "tvdb_id": 424536},
        poster_path="/abc.jpg",
        backdrop_path="/def.jpg",
    )
    assert await describe(tmdb) == SeriesFacts(
        source="tmdb",
        title="Frieren",
        original_title="葬送のフリーレン",
        plot="Ein Plot.",
        premiered="2023-09-29",
        status="Continuing",
        genres=("Animation",),
        studios=("MADHOUSE",),
        ids={"tmdb": "7", "tvdb": "424536", "imdb": "tt22248376"},
        poster="https://image.tmdb.org/t/p/w780/abc.jpg",
        fanart="https://image.tmdb.org/t/p/w1280/def.jpg",
        pictures={
            "poster": ("https://image.tmdb.org/t/p/w780/abc.jpg",),
            "fanart": ("https://image.tmdb.org/t/p/w1280/def.jpg",),
        },
    )


@pytest.mark.parametrize("path", ["//evil.example/x.jpg", "/../x.jpg", "@evil.example/x.jpg", ""])
async def test_a_picture_is_never_looked_for_elsewhere(tmdb: Any, path: str) -> None:
    know(tmdb, poster_path=path)
    facts = await describe(tmdb)
    assert facts is not None and facts.poster is None


async def test_a_plot_of_the_next_language_comes_only_where_the_catalogue_has_none(tmdb: Any) -> None:
    know(tmdb)
    tmdb.say("/tv/7", "en", **SHOW, overview="A plot.")
    facts = await describe(tmdb)
    assert facts is not None and facts.plot == "A plot."
    facts = await describe(tmdb, replace(SERIES, description="Ein Plot des Katalogs."))
    assert facts is not None and facts.plot == ""


@pytest.mark.parametrize(
    "search",
    [
        ("Frieren", "de", "2023"),
        ("Sousou no Frieren", "ja", "2023"),
        ("Sousou no Frieren", "en", "2023"),
        ("Frieren", "en", "2023"),
        ("Frieren", "de", None),
        ("Sousou no Frieren", "en", None),
    ],
)
async def test_languages_other_titles_and_no_year_are_tried_in_turn(
    tmdb: Any, search: tuple[str, str, str | None]
) -> None:
    tmdb.searches["Frieren", "de", "2023"] = []
    tmdb.searches[search] = [OTHER, SHOW]
    know(tmdb)
    facts = await describe(tmdb)
    assert facts is not None and facts.ids["tmdb"] == "7"


async def test_english_is_asked_even_if_nobody_wants_to_read_it(tmdb: Any) -> None:
    tmdb.searches["Frieren", "en", "2023"] = [SHOW]
    know(tmdb)
    tmdb.searches["Frieren", "de", "2023"] = []
    assert await describe(tmdb, languages=("de",)) is not None


async def test_a_title_that_tmdb_lists_as_another_one_is_a_match(tmdb: Any) -> None:
    tmdb.searches["Frieren", "de", "2023"] = [{**SHOW, "name": "フリーレン", "original_name": "葬送"}, OTHER]
    tmdb.say(
        "/tv/7/alternative_titles", results=[{"title": "Sōsō no Frieren"}, {"title": "SOUSOU NO FRIEREN"}]
    )
    know(tmdb)
    facts = await describe(tmdb)
    assert facts is not None and facts.ids["tmdb"] == "7"


@pytest.mark.parametrize(
    "shows",
    [
        [],
        [OTHER],
        [{**SHOW, "first_air_date": "2020-01-01"}],
        [{**SHOW, "first_air_date": ""}],
        [SHOW, {**SHOW, "id": 9}],
        [{**SHOW, "first_air_date": "2022-01-01"}, {**SHOW, "id": 9, "first_air_date": "2024-01-01"}],
    ],
)
async def test_what_is_not_sure_is_not_taken(tmdb: Any, shows: list[dict[str, Any]]) -> None:
    for year in ("2023", None):
        tmdb.searches["Frieren", "de", year] = shows
    know(tmdb)
    assert await describe(tmdb) is None


async def test_a_year_beside_it_fits_but_the_same_year_goes_first(tmdb: Any) -> None:
    later = {**SHOW, "id": 9, "first_air_date": "2024-01-01"}
    tmdb.searches["Frieren", "de", "2023"] = [later, SHOW]
    know(tmdb)
    facts = await describe(tmdb)
    assert facts is not None and facts.ids["tmdb"] == "7"
    tmdb.searches["Frieren", "de", "2022"] = [SHOW]
    assert await describe(tmdb, replace(SERIES, year=2022)) is not None


async def test_without_a_year_two_of_one_name_are_not_sure(tmdb: Any) -> None:
    tmdb.searches["Frieren", "de", None] = [SHOW, {**SHOW, "id": 9, "first_air_date": "1999-01-01"}]
    know(tmdb)
    assert await describe(tmdb, replace(SERIES, year=None)) is None
    tmdb.searches["Frieren", "de", None] = [SHOW]
    assert await describe(tmdb, replace(SERIES, year=None)) is not None


async def test_an_imdb_id_is_sure_if_year_or_title_agree(tmdb: Any) -> None:
    know(tmdb)
    tmdb.searches.clear()
    tmdb.say("/find/tt1", tv_results=[{**SHOW, "name": "another name"}])
    known = replace(SERIES, imdb="tt1")
    assert await describe(tmdb, known) is not None
    assert await describe(tmdb, replace(known, year=1999)) is None, "the id points at another show"
    assert await describe(tmdb, replace(known, year=None)) is None
    tmdb.say("/find/tt1", tv_results=[SHOW])
    assert await describe(tmdb, replace(known, year=None)) is not None


async def test_an_imdb_id_that_tmdb_does_not_know_is_no_obstacle(tmdb: Any) -> None:
    know(tmdb)
    assert await describe(tmdb, replace(SERIES, imdb="tt404")) is not None


def test_searches_go_from_the_likeliest_to_the_last_resort() -> None:
    series = replace(SERIES, title="Re:Zero – Kara", alternative_titles=("Starting (2023)",))
    asked = list(queries(series, ("de", "en")))
    with_year = [("Re:Zero – Kara", "de"), ("Starting", "ja"), ("Starting", "en"), ("Re:Zero – Kara", "en")]
    assert asked[:4] == [(query, 2023, language) for query, language in with_year]
    assert asked[4:8] == [(query, None, language) for query, language in with_year]
    assert asked[8:] == [("Re Zero Kara", 2023, "de"), ("Re Zero Kara", None, "de")]


@pytest.mark.parametrize(
    ("title", "cut"),
    [
        ("Frieren (2023)", ("Frieren", 2023)),
        ("Frieren", ("Frieren", None)),
        ("1984 (II)", ("1984 (II)", None)),
    ],
)
def test_a_year_in_brackets_is_no_part_of_a_title(title: str, cut: tuple[str, int | None]) -> None:
    assert without_year(title) == cut


async def test_a_year_in_brackets_is_the_year_of_the_series(tmdb: Any) -> None:
    know(tmdb)
    assert await describe(tmdb, replace(SERIES, title="Frieren (2023)", year=None)) is not None


async def test_a_series_that_is_given_by_its_id_is_not_searched(tmdb: Any) -> None:
    know(tmdb)
    known = await ask(tmdb, replace(SERIES, title="Something Else", year=1970), id="7")
    assert known is not None and known.id == known.facts.ids["tmdb"] == "7"
    assert not any("/search/tv" in request.path for request in tmdb.asked)


@pytest.mark.parametrize("id_", ["404", "no number", "7/../8", "-1", "0"])
async def test_an_id_that_tmdb_does_not_have_is_gone(tmdb: Any, id_: str) -> None:
    know(tmdb)
    with pytest.raises(Gone):
        await ask(tmdb, id=id_)


async def test_an_episode_has_titles_plot_date_and_id(tmdb: Any) -> None:
    know(tmdb, 1, 3, 2)
    found = await listed(tmdb)
    assert list(found) == ["S00E01", "S01E01", "S01E02", "S01E03", "S02E01", "S02E02"]
    one, two = found["S01E01"], found["S01E02"]
    assert (two.english_title, two.titles, two.id) == ("en 2", ("de 2", "en 2"), "102")
    facts = two.facts
    assert (facts.title, facts.plot, facts.aired) == ("de 2", "de plot 2", "2023-09-02")
    assert facts.ids == {"tmdb": "102"}
    assert (one.facts.title, one.titles) == ("", ()), "a placeholder is no title"
    assert one.facts.plot == "en plot 1", "a plot in another language is better than none"


async def test_a_season_that_is_listed_but_gone_costs_its_episodes_only(tmdb: Any) -> None:
    know(tmdb, 0, 3, 2)
    del tmdb.answers["/tv/7/season/1"]
    assert list(await listed(tmdb)) == ["S02E01", "S02E02"]


async def test_the_absolute_order_is_the_one_that_somebody_made(tmdb: Any) -> None:
    know(tmdb, 1, 2, 1)
    assert {one.absolute for one in (await listed(tmdb)).values()} == {None}
    tmdb.say("/tv/7/episode_groups", results=[{"id": "x", "type": 5}, {"id": "abc", "type": 2}])
    specials = {"order": 0, "episodes": [{"id": 1}]}
    parts = [{"order": 2, "episodes": [{"id": 102}]}, {"order": 1, "episodes": [{"id": 201}, {"id": 101}]}]
    tmdb.say("/tv/episode_group/abc", groups=[specials, *parts])
    found = await listed(tmdb)
    assert {key: one.absolute for key, one in found.items()} == {
        "S00E01": None, "S01E01": 2, "S01E02": 3, "S02E01": 1,
    }  # fmt: skip


async def test_films_are_searched_by_title_and_others_of_the_name_left_out(tmdb: Any) -> None:
    know(tmdb, original_language="ja")
    film = {"id": 55, "original_title": "映画", "original_language": "ja", "release_date": "2024-05-01"}
    tmdb.films["The Film", "en"] = [{**film, "title": "Frieren: The Film"}, {**film, "id": 56, "title": "X"}]
    tmdb.films["The Film", "en"][1]["original_language"] = "en"
    tmdb.films["The Film", "de"] = [{**film, "title": "Frieren: Der Film", "overview": "Ein Plot."}]
    found = await listed(tmdb, episodes=[*ALL, entry(0, 2, Kind.MOVIE, english="The Film")])
    (one,) = found.values()
    assert (one.key, one.number, one.english_title) == ("film 55", None, "Frieren: The Film")
    assert one.titles == ("Frieren: Der Film", "映画", "Frieren: The Film")
    assert (one.facts.title, one.facts.plot) == ("Frieren: Der Film", "Ein Plot.")
    assert (one.facts.aired, one.facts.ids) == ("2024-05-01", {"tmdb": "55"})


async def test_a_tmdb_that_is_not_there_is_refused(tmdb: Any) -> None:
    tmdb.trouble = [(429, {"Retry-After": "600"}, b"")]
    with pytest.raises(Refused):
        await describe(tmdb)


async def test_one_key_has_one_client_which_is_closed_when_the_last_has_gone(tmdb: Any) -> None:
    clients = Clients()
    async with clients.client("key", tmdb.url) as one:
        async with clients.client("key", tmdb.url) as same, clients.client("other", tmdb.url) as other:
            assert same is one and other is not one
            await same.search_tv_show("Show")
        await one.search_tv_show("Another")
    async with clients.client("key", tmdb.url) as anew:
        assert anew is not one


async def test_after_an_error_nobody_goes_on_asking(tmdb: Any, caplog: pytest.LogCaptureFixture) -> None:
    know(tmdb, 1, 3, 2)
    source = Tmdb()
    for season in (0, 1, 2):
        tmdb.answers[f"/tv/7/season/{season}"]["de"] = {"episodes": "not a list"}
    with pytest.raises(PageChanged):
        await source.describe(SERIES, ALL, Access("key", tmdb.url))
    gc.collect()
    assert "Unclosed" not in caplog.text and "never retrieved" not in caplog.text


async def test_what_tmdb_has_said_is_not_asked_again_by_the_next_series(tmdb: Any) -> None:
    know(tmdb, 1, 3)
    source = Tmdb()
    for _ in range(2):
        await source.describe(SERIES, ALL, Access("key", tmdb.url))
    paths = [request.path_qs for request in tmdb.asked]
    assert len(paths) == len(set(paths))
