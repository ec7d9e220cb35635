"""The shelf in pages, from kept counts: what a list of thousands of series asks for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from .shelf import MISSING
from .tables import AnimeSeries, Episode

_SERIES = AnimeSeries.__table__.c

Sort: TypeAlias = Literal["name", "year", "added", "missing", "on_disk"]
Only: TypeAlias = Literal["missing", "complete", "no_episodes"]
"""Series with an episode that is wanted, with none, or with no episode on disk though there are some."""

_MISSING = _SERIES.episode_count - _SERIES.on_disk_count - _SERIES.lost_file_count

_SORTS: dict[Sort, ColumnElement[object]] = {
    "name": _SERIES.name,
    "year": func.coalesce(_SERIES.year, 0),
    "added": _SERIES.created_at,
    "missing": _MISSING,
    "on_disk": _SERIES.on_disk_count,
}
_ONLY: dict[Only, ColumnElement[bool]] = {
    "missing": _MISSING > 0,
    "complete": _MISSING == 0,
    "no_episodes": (_SERIES.on_disk_count == 0) & (_SERIES.episode_count > 0),
}


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """A followed series in a list; `place` and `id` say where the next page begins."""

    id: int
    site: str
    key: str
    name: str
    folder: str
    year: int | None
    added: datetime
    episodes: int
    on_disk: int
    missing_files: int
    place: str | int | datetime

    @property
    def missing(self) -> int:
        """Episodes that never were on disk."""
        return self.episodes - self.on_disk - self.missing_files


async def page(
    session: AsyncSession,
    *,
    sort: Sort = "name",
    descending: bool = False,
    after: tuple[str | int | datetime, int] | None = None,
    most: int = 50,
    words: str = "",
    only: Only | None = None,
    sites: Collection[str] = (),
) -> list[SeriesLine]:
    """So many followed series behind the one whose `place` and `id` are given, each with its counts."""
    place, id_ = _SORTS[sort], _SERIES.id
    query = select(
        id_, _SERIES.site, _SERIES.key, _SERIES.name, _SERIES.folder, _SERIES.year,
        _SERIES.created_at, _SERIES.episode_count, _SERIES.on_disk_count,
        _SERIES.lost_file_count, place,
    ).where(*_filters(words, only, sites))  # fmt: skip
    if after is not None:
        here, last = tuple_(place, id_), tuple_(*after)
        query = query.where(here < last if descending else here > last)
    order = (place.desc(), id_.desc()) if descending else (place, id_)
    return [SeriesLine(*row) for row in await session.execute(query.order_by(*order).limit(most))]


async def missing_numbers(session: AsyncSession, ids: Collection[int]) -> dict[int, dict[str, list[int]]]:
    """The numbers that were never on disk, by series and season."""
    table = Episode.__table__.c
    query = (
        select(table.series_id, table.season, table.episode_number)
        .where(table.series_id.in_(list(ids)), MISSING)
        .order_by(table.series_id, table.season, table.episode_number)
    )
    found: dict[int, dict[str, list[int]]] = {}
    for series_id, season, number in await session.execute(query):
        found.setdefault(series_id, {}).setdefault(str(season), []).append(number)
    return found


async def links(session: AsyncSession, ids: Collection[int]) -> dict[int, str]:
    """Where each series stands at its catalogue."""
    rows = await session.execute(select(_SERIES.id, _SERIES.details).where(_SERIES.id.in_(list(ids))))
    return {id_: str(details.get("url", "")) for id_, details in rows}


async def count(
    session: AsyncSession, *, words: str = "", only: Only | None = None, sites: Collection[str] = ()
) -> int:
    """How many series all pages together have."""
    query = select(func.count()).select_from(AnimeSeries.__table__).where(*_filters(words, only, sites))
    return await session.scalar(query) or 0


async def totals(session: AsyncSession) -> tuple[int, int, int, int]:
    """Followed series, their episodes, those on disk, and those that never were."""
    query = select(
        func.count(),
        func.coalesce(func.sum(_SERIES.episode_count), 0),
        func.coalesce(func.sum(_SERIES.on_disk_count), 0),
        func.coalesce(func.sum(_MISSING), 0),
    ).where(_SERIES.followed)
    series, episodes, on_disk, missing = (await session.execute(query)).one()
    return series, episodes, on_disk, missing


def _filters(words: str, only: Only | None, sites: Collection[str]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_SERIES.followed]
    if words:
        conditions.append(_SERIES.name.icontains(words, autoescape=True))
    if only is not None:
        conditions.append(_ONLY[only])
    if sites:
        conditions.append(_SERIES.site.in_(list(sites)))
    return conditions
