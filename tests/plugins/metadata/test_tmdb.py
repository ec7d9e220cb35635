from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from anidana.core import Access, MetadataSource, Number, Refused, Series, SeriesFacts
from anidana.plugins.metadata.tmdb import Tmdb, plain, register_metadata

SERIES = Series(
    "aniworld", "frieren", "Frieren", "https://aniworld.to/x", (0, 1, 2), ("Sousou no Frieren",), 2023
)
SHOW = {"id": 7, "name": "Frieren", "original_name": "葬送のフリーレン", "first_air_date": "2023-09-29"}
OTHER = {"id": 8, "name": "Frieren Extra", "original_name": "", "first_air_date": "2023-01-01"}
ALL = [Number(0, 1), *(Number(1, n) for n in (1, 2, 3)), *(Number(2, n) for n in (1, 2))]


async def describe(
    tmdb: Any,
    series: Series = SERIES,
    numbers: Sequence[Number] = ALL,
    languages: tuple[str, ...] = ("de", "en"),
) -> SeriesFacts | None:
    return await Tmdb().describe(series, numbers, Access("key", tmdb.url, languages))


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
        ("Frieren", "en", "2023"),
        ("Sousou no Frieren", "de", "2023"),
        ("Frieren", "de", None),
        ("Sousou no Frieren", "de", None),
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


def seasons(facts: SeriesFacts | None) -> list[int]:
    assert facts is not None
    return sorted({number.season for number in facts.episodes})


@pytest.mark.parametrize(
    ("counts", "agreeing"),
    [
        ((1, 3, 2), [1, 2]),
        ((1, 3, 5), [1, 2]),
        ((1, 4, 2), []),
        ((1, 2, 2), []),
        ((1, 3, 1), [1]),
        ((1, 5), []),
        ((1, 3, 4, 2), [1]),
        ((9,), []),
    ],
)
async def test_episodes_are_taken_while_season_after_season_agrees(
    tmdb: Any, counts: tuple[int, ...], agreeing: list[int]
) -> None:
    know(tmdb, *counts)
    assert seasons(await describe(tmdb)) == agreeing


async def test_without_a_list_of_episodes_none_is_described(tmdb: Any) -> None:
    know(tmdb, 1, 3, 2)
    assert seasons(await describe(tmdb, numbers=[])) == []
    assert seasons(await describe(tmdb, numbers=[Number(2, 1)])) == []


async def test_an_episode_has_title_plot_date_and_id(tmdb: Any) -> None:
    know(tmdb, 1, 3, 2)
    facts = await describe(tmdb)
    assert facts is not None
    one, two = facts.episodes[Number(1, 1)], facts.episodes[Number(1, 2)]
    assert (two.title, two.plot, two.aired, two.ids) == ("de 2", "de plot 2", "2023-09-02", {"tmdb": "102"})
    assert one.title == "", "a placeholder is no title"
    assert one.plot == "en plot 1", "a plot in another language is better than none"


async def test_a_season_that_is_listed_but_gone_costs_its_episodes_only(tmdb: Any) -> None:
    know(tmdb, 1, 3, 2)
    del tmdb.answers["/tv/7/season/1"]
    assert seasons(await describe(tmdb)) == [2]


async def test_a_tmdb_that_is_not_there_is_refused(tmdb: Any) -> None:
    tmdb.trouble = [(429, {"Retry-After": "600"}, b"")]
    with pytest.raises(Refused):
        await describe(tmdb)
