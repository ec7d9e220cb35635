"""The practice network for every test that runs the whole job."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from anidana.core.demo.network import PracticeNetwork


@pytest.fixture(scope="session")
def practice_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the practice videos are kept; one place for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "practice"


@pytest.fixture
async def practice(practice_cache: Path) -> AsyncIterator[PracticeNetwork]:
    """The open practice network, without faults."""
    async with PracticeNetwork(practice_cache) as network:
        yield network
