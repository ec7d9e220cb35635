"""Stores what catalogues list, thousands of episodes at once; only what is new is written."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import JSON, Text, bindparam, cast, false, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from .. import models
from .disk import FEW
from .inserting import insert
from .tables import Episode

_TABLE: Any = Episode.__table__
_SAID = ("title", "english_title", "kind", "absolute", "languages")
"""The columns that a catalogue fills."""

Key: TypeAlias = tuple[int, int, int]
"""Id of the series, season, episode."""


async def save_seasons(session: AsyncSession, seasons: Sequence[tuple[int, models.Season]]) -> int:
    """Store the tables of seasons, each with its series' id; returns how many rows were written.

    What is on disk stays as it is, rows are never deleted, and those that say what is known are left alone.
    """
    known = await _known(session, {series_id for series_id, _ in seasons})
    rows = []
    for series_id, season in seasons:
        for one in season.episodes:
            key, said = (series_id, one.number.season, one.number.episode), _said(one)
            if known.get(key) != said:
                rows.append((key, said))
    if rows:
        await _write(session, rows)
    return len(rows)


def _said(episode: models.Episode) -> tuple[Any, ...]:
    return (
        episode.title[:500],
        episode.english_title[:500],
        episode.kind.value,
        episode.absolute,
        _languages(episode.languages),
    )


@lru_cache(maxsize=256)
def _languages(languages: tuple[models.Language, ...]) -> str:
    return json.dumps([str(language) for language in languages])


async def _known(session: AsyncSession, series_ids: Collection[int]) -> dict[Key, tuple[Any, ...]]:
    columns = _TABLE.c
    said = [columns[name] for name in _SAID[:-1]]
    query = select(
        columns.series_id, columns.season, columns.episode_number,
        *said, cast(columns.languages, Text),
    )  # fmt: skip
    if len(series_ids) <= FEW:
        query = query.where(columns.series_id.in_(series_ids))
    rows = await (await session.connection()).execute(query)
    return {(row[0], row[1], row[2]): tuple(row[3:]) for row in rows}


async def _write(session: AsyncSession, rows: Iterable[tuple[Key, tuple[Any, ...]]]) -> None:
    names = ("series_id", "season", "episode_number", *_SAID[:-1], "written")
    is_sqlite = session.get_bind().dialect.name == "sqlite"  # which has no type for JSON
    at = func.current_timestamp()  # a bound moment would be converted 200,000 times
    columns = {
        **{name: bindparam(name) for name in names[:-1]},
        "languages": cast(bindparam("written", type_=Text), Text if is_sqlite else JSON),
        "is_downloaded": false(),
        "created_at": at,
        "updated_at": at,
    }
    statement = insert(session, _TABLE).values(columns)
    statement = statement.on_conflict_do_update(
        index_elements=["series_id", "season", "episode_number"],
        set_={**{name: statement.excluded[name] for name in _SAID}, "updated_at": at},
    )
    values = [dict(zip(names, key + said, strict=True)) for key, said in rows]
    await (await session.connection()).execute(statement, values)
