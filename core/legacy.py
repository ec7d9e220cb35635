"""Takes over what the predecessor left: `key` and `data` files, database, settings. It is only read."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import config
from .app import App
from .errors import ConfigError, Damaged
from .library.clues import Clues, read_clues, read_json, whole
from .models import Episode, Number, Season, Series
from .store import disk, facts, shelf
from .store.listing import save_seasons
from .store.sessions import get_db_session
from .store.tables import AnimeSeries
from .taking_in import catalogue_of

log = logging.getLogger(__name__)

DATABASE = "aniworld.db"

SETTINGS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("other", "anime_directory"), ("library", "anime_directory")),
    (("anime_directory",), ("library", "anime_directory")),
    (("nfo", "tmdb_api_key"), ("metadata", "keys", "tmdb")),
    (("logging", "level"), ("logging", "level")),
)
"""Where the predecessor had a setting, and where it is here."""


@dataclass(slots=True)
class OldSeries:
    """A series as the predecessor knew it; `files` are the paths of what it had downloaded."""

    key: str
    site: str
    name: str
    folder: str
    year: int | None = None
    titles: dict[Number, str] = field(default_factory=dict)
    files: dict[Number, str | None] = field(default_factory=dict)


async def import_once(app: App) -> int:
    """Take over `key` and `data` files, and a database of the predecessor in our data folder, once.

    Returns how many series are new. Files that cannot be read are named in the log and passed over.
    """
    async with get_db_session(read_only=True) as session:
        if (await facts.facts(session)).migration_legacy_files_completed:
            return 0
    root = app.library(for_writing=False)
    old = await asyncio.to_thread(lambda: list(_of_folders(root)))
    file = app.data / DATABASE
    if file.is_file():
        try:
            old += await asyncio.to_thread(read_database, file)
        except Damaged as error:
            log.warning("%s", error)
    new = await store(app, old)
    async with get_db_session() as session:
        await facts.note(session, migration_legacy_files_completed=True)
    return new


def _of_folders(root: Path) -> Iterator[OldSeries]:
    for folder in sorted(root.iterdir()):
        if not folder.name.startswith(".") and ((folder / "key").is_file() or (folder / "data").is_file()):
            clues = read_clues(folder)
            if clues.key:
                yield _of_clues(folder.name, clues)


def _of_clues(folder: str, clues: Clues) -> OldSeries:
    titles = {Number(season, one): "" for season, numbers in clues.missing.items() for one in numbers}
    name = clues.titles[0] if clues.titles else clues.key
    return OldSeries(clues.key, clues.site, name, folder, clues.year, titles)


def read_database(file: Path) -> list[OldSeries]:
    """The series in an `aniworld.db`; columns it lacks count as empty. Damaged if it is none."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as store:
            store.row_factory = sqlite3.Row
            series = {row["id"]: row for row in _rows(store, "anime_series") if row.get("key")}
            episodes = defaultdict[Any, list[dict[str, Any]]](list)
            for row in _rows(store, "episodes"):
                episodes[row.get("series_id")].append(row)
    except (sqlite3.Error, KeyError) as error:
        raise Damaged(f"{file} is no database of the predecessor: {error}") from error
    return [_of_row(row, episodes[id_]) for id_, row in series.items()]


def _rows(store: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    for row in store.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our own two names
        yield dict(row)


def _of_row(row: dict[str, Any], episodes: list[dict[str, Any]]) -> OldSeries:
    key = str(row["key"])
    old = OldSeries(
        key,
        str(row.get("site") or ""),
        str(row.get("name") or key),
        str(row.get("folder") or ""),
        whole(row.get("year")),
    )
    for one in episodes:
        season, episode = whole(one.get("season")), whole(one.get("episode_number"))
        if season is None or episode is None:
            continue
        number = Number(season, episode)
        old.titles[number] = str(one.get("title") or "")
        if one.get("is_downloaded"):
            old.files[number] = str(one["file_path"]) if one.get("file_path") else None
    return old


async def store(app: App, old: list[OldSeries]) -> int:
    """Follow the predecessor's series that are not known here; their catalogue is asked by the next scan."""
    new = 0
    async with get_db_session() as session:
        for one in old:
            catalogue = catalogue_of(app, one.site)
            if catalogue is None:
                log.warning("%s is not taken over: no catalogue plugin knows %s", one.name, one.site)
                continue
            if await shelf.by_key(session, catalogue.name, one.key) is not None:
                continue
            numbers = sorted({*one.titles, *one.files})
            seasons = tuple(sorted({number.season for number in numbers}))
            value = Series(catalogue.name, one.key, one.name, catalogue.url, seasons, year=one.year)
            row = await shelf.save_series(session, value, _folder(one))
            await save_seasons(session, [(row.id, season) for season in _seasons(one, numbers)])
            await _had(session, app, row, one)
            new += 1
        if new:  # their folders may have been read already, when they were nobody's
            await facts.note(session, library_root=None)
    return new


def _folder(one: OldSeries) -> str:
    return Path(one.folder).name or one.name.replace("/", " ")


def _seasons(one: OldSeries, numbers: list[Number]) -> Iterator[Season]:
    for season in sorted({number.season for number in numbers}):
        here = [number for number in numbers if number.season == season]
        yield Season(season, tuple(Episode(number, one.titles.get(number, "")) for number in here))


async def _had(session: Any, app: App, row: AnimeSeries, one: OldSeries) -> None:
    """What was downloaded is a missing file until a scan finds it: it is not fetched again by itself."""
    somewhere = str((app.settings.library.anime_directory or Path()) / row.folder)
    changes = [
        disk.Change(known.id, False, one.files[number] or somewhere)
        for known in await disk.episodes(session, [row.id])
        if (number := Number(known.season, known.number)) in one.files
    ]
    await disk.apply(session, changes)


def take_settings(theirs: Path, ours: Path) -> dict[str, str]:
    """Take over settings that are not set here; returns what was set, and to what, secrets hidden.

    Damaged if their file cannot be read, ConfigError if ours cannot be written.
    """
    tree, taken = read_json(theirs), dict[str, str]()
    here = read_json(ours) if ours.exists() else {}
    for old, new in SETTINGS:
        value, name = _find(tree, old), ".".join(new)
        if isinstance(value, str) and value and _find(here, new) is None and name not in taken:
            try:
                config.change(ours, new, value.upper() if new[-1] == "level" else value)
            except ConfigError as error:
                log.warning("%s is not taken over: %s", name, error)
                continue
            taken[name] = "***" if "keys" in new else value
    return taken


def _find(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree
