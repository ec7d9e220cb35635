"""What health looks at: each check says in a sentence that all is well, or raises `Trouble`.

Names and weights of `ffmpeg`, `dns_…` and `anime_directory` are the predecessor's.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from . import backup, standing
from .app import App
from .errors import AnidanaError, ConfigError, SetupError
from .hooks import Catalogue
from .library.folders import free_space
from .store import figures
from .store.sessions import get_db_session
from .store.tables import now


class Weight(IntEnum):
    """What it means if a check fails: nothing yet, something does not work, nothing can be downloaded."""

    OK = 0
    NOTICE = 1
    WARNING = 2
    ERROR = 3


class Trouble(AnidanaError):
    """A check failed; `short` may be read by anybody: it names no path, person or server."""

    def __init__(self, short: str, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or short, hint=hint)
        self.short = short


Look: TypeAlias = Callable[[App], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at, and what it weighs if it is not well."""

    name: str
    weight: Weight
    look: Look


BACKUP_AGE = timedelta(days=14)
CLOCK_SLACK = timedelta(minutes=5)
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""Before this program was: a clock that says so is wrong."""

SHARES = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "ceph", "glusterfs"})
"""File systems of other machines, on which SQLite's shared memory does not work."""


async def _ffmpeg(app: App) -> str:
    from .acquire import media

    try:
        path = await asyncio.to_thread(media.ffmpeg)
    except SetupError as error:
        raise Trouble(
            "not found", "no ffmpeg is there: HLS downloads may fail", hint="install ffmpeg"
        ) from error
    return f"found: {path}"


async def _dns_of_catalogue(catalogue: Catalogue, app: App) -> str:
    if app.settings.network.route_all_to:
        return "not asked: requests go to the practice network"
    host = urlsplit(catalogue.url).hostname or catalogue.domains[0]
    try:
        await app.network.resolve(host)
    except OSError as error:
        raise Trouble(f"{host} does not resolve", hint="is the network there? see network.dns") from error
    return f"{host} resolves"


async def _dns_of_tmdb(app: App) -> str:
    chosen = app.settings.metadata
    if not (key := chosen.keys.get("tmdb")) or not key.get_secret_value():
        return "not asked: no key is set"
    host = urlsplit(chosen.urls.get("tmdb", "")).hostname or "api.themoviedb.org"
    try:
        await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Trouble("the name of TMDB does not resolve", hint="is the network there?") from error
    return "the name of TMDB resolves"


async def _anime_directory(app: App) -> str:
    if app.settings.library.anime_directory is None:
        raise Trouble("not configured", hint="set ANIME_DIRECTORY, or library.anime_directory")
    try:
        library = await asyncio.to_thread(app.library)
    except AnidanaError as error:
        raise Trouble("not there or not writable", str(error), hint=error.hint) from error
    return f"{library} can be written"


async def _database(app: App) -> str:
    began = time.perf_counter()
    async with get_db_session(read_only=True) as session:
        await figures.last_scan(session)
    return f"answers in {1000 * (time.perf_counter() - began):.0f} ms"


async def _database_disk(app: App) -> str:
    kind = await asyncio.to_thread(file_system, app.data)
    if app.settings.store.database_url is None and kind in SHARES:
        raise Trouble("the database is on a network share", f"{app.data} is on {kind}", hint="move it here")
    return f"on {kind or 'an unknown file system'}"


async def _config(app: App) -> str:
    file = app.data / "config.json"
    if not os.access(file if file.exists() else app.data, os.W_OK):
        raise Trouble("cannot be written", f"{file} cannot be written", hint="let us write it")
    return "can be written"


async def _free_space(app: App) -> str:
    floor = app.settings.downloads.floor_mib
    for path in {app.data, app.settings.library.anime_directory or app.data}:
        free = await asyncio.to_thread(free_space, path) >> 20
        if free < floor:
            raise Trouble(
                "under the floor: downloads wait",
                f"{path}: {free} MiB are free, and {floor} MiB are never used up",
                hint="free some space, or lower downloads.floor_mib",
            )
    return "enough"


async def _staging(app: App) -> str:
    if app.settings.library.anime_directory is None:
        return "no library yet"
    staging, library = await asyncio.to_thread(lambda: (app.staging(), app.library()))
    if staging.stat().st_dev != library.stat().st_dev:
        raise Trouble(
            "on another disk than the library: every episode is copied",
            f"{staging} is on another disk than {library}",
            hint="set downloads.staging to a folder on the library's disk",
        )
    return "on the library's disk"


async def _clock(app: App) -> str:
    async with get_db_session(read_only=True) as session:
        last = await figures.last_scan(session) or EARLIEST
    if now() < max(last - CLOCK_SLACK, EARLIEST):
        raise Trouble("it is wrong", f"it says {now():%F %T}, which is over", hint="set the clock")
    return "plausible"


async def _time_zone(app: App) -> str:
    chosen = app.settings.scheduler
    known = chosen.time_zone or os.environ.get("TZ") or Path("/etc/localtime").exists()
    if chosen.enabled and not known:
        raise Trouble("not set: UTC is taken", hint="set scheduler.time_zone, or TZ")
    return chosen.time_zone or "the machine's"


async def _user(app: App) -> str:
    if os.geteuid() == 0:
        raise Trouble("we run as root", hint="run as a user of our own")
    return "no more than needed"


async def _practice(app: App) -> str:
    if app.settings.network.route_all_to:
        raise Trouble("every request goes to the practice network", hint="unset network.route_all_to")
    return "off"


async def _sources(app: App) -> str:
    if not app.plugins.catalogues:
        raise Trouble("no catalogue plugin is installed", hint="anidana plugin list")
    _, resting = await standing.standings(app)
    if resting:
        names = ", ".join(one.state.name for one in resting)
        raise Trouble("a catalogue fails and rests", f"{names}: {resting[0].state.last_reason}")
    return "all answer"


async def _hosts(app: App) -> str:
    listed = [one for one in (await standing.standings(app))[0] if one.mood != "off"]
    if listed and all(one.resting_until or one.mood == "broken" for one in listed):
        raise Trouble("every host rests or is broken", hint="anidana hosts list")
    return f"{sum(one.resting_until is None for one in listed)} of {len(listed)} can be asked"


async def _host_plugins(app: App) -> str:
    broken = [one.state.name for one in (await standing.standings(app))[0] if one.mood == "broken"]
    if broken:
        raise Trouble(f"{len(broken)} broken", f"broken: {', '.join(broken)}", hint="is there an update?")
    return "none is broken"


async def _plugins(app: App) -> str:
    if left := app.plugins.left_out:
        said = "; ".join(f"{one.name}: {one.reason}" for one in left)
        raise Trouble(f"{len(left)} left out", said, hint="anidana plugin list")
    return f"{len(app.plugins.loaded)} loaded"


async def _media_servers(app: App) -> str:
    actions = {action.name: action for action in app.plugins.actions}
    failing = []
    for server in (one.value() for one in app.settings.media_servers):
        check = getattr(actions.get(server.kind), "check", None)
        try:
            if check is not None:
                await check(server)
        except AnidanaError as error:
            failing.append((server.name, error))
    if failing:
        said = "; ".join(f"{name}: {error}" for name, error in failing)
        refused = any(isinstance(error, ConfigError) for _, error in failing)
        short = f"{len(failing)} of {len(app.settings.media_servers)} do not answer or let us in"
        raise Trouble(short, said, hint="check media_servers.api_key" if refused else "is it on?")
    return "all answer" if app.settings.media_servers else "none is set"


async def _backup(app: App) -> str:
    if app.settings.store.database_url is not None:
        return "the database's own tools make them"
    kept = await asyncio.to_thread(backup.listed, app.data)
    if not kept or now() - kept[0].made_at > BACKUP_AGE:
        age = f"{(now() - kept[0].made_at).days} days old" if kept else "there is none"
        raise Trouble(age, hint="anidana backup")
    return f"made {kept[0].made_at:%F}"


def checks(app: App) -> list[Check]:
    """Every check, those that the predecessor had first."""
    catalogues = [
        Check(f"dns_{one.name}", Weight.WARNING, partial(_dns_of_catalogue, one))
        for one in app.plugins.catalogues
    ]
    return [
        Check("anime_directory", Weight.ERROR, _anime_directory),
        Check("ffmpeg", Weight.WARNING, _ffmpeg),
        *catalogues,
        Check("dns_tmdb", Weight.WARNING, _dns_of_tmdb),
        Check("database", Weight.ERROR, _database),
        Check("database_disk", Weight.WARNING, _database_disk),
        Check("config", Weight.WARNING, _config),
        Check("free_space", Weight.WARNING, _free_space),
        Check("sources", Weight.WARNING, _sources),
        Check("hosts", Weight.WARNING, _hosts),
        Check("host_plugins", Weight.WARNING, _host_plugins),
        Check("plugins", Weight.WARNING, _plugins),
        Check("media_servers", Weight.WARNING, _media_servers),
        Check("clock", Weight.WARNING, _clock),
        Check("practice", Weight.WARNING, _practice),
        Check("staging", Weight.NOTICE, _staging),
        Check("time_zone", Weight.NOTICE, _time_zone),
        Check("user", Weight.NOTICE, _user),
        Check("backup", Weight.NOTICE, _backup),
    ]


def file_system(path: Path) -> str:
    """The kind of file system that a path is on, as Linux names it; empty where it does not say."""
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    mounts = [line.split(" ")[1:3] for line in lines]
    held = [(point, kind) for point, kind in mounts if path.resolve().is_relative_to(point)]
    return max(held, key=lambda one: len(one[0]), default=("", ""))[1]
