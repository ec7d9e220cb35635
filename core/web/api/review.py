"""What waits for the owner: folders whose series nobody knows, and pairs of episodes in doubt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from ... import matching, selector, taking_in
from ...errors import NotFound
from ...store import reviews
from ...store.sessions import get_db_session
from ..deps import Body, TheService

router = APIRouter(prefix="/api/review", tags=["review"])

Folder = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\x00]+$")]


class Candidate(BaseModel):
    """A series that a folder may be, and how likely that is."""

    site: str
    key: str
    title: str
    year: int | None
    confidence: float


class Waiting(BaseModel):
    """A folder of the library that nobody knows the series of."""

    folder: str
    title: str
    year: int | None
    reason: str
    candidates: list[Candidate]


class Settled(Body):
    """Which series a folder is, by title, key or address; without it, nobody asks about it any more."""

    folder: Folder
    series: str | None = Field(None, min_length=1, max_length=1000)


class Outcome(BaseModel):
    """What became of a folder."""

    folder: str
    outcome: str
    reason: str


class Pair(BaseModel):
    """An episode, what a metadata source may call it, and why."""

    key: str
    site: str
    season: int
    episode: int
    title: str
    source: str
    target: str | None
    state: str
    evidence: str
    confidence: float


class Decision(Body):
    """Episodes as the command line names them, and what the owner says of their pairs."""

    selectors: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(min_length=1, max_length=100)
    verdict: Literal["accept", "reject", "reset"]


class Decided(BaseModel):
    """How many pairs it was."""

    pairs: int


@router.get("/folders", operation_id="list_waiting_folders")
async def list_waiting_folders() -> list[Waiting]:
    """Folders that wait for the owner."""
    async with get_db_session(read_only=True) as session:
        rows = await reviews.waiting(session)
    return [
        Waiting(
            folder=row.folder, title=row.title, year=row.year, reason=row.reason,
            candidates=[Candidate.model_validate(one, extra="ignore") for one in row.candidates],
        )
        for row in rows
    ]  # fmt: skip


@router.post("/folders", operation_id="settle_folder")
async def settle_folder(body: Settled, service: TheService) -> Outcome:
    """Say which series a folder is, or that it is none."""
    app, path = service.app, Path(body.folder)
    path = app.library(for_writing=False) / path
    if not path.is_dir():
        raise NotFound(f"there is no folder {body.folder!r} in the library")
    if body.series is None:
        return Outcome(folder=await taking_in.ignore(app, path), outcome="ignored", reason="")
    made = await taking_in.settle(app, path, body.series)
    return Outcome(folder=made.folder, outcome=made.outcome, reason=made.reason)


@router.get("/pairs", operation_id="list_pairs")
async def list_pairs(
    service: TheService,
    series: Annotated[str, Query(max_length=800)] = "",
    every: Annotated[bool, Query(description="Those that nobody doubts, too.")] = False,
) -> list[Pair]:
    """Pairs of episodes that wait for the owner."""
    return [
        Pair(
            key=one.series.key, site=one.series.site, season=one.episode.season,
            episode=one.episode.episode_number, title=one.episode.title or one.episode.english_title,
            source=one.pair.source, target=one.pair.target, state=str(one.pair.state),
            evidence=one.pair.evidence, confidence=one.pair.confidence,
        )
        for one in await matching.review(service.app, series, every=every)
    ]  # fmt: skip


@router.post("/pairs", operation_id="decide_pairs")
async def decide_pairs(body: Decision, service: TheService) -> Decided:
    """Take pairs for right or wrong for good, or forget what was decided."""
    decide = {"accept": matching.accept, "reject": matching.reject, "reset": matching.reset}[body.verdict]
    return Decided(pairs=await decide(service.app, selector.parse(body.selectors)))
