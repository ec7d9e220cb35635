"""TMDB as a metadata source: a sure match or none, and all its episodes and films under its own numbers."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from anidana.core import (
    Access,
    Episode,
    EpisodeFacts,
    Gone,
    Kind,
    Known,
    Listed,
    MetadataSource,
    Number,
    Series,
    SeriesFacts,
    hookimpl,
)

if TYPE_CHECKING:
    from ._tmdb_answers import Details, Entry, Film, Show
    from ._tmdb_client import Clients, TMDBClient

T = TypeVar("T")

PICTURES = "https://image.tmdb.org/t/p"
MOST_ALTERNATIVES = 4
MOST_NEAR = 5
"""Titles that are searched for, and series whose other titles are looked at."""

MOST_FILMS = 60
"""Films of one series that are searched for."""

_STATUS = {"Ended": "Ended", "Canceled": "Ended"}
_PICTURE_PATH = re.compile(r"/[\w-]+\.\w+")
_NO_TITLE = re.compile(r"(Episode|Folge|Épisode|Episodio)\s+\d+|第\d+話", re.IGNORECASE)
_YEAR = re.compile(r" ?\(((?:19|20)\d\d)\)$")
_ID = re.compile(r"[1-9]\d{0,9}")
_ORIGINAL = ("ja", "en")
"""Languages in which other titles are searched: the one they are in mostly, and the one all series have."""


class Tmdb:
    """The Movie Database."""

    name = "tmdb"

    def __init__(self) -> None:
        self._clients: Clients | None = None

    async def describe(self, series: Series, episodes: Sequence[Episode], access: Access) -> Known | None:
        """What TMDB knows; Gone if the id in `access` is none of its series."""
        languages = tuple(dict.fromkeys((*access.languages, "en")))
        async with self._client(access) as client:
            id_ = await _id(client, series, languages, access.id)
            if id_ is None:
                return None
            known = [await client.details(id_, language=languages[0], pictures=languages)]
            if not known[0].overview and not series.description:
                known += [await client.details(id_, language=other) for other in languages[1:]]
            listed = await _episodes(client, known[0], languages, access.pictures)
            listed += await _films(client, episodes, languages, known[0].original_language)
        return Known(str(id_), _facts(known, languages, access.pictures), tuple(listed))

    @asynccontextmanager
    async def _client(self, access: Access) -> AsyncIterator[TMDBClient]:
        from ._tmdb_client import Clients  # here, for its imports take longer than most commands

        if self._clients is None:
            self._clients = Clients()
        async with self._clients.client(access.key, access.url) as client:
            yield client


async def _id(client: TMDBClient, series: Series, languages: Sequence[str], given: str) -> int | None:
    if given:
        if not _ID.fullmatch(given):
            raise Gone(f"{given!r} is no id at TMDB: it must be a number")
        return int(given)
    show = await find(client, series, languages)
    return show.id if show is not None else None


async def find(client: TMDBClient, series: Series, languages: Sequence[str]) -> Show | None:
    """The one series there that is surely this one.

    By IMDb id where the catalogue has one, else by title; a title must be the same but for
    punctuation, and the year may differ by one, for it is the licensee's here and there.
    """
    title, year = without_year(series.title)
    series = replace(series, title=title, year=series.year or year)
    ours = {plain(title) for title in (series.title, *series.alternative_titles)} - {""}
    if series.imdb:
        with suppress(Gone):
            by_id = await client.find_by_imdb_id(series.imdb)
            if (show := _sure_by_id(by_id, series, ours)) is not None:
                return show
    near: dict[int, Show] = {}
    for query, asked_year, language in queries(series, languages):
        shows = await client.search_tv_show(query, year=asked_year, language=language)
        if (show := _sure(shows, series.year, ours)) is not None:
            return show
        near.update({show.id: show for show in shows if _fits(show.year, series.year)})
    for show in list(near.values())[:MOST_NEAR]:
        with suppress(Gone):
            if ours & {plain(title) for title in await client.alternative_titles(show.id)}:
                return show
    return None


def plain(title: str) -> str:
    """A title for comparing: letters and digits only, without accents and case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", title).casefold()))


def without_year(title: str) -> tuple[str, int | None]:
    """A title without the year in brackets behind it, and that year."""
    found = _YEAR.search(title)
    return (title[: found.start()], int(found[1])) if found else (title, None)


def queries(series: Series, languages: Sequence[str]) -> Iterator[tuple[str, int | None, str]]:
    """What is searched for, in turn: words, year, language.

    The title in the wanted language with the year, the other titles, the title in English, all of that
    without the year, and last the title without punctuation.
    """
    others = [without_year(title)[0] for title in series.alternative_titles[:MOST_ALTERNATIVES]]
    words = " ".join("".join(char if char.isalnum() else " " for char in series.title).split())
    asked = [
        (query, year, language)
        for year in (series.year, None)
        for query, language in (
            (series.title, languages[0]),
            *((other, language) for other in others for language in _ORIGINAL),
            *((series.title, language) for language in languages[1:]),
        )
    ]
    asked += [(words, year, languages[0]) for year in (series.year, None)]
    yield from dict.fromkeys(one for one in asked if one[0])


def _sure(shows: Iterable[Show], year: int | None, ours: set[str]) -> Show | None:
    """The only one that fits; of several, the only one of exactly that year."""
    fitting = [show for show in shows if _fits(show.year, year) and ours & _titles(show)]
    if len(fitting) > 1:
        fitting = [show for show in fitting if show.year == year]
    return fitting[0] if len(fitting) == 1 else None


def _sure_by_id(shows: Sequence[Show], series: Series, ours: set[str]) -> Show | None:
    """A catalogue's id may point at another season's entry: year or title must say the same."""
    show = shows[0] if len(shows) == 1 else None
    if show is None or not _fits(show.year, series.year):
        return None
    return show if series.year or ours & _titles(show) else None


def _titles(show: Show) -> set[str]:
    return {plain(show.name), plain(show.original_name)}


def _fits(theirs: int | None, ours: int | None) -> bool:
    return ours is None or (theirs is not None and abs(theirs - ours) <= 1)


async def _episodes(
    client: TMDBClient, details: Details, languages: Sequence[str], pictures: str
) -> list[Listed]:
    """All episodes, specials too; what the first language lacks comes from the next that has it."""
    numbers = [one.season_number for one in details.seasons]
    order = await _absolute_order(client, details)
    seasons = await _all(_season(client, details.id, one, languages) for one in numbers)
    return [
        _listed(Number(season, by_language[0].episode_number), by_language, languages, pictures, order)
        for season, entries in zip(numbers, seasons, strict=True)
        for by_language in entries
    ]


async def _all(asked: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All answers at once; after an error nobody goes on asking, for the client may close then."""
    tasks = [asyncio.ensure_future(one) for one in asked]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _absolute_order(client: TMDBClient, details: Details) -> Mapping[int, int]:
    """Absolute numbers by episode id; of one season everybody knows them without asking."""
    if sum(one.season_number > 0 for one in details.seasons) < 2:
        return {}
    try:
        ids = await client.absolute_order(details.id)
    except Gone:
        return {}
    return {id_: number for number, id_ in enumerate(ids, 1)}


async def _season(
    client: TMDBClient, show_id: int, season: int, languages: Sequence[str]
) -> list[list[Entry]]:
    """Each episode of a season in every language, the first one first."""
    try:
        first, *more = await _all(client.season(show_id, season, language=one) for one in languages)
    except Gone:
        return []
    others = [{entry.id: entry for entry in entries} for entries in more]
    return [[entry, *(other.get(entry.id, entry) for other in others)] for entry in first]


def _listed(
    number: Number,
    entries: Sequence[Entry],
    languages: Sequence[str],
    pictures: str,
    order: Mapping[int, int],
) -> Listed:
    from . import _tmdb_extras as extras

    names = ["" if _NO_TITLE.fullmatch(entry.name) else entry.name for entry in entries]
    entry = entries[0]
    facts = EpisodeFacts(
        title=next(filter(None, names), ""),
        plot=next((one.overview for one in entries if one.overview), ""),
        aired=entry.air_date,
        ids={"tmdb": str(entry.id)},
        minutes=entry.runtime,
    )
    return Listed(
        id=str(entry.id),
        number=number,
        english_title=names[languages.index("en")],
        titles=tuple(filter(None, names)),
        absolute=order.get(entry.id),
        facts=extras.added_to_episode(facts, entry, pictures),
    )


async def _films(
    client: TMDBClient, episodes: Iterable[Episode], languages: Sequence[str], original: str
) -> list[Listed]:
    """What a search finds for each film of the catalogue; which of them it is, titles will tell.

    Films that were not made in the language of the series are others of the same title.
    """
    titles = [one.english_title or one.title for one in episodes if one.kind is Kind.MOVIE]
    found: dict[int, dict[str, Film]] = {}
    asked = [
        (language, client.search_movie(title, language=language))
        for title in dict.fromkeys(filter(None, titles[:MOST_FILMS]))
        for language in languages
    ]
    answers = await _all(search for _, search in asked)
    for (language, _), films in zip(asked, answers, strict=True):
        for film in films:
            if original and film.original_language not in ("", original):
                continue
            found.setdefault(film.id, {})[language] = film
    return [_film(by_language, languages) for by_language in found.values()]


def _film(by_language: Mapping[str, Film], languages: Sequence[str]) -> Listed:
    known = [by_language[language] for language in languages if language in by_language]
    film, english = known[0], by_language.get("en")
    facts = EpisodeFacts(
        title=film.title,
        plot=next((one.overview for one in known if one.overview), ""),
        aired=film.release_date,
        ids={"tmdb": str(film.id)},
        pictures={
            name: (url,)
            for name, url in (
                ("poster", _picture(film.poster_path, "w780")),
                ("fanart", _picture(film.backdrop_path, "w1280")),
            )
            if url
        },
    )
    titles = tuple(dict.fromkeys(one for film in known for one in (film.title, film.original_title) if one))
    return Listed(str(film.id), None, english.title if english else "", titles, facts=facts)


def _facts(known: Sequence[Details], languages: Sequence[str], pictures: str) -> SeriesFacts:
    from . import _tmdb_extras as extras

    details, ids = known[0], known[0].external_ids
    facts = SeriesFacts(
        source="tmdb",
        title=details.name,
        original_title=details.original_name,
        plot=next((one.overview for one in known if one.overview), ""),
        premiered=details.first_air_date,
        status=_STATUS.get(details.status, "Continuing" if details.status else ""),
        genres=tuple(genre.name for genre in details.genres),
        studios=tuple(studio.name for studio in details.production_companies),
        ids={
            "tmdb": str(details.id),
            **({"tvdb": str(ids.tvdb_id)} if ids.tvdb_id else {}),
            **({"imdb": ids.imdb_id} if ids.imdb_id else {}),
        },
        poster=_picture(details.poster_path, "w780"),
        fanart=_picture(details.backdrop_path, "w1280"),
    )
    seasons = {one.season_number: one for one in details.seasons}
    return extras.added(facts, details, seasons, languages, pictures)


def _picture(path: str | None, width: str) -> str | None:
    return f"{PICTURES}/{width}{path}" if path and _PICTURE_PATH.fullmatch(path) else None


@hookimpl
def register_metadata() -> list[MetadataSource]:
    """Offer this one."""
    return [Tmdb()]
