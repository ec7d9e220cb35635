"""TMDB as a metadata source: a sure match or none, and episodes only where the counting agrees.

A catalogue's seasons are its own, so an episode's facts are taken only while season after season
has as many episodes there as here. Films and specials are counted differently everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from anidana.core import (
    Access,
    EpisodeFacts,
    Gone,
    MetadataSource,
    Number,
    Series,
    SeriesFacts,
    hookimpl,
)

if TYPE_CHECKING:
    from ._tmdb_client import Details, Entry, Show, TMDBClient

PICTURES = "https://image.tmdb.org/t/p"
MOST_ALTERNATIVES = 4
MOST_NEAR = 5
"""Titles that are searched for, and series whose other titles are looked at."""

_STATUS = {"Ended": "Ended", "Canceled": "Ended"}
_PICTURE_PATH = re.compile(r"/[\w-]+\.\w+")
_NO_TITLE = re.compile(r"(Episode|Folge|Épisode|Episodio)\s+\d+|第\d+話", re.IGNORECASE)


class Tmdb:
    """The Movie Database."""

    name = "tmdb"

    async def describe(self, series: Series, numbers: Sequence[Number], access: Access) -> SeriesFacts | None:
        """What TMDB knows; `numbers` are all that the catalogue lists, so that counts can be compared."""
        from . import _tmdb_extras as extras
        from ._tmdb_client import TMDBClient  # here, for its imports take longer than most commands

        languages = tuple(dict.fromkeys((*access.languages, "en")))
        async with TMDBClient(access.key, url=access.url) as client:
            show = await find(client, series, languages)
            if show is None:
                return None
            known = [await client.details(show.id, language=languages[0], pictures=languages)]
            if not known[0].overview and not series.description:
                known += [await client.details(show.id, language=other) for other in languages[1:]]
            same = agreeing(numbers, known[0])
            episodes = {
                Number(season, entry.episode_number): extras.added_to_episode(facts, entry, access.pictures)
                for season in same
                for entry, facts in await _season(client, show.id, season, languages)
            }
        seasons = {one.season_number: one for one in known[0].seasons if one.season_number in (0, *same)}
        return extras.added(_facts(known, episodes), known[0], seasons, languages, access.pictures)


async def find(client: TMDBClient, series: Series, languages: Sequence[str]) -> Show | None:
    """The one series there that is surely this one.

    By IMDb id where the catalogue has one, else by title; a title must be the same but for
    punctuation, and the year may differ by one, for it is the licensee's here and there.
    """
    ours = {plain(title) for title in (series.title, *series.alternative_titles)} - {""}
    if series.imdb:
        with suppress(Gone):
            by_id = await client.find_by_imdb_id(series.imdb)
            if (show := _sure_by_id(by_id, series, ours)) is not None:
                return show
    near: dict[int, Show] = {}
    for query, year, language in _queries(series, languages):
        shows = await client.search_tv_show(query, year=year, language=language)
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


def agreeing(numbers: Iterable[Number], details: Details) -> list[int]:
    """The seasons that are the same here and there, from the first on until one is not.

    The last one on both sides may still be running here.
    """
    ours: dict[int, set[int]] = defaultdict(set)
    for number in numbers:
        ours[number.season].add(number.episode)
    theirs = {one.season_number: one.episode_count for one in details.seasons if one.season_number > 0}
    agreed = []
    for season, count in sorted(theirs.items()):
        here = ours.get(season, set())
        last = season == max(theirs) == max(ours, default=0)
        if not here or max(here) > count or (len(here) < count and not last):
            break
        agreed.append(season)
    return agreed


def _queries(series: Series, languages: Sequence[str]) -> Iterator[tuple[str, int | None, str]]:
    for year in dict.fromkeys((series.year, None)):
        for language in languages:
            yield series.title, year, language
        for title in series.alternative_titles[:MOST_ALTERNATIVES]:
            yield title, year, languages[0]


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


async def _season(
    client: TMDBClient, show_id: int, season: int, languages: Sequence[str]
) -> list[tuple[Entry, EpisodeFacts]]:
    """One season's episodes; a plot that the first language lacks comes from the next that has it."""
    try:
        entries = await client.season(show_id, season, language=languages[0])
        plots = {entry.id: entry.overview for entry in entries}
        for language in languages[1:]:
            if not all(plots.values()):
                others = await client.season(show_id, season, language=language)
                plots.update({one.id: one.overview for one in others if not plots.get(one.id)})
    except Gone:
        return []
    return [
        (
            entry,
            EpisodeFacts(
                title="" if _NO_TITLE.fullmatch(entry.name) else entry.name,
                plot=plots[entry.id],
                aired=entry.air_date,
                ids={"tmdb": str(entry.id)},
                minutes=entry.runtime,
            ),
        )
        for entry in entries
    ]


def _facts(known: Sequence[Details], episodes: dict[Number, EpisodeFacts]) -> SeriesFacts:
    details, ids = known[0], known[0].external_ids
    return SeriesFacts(
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
        episodes=episodes,
    )


def _picture(path: str | None, width: str) -> str | None:
    return f"{PICTURES}/{width}{path}" if path and _PICTURE_PATH.fullmatch(path) else None


@hookimpl
def register_metadata() -> list[MetadataSource]:
    """Offer this one."""
    return [Tmdb()]
