"""Metadata of a series under the catalogue's numbers, and what pairs the two kept in the store."""

from __future__ import annotations

import asyncio

from ..app import App
from ..hooks import Known
from ..models import Kind, SeriesFacts
from ..store import pairs, shelf
from ..store.sessions import get_db_session
from ..store.tables import AnimeSeries
from . import numbering
from .facts import Match, look_up, under_our_numbers
from .numbering import Pair


async def facts_of(app: App, row: AnimeSeries) -> SeriesFacts | None:
    """What the first metadata source that knows a series says of it; None without key, answer or match.

    Episodes are paired anew and the pairs stored; what the owner has decided stands.
    """
    series = shelf.series_value(row)
    async with get_db_session(read_only=True) as session:
        rows = await shelf.episodes(session, series_ids=[row.id])
        known_as = await pairs.matches(session, row.id)
    episodes = [shelf.episode_value(one.episode) for one in rows]
    matches = {name: Match(one.source_id, one.pinned) for name, one in known_as.items()}
    found = await look_up(series, episodes, app.plugins.sources, app.settings.metadata, matches=matches)
    if found is None:
        return None
    source, known = found
    async with get_db_session(read_only=True) as session:
        chosen = await pairs.decided(session, row.id, source)
    if known_as.get(source) is not None and known_as[source].source_id != known.id:
        chosen = {}  # it was decided about another series
    names = (series.title, *series.alternative_titles, known.facts.title)
    made = await asyncio.to_thread(numbering.resolve, episodes, known.listed, names=names, chosen=chosen)
    await _store(row.id, source, known, made)
    films = [one.number for one in episodes if one.kind is Kind.MOVIE and app.settings.library.films]
    return under_our_numbers(known, made, films=films)


async def _store(series_id: int, source: str, known: Known, made: list[Pair]) -> None:
    async with get_db_session() as session:
        if await pairs.remember(session, series_id, source, known.id, known.facts.title):
            await pairs.save(session, series_id, source, made)
