"""A store of its own for every test, and a small series in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

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


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'anidana.db'}"


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
