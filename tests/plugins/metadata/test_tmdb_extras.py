"""What TMDB says besides titles and plots."""

from __future__ import annotations

from typing import Any

import pytest

from anidana.core import (
    Access,
    Episode,
    EpisodeFacts,
    Kind,
    Number,
    Person,
    Score,
    SeasonFacts,
    Series,
    SeriesFacts,
)
from anidana.core.metadata.facts import under_our_numbers
from anidana.core.metadata.numbering import resolve
from anidana.plugins.metadata.tmdb import Tmdb

SERIES = Series("aniworld", "frieren", "Frieren", "https://aniworld.to/x", (0, 1), year=2023)
SHOW = {"id": 7, "name": "Frieren", "original_name": "葬送のフリーレン", "first_air_date": "2023-09-29"}
EPISODES = (Episode(Number(0, 1), "", kind=Kind.SPECIAL), Episode(Number(1, 1), "Aufbruch"))
IMAGE = "https://image.tmdb.org/t/p"
SEASON = {
    "season_number": 1, "episode_count": 1, "name": "Die Reise", "overview": "Ein Weg.",
    "air_date": "2023-09-29", "poster_path": "/s1.jpg",
}  # fmt: skip


def know(tmdb: Any, **details: Any) -> None:
    tmdb.searches["Frieren", "de", "2023"] = [SHOW]
    tmdb.say("/tv/7", **{**SHOW, "overview": "Ein Plot.", "seasons": [SEASON], **details})
    tmdb.say("/tv/7/season/1", episodes=[{"id": 1, "episode_number": 1, "name": "Aufbruch"}])


async def describe(tmdb: Any, size: str = "large") -> SeriesFacts:
    known = await Tmdb().describe(SERIES, EPISODES, Access("key", tmdb.url, ("de", "en"), size))
    assert known is not None
    pairs = resolve(EPISODES, known.listed, names=(SERIES.title,))
    return under_our_numbers(known, pairs, films=False)


def image(path: str, language: str | None, votes: float) -> dict[str, Any]:
    return {"file_path": path, "iso_639_1": language, "vote_average": votes, "vote_count": 3}


async def test_everything_comes_with_one_question(tmdb: Any) -> None:
    know(tmdb)
    await describe(tmdb)
    (asked,) = [one for one in tmdb.asked if one.path == "/3/tv/7"]
    assert set(asked.query["append_to_response"].split(",")) >= {
        "external_ids",
        "images",
        "aggregate_credits",
    }
    assert asked.query["include_image_language"] == "de,en,null"


async def test_people_ratings_and_tags_are_told(tmdb: Any) -> None:
    know(
        tmdb,
        tagline="Die Reise ist zu Ende.",
        status="Ended",
        last_air_date="2024-03-22",
        episode_run_time=[25],
        vote_average=8.8,
        vote_count=1200,
        created_by=[{"name": "Kanehito Yamada"}],
        production_countries=[{"name": "Japan"}],
        keywords={"results": [{"name": "magic"}]},
        aggregate_credits={
            "cast": [
                {"name": "Atsumi Tanezaki", "profile_path": "/a.jpg", "roles": [{"character": "Frieren"}]},
                {"name": "", "roles": []},
            ]
        },
        content_ratings={
            "results": [{"iso_3166_1": "US", "rating": "TV-14"}, {"iso_3166_1": "DE", "rating": "12"}]
        },
        videos={
            "results": [
                {"site": "Vimeo", "type": "Trailer", "key": "11111111"},
                {"site": "YouTube", "type": "Trailer", "key": "&evil=1"},
                {"site": "YouTube", "type": "Trailer", "key": "qgQunXdeQ9M"},
            ]
        },
    )
    facts = await describe(tmdb)
    assert (facts.tagline, facts.ended, facts.runtime) == ("Die Reise ist zu Ende.", "2024-03-22", 25)
    assert (facts.certificate, facts.trailer, facts.score) == ("FSK 12", "qgQunXdeQ9M", Score(8.8, 1200))
    assert (facts.tags, facts.countries, facts.writers) == (("magic",), ("Japan",), ("Kanehito Yamada",))
    assert facts.cast == (Person("Atsumi Tanezaki", "Frieren", f"{IMAGE}/w185/a.jpg"),)


async def test_a_series_that_goes_on_has_no_end(tmdb: Any) -> None:
    know(tmdb, status="Returning Series", last_air_date="2024-03-22")
    assert (await describe(tmdb)).ended == ""


async def test_an_age_rating_of_elsewhere_is_better_than_none(tmdb: Any) -> None:
    know(tmdb, content_ratings={"results": [{"iso_3166_1": "US", "rating": "TV-14"}]})
    assert (await describe(tmdb)).certificate == "TV-14"


async def test_pictures_go_by_language_and_then_by_votes(tmdb: Any) -> None:
    know(
        tmdb,
        poster_path="/any.jpg",
        images={
            "posters": [image("/en.jpg", "en", 9), image("/de1.jpg", "de", 5), image("/de2.jpg", "de", 6)],
            "backdrops": [image("/text.jpg", "de", 9), image("/plain.jpg", None, 5)],
            "logos": [image("/logo.svg", "de", 9), image("/logo.png", "en", 5)],
        },
    )
    pictures = (await describe(tmdb)).pictures
    assert pictures["poster"] == tuple(f"{IMAGE}/w780/{name}.jpg" for name in ("de2", "de1", "en"))
    assert pictures["fanart"] == (f"{IMAGE}/w1280/plain.jpg",), "there is no text on it"
    assert pictures["landscape"] == (f"{IMAGE}/w1280/text.jpg",), "there is the title on it"
    assert pictures["clearlogo"] == (f"{IMAGE}/w500/logo.png",), "no server shows an SVG"
    assert pictures["season01-poster"] == (f"{IMAGE}/w780/s1.jpg",)


@pytest.mark.parametrize(
    ("size", "poster", "still"), [("small", "w342", "w300"), ("original", "original", "original")]
)
async def test_pictures_have_the_size_that_the_owner_wants(
    tmdb: Any, size: str, poster: str, still: str
) -> None:
    know(tmdb, poster_path="/p.jpg")
    tmdb.say("/tv/7/season/1", episodes=[{"id": 1, "episode_number": 1, "still_path": "/t.jpg"}])
    facts = await describe(tmdb, size)
    assert facts.pictures["poster"] == (f"{IMAGE}/{poster}/p.jpg",)
    assert facts.episodes[Number(1, 1)].pictures == {"thumb": (f"{IMAGE}/{still}/t.jpg",)}


async def test_seasons_that_are_the_same_here_and_there_are_described(tmdb: Any) -> None:
    specials = {"season_number": 0, "episode_count": 9, "name": "Extras", "poster_path": "/s0.jpg"}
    other = {"season_number": 2, "episode_count": 9, "name": "Not here"}
    know(tmdb, seasons=[specials, SEASON, other])
    facts = await describe(tmdb)
    assert facts.seasons == {
        0: SeasonFacts("Extras"),
        1: SeasonFacts("Die Reise", "Ein Weg.", "2023-09-29"),
    }
    assert facts.pictures["season-specials-poster"] == (f"{IMAGE}/w780/s0.jpg",)


async def test_an_episode_is_described(tmdb: Any) -> None:
    know(tmdb)
    entry = {
        "id": 4711,
        "episode_number": 1,
        "name": "Aufbruch",
        "overview": "Ein Plot.",
        "air_date": "2023-09-29",
        "vote_average": 7.5,
        "vote_count": 31,
        "still_path": "/t.jpg",
        "crew": [
            {"name": "Eine", "job": "Director"},
            {"name": "Einer", "job": "Writer"},
            {"name": "X", "job": "Art"},
        ],
        "guest_stars": [{"name": "Gast", "character": "Händler", "profile_path": None}],
    }
    tmdb.say("/tv/7/season/1", episodes=[entry])
    assert (await describe(tmdb)).episodes[Number(1, 1)] == EpisodeFacts(
        "Aufbruch",
        "Ein Plot.",
        "2023-09-29",
        {"tmdb": "4711"},
        score=Score(7.5, 31),
        directors=("Eine",),
        writers=("Einer",),
        guests=(Person("Gast", "Händler"),),
        pictures={"thumb": (f"{IMAGE}/original/t.jpg",)},
    )


async def test_what_tmdb_says_null_to_is_not_known(tmdb: Any) -> None:
    nothing = dict.fromkeys(
        ("tagline", "episode_run_time", "vote_average", "created_by", "images", "keywords", "videos"), None
    )
    know(tmdb, **nothing)
    tmdb.say("/tv/7/season/1", episodes=[{"id": 1, "episode_number": 1, "crew": None, "vote_average": None}])
    facts = await describe(tmdb)
    assert (facts.tagline, facts.runtime, facts.score) == ("", None, None)
    assert facts.episodes[Number(1, 1)].score is None


@pytest.mark.parametrize("path", ["//evil.example/x.jpg", "/../x.jpg", "@evil.example/x.jpg", "/x.svg"])
async def test_no_picture_is_looked_for_elsewhere(tmdb: Any, path: str) -> None:
    know(tmdb, images={"posters": [image(path, "de", 9)]}, poster_path=path)
    assert "poster" not in (await describe(tmdb)).pictures
