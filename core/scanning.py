"""Compares the library with the store: all of it, or the folder of one series. Callers hold the lock.

The disk is read first, in a thread; only when all of it could be read is anything stored, and then at once.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from .app import App
from .errors import SetupError
from .library import scan, walk
from .library.folders import check_mounted
from .library.reading import read
from .library.scan import Place, Placed, Shelved, Shelves
from .library.walk import Look
from .models import Number
from .store import disk, facts, shelf
from .store.disk import Change, KnownEpisode
from .store.sessions import get_db_session, get_transactional_session
from .store.tables import AnimeSeries, now

ROUND = timedelta(days=7)
"""Within this time every folder is read again, for a file overwritten in place does not change its folder."""

ROUND_SHARE = 7
"""A scan reads at most this part of the folders again."""

FEW = 20
"""Vanished files that are believed without a question."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A series whose episodes on disk have changed: how many came, went, or are somewhere else now."""

    series_id: int
    title: str
    key: str
    came: int
    went: int
    moved: int


@dataclass(slots=True)
class Report:
    """What a scan of the library found; paths are below the library.

    `read` of its `folders` had to be read; if it is `unchanged` all the same, nothing else is said.
    `second` are folders of a series that has another one, `strangers` belong to no series, `loose` are
    videos in no folder. `replaced` are files whose size is another one than when they were last read.
    """

    folders: int = 0
    read: int = 0
    unchanged: bool = False
    videos: int = 0
    on_disk: int = 0
    missing_files: int = 0
    changed: list[Changed] = field(default_factory=list)
    doubles: list[tuple[str, Number, list[str]]] = field(default_factory=list)
    second: dict[str, str] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    garbled: list[str] = field(default_factory=list)


async def scan_library(
    app: App, *, full: bool = False, dry_run: bool = False, accept_missing: bool = False, mark: str = ""
) -> Report:
    """Compare the whole library with the store; folders that have not changed are not read.

    Raises SetupError, and nothing is changed, if the library is not there, its disk fails, or most of its
    files are gone at once and the caller does not say that this is so. `mark` is kept with the result.
    """
    root = app.library(for_writing=False)
    async with get_db_session(read_only=True) as session:
        before = await facts.facts(session)
        same = before.library_root == str(root)
        known = await disk.folders(session) if same else {}
        share = len(known) // ROUND_SHARE + 1
        turn = known if full else await disk.read_longest_ago(session, share, now() - ROUND)
    look = await asyncio.to_thread(walk.look, root, known, again=frozenset(turn) if same else frozenset())
    shelved = await asyncio.to_thread(_read_all, root, look)
    async with get_transactional_session() as session:
        if not same:
            await disk.forget(session)
        news = await _remember(session, look, shelved)
        report = Report(folders=len(known), read=len(look.listed), unchanged=not news.any)
        if full or news.any or not look.listed.keys() <= known.keys():
            await _take_stock(session, root, look, news, report, accept_missing=accept_missing)
        await facts.note(session, library_root=str(root), library_mark=mark, library_read_at=now())
        if not dry_run:
            await session.commit()
    return report


@dataclass(frozen=True, slots=True)
class _News:
    """What reading some folders brought: whether anything, and which files have another size than before."""

    any: bool
    replaced: list[str]


async def _remember(session: AsyncSession, look: Look, shelved: Sequence[Shelved]) -> _News:
    """Store the folders that were read."""
    before = {one.path: one.size for one in await disk.videos_in(session, look.listed)}
    after = {one.video.path: one.video.size for one in shelved}
    await disk.remember(session, look, shelved)
    replaced = [path for path, size in after.items() if before.get(path, size) != size]
    return _News(bool(look.gone) or before != after, replaced)


async def _take_stock(
    session: AsyncSession, root: Path, look: Look, news: _News, report: Report, *, accept_missing: bool
) -> None:
    """Bring every series' episodes up to date; what else there is to say goes into the report."""
    report.unchanged, report.replaced = False, news.replaced
    report.astray, report.closed, report.garbled = look.astray, look.closed, look.garbled
    report.folders = len(await disk.folders(session))
    files, episodes = await disk.files(session), await disk.episodes(session)
    report.videos = len(files)
    if not files:
        check_mounted(root, any(one.on_disk for one in episodes))
    series = {row.id: row for row in await shelf.all_series(session)}
    changes = await asyncio.to_thread(_compare, root, files, episodes, series, report)
    gone, had = sum(not one.on_disk for one in changes), sum(one.on_disk for one in episodes)
    if gone > max(FEW, had // 2) and not accept_missing:
        raise SetupError(
            f"{gone} of {had} files are gone from {root}; nothing was changed",
            hint="is all of it mounted? if they are really gone: anidana library --accept-missing",
        )
    await disk.apply(session, changes)
    report.on_disk, report.missing_files = await disk.count_files(session)


def _read_all(root: Path, look: Look) -> list[Shelved]:
    return [
        Shelved(video, read(video.name, video.folder))
        for folder, listing in look.listed.items()
        for video in walk.videos(root, folder, listing)
    ]


def _compare(
    root: Path,
    files: Iterable[Shelved],
    episodes: Iterable[KnownEpisode],
    series: Mapping[int, AnimeSeries],
    report: Report,
) -> list[Change]:
    """The new states of all episodes; what else there is to say goes into the report."""
    by_top, by_series = _by_top(files), defaultdict[int, list[KnownEpisode]](list)
    report.loose = [one.video.path for one in by_top.pop("", [])]
    for episode in episodes:
        by_series[episode.series_id].append(episode)
    shelves = scan.owners(by_top, [(row.id, row.folder) for row in series.values()])
    report.second, report.strangers = shelves.seconds, shelves.strangers
    changes: list[Change] = []
    for id_, row in series.items():
        placed, new = _compare_one(root, _files_of(id_, shelves, by_top), by_series[id_])
        report.doubles += [(row.name, Number(*key), paths) for key, paths in placed.doubles]
        report.unlisted += placed.unlisted
        report.unread += placed.unread
        if new:
            report.changed.append(_summary(row, by_series[id_], new))
        changes += new
    return changes


def _by_top(files: Iterable[Shelved]) -> dict[str, list[Shelved]]:
    tops = defaultdict[str, list[Shelved]](list)
    for one in files:
        tops[one.video.folder.partition("/")[0]].append(one)
    return dict(tops)


def _files_of(series_id: int, shelves: Shelves, by_top: Mapping[str, list[Shelved]]) -> list[Shelved]:
    return [one for top, owner in shelves.owners.items() if owner == series_id for one in by_top[top]]


def _compare_one(
    root: Path, files: Sequence[Shelved], known: Sequence[KnownEpisode]
) -> tuple[Placed, list[Change]]:
    """Place a series' videos; a file that has come since the walk began is not taken for gone."""
    prefix = f"{root}/"
    listed = {(one.season, one.number): one.absolute for one in known}
    had = {(one.season, one.number): (one.path or "").removeprefix(prefix) for one in known}
    placed = scan.place(files, listed, had)
    paths: dict[Place, str] = {key: prefix + path for key, path in placed.found.items()}
    new = disk.changes(known, paths)
    return placed, [one for one in new if one.on_disk or _is_gone(one.path)]


def _is_gone(path: str | None) -> bool:
    """Whether no file with anything in it is there; one that may not be looked at is not gone."""
    try:
        return path is None or not os.stat(path).st_size  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def _summary(row: AnimeSeries, known: Iterable[KnownEpisode], new: Sequence[Change]) -> Changed:
    before = {one.id for one in known if one.on_disk}
    came = sum(one.id not in before for one in new)
    went = sum(not one.on_disk for one in new)
    return Changed(row.id, row.name, row.key, came, went, len(new) - came - went)


@dataclass(frozen=True, slots=True)
class Seen:
    """One series' folder as it was read just now, before any of it is stored."""

    root: Path
    top: str
    look: Look
    shelved: list[Shelved]


async def look_at(app: App, folder: str) -> Seen:
    """Read the folder of one series anew.

    Raises SetupError if the library or the folder cannot be read, or if the folder's name is none.
    """
    root = app.library(for_writing=False)
    if not folder or (root / folder).parent != root:
        raise SetupError(f"a series has no proper folder name: {folder!r}")
    top = await asyncio.to_thread(walk.spelling, root, folder)
    async with get_db_session(read_only=True) as session:
        known = await disk.folders(session, top)
    look = await asyncio.to_thread(walk.look, root, known, top=top, again=frozenset(known))
    if look.closed:
        raise SetupError(f"{root / look.closed[0]} may not be read", hint="let us read it, then scan again")
    return Seen(root, top, look, await asyncio.to_thread(_read_all, root, look))


async def compare(session: AsyncSession, row: AnimeSeries, seen: Seen) -> Changed:
    """Store what was read of a series' folder, and its episodes' new states; the caller commits.

    Raises SetupError if the library has become empty.
    """
    if seen.top not in seen.look.listed:
        check_mounted(seen.root, await shelf.holds_files(session))
    await _remember(session, seen.look, seen.shelved)
    files, episodes = await disk.files(session, seen.top), await disk.episodes(session, [row.id])
    _, changes = await asyncio.to_thread(_compare_one, seen.root, files, episodes)
    await disk.apply(session, changes)
    return _summary(row, episodes, changes)
