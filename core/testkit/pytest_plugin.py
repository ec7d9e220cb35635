"""Lets pytest find the kit in any distribution: the fixture `replay`, and nothing until it is used.

def test_reads_the_stream(replay):
    assert replay(Clips(), "plays").height == 1080
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..hooks import Provider
    from ..models import Stream


@pytest.fixture(name="replay")
def _replay(request: pytest.FixtureRequest) -> Callable[[Provider, str], Stream]:
    """Drive a provider through a case by name, out of the folder `recorded` beside the test."""
    from .contract import folder_beside
    from .recordings import read_recordings, replay

    def by_name(provider: Provider, name: str) -> Stream:
        folder = folder_beside(request.path, provider)
        cases = {case.name: case for case in read_recordings(folder)}
        assert name in cases, f"no case {name!r} in {folder}; there are: {', '.join(cases) or 'none'}"
        return replay(provider, cases[name])

    return by_name
