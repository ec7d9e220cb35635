"""What TMDB says of a series beyond title and episodes: people, ratings, pictures by language and vote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, model_validator

from anidana.core import EpisodeFacts, Person, Score, SeasonFacts, SeriesFacts

PICTURES = "https://image.tmdb.org/t/p"
COUNTRY = "DE"
"""Whose age ratings are shown; others only where it has none."""

MOST_PICTURES = 3
MOST_CAST, MOST_TAGS = 30, 20
APPENDED = "external_ids,images,aggregate_credits,content_ratings,keywords,videos"
"""Answers that come along with a series' details, in the same request."""

SIZES: Mapping[str, Mapping[str, str]] = {
    "small": {"poster": "w342", "backdrop": "w780", "logo": "w300", "still": "w300", "profile": "w185"},
    "large": {"poster": "w780", "backdrop": "w1280", "logo": "w500", "still": "original", "profile": "w185"},
    "original": dict.fromkeys(("poster", "backdrop", "logo", "still", "profile"), "original"),
}
"""TMDB's own list of sizes has none for stills between 300 pixels and the original."""

_PATH = re.compile(r"/[\w-]+\.(?:jpg|jpeg|png|webp)")
"""Logos come as SVG, too, which no media server shows."""

_VIDEO = re.compile(r"[\w-]{6,20}")


class Said(BaseModel):
    """An answer, or a part of one; TMDB says null where it has nothing to say."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        return {name: value for name, value in said.items() if value is not None}


class Image(Said):
    """A picture; no language means that there is no text on it."""

    file_path: str = ""
    iso_639_1: str | None = None
    vote_average: float = 0.0
    vote_count: int = 0


class Images(Said):
    """All pictures of a series."""

    posters: list[Image] = []
    backdrops: list[Image] = []
    logos: list[Image] = []


class Role(Said):
    """A part that somebody plays."""

    character: str = ""


class Member(Said):
    """Somebody in the cast or the crew; a whole series lists several roles, an episode one character."""

    name: str = ""
    job: str = ""
    character: str = ""
    profile_path: str = ""
    roles: list[Role] = []


class Credits(Said):
    """The cast in its order."""

    cast: list[Member] = []


class Certificate(Said):
    """An age rating in one country."""

    iso_3166_1: str = ""
    rating: str = ""


class Certificates(Said):
    """Age ratings by country."""

    results: list[Certificate] = []


class Keyword(Said):
    """A tag, or anything else that has only a name."""

    name: str = ""


class Keywords(Said):
    """Tags."""

    results: list[Keyword] = []


class Video(Said):
    """A video about the series."""

    key: str = ""
    site: str = ""
    type: str = ""


class Videos(Said):
    """Videos, in the language that was asked for and in English."""

    results: list[Video] = []


class SeasonExtras(Said):
    """What a series' list of seasons says of each."""

    name: str = ""
    overview: str = ""
    air_date: str = ""
    poster_path: str = ""


class EntryExtras(Said):
    """What a season's list of episodes says of each."""

    vote_average: float = 0.0
    vote_count: int = 0
    still_path: str = ""
    crew: list[Member] = []
    guest_stars: list[Member] = []


class Extras(Said):
    """What a series' details say."""

    tagline: str = ""
    last_air_date: str = ""
    episode_run_time: list[int] = []
    vote_average: float = 0.0
    vote_count: int = 0
    created_by: list[Keyword] = []
    production_countries: list[Keyword] = []
    keywords: Keywords = Keywords()
    aggregate_credits: Credits = Credits()
    content_ratings: Certificates = Certificates()
    videos: Videos = Videos()
    images: Images = Images()
    poster_path: str | None = None
    backdrop_path: str | None = None


def added(
    facts: SeriesFacts,
    details: Extras,
    seasons: Mapping[int, SeasonExtras],
    languages: Sequence[str],
    size: str,
) -> SeriesFacts:
    """The facts with all that the details say besides; `seasons` are by the catalogue's numbers."""
    tags, people = details.keywords.results[:MOST_TAGS], details.aggregate_credits.cast[:MOST_CAST]
    images = details.images
    pictures = {
        "poster": _best(images.posters, [*languages, None], "poster", size)
        or _addresses([details.poster_path or ""], "poster", size),
        "fanart": _best(images.backdrops, [None], "backdrop", size)
        or _addresses([details.backdrop_path or ""], "backdrop", size),
        "landscape": _best(images.backdrops, languages, "backdrop", size),
        "clearlogo": _best(images.logos, [*languages, None], "logo", size),
    }
    for number, season in seasons.items():
        name = f"season{number:02d}-poster" if number else "season-specials-poster"
        pictures[name] = _addresses([season.poster_path], "poster", size)
    return replace(
        facts,
        tagline=details.tagline,
        ended=details.last_air_date if facts.status == "Ended" else "",
        runtime=details.episode_run_time[0] if details.episode_run_time else None,
        certificate=_certificate(details.content_ratings.results),
        trailer=_trailer(details.videos.results),
        score=_score(details),
        tags=tuple(tag.name for tag in tags),
        countries=tuple(country.name for country in details.production_countries),
        writers=tuple(person.name for person in details.created_by),
        cast=_people(people, size),
        seasons={
            number: SeasonFacts(one.name, one.overview, one.air_date) for number, one in seasons.items()
        },
        pictures={name: urls for name, urls in pictures.items() if urls},
    )


def added_to_episode(facts: EpisodeFacts, entry: EntryExtras, size: str) -> EpisodeFacts:
    """The facts with all that a season's list says of the episode besides."""
    return replace(
        facts,
        score=_score(entry),
        directors=tuple(one.name for one in entry.crew if one.job == "Director"),
        writers=tuple(one.name for one in entry.crew if one.job in ("Writer", "Screenplay", "Story")),
        guests=_people(entry.guest_stars[:MOST_CAST], size),
        pictures={"thumb": _addresses([entry.still_path], "still", size)},
    )


def _best(images: Iterable[Image], languages: Sequence[str | None], sort: str, size: str) -> tuple[str, ...]:
    """Addresses of pictures in these languages, by rank of the language, then by votes."""
    fitting = [image for image in images if image.iso_639_1 in languages]
    fitting.sort(key=lambda one: (languages.index(one.iso_639_1), -one.vote_average, -one.vote_count))
    return _addresses([image.file_path for image in fitting], sort, size)


def _addresses(paths: Iterable[str], sort: str, size: str) -> tuple[str, ...]:
    width = SIZES.get(size, SIZES["large"])[sort]
    known = dict.fromkeys(f"{PICTURES}/{width}{path}" for path in paths if _PATH.fullmatch(path))
    return tuple(known)[:MOST_PICTURES]


def _people(members: Iterable[Member], size: str) -> tuple[Person, ...]:
    return tuple(
        Person(
            member.name,
            ", ".join(filter(None, (role.character for role in member.roles))) or member.character,
            next(iter(_addresses([member.profile_path], "profile", size)), ""),
        )
        for member in members
        if member.name
    )


def _certificate(known: Sequence[Certificate]) -> str:
    for country in (COUNTRY, "US"):
        for one in known:
            if one.iso_3166_1 == country and one.rating:
                return f"FSK {one.rating}" if country == COUNTRY else one.rating
    return ""


def _trailer(videos: Iterable[Video]) -> str:
    trailers = (one.key for one in videos if one.site == "YouTube" and one.type == "Trailer")
    return next(filter(_VIDEO.fullmatch, trailers), "")


def _score(said: Extras | EntryExtras) -> Score | None:
    return Score(said.vote_average, said.vote_count) if said.vote_count and said.vote_average else None
