"""A small TMDB (API v3): search, series, season, films and pictures of the practice stories.

Seasons are TMDB's own: the catalogue's film is a film there and no episode, its special is the only entry of
season 0 and so has another number. A title it lacks in a language is "Folge 2".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from ...models import Episode, Kind, Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen
from ..story import STORIES, Story

TOKEN = "practice"  # noqa: S105 - opens nothing
_UNAUTHORISED = {
    "status_code": 7,
    "status_message": "Invalid API key: You must be granted a valid key.",
    "success": False,
}
_NOT_FOUND = {
    "status_code": 34,
    "status_message": "The resource you requested could not be found.",
    "success": False,
}
_GENRES = {"Abenteuer": 10759, "Fantasy": 10765, "Drama": 18, "Mystery": 9648}


class MetadataApi:
    """The metadata API; asked at its own address it answers below `/3` as well."""

    name = "tmdb"
    hosts: tuple[str, ...] = ("api.themoviedb.org", "image.tmdb.org")

    def __init__(self, media: Media) -> None:
        self._pictures = media.pictures

    def number(self, path: str) -> Number | None:
        """None: it is asked about seasons, not about episodes."""
        return None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        parts = seen.path.strip("/").split("/")
        if parts[:2] == ["t", "p"]:
            size = "500x750" if "poster" in parts[-1] else "1280x720"
            return web.Response(body=self._pictures[size], content_type="image/jpeg")
        if seen.headers.get("authorization") != f"Bearer {TOKEN}":
            return web.json_response(_UNAUTHORISED, status=401)
        found = None if faults.gone else _found(parts, seen)
        return web.json_response(found or _NOT_FOUND, status=200 if found else 404)


def _found(parts: list[str], seen: Seen) -> dict[str, Any] | None:
    german = seen.query.get("language", "en").startswith("de")
    match parts:
        case ["3", "search", "tv"]:
            return _search(seen, german=german)
        case ["3", "search", "movie"]:
            return _search_films(seen, german=german)
        case ["3", "find", imdb] if seen.query.get("external_source") == "imdb_id":
            shows = [
                _brief(story, german=german) for story in STORIES if story.tmdb and story.series.imdb == imdb
            ]
            return {"tv_results": shows, "movie_results": []}
        case ["3", "tv", id_, "alternative_titles"] if story := _story(id_):
            return {"id": story.tmdb, "results": [{"title": name} for name in _names(story)]}
        case ["3", "tv", id_] if story := _story(id_):
            return _series(story, german=german)
        case ["3", "tv", id_, "external_ids"] if story := _story(id_):
            return _ids(story)
        case ["3", "tv", id_, "season", number] if (story := _story(id_)) and number.isdecimal():
            return _season(story, int(number), german=german)
    return None


def _story(id_: str) -> Story | None:
    return next((story for story in STORIES if str(story.tmdb) == id_), None)


def _search(seen: Seen, *, german: bool) -> dict[str, Any]:
    query = seen.query.get("query", "").strip().lower()
    year = seen.query.get("first_air_date_year") or seen.query.get("year")
    results = [
        _brief(story, german=german)
        for story in STORIES
        if story.tmdb and query and any(query in name.lower() for name in _names(story))
        if year in (None, str(story.series.year))
    ]
    return {"page": 1, "results": results, "total_pages": 1, "total_results": len(results)}


def _search_films(seen: Seen, *, german: bool) -> dict[str, Any]:
    query = seen.query.get("query", "").strip().lower()
    results = [
        {
            "id": (story.tmdb or 0) * 10 + film.number.episode,
            "title": film.title if german else film.english_title,
            "original_title": film.english_title,
            "original_language": "ja",
            "overview": story.plots.get(film.number, "") if german else "",
            "release_date": f"{story.series.year}-12-24",
            "poster_path": f"/poster-{story.tmdb}-film.jpg",
            "backdrop_path": f"/backdrop-{story.tmdb}-film.jpg",
        }
        for story in STORIES
        if story.tmdb
        for film in story.episodes
        if film.kind is Kind.MOVIE and query and query in f"{film.title} {film.english_title}".lower()
    ]
    return {"page": 1, "results": results, "total_pages": 1, "total_results": len(results)}


def _names(story: Story) -> Iterable[str]:
    return (story.series.title, story.english_title, *story.series.alternative_titles)


def _brief(story: Story, *, german: bool) -> dict[str, Any]:
    series = story.series
    return {
        "id": story.tmdb,
        "name": series.title if german else story.english_title,
        "original_name": series.alternative_titles[-1],
        "original_language": "ja",
        "origin_country": ["JP"],
        "overview": series.description if german else story.english_description,
        "first_air_date": _aired(story, 1, 1),
        "genre_ids": [_GENRES[name] for name in series.genres if name in _GENRES],
        "poster_path": f"/poster-{story.tmdb}.jpg",
        "backdrop_path": f"/backdrop-{story.tmdb}.jpg",
        "adult": False,
        "popularity": 10.0,
        "vote_average": 8.0,
        "vote_count": 12,
    }


def _series(story: Story, *, german: bool) -> dict[str, Any]:
    numbers = sorted({number.season for number, _ in _entries(story)})
    return {
        **_brief(story, german=german),
        "status": "Ended" if story.series.end_year else "Returning Series",
        "genres": [{"id": _GENRES[name], "name": name} for name in story.series.genres if name in _GENRES],
        "production_companies": [{"id": 1, "name": name} for name in story.series.studios],
        "networks": [],
        "number_of_seasons": len([number for number in numbers if number]),
        "number_of_episodes": len([number for number, _ in _entries(story) if number.season]),
        "seasons": [
            {
                "season_number": number,
                "name": "Specials" if number == 0 else f"{'Staffel' if german else 'Season'} {number}",
                "episode_count": len([one for one, _ in _entries(story) if one.season == number]),
                "air_date": _aired(story, number, 1),
                "poster_path": f"/season-poster-{story.tmdb}-{number}.jpg",
            }
            for number in numbers
        ],
        "external_ids": _ids(story),
        "images": {
            "posters": [],
            "backdrops": [_image(story, "landscape", "de"), _image(story, "landscape", "en")],
            "logos": [_image(story, "logo", "en")],
        },
        "aggregate_credits": {
            "cast": [
                {"name": name, "profile_path": None, "roles": [{"character": "Tana" if not order else ""}]}
                for order, name in enumerate(story.series.actors)
            ]
        },
        "content_ratings": {"results": [{"iso_3166_1": "DE", "rating": str(story.series.fsk or 0)}]},
        "keywords": {"results": [{"id": 1, "name": "library"}]},
        "episode_run_time": [1],
        "production_countries": [{"iso_3166_1": "JP", "name": "Japan"}],
    }


def _image(story: Story, sort: str, language: str) -> dict[str, Any]:
    return {
        "file_path": f"/{sort}-{story.tmdb}-{language}.jpg",
        "iso_639_1": language,
        "vote_average": 5.0,
        "vote_count": 3,
    }


def _ids(story: Story) -> dict[str, Any]:
    return {"id": story.tmdb, "imdb_id": story.series.imdb, "tvdb_id": (story.tmdb or 0) + 1000000}


def _season(story: Story, season: int, *, german: bool) -> dict[str, Any] | None:
    episodes = [
        {
            "id": (story.tmdb or 0) * 1000 + number.season * 100 + number.episode,
            "season_number": number.season,
            "episode_number": number.episode,
            "name": (episode.title or f"Folge {number.episode}") if german else episode.english_title,
            "overview": story.plots.get(episode.number, "") if german else "",
            "air_date": _aired(story, number.season, number.episode),
            "runtime": 1,
            "still_path": f"/still-{story.tmdb}-{number}.jpg",
            "vote_average": 7.5,
            "vote_count": 3,
        }
        for number, episode in _entries(story)
        if number.season == season
    ]
    return {"season_number": season, "name": "", "overview": "", "episodes": episodes} if episodes else None


def _entries(story: Story) -> list[tuple[Number, Episode]]:
    """Episodes under the API's numbers."""
    specials = [one for one in story.episodes if one.kind in (Kind.SPECIAL, Kind.OVA)]
    return [(Number(0, place), one) for place, one in enumerate(specials, 1)] + [
        (one.number, one) for one in story.episodes if one.kind is Kind.EPISODE
    ]


def _aired(story: Story, season: int, episode: int) -> str:
    first = date((story.series.year or 2000) + max(season - 1, 0), 4, 6)
    return str(first + timedelta(weeks=episode - 1))
