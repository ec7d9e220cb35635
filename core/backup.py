"""Backups: one zip of the database, the settings, and a page that says what is in it.

Secrets in the settings are left out unless asked for; a restore keeps those that are set. Passwords and
keys in the database are hashes, and logins are left out always. Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, ValidationError

from .errors import ConfigError, DiskFull, NotFound, SetupError
from .library.folders import disk_errors
from .settings import Settings
from .settings_copy import Tree, completed, differences, without

FOLDER, DATABASE, SETTINGS, PAGE = "backups", "anidana.db", "config.json", "backup.json"
FORM = 1
MOST_BYTES = 8 * 1024**3
"""What a backup may hold when unpacked: more is no backup of ours."""

KEPT = 10
"""Backups kept of those that were made without being asked for."""

Why: TypeAlias = Literal["manual", "upgrade", "restore"]

_NAME = re.compile(r"anidana-(\d{8}-\d{6}-\d{6})-(manual|upgrade|restore)\.zip")


class Page(BaseModel):
    """What a backup says of itself; `files` are SHA-256 sums by name."""

    form: int
    version: str
    schema_revision: str
    made_at: datetime
    secrets: bool
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in the data folder; `why` is `manual`, `upgrade` or `restore`."""

    name: str
    why: str
    made_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a restore does: counts of rows now and then by table, settings that change, and why it cannot."""

    made_at: datetime
    version: str
    schema: str
    rows: dict[str, tuple[int, int]]
    settings: list[str]


def listed(data: Path) -> list[Kept]:
    """The backups in a data folder, newest first."""
    found = []
    for path in (data / FOLDER).glob("*.zip"):
        if (name := _NAME.fullmatch(path.name)) is not None:
            made = datetime.strptime(name[1], "%Y%m%d-%H%M%S-%f").replace(tzinfo=UTC)
            found.append(Kept(path.name, name[2], made, path.stat().st_size))
    return sorted(found, key=lambda one: one.made_at, reverse=True)


def find(data: Path, name: str) -> Path:
    """The file of a backup in the data folder; NotFound for any other name."""
    path = data / FOLDER / name
    if _NAME.fullmatch(name) is None or not path.is_file():
        raise NotFound(f"there is no backup {name[:80]!r}", candidates=[one.name for one in listed(data)[:5]])
    return path


def check_kind(chosen: Settings) -> None:
    """ConfigError for a database that is not the data folder's own: its server keeps it."""
    if chosen.store.database_url is not None:
        raise ConfigError(
            "store.database_url names a database that is not in the data folder",
            hint="back it up and restore it by its own tools: pg_dump, pg_restore",
        )


def make(
    data: Path,
    *,
    secrets: bool = False,
    why: Why = "manual",
    to: Path | None = None,
    database: Path | None = None,
) -> Path:
    """Make a backup of a data folder, whether it is in use or not; returns its file.

    It lies in the data folder unless `to` names a file; the database is the data folder's own unless
    another is named. SetupError if there is none, DiskFull.
    """
    made = datetime.now(UTC)
    target = to or data / FOLDER / f"anidana-{made:%Y%m%d-%H%M%S-%f}-{why}.zip"
    with disk_errors(target), _scratch(data) as scratch:
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(database or data / DATABASE, scratch / DATABASE)
        tree = _tree(data / SETTINGS)
        _write(tree if secrets else without(tree, _check(tree).secrets()), scratch / SETTINGS)
        page = Page(
            form=FORM, version=version("anidana"), schema_revision=_revision(scratch / DATABASE),
            made_at=made, secrets=secrets,
            files={name: _digest(scratch / name) for name in (DATABASE, SETTINGS)},
        )  # fmt: skip
        (scratch / PAGE).write_text(page.model_dump_json(indent=2), "utf-8")
        _pack(scratch, target)
    _forget(data)
    return target


def _pack(scratch: Path, target: Path) -> None:
    staged = target.with_name(f".{target.name}.new")
    try:
        staged.touch(0o600)  # there may be keys in it
        with zipfile.ZipFile(staged, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in (PAGE, SETTINGS, DATABASE):
                archive.write(scratch / name, name)
        _sync(staged)
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


def verify(file: Path) -> Page:
    """Read a backup whole; ConfigError if it is none, is damaged, or is newer than this program."""
    with disk_errors(file), tempfile.TemporaryDirectory() as scratch:
        return _unpack(file, Path(scratch))


def restore(data: Path, file: Path, *, dry_run: bool = False) -> Preview:
    """Put a backup in the place of what a data folder holds, after a backup of that; needs its lock.

    With `dry_run` nothing is changed. Errors as in `verify`; then, too, nothing has changed.
    """
    with disk_errors(data):
        data.mkdir(parents=True, exist_ok=True)
    with disk_errors(data), _scratch(data) as scratch:
        page = _unpack(file, scratch)
        before, restored = _present(data), _tree(scratch / SETTINGS)
        if not page.secrets and before:
            restored = completed(restored, before, _check(before).secrets())
        _check(restored)
        _write(restored, scratch / SETTINGS)
        now, then = _rows(data / DATABASE), _rows(scratch / DATABASE)
        rows = {table: (now.get(table, 0), then.get(table, 0)) for table in sorted(now.keys() | then.keys())}
        if not dry_run:
            _set_aside(data)
            for name in (DATABASE, SETTINGS):
                (scratch / name).chmod(0o600)
                _sync(scratch / name)
                (scratch / name).replace(data / name)
            _sync(data)
    return Preview(page.made_at, page.version, page.schema_revision, rows, differences(before, restored))


def _present(data: Path) -> Tree:
    """The settings that are set; none if they cannot be read, which may be why they are restored."""
    try:
        tree = _tree(data / SETTINGS)
        _check(tree)
    except ConfigError:
        return {}
    return tree


def _set_aside(data: Path) -> None:
    """Make a backup of what is there; what cannot be read is kept beside, as it is."""
    database = data / DATABASE
    try:
        if database.exists():
            make(data, secrets=True, why="restore")
    except (ConfigError, SetupError):
        stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
        for name in (DATABASE, SETTINGS):
            if (data / name).exists():
                shutil.copy2(data / name, data / f"{name}.damaged-{stamp}")
    _settle(database)


def _unpack(file: Path, into: Path) -> Page:
    """Unpack and check; nothing but our three names is read, and no more of them than they may hold."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if PAGE not in names or archive.getinfo(PAGE).file_size > 65536:
                raise ConfigError(f"{file.name} is no backup of ours")
            page = Page.model_validate_json(archive.read(PAGE))
            if page.form > FORM:
                raise ConfigError(f"{file.name} was made by version {page.version}", hint="upgrade anidana")
            if {DATABASE, SETTINGS} - names or {DATABASE, SETTINGS} != page.files.keys():
                raise ConfigError(f"{file.name} lacks the database or the settings")
            _check_room(sum(archive.getinfo(name).file_size for name in page.files), into)
            for name in page.files:
                with archive.open(name) as source, (into / name).open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ConfigError(f"{file.name} is damaged, or no backup: {error}") from error
    except (ValidationError, ValueError, KeyError) as error:
        raise ConfigError(f"{file.name} is no backup of ours") from error
    if any(_digest(into / name) != digest for name, digest in page.files.items()):
        raise ConfigError(f"{file.name} is damaged: its sums differ")
    _check_database(into / DATABASE, file.name)
    _check(_tree(into / SETTINGS))
    return page


def _check_room(size: int, folder: Path) -> None:
    if size > MOST_BYTES:
        raise ConfigError("a backup of this size is none of ours")
    if size > shutil.disk_usage(folder).free:
        raise DiskFull(f"unpacking the backup takes {size >> 20} MiB", hint="free some space")


def _check_database(database: Path, name: str) -> None:
    from .store.migrations import REVISIONS

    try:
        with closing(sqlite3.connect(database)) as connection:
            (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        revision = _revision(database)
    except sqlite3.Error as error:
        raise ConfigError(f"{name}: the database in it is damaged: {error}") from error
    if said != "ok":
        raise ConfigError(f"{name}: the database in it is damaged: {said}")
    if revision not in REVISIONS:
        raise ConfigError(
            f"{name}: its database has schema {revision or 'none'}, which is newer than this program",
            hint="upgrade anidana",
        )


def _copy(database: Path, target: Path) -> None:
    if not database.is_file():
        raise SetupError(f"there is no database {database}", hint="PostgreSQL is backed up by pg_dump")
    try:
        with (
            closing(sqlite3.connect(database.as_uri() + "?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA secure_delete=ON")
            if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'login_sessions'").fetchone():
                copy.execute("DELETE FROM login_sessions")
            copy.commit()
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise SetupError(f"the database {database} cannot be copied: {error}") from error


def _settle(database: Path) -> None:
    """Take the write-ahead log of the old database away: it would be read into the new one."""
    if database.exists():
        try:
            with closing(sqlite3.connect(database)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:  # damaged: that is why it is replaced
            pass
    for suffix in ("-wal", "-shm", "-journal"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _revision(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return ""
    return str(row[0]) if row else ""


def _rows(database: Path) -> dict[str, int]:
    """Rows by table, of those an owner knows."""
    if not database.exists():
        return {}
    counts = {}
    with closing(sqlite3.connect(database)) as connection:
        for table in ("anime_series", "episodes", "download_queue", "users", "api_keys"):
            try:
                (counts[table],) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            except sqlite3.DatabaseError:  # damaged, or of a schema without it
                counts[table] = 0
    return counts


def _check(tree: Tree) -> Settings:
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise ConfigError(f"{SETTINGS}: setting {where} is not understood") from None


def _tree(file: Path) -> Tree:
    try:
        tree = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{file} holds no settings")
    return tree


def _write(tree: Tree, file: Path) -> None:
    file.write_text(json.dumps(tree, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _scratch(data: Path) -> Iterator[Path]:
    """A folder of our own on the disk of the data, gone at the end."""
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=data) as folder:
        yield Path(folder)


def _forget(data: Path) -> None:
    """Let the oldest go of those that nobody asked for."""
    by_itself = [one for one in listed(data) if one.why != "manual"]
    for one in by_itself[KEPT:]:
        (data / FOLDER / one.name).unlink(missing_ok=True)
