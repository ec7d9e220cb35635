"""Questions about series and their episodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from rapidfuzz import fuzz, process
from sqlalchemy import Insert, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from .. import models
from ..errors import NotFound
from .tables import OPEN, AnimeSeries, DownloadQueueItem, Episode, EpisodeFile, Status, now

_LEAST_LIKENESS = 60
_SERIES = TypeAdapter(models.Series)


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """A followed series with its counts."""

    series: AnimeSeries
    episodes: int
    on_disk: int

    @property
    def missing(self) -> int:
        """Episodes that are not on disk."""
        return self.episodes - self.on_disk


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """An episode with its series and what is known of its last job and its file."""

    series: AnimeSeries
    episode: Episode
    job: DownloadQueueItem | None = None
    file: EpisodeFile | None = None

    @property
    def number(self) -> models.Number:
        """The episode's number in the catalogue."""
        return models.Number(self.episode.season, self.episode.episode_number)


def insert(session: AsyncSession, table: Any) -> Any:
    """An INSERT that knows `ON CONFLICT`, in the database's own dialect."""
    build = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement: Insert = build(table)
    return statement


async def by_key(session: AsyncSession, site: str, key: str) -> AnimeSeries | None:
    """The series with this key at this site, followed or not."""
    return await session.scalar(select(AnimeSeries).where(AnimeSeries.site == site, AnimeSeries.key == key))


async def folders(session: AsyncSession) -> dict[int, str]:
    """The folder of every series, followed or not, by its id."""
    return {row.id: row.folder for row in await session.execute(select(AnimeSeries.id, AnimeSeries.folder))}


async def has_folder(session: AsyncSession, folder: str) -> bool:
    """Whether a series has this folder, whatever the case of its letters."""
    folders = await session.scalars(select(AnimeSeries.folder))
    return folder.casefold() in {one.casefold() for one in folders}


async def save_series(session: AsyncSession, series: models.Series, folder: str) -> AnimeSeries:
    """Store what the catalogue says and mark the series as followed; a known folder stays."""
    row = await by_key(session, series.catalogue, series.key)
    if row is None:
        row = AnimeSeries(key=series.key, name=series.title[:500], site=series.catalogue, folder=folder)
        session.add(row)
    row.name, row.year, row.followed = series.title[:500], series.year, True
    row.details = _SERIES.dump_python(series, mode="json")
    await session.flush()
    return row


async def save_season(session: AsyncSession, series_id: int, season: models.Season) -> None:
    """Store a season's table; what is on disk stays as it is, rows are never deleted."""
    rows = [
        {
            "series_id": series_id,
            "season": episode.number.season,
            "episode_number": episode.number.episode,
            "title": episode.title[:500],
            "english_title": episode.english_title[:500],
            "kind": episode.kind.value,
            "absolute": episode.absolute,
            "languages": [str(language) for language in episode.languages],
            "is_downloaded": False,
            "created_at": now(),
            "updated_at": now(),
        }
        for episode in season.episodes
    ]
    if not rows:
        return
    statement = insert(session, Episode)
    said = ("title", "english_title", "kind", "absolute", "languages", "updated_at")
    statement = statement.on_conflict_do_update(
        index_elements=["series_id", "season", "episode_number"],
        set_={name: statement.excluded[name] for name in said},
    )
    await session.execute(statement, rows)


def series_value(row: AnimeSeries) -> models.Series:
    """The row as the value that plugins know."""
    return _SERIES.validate_python(row.details)


def episode_value(row: Episode) -> models.Episode:
    """The row as the value that plugins know."""
    return models.Episode(
        number=models.Number(row.season, row.episode_number),
        title=row.title,
        english_title=row.english_title,
        kind=models.Kind(row.kind),
        absolute=row.absolute,
        languages=tuple(models.Language.parse(language) for language in row.languages),
    )


async def find_series(session: AsyncSession, words: str, *, followed: bool = True) -> AnimeSeries:
    """The series people mean by a key, `site:key`, a name or a part of one.

    NotFound with candidates otherwise.
    """
    query = select(AnimeSeries).order_by(AnimeSeries.name)
    if followed:
        query = query.where(AnimeSeries.followed)
    rows = list(await session.scalars(query))
    wanted = words.casefold().strip()
    exact = [
        row for row in rows if wanted in (row.key.casefold(), row.identity.casefold(), row.name.casefold())
    ]
    part = [row for row in rows if wanted and (wanted in row.key or wanted in row.name.casefold())]
    for found in (exact, part):
        if len(found) == 1:
            return found[0]
        if found:
            raise NotFound(f"{words!r} fits several series", candidates=_apart(found))
    near = process.extract(
        wanted, [row.name for row in rows], scorer=fuzz.WRatio, processor=str.casefold,
        score_cutoff=_LEAST_LIKENESS, limit=5,
    )  # fmt: skip
    raise NotFound(
        f"no followed series is called {words!r}",
        candidates=[name for name, _, _ in near],
        hint="anidana list shows what is followed; anidana follow adds a series",
    )


def _apart(rows: list[AnimeSeries]) -> list[str]:
    """Names of series; those of one name are told apart by `site:key`."""
    names = [row.name for row in rows]
    return [row.identity if names.count(row.name) > 1 else row.name for row in rows]


async def shelf(session: AsyncSession) -> list[ShelfRow]:
    """Every followed series with its counts, by name."""
    counts = (
        select(
            Episode.series_id,
            func.count().label("episodes"),
            func.count().filter(Episode.is_downloaded).label("on_disk"),
        )
        .group_by(Episode.series_id)
        .subquery()
    )
    query = (
        select(AnimeSeries, func.coalesce(counts.c.episodes, 0), func.coalesce(counts.c.on_disk, 0))
        .outerjoin(counts, counts.c.series_id == AnimeSeries.id)
        .where(AnimeSeries.followed)
        .order_by(AnimeSeries.name)
    )
    return [ShelfRow(*row) for row in await session.execute(query)]


async def episodes(
    session: AsyncSession,
    *,
    series_ids: Iterable[int] | None = None,
    missing: bool = False,
    open_jobs: bool = False,
) -> list[EpisodeRow]:
    """Episodes of followed series in order, each with its newest job and its file."""
    newest = select(func.max(DownloadQueueItem.id)).group_by(DownloadQueueItem.episode_id)
    query = (
        select(AnimeSeries, Episode, DownloadQueueItem, EpisodeFile)
        .join(Episode, Episode.series_id == AnimeSeries.id)
        .outerjoin(
            DownloadQueueItem,
            (DownloadQueueItem.episode_id == Episode.id) & DownloadQueueItem.id.in_(newest),
        )
        .outerjoin(
            EpisodeFile,
            (EpisodeFile.episode_id == Episode.id) & (EpisodeFile.path == Episode.file_path),
        )
        .where(AnimeSeries.followed)
        .order_by(AnimeSeries.name, Episode.season == 0, Episode.season, Episode.episode_number)
    )
    if series_ids is not None:
        query = query.where(AnimeSeries.id.in_(list(series_ids)))
    if open_jobs:
        query = query.where(DownloadQueueItem.status.in_(OPEN))
    if missing:
        query = query.where(~Episode.is_downloaded)
    return [EpisodeRow(*row) for row in await session.execute(query)]


async def set_wanted(session: AsyncSession, episode_ids: Sequence[int]) -> None:
    """Let episodes count as missing; what is known of their files stays, so that those are still ours."""
    wanted = update(Episode).where(Episode.id.in_(list(episode_ids)))
    await session.execute(wanted.values(is_downloaded=False, file_path=None))


async def holds_files(session: AsyncSession) -> bool:
    """Whether any episode is known to be on disk."""
    return bool(await session.scalar(select(select(Episode.id).where(Episode.is_downloaded).exists())))


async def file_of(session: AsyncSession, episode_id: int) -> EpisodeFile | None:
    """What is known about an episode's file, if we filed one."""
    return await session.get(EpisodeFile, episode_id)


async def like(session: AsyncSession, series_id: int, most: int = 20) -> list[tuple[int, EpisodeFile]]:
    """Files like those that this series will get, each with its series' id: its own first, the newest first.

    Films and specials are like nothing else, and are left out.
    """
    query = (
        select(Episode.series_id, EpisodeFile)
        .join(EpisodeFile, EpisodeFile.episode_id == Episode.id)
        .where(Episode.season > 0)
        .order_by((Episode.series_id == series_id).desc(), EpisodeFile.filed_at.desc())
        .limit(most)
    )
    return [(id_, file) for id_, file in await session.execute(query)]


async def count_episodes(session: AsyncSession, series_id: int) -> int:
    """How many episodes of a series are known."""
    query = select(func.count()).select_from(Episode).where(Episode.series_id == series_id)
    return await session.scalar(query) or 0


async def unfollow(session: AsyncSession, series_id: int) -> int:
    """Stop following a series and cancel its open jobs; files and rows stay. Returns the jobs."""
    await session.execute(update(AnimeSeries).where(AnimeSeries.id == series_id).values(followed=False))
    waiting = (Status.PENDING, Status.PAUSED)
    cancelled = await session.scalars(
        update(DownloadQueueItem)
        .where(DownloadQueueItem.status.in_(waiting))
        .where(DownloadQueueItem.episode_id.in_(select(Episode.id).where(Episode.series_id == series_id)))
        .values(status=Status.CANCELLED, completed_at=now())
        .returning(DownloadQueueItem.id)
    )
    return len(cancelled.all())


async def set_found(session: AsyncSession, series_id: int, paths: Mapping[models.Number, str]) -> int:
    """Note which episodes of a series a scan found, by their paths; returns how many rows changed.

    A file that vanished makes its episode missing; its row stays.
    """
    changed = 0
    for row in await session.scalars(select(Episode).where(Episode.series_id == series_id)):
        path = paths.get(models.Number(row.season, row.episode_number))
        if (path is not None) != row.is_downloaded or path != row.file_path:
            row.is_downloaded, row.file_path = path is not None, path
            changed += 1
    return changed
