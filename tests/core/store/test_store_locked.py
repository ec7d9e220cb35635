"""A database that is held by somebody else, or has no room: said in words, nothing lost, and it goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text

from anidana.core.errors import DiskFull, Held
from anidana.core.store.sessions import get_db_session, open_store
from anidana.core.store.tables import AnimeSeries


def series(key: str, padding: int = 0) -> AnimeSeries:
    return AnimeSeries(key=key, name=key, site="aniworld", folder=key, details={"x": "x" * padding})


async def keys() -> list[str]:
    async with get_db_session(read_only=True) as session:
        return list(await session.scalars(select(AnimeSeries.key).order_by(AnimeSeries.id)))


async def test_a_store_that_another_program_holds_is_said_and_goes_on_when_it_is_free(tmp_path: Path) -> None:
    async with open_store(tmp_path / "anidana.db"):
        with closing(sqlite3.connect(tmp_path / "anidana.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Held, match="another program"):
                async with get_db_session() as session:
                    session.add(series("lost"))
            assert await keys() == [], "reading goes on"
            other.execute("COMMIT")
        async with get_db_session() as session:
            session.add(series("kept"))
        assert await keys() == ["kept"]


async def test_a_store_without_room_is_said_stays_whole_and_goes_on_when_there_is_some(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path / "anidana.db"):
        async with get_db_session() as session:
            session.add(series("before"))
            pages = await session.scalar(text("PRAGMA page_count"))
            await session.execute(text(f"PRAGMA max_page_count = {pages + 4}"))
        with pytest.raises(DiskFull, match="no room"):
            async with get_db_session() as session:
                session.add(series("too-large", padding=1_000_000))
        assert await keys() == ["before"]
        async with get_db_session() as session:
            assert await session.scalar(text("PRAGMA integrity_check")) == "ok"
            await session.execute(text("PRAGMA max_page_count = 1000000"))
            session.add(series("after", padding=1_000_000))
        assert await keys() == ["before", "after"]
