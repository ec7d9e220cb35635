"""A store of its own for every test, and a small series in it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from anidana.core.models import GERMAN_DUB, GERMAN_SUB, Episode, Kind, Number, Season, Series
from anidana.core.store import shelf
from anidana.core.store.sessions import get_db_session, open_store
from anidana.core.store.tables import AnimeSeries

SERIES = Series(
    catalogue="aniworld",
    key="das-regal",
    title="Das Regal",
    url="https://aniworld.to/anime/stream/das-regal",
    seasons=(0, 1),
    alternative_titles=("The Shelf",),
    year=2024,
    genres=("Drama",),
)
SEASON_1 = Season(
    1,
    tuple(
        Episode(Number(1, n), f"Folge {n}", f"Part {n}", absolute=n, languages=(GERMAN_DUB, GERMAN_SUB))
        for n in (1, 2, 3)
    ),
)
FILMS = Season(0, (Episode(Number(0, 1), "", "The Film", Kind.MOVIE),))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'anidana.db'}"
    server = request.getfixturevalue("postgresql")
    name = f"anidana_{uuid4().hex}"
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{server}/{name}"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a real PostgreSQL of this run's own, on loopback; skips where there is none."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("needs PostgreSQL (Debian: apt install postgresql)")
    # The server refuses to run as root, and its user may not look into our temporary folders.
    as_server = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        if as_server:
            shutil.chown(folder, "postgres")
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        data = f"{folder}/data"
        run = [*as_server, str(programs[-1] / "pg_ctl"), "-D", data, "-s", "-w"]
        subprocess.run([*run, "-o", "-A trust -U anidana -N", "init"], check=True, cwd="/")
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
        subprocess.run([*run, "-o", options, "-l", f"{folder}/log", "start"], check=True, cwd="/")
        yield f"postgresql://anidana@127.0.0.1:{port}"
        subprocess.run([*run, "-m", "immediate", "stop"], check=True, cwd="/")


@pytest.fixture
async def store(database: str) -> AsyncIterator[None]:
    async with open_store(database):
        yield


@pytest.fixture
async def series(store: None) -> AnimeSeries:
    async with get_db_session() as session:
        row = await shelf.save_series(session, SERIES, "Das Regal (2024)")
        for season in (SEASON_1, FILMS):
            await shelf.save_season(session, row.id, season)
    return row


@pytest.fixture
async def episode_ids(series: AnimeSeries) -> list[int]:
    """The three episodes of season 1, in order, then the film."""
    async with get_db_session(read_only=True) as session:
        return [row.episode.id for row in await shelf.episodes(session)]
