"""What the library holds: its folders and files as they were read, and which episodes are on disk.

Rows come in tens of thousands: everything here is Core, in batches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..library.reading import Reading
from ..library.scan import Shelved
from ..library.walk import Look, Video
from .tables import Episode, LibraryFile, LibraryFolder, now

_FOLDERS: Table = LibraryFolder.__table__  # type: ignore[assignment]
_FILES: Table = LibraryFile.__table__  # type: ignore[assignment]
_EPISODES: Table = Episode.__table__  # type: ignore[assignment]

FEW = 500
"""As many values as every database takes in one question."""


class KnownEpisode(NamedTuple):
    """What the store says of an episode's file; season and number are those that it is filed as."""

    id: int
    series_id: int
    season: int
    number: int
    absolute: int | None
    on_disk: bool
    path: str | None


class Change(NamedTuple):
    """A new state of an episode: where its file is, or where it was."""

    id: int
    on_disk: bool
    path: str | None


def _at_or_below(column: Any, top: str) -> Any:
    return or_(column == top, column.startswith(f"{top}/", autoescape=True))


async def folders(session: AsyncSession, top: str = "") -> dict[str, int]:
    """Every known folder at and below `top` with its time of change."""
    query = select(_FOLDERS.c.path, _FOLDERS.c.mtime_ns)
    if top:
        query = query.where(_at_or_below(_FOLDERS.c.path, top))
    rows = await session.execute(query)
    return {path: mtime for path, mtime in rows if not top or _is_below(path, top)}


def _is_below(path: str, top: str) -> bool:
    """LIKE takes upper case for lower case."""
    return path == top or path.startswith(f"{top}/")


async def read_longest_ago(session: AsyncSession, most: int, before: datetime) -> list[str]:
    """The folders whose turn it is to be read again, whatever their times say."""
    query = (
        select(_FOLDERS.c.path)
        .where(_FOLDERS.c.read_at < before)
        .order_by(_FOLDERS.c.read_at, _FOLDERS.c.path)
        .limit(most)
    )
    return list(await session.scalars(query))


async def remember(session: AsyncSession, look: Look, files: Iterable[Shelved]) -> None:
    """Store what was read, in place of what was known of the same folders."""
    connection = await session.connection()
    stale = [{"b_folder": path} for path in (*look.listed, *look.gone)]
    if not stale:
        return
    for table, column in ((_FILES, _FILES.c.folder), (_FOLDERS, _FOLDERS.c.path)):
        await connection.execute(delete(table).where(column == bindparam("b_folder")), stale)
    at = now()
    if folders := [
        {"path": path, "mtime_ns": listing.mtime_ns, "read_at": at} for path, listing in look.listed.items()
    ]:
        await connection.execute(_FOLDERS.insert(), folders)
    if rows := [_row(one) for one in files]:
        await connection.execute(_FILES.insert(), rows)


def _row(shelved: Shelved) -> dict[str, Any]:
    video, reading = shelved
    season, first, last = reading or (None, None, None)
    return {
        "folder": video.folder, "name": video.name, "size": video.size, "mtime_ns": video.mtime_ns,
        "season": season, "first_episode": first, "last_episode": last,
    }  # fmt: skip


async def forget(session: AsyncSession) -> None:
    """Forget all folders and files: the library is another one."""
    await session.execute(delete(_FILES))
    await session.execute(delete(_FOLDERS))


async def files(session: AsyncSession, top: str = "") -> list[Shelved]:
    """The videos at and below a folder, and what their names tell."""
    query = select(_FILES)
    if top:
        query = query.where(_at_or_below(_FILES.c.folder, top))
    return [
        Shelved(Video(folder, name, size, mtime), None if first is None else Reading(season, first, last))
        for folder, name, size, mtime, season, first, last in await session.execute(query)
        if not top or _is_below(folder, top)
    ]


async def episodes(session: AsyncSession, series_ids: Collection[int] | None = None) -> list[KnownEpisode]:
    """All episodes, or those of some series."""
    columns = _EPISODES.c
    special = columns.filed_as.is_not(None)
    query = select(
        columns.id, columns.series_id, case((special, 0), else_=columns.season),
        func.coalesce(columns.filed_as, columns.episode_number),
        columns.absolute, columns.is_downloaded, columns.file_path,
    )  # fmt: skip
    if series_ids is not None:
        query = query.where(columns.series_id.in_(series_ids))
    return [KnownEpisode(*row) for row in await session.execute(query)]


async def apply(session: AsyncSession, changes: Sequence[Change]) -> None:
    """Store new states of episodes."""
    if not changes:
        return
    statement = (
        update(_EPISODES)
        .where(_EPISODES.c.id == bindparam("b_id"))
        .values(is_downloaded=bindparam("b_on"), file_path=bindparam("b_path"), updated_at=now())
    )
    rows = [{"b_id": one.id, "b_on": one.on_disk, "b_path": one.path} for one in changes]
    await (await session.connection()).execute(statement, rows)


def changes(known: Iterable[KnownEpisode], paths: Mapping[tuple[int, int], str]) -> list[Change]:
    """What is new in the states of one series' episodes, found at these paths.

    An episode whose file is gone keeps the path: it is a missing file, which is not the same as one
    that was never there.
    """
    found: list[Change] = []
    for one in known:
        path = paths.get((one.season, one.number))
        if path is None:
            if one.on_disk:
                found.append(Change(one.id, False, one.path))
        elif not one.on_disk or path != one.path:
            found.append(Change(one.id, True, path))
    return found


async def videos_in(session: AsyncSession, folders: Collection[str]) -> list[Video]:
    """The videos that are known in these folders."""
    columns = _FILES.c
    query = select(columns.folder, columns.name, columns.size, columns.mtime_ns)
    if len(folders) <= FEW:
        query = query.where(columns.folder.in_(list(folders)))
    return [Video(*row) for row in await session.execute(query) if row.folder in folders]


async def count_files(session: AsyncSession) -> tuple[int, int]:
    """How many episodes are on disk, and how many are missing files."""
    gone = (~_EPISODES.c.is_downloaded) & _EPISODES.c.file_path.is_not(None)
    query = select(func.count().filter(_EPISODES.c.is_downloaded), func.count().filter(gone))
    on_disk, missing = (await session.execute(query.select_from(_EPISODES))).one()
    return on_disk, missing
