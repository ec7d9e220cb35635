"""Renames that are under way, and the paths that follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..errors import Held
from ..library.moves import Move
from .shelf import insert
from .tables import AnimeSeries, DownloadQueueItem, Episode, EpisodeFile, OutboxRow, RenameRow, Status, now

_AT_WORK = (Status.PENDING, Status.DOWNLOADING)


async def held(session: AsyncSession) -> dict[int, str]:
    """Why series cannot be renamed now, by their ids."""
    jobs = DownloadQueueItem
    busy = (
        select(Episode.series_id).join(jobs, jobs.episode_id == Episode.id).where(jobs.status.in_(_AT_WORK))
    )
    reasons = dict.fromkeys(await session.scalars(busy), "an episode of it waits or is being fetched")
    under_way = await session.scalars(select(RenameRow.series_id))
    return reasons | dict.fromkeys(
        under_way, "a rename of it is under way, or was cut off and is put back first"
    )


async def begin(session: AsyncSession, series_id: int, library: str) -> None:
    """Announce a rename; until its end no job of the series is taken up. Held if one is at work, or waits."""
    if why := (await held(session)).get(series_id):
        raise Held(f"it is left alone: {why}", hint="try again when it is done")
    session.add(RenameRow(series_id=series_id, library=library, moves=[]))


async def note(session: AsyncSession, series_id: int, moves: Sequence[Move]) -> None:
    """Write down all steps that may have been done from now on."""
    pairs = [(str(move.old), str(move.new)) for move in moves]
    await session.execute(update(RenameRow).where(RenameRow.series_id == series_id).values(moves=pairs))


async def under_way(session: AsyncSession) -> list[RenameRow]:
    """Renames that have begun and not ended; while nobody else works on the library, those cut off."""
    return list(await session.scalars(select(RenameRow)))


async def forget(session: AsyncSession, series_id: int) -> None:
    """Everything is as it was before the rename."""
    await session.execute(delete(RenameRow).where(RenameRow.series_id == series_id))


async def finish(
    session: AsyncSession,
    series_id: int,
    library: str,
    folder: Move,
    paths: Mapping[str, str],
    servers: Sequence[str],
) -> None:
    """The files have their new names: so do the rows, and each server is to be told of them.

    A path that is not in `paths`, of a file that has vanished, follows its folder.
    """
    await forget(session, series_id)
    await session.execute(
        update(AnimeSeries).where(AnimeSeries.id == series_id).values(folder=str(folder.new))
    )
    old, new = f"{library}/{folder.old}/", f"{library}/{folder.new}/"
    for episode in await session.scalars(select(Episode).where(Episode.series_id == series_id)):
        before = episode.file_path or ""
        after = paths.get(before, new + before[len(old) :] if before.startswith(old) else before)
        if after == before:
            continue
        episode.file_path = after
        await session.execute(
            update(EpisodeFile)
            .where(EpisodeFile.episode_id == episode.id, EpisodeFile.path == before)
            .values(path=after)
        )
        for server in servers if episode.is_downloaded else ():
            await _announce(session, server, episode.id, after)


async def _announce(session: AsyncSession, server: str, episode_id: int, path: str) -> None:
    row = {
        "server": server, "episode_id": episode_id, "path": path,
        "tries": 0, "created_at": now(), "confirmed_at": None, "last_error": None,
    }  # fmt: skip
    statement = insert(session, OutboxRow).values(row)
    await session.execute(statement.on_conflict_do_update(index_elements=["server", "episode_id"], set_=row))
