"""Renames what is in the library by the templates: a plan to look at, then all of it or nothing.

The steps are written to the store before the first one, and go from it in the commit that knows the new
paths: what a dead process left there is put back by whoever works on the library next.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..errors import AnidanaError, ConfigError, NotFound, SetupError
from ..library import moves, naming
from ..library.folders import check_mounted
from ..library.moves import Move
from ..library.renames import Left, Plan, entries
from ..library.renames import plan as plan_folder
from ..models import Language
from ..selector import Selector
from ..store import renames, shelf
from ..store.sessions import get_db_session
from ..store.shelf import EpisodeRow
from ..store.tables import AnimeSeries

if TYPE_CHECKING:
    from ..app import App
    from ..settings import Naming

log = logging.getLogger(__name__)

_MOST_NFO = 256 * 1024
_TMDB = re.compile(
    rb'<uniqueid\s[^<>]{0,200}?type=["\']tmdb["\'][^<>]{0,200}>\s{0,20}(\d{1,12})\s{0,20}<|<tmdbid>(\d{1,12})<'
)


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan for one series."""

    series: AnimeSeries
    plan: Plan


async def plan(app: App, selectors: Sequence[Selector] = ()) -> list[Planned]:
    """What has to be renamed, series by series; without selectors, of all that are followed.

    Where single episodes are meant, their series' folder keeps its name. NotFound if a selector fits
    nothing, SetupError if the library is not there.
    """
    library = app.library()
    async with get_db_session(read_only=True) as session:
        if not await renames.under_way(session):  # all that is there may be called something hidden
            check_mounted(library, await shelf.holds_files(session))
        held = await renames.held(session)
        every = [one.series for one in await shelf.shelf(session)]
        meant = {row.id: [Selector(row.key)] for row in every} if not selectors else {}
        for selector in selectors:
            series = await shelf.find_series(session, app.identity(selector.series))
            meant.setdefault(series.id, []).append(selector)
        rows = await shelf.episodes(session, series_ids=meant)
        folders = {id_: naming.folded(one) for id_, one in (await shelf.folders(session)).items()}
    of_series: dict[int, list[EpisodeRow]] = defaultdict(list)
    for row in rows:
        of_series[row.series.id].append(row)
    planned = []
    for series in (one for one in every if one.id in meant):
        folders.pop(series.id)
        task = _Task(library, app.settings.library.naming, series, of_series[series.id], meant[series.id])
        if not (task.whole or any(map(task.picks, task.rows))):
            raise NotFound(f"{series.name} has no such episode", hint=f"anidana show {series.identity}")
        if why := held.get(series.id):
            made = _nothing(series, why)
        else:
            made = await asyncio.to_thread(_plan_series, task, set(folders.values()))
        folders[series.id] = naming.folded(made.folder.new.name)
        planned.append(Planned(series, made))
    return planned


async def apply(app: App, planned: Planned) -> None:
    """Do what was planned for one series, all of it or nothing; needs the lock (`App.alone`).

    Held if a job of the series has come meanwhile or a name is taken now, DiskFull or SetupError as the
    disk says: then everything is as before, unless the text says otherwise. Goes to its end when cancelled.
    """
    task = asyncio.ensure_future(_apply(app, planned))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def settle() -> None:
    """Put back what renames of dead processes had done; only while holding the lock.

    SetupError if the disk refuses; then the next call tries again.
    """
    async with get_db_session(read_only=True) as session:
        found = await renames.under_way(session)
    for row in found:
        steps = [Move(PurePosixPath(old), PurePosixPath(new)) for old, new in row.moves]
        await asyncio.to_thread(moves.put_back, Path(row.library), steps)
        async with get_db_session() as session:
            await renames.forget(session, row.series_id)
        log.warning("a rename of series %d was cut off; everything has its old name again", row.series_id)


async def _apply(app: App, planned: Planned) -> None:
    library, plan, series = app.library(), planned.plan, planned.series
    servers = [server.value().name for server in app.settings.media_servers]
    paths = {str(library / old): str(library / new) for old, new in plan.paths.items()}
    begun: list[Move] = []
    async with get_db_session() as session:
        await renames.begin(session, series.id, str(library))
    try:
        for stage in plan.stages:
            async with get_db_session() as session:
                await renames.note(session, series.id, [*begun, *stage])
            await asyncio.to_thread(moves.carry_out, library, stage, begun)
        async with get_db_session() as session:
            await renames.finish(session, series.id, str(library), plan.folder, paths, servers)
    # Not for a cancellation by the end of the loop: the thread still works, and the row stays for `settle`.
    except Exception as error:
        await _undo(library, series.id, begun, error)
        raise


async def _undo(library: Path, series_id: int, begun: Sequence[Move], error: Exception) -> None:
    try:
        await asyncio.to_thread(moves.put_back, library, begun)
    except AnidanaError as worse:
        raise SetupError(
            f"{error}; and not everything could be put back: {worse}",
            hint=f"{worse.hint or 'mend the disk'}; the next run puts it back",
        ) from error
    async with get_db_session() as session:
        await renames.forget(session, series_id)


@dataclass(frozen=True, slots=True)
class _Task:
    library: Path
    naming: Naming
    series: AnimeSeries
    rows: Sequence[EpisodeRow]
    selectors: Sequence[Selector]

    def picks(self, row: EpisodeRow) -> bool:
        return any(one.picks(row.number, row.episode.absolute) for one in self.selectors)

    @property
    def whole(self) -> bool:
        return any(one.season is None and one.absolute is None for one in self.selectors)


def _nothing(series: AnimeSeries, why: str) -> Plan:
    folder = PurePosixPath(series.folder)
    return Plan(Move(folder, folder), left=(Left(folder, why),))


def _plan_series(task: _Task, taken: set[str]) -> Plan:
    old = PurePosixPath(task.series.folder)
    if len(old.parts) != 1:
        return _nothing(task.series, "that is no proper name of a folder")
    try:
        there = entries(naming.under(task.library, old))
        tmdb = _tmdb(task.library / old / "tvshow.nfo")
        folder, left = _folder(task, tmdb, taken)
    except AnidanaError as error:
        return _nothing(task.series, str(error))
    known: dict[PurePosixPath, list[EpisodeRow]] = defaultdict(list)
    for row in task.rows:
        if row.episode.is_downloaded and row.episode.file_path:
            file = PurePosixPath(row.episode.file_path)
            if file.is_relative_to(task.library / old):
                known[file.relative_to(task.library / old)].append(row)
            else:
                left.append(Left(file, "it lies outside the folder of its series"))
    wanted = {}
    for path, rows in known.items():
        if any(map(task.picks, rows)):
            try:
                wanted[path] = _wanted(task, folder.new.name, path, rows)
            except AnidanaError as error:
                left.append(Left(old / path, str(error)))
    return plan_folder(folder, there, wanted, known, left)


def _folder(task: _Task, tmdb: str, taken: set[str]) -> tuple[Move, list[Left]]:
    """The folder's own move; where its name is taken by another series, with the key; else none."""
    old = PurePosixPath(task.series.folder)
    if not task.whole:
        return Move(old, old), []
    if naming.folded(old.name) in taken:
        return Move(old, old), [Left(old, "another series lies in it too")]
    name = naming.series_folder(shelf.series_value(task.series), task.naming, tmdb)
    for one in (name, naming.told_apart(name, task.series.key)):
        itself = naming.folded(one) == naming.folded(old.name)
        if naming.folded(one) not in taken and (itself or not os.path.lexists(task.library / one)):
            return Move(old, PurePosixPath(one)), []
    return Move(old, old), [Left(old, f"its name is taken: {name}")]


def _wanted(task: _Task, folder: str, path: PurePosixPath, rows: Sequence[EpisodeRow]) -> PurePosixPath:
    """What the file of these episodes should be called, below its series' folder."""
    numbers = [row.number for row in rows]
    first, last = numbers[0], numbers[-1]
    if any(one.season != first.season for one in numbers) or last.episode - first.episode != len(rows) - 1:
        raise ConfigError("it holds episodes that do not follow one another")
    file = rows[0].file
    seasons, stem = naming.names_below(
        folder,
        shelf.series_value(task.series),
        [shelf.episode_value(row.episode) for row in rows],
        task.naming,
        Language.parse(file.language) if file else None,
    )
    new = PurePosixPath(*seasons, stem + path.suffix)
    naming.under(task.library, PurePosixPath(task.series.folder) / new)
    return new


def _tmdb(nfo: Path) -> str:
    """The series' id at TMDB as its NFO has it; empty if there is none."""
    try:
        with nfo.open("rb") as file:
            found = _TMDB.search(file.read(_MOST_NFO))
    except OSError:
        return ""
    return (found[1] or found[2]).decode() if found else ""


def changing(planned: Iterable[Planned]) -> list[Planned]:
    """Those with something to do."""
    return [one for one in planned if one.plan.changes]
