"""Where an episode goes: into its series' folder, among the specials there, or into the film library."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from .. import models
from ..app import App
from ..library import naming
from ..library.folders import check_library
from ..metadata.numbering import is_special
from ..models import EpisodeFacts, Kind, Language, SeriesFacts
from ..store import pairs, shelf
from ..store.sessions import get_db_session
from ..store.tables import AnimeSeries, Episode


@dataclass(frozen=True, slots=True)
class Destination:
    """The file's path, the folder of what belongs to all of it, and the episode as it is counted there."""

    path: Path
    folder: Path
    episode: models.Episode
    film: bool = False


async def destination(
    app: App,
    series: AnimeSeries,
    row: Episode,
    facts: SeriesFacts | None,
    extension: str,
    language: Language,
) -> Destination:
    """Where the file of an episode goes; a file there keeps its number, whatever has been found out since.

    What the catalogue calls a film goes to the film library if there is one and no metadata source counts
    it as an episode. Other specials have the source's number where it is sure, else the catalogue's or the
    next that is free.
    """
    episode = shelf.episode_value(row)
    if is_special(episode):
        async with get_db_session(read_only=True) as session:
            target = await pairs.target_of(session, row.id)
            taken = await pairs.specials_taken(session, series.id, row.id)
        number = pairs.number_of(target)
        if app.settings.library.films and number is None and episode.kind is Kind.MOVIE:
            about = facts.episodes.get(episode.number) if facts else None
            return _film(app, series, episode, about or EpisodeFacts(), extension)
        if not row.file_path:
            filed_as = special_number(episode.number, number, taken)
            episode = replace(episode, filed_as=filed_as)
    library, template = app.library(), app.settings.library.naming
    path = naming.episode_path(
        series.folder, shelf.series_value(series), episode, template, extension, language
    )
    return Destination(naming.under(library, path), library / series.folder, episode)


def special_number(own: models.Number, theirs: models.Number | None, taken: Collection[int]) -> int | None:
    """What a special is filed as where that is not its own number: the source's, or one that is free."""
    if theirs is not None and theirs.season == 0:
        wanted = theirs.episode
    elif own.season == 0:
        wanted = own.episode
    else:
        return None
    number = wanted if wanted not in taken else max(*taken, own.episode) + 1
    return None if models.Number(0, number) == own else number


def _film(
    app: App, series: AnimeSeries, episode: models.Episode, facts: EpisodeFacts, extension: str
) -> Destination:
    """A folder of its own, named like that of a series."""
    root = check_library(app.settings.library.films)
    of_series = shelf.series_value(series)
    title = facts.title or f"{of_series.title} - {episode.name}"
    year = int(facts.aired[:4]) if facts.aired[:4].isdecimal() else None
    named = replace(of_series, title=title, year=year, key=f"{of_series.key}-{episode.number}")
    name = naming.series_folder(named, app.settings.library.naming, facts.ids.get("tmdb", ""))
    path = naming.film_path(name, extension)
    return Destination(naming.under(root, path), root / name, episode, film=True)
