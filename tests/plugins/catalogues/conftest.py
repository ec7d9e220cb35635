"""Recorded pages of the catalogues, and a way to answer a plugin's requests by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest

from anidana.core import Page, SourceError
from anidana.core.steps import Request, Steps

T = TypeVar("T")

RECORDED = Path(__file__).parent / "recorded"


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What a plugin returned, and what it asked for on the way."""

    value: T
    requests: tuple[Request, ...]


def reader(site: str, root: str, usual: str) -> Callable[..., Page]:
    """A file as the answer to a request for `path`."""

    def page(name: str, path: str = usual, status: int = 200) -> Page:
        return Page(f"{root}{path}", status, (RECORDED / site / name).read_text(encoding="utf-8"))

    return page


def facts_of(site: str) -> Callable[[str], dict[str, Any]]:
    """What the manifest says about a recorded file."""
    manifest = json.loads((RECORDED / site / "manifest.json").read_text(encoding="utf-8"))
    facts = {fixture["file"]: fixture["expected"] for fixture in manifest["fixtures"]}
    return facts.__getitem__


@pytest.fixture(scope="session")
def recorded() -> Callable[..., Page]:
    """Pages of aniworld.to, which are of the first generation."""
    return reader("aniworld", "https://aniworld.to", "/anime/stream/naruto")


@pytest.fixture(scope="session")
def recorded_v2() -> Callable[..., Page]:
    """Pages of serienstream.to, which are of the second generation."""
    return reader("serienstream", "https://serienstream.to", "/serie/silo")


@pytest.fixture(scope="session")
def expected() -> Callable[[str], dict[str, Any]]:
    """The manifest of aniworld.to."""
    return facts_of("aniworld")


@pytest.fixture(scope="session")
def expected_v2() -> Callable[[str], dict[str, Any]]:
    """The manifest of serienstream.to."""
    return facts_of("serienstream")


@pytest.fixture
def answering() -> Callable[..., Outcome[Any]]:
    """Run a plugin's generator on answers given in order; it must ask for all of them and no more."""

    def run(steps: Steps[T], answers: Sequence[Page | SourceError]) -> Outcome[T]:
        requests: list[Request] = []
        left = list(answers)
        try:
            requests.append(next(steps))
            while left:
                answer = left.pop(0)
                requests.append(
                    steps.throw(answer) if isinstance(answer, SourceError) else steps.send(answer)
                )
        except StopIteration as end:
            assert not left, f"{len(left)} answers were not asked for"
            return Outcome(end.value, tuple(requests))
        raise AssertionError(f"no answer is left for {requests[-1]}")

    return run
