"""A process that dies in a commit leaves all of it or none, and nothing of what was acknowledged is lost."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from anidana.core.models import Series
from anidana.core.store import shelf
from anidana.core.store.sessions import get_db_session, open_store

COMMIT_UNTIL_KILLED = """
import asyncio, sys
from itertools import count
from sqlalchemy import update
from anidana.core.store.sessions import get_db_session, open_store
from anidana.core.store.tables import AnimeSeries

async def main():
    async with open_store(sys.argv[1]):
        for turn in count(1):
            async with get_db_session() as session:
                for key in ("one", "two"):
                    rows = update(AnimeSeries).where(AnimeSeries.key == key)
                    await session.execute(rows.values(name=str(turn)))
            print(turn, flush=True)

asyncio.run(main())
"""


def series(key: str) -> Series:
    return Series("aniworld", key, "0", f"https://aniworld.to/anime/stream/{key}", (1,))


async def test_a_commit_that_is_killed_is_all_there_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "anidana.db"
    async with open_store(f"sqlite:///{path}"), get_db_session() as session:
        for key in ("one", "two"):
            await shelf.save_series(session, series(key), key)
    program = (sys.executable, "-c", COMMIT_UNTIL_KILLED, f"sqlite:///{path}")
    for turns in (1, 4, 9):
        told = await asyncio.to_thread(killed_after, turns, *program)
        with closing(sqlite3.connect(path)) as database:
            names = {int(name) for (name,) in database.execute("SELECT name FROM anime_series")}
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert len(names) == 1, "half a commit"
        assert names <= {told, told + 1}, "an acknowledged commit is lost"


def killed_after(turns: int, *program: str) -> int:
    """Kill the program after so many commits; returns the last that it told of."""
    process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(turns):
        assert process.stdout.readline()
    process.kill()
    rest, _ = process.communicate()
    return int(rest.split()[-1]) if rest.split() else turns


async def test_a_folder_is_taken_whatever_the_case_of_its_letters(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path / 'anidana.db'}"), get_db_session() as session:
        await shelf.save_series(session, series("one"), "Straße (2024)")
        assert await shelf.has_folder(session, "STRASSE (2024)")
        assert not await shelf.has_folder(session, "Strasse (2025)")
