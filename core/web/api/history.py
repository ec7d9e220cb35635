"""What was tried: jobs that ended, and every mirror on the way."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from ...store import history
from ...store.sessions import get_db_session

router = APIRouter(prefix="/api/history", tags=["history"])


class Attempt(BaseModel):
    """A mirror that was tried."""

    host: str
    language: str
    result: str
    reason: str
    seconds: float
    at: datetime


class Ended(BaseModel):
    """A job that ended, newest first."""

    id: int
    key: str
    site: str
    name: str
    season: int
    episode: int
    status: str
    error: str | None
    ended_at: datetime | None


class History(BaseModel):
    """Some jobs; `next` is the cursor of the following page."""

    items: list[Ended]
    next: int | None


@router.get("", operation_id="list_history")
async def list_history(
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    status: Annotated[str, Query(max_length=50)] = "",
) -> History:
    """Jobs that ended."""
    async with get_db_session(read_only=True) as session:
        rows = await history.ended(session, limit + 1, before=cursor, status=status)
    items = [
        Ended(id=job.id, key=series.key, site=series.site, name=series.name, season=episode.season,
              episode=episode.episode_number, status=job.status, error=job.error_message,
              ended_at=job.completed_at)
        for job, episode, series in rows[:limit]
    ]  # fmt: skip
    return History(items=items, next=items[-1].id if len(rows) > limit else None)


@router.get("/{job_id}/attempts", operation_id="list_attempts")
async def list_attempts(job_id: Annotated[int, Path(ge=0, le=2**62)]) -> list[Attempt]:
    """Every mirror that was tried for a job."""
    async with get_db_session(read_only=True) as session:
        rows = await history.attempts(session, job_id)
    return [
        Attempt(host=row.provider, language=row.language, result=row.result, reason=row.reason,
                seconds=row.seconds, at=row.at)
        for row in rows
    ]  # fmt: skip
