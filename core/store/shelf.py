"""Questions about series and their episodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .. import models
from ..errors import NotFound
from . import disk
from .inserting import insert as insert
from .listing import save_seasons
from .tables import OPEN, AnimeSeries, DownloadQueueItem, Episode, EpisodeFile, Status, now

MISSING = ~Episode.is_downloaded & Episode.file_path.is_(None)
"""An episode that never was on disk."""

MISSING_FILE = ~Episode.is_downloaded & Episode.file_path.is_not(None)
"""An episode whose file has vanished; `file_path` is where it was."""

_LEAST_LIKENESS = 60
_SERIES = TypeAdapter(models.Series)


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """A followed series with its counts."""

    series: AnimeSeries
    episodes: int
    on_disk: int
    missing_files: int = 0

    @property
    def missing(self) -> int:
        """Episodes that never were on disk; those whose file has vanished are counted apart."""
        return self.episodes - self.on_disk - self.missing_files


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

    @property
    def lost_its_file(self) -> bool:
        """Whether the episode was on disk and its file has vanished."""
        return not self.episode.is_downloaded and self.episode.file_path is not None


async def by_key(session: AsyncSession, site: str, key: str) -> AnimeSeries | None:
    """The series with this key at this site, followed or not."""
    return await session.scalar(select(AnimeSeries).where(AnimeSeries.site == site, AnimeSeries.key == key))


async def folders(session: AsyncSession) -> dict[int, str]:
    """The folder of every series, followed or not, by its id."""
    return {row.id: row.folder for row in await session.execute(select(AnimeSeries.id, AnimeSeries.folder))}


async def followed(session: AsyncSession, name: str) -> AnimeSeries:
    """The followed series of exactly this key, or `site:key`; NotFound if there is none, or several."""
    identity = AnimeSeries.site + ":" + AnimeSeries.key
    query = select(AnimeSeries).where(AnimeSeries.followed, (AnimeSeries.key == name) | (identity == name))
    found = list(await session.scalars(query))
    if len(found) > 1:
        raise NotFound(f"{name!r} fits several series", candidates=[one.identity for one in found])
    if not found:
        raise NotFound(f"no followed series has the key {name[:100]!r}")
    return found[0]


async def has_folder(session: AsyncSession, folder: str) -> bool:
    """Whether a series has this folder, whatever the case of its letters."""
    folders = await session.scalars(select(AnimeSeries.folder))
    return folder.casefold() in {one.casefold() for one in folders}


async def save_series(session: AsyncSession, series: models.Series, folder: str) -> AnimeSeries:
    """Store what the catalogue says and mark the series as followed; a known folder stays."""
    row = await by_key(session, series.catalogue, series.key)
    if row is None:
        blank = {
            "key": series.key, "name": series.title[:500], "site": series.catalogue, "folder": folder,
            "followed": True, "details": {}, "created_at": now(), "updated_at": now(),
        }  # fmt: skip
        # Somebody else may follow the same series at this moment.
        await session.execute(insert(session, AnimeSeries).values(blank).on_conflict_do_nothing())
        row = await by_key(session, series.catalogue, series.key)
        assert row is not None
    row.name, row.year, row.followed = series.title[:500], series.year, True
    row.details = _SERIES.dump_python(series, mode="json")
    await session.flush()
    return row


async def save_season(session: AsyncSession, series_id: int, season: models.Season) -> None:
    """Store a season's table; what is on disk stays as it is, rows are never deleted."""
    await save_seasons(session, [(series_id, season)])


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
        filed_as=row.filed_as,
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
    query = select(AnimeSeries).where(AnimeSeries.followed).order_by(AnimeSeries.name)
    return [
        ShelfRow(row, row.episode_count, row.on_disk_count, row.lost_file_count)
        for row in await session.scalars(query.execution_options(populate_existing=True))
    ]


async def episodes(
    session: AsyncSession,
    *,
    series_ids: Iterable[int] | None = None,
    missing: bool = False,
    open_jobs: bool = False,
) -> list[EpisodeRow]:
    """Episodes of followed series in order, each with its newest job and its file.

    `missing` ones never were on disk, or their file has vanished (`lost_its_file`).
    """
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


async def episode_ids(session: AsyncSession, series: Collection[str]) -> dict[tuple[str, int, int], int]:
    """Ids of all episodes of followed series, by the name asked for (key or `site:key`), season and number.

    NotFound for a key that nobody has, or two sites share.
    """
    identity = AnimeSeries.site + ":" + AnimeSeries.key
    query = select(AnimeSeries.id, AnimeSeries.key, identity.label("identity")).where(
        AnimeSeries.followed, AnimeSeries.key.in_(list(series)) | identity.in_(list(series))
    )
    names: dict[int, str] = {}
    for row in await session.execute(query):
        names[row.id] = row.identity if row.identity in series else row.key
    for name in series:
        if (found := list(names.values()).count(name)) != 1:
            raise NotFound(f"{name!r} is the key of {found or 'no'} followed series")
    columns = select(Episode.series_id, Episode.season, Episode.episode_number, Episode.id)
    rows = await session.execute(columns.where(Episode.series_id.in_(names)))
    return {(names[row.series_id], row.season, row.episode_number): row.id for row in rows}


async def shared_keys(session: AsyncSession) -> set[str]:
    """Keys that followed series of two sites have."""
    key = AnimeSeries.key
    query = select(key).where(AnimeSeries.followed).group_by(key).having(func.count() > 1)
    return set(await session.scalars(query))


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
    """Note which episodes of a series are on disk, by their paths; returns how many rows changed.

    A file that vanished makes its episode a missing file; its row stays.
    """
    new = disk.changes(
        await disk.episodes(session, [series_id]),
        {(number.season, number.episode): path for number, path in paths.items()},
    )
    await disk.apply(session, new)
    return len(new)


async def get_series_with_missing_episodes(session: AsyncSession) -> list[AnimeSeries]:
    """Followed series with an episode that is not downloaded, by name.

    One whose file has vanished does not count: it was downloaded, and is not wanted by itself.
    """
    wanted = select(Episode.id).where(Episode.series_id == AnimeSeries.id, MISSING)
    return await _followed(session, wanted.exists())


async def get_series_with_no_episodes(session: AsyncSession) -> list[AnimeSeries]:
    """Followed series that have episodes, none of them downloaded, by name."""
    some = select(Episode.id).where(Episode.series_id == AnimeSeries.id)
    return await _followed(
        session,
        some.where(~Episode.is_downloaded).exists() & ~some.where(Episode.is_downloaded).exists(),
    )


async def _followed(session: AsyncSession, where: ColumnElement[bool]) -> list[AnimeSeries]:
    query = select(AnimeSeries).where(AnimeSeries.followed, where).order_by(AnimeSeries.name)
    return list(await session.scalars(query))


async def all_series(session: AsyncSession) -> list[AnimeSeries]:
    """Every series, followed or not."""
    return list(await session.scalars(select(AnimeSeries).order_by(AnimeSeries.id)))
