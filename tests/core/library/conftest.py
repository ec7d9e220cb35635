"""A series and an episode to name, and a folder that cannot be written, whoever asks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from anidana.core import Episode, Number, Series

MakeSeries: TypeAlias = Callable[..., Series]
MakeEpisode: TypeAlias = Callable[..., Episode]


@pytest.fixture(scope="session")
def series() -> MakeSeries:
    def make(title: str = "Frieren", key: str = "frieren", year: int | None = 2023) -> Series:
        return Series("aniworld", key, title, "https://aniworld.to/", (1,), year=year)

    return make


@pytest.fixture(scope="session")
def episode() -> MakeEpisode:
    def make(title: str = "Aufbruch", english_title: str = "", season: int = 1, number: int = 2) -> Episode:
        return Episode(Number(season, number), title, english_title)

    return make


@pytest.fixture
def another_disk() -> Path:
    """A folder on another file system than pytest's temporary folders; skips where there is none."""
    shm = Path("/dev/shm")
    if not (shm.is_dir() and os.access(shm, os.W_OK)):
        pytest.skip("no /dev/shm to write to")
    return shm
