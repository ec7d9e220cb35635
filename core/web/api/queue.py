"""The download queue: what waits, runs and failed, and the owner's word on it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from ...errors import NotFound
from ...jobs.items import DownloadPriority, EpisodeIdentifier
from ...jobs.publish import job_data
from ...store import shelf
from ...store.queue_control import Which
from ...store.sessions import get_db_session
from ...store.tables import Status
from ..deps import Body, TheService

router = APIRouter(prefix="/api/queue", tags=["queue"])

Id = Annotated[str, Field(pattern=r"^\d{1,18}$")]
Ids = Annotated[list[Id], Field(max_length=10_000)]
Priority = Literal["low", "normal", "high"]


class Job(BaseModel):
    """A wanted episode in the queue."""

    id: str
    site: str
    key: str
    folder: str
    name: str
    season: int
    episode: int
    title: str
    state: str
    stage: str
    priority: str
    position: int
    retry_count: int
    code: str | None
    reason: str | None
    next_try_at: str | None


class Held(BaseModel):
    """What holds the queue up, and what to do about it."""

    code: str
    text: str
    hint: str


class Queue(BaseModel):
    """The queue as a whole, and the jobs that are open, in order."""

    stopped: bool
    hold: Held | None
    counts: dict[str, int]
    running: list[Job]
    jobs: list[Job]


class Number(Body):
    """An episode of a series."""

    season: int = Field(ge=0, le=9999)
    episode: int = Field(ge=0, le=9999)
    title: str = Field("", max_length=500)


class Add(Body):
    """Episodes of a series to queue; without `episodes` all that are missing."""

    serie_id: str = Field(min_length=1, max_length=800, description="Key of the series, or `site:key`.")
    serie_folder: str = Field("", max_length=1000)
    serie_name: str = Field("", max_length=500)
    episodes: list[Number] | None = Field(None, max_length=10_000)
    priority: Priority = "normal"


class Meant(Body):
    """The jobs that are meant: by id, by series, or all."""

    ids: Ids | None = None
    series: str | None = Field(None, max_length=800, description="Key of a series, or `site:key`.")


class Order(Body):
    """Jobs in the order that they shall have among themselves; `first`: before all others."""

    ids: Ids
    first: bool = False


class Prioritised(Body):
    """Jobs and their new priority."""

    ids: Ids
    priority: Priority


class Reached(BaseModel):
    """The ids of the jobs that were reached."""

    ids: list[str]


@router.get("", operation_id="get_queue")
@router.get("/status", operation_id="queue_status")
async def get_queue(service: TheService) -> Queue:
    """The queue as a whole, and every job that is open."""
    status, items = await service.downloads.get_queue_status(), await service.downloads.items()
    hold = status.hold
    return Queue(
        stopped=status.stopped,
        hold=Held(code=hold.code, text=hold.text, hint=hold.hint) if hold else None,
        counts={state.value: count for state, count in status.counts.items()},
        running=[_job(job_data(item)) for item in status.running],
        jobs=[_job(job_data(item)) for item in items],
    )


def _job(data: dict[str, Any]) -> Job:
    return Job.model_validate(data)


@router.post("/add", status_code=201, operation_id="add_to_queue")
async def add(body: Add, service: TheService) -> Reached:
    """Queue episodes; what waits already is not queued again."""
    priority = DownloadPriority(body.priority)
    if body.episodes is None:
        rows = await _missing(body.serie_id)
        return Reached(ids=await service.downloads.add_episodes(rows, priority))
    wanted = [EpisodeIdentifier(one.season, one.episode, one.title) for one in body.episodes]
    added = await service.downloads.add_to_queue(
        body.serie_id, body.serie_folder, body.serie_name, wanted, priority
    )
    return Reached(ids=added)


async def _missing(key: str) -> list[int]:
    series = await _series(key)
    async with get_db_session(read_only=True) as session:
        rows = await shelf.episodes(session, series_ids=[series], missing=True)
    return [row.episode.id for row in rows]


async def _series(key: str) -> int:
    async with get_db_session(read_only=True) as session:
        return (await shelf.followed(session, key)).id


async def _which(body: Meant) -> Which:
    return Which(body.ids, None if body.series is None else [await _series(body.series)])


@router.post("/pause", operation_id="pause_jobs")
async def pause(body: Meant, service: TheService) -> Reached:
    """Put jobs aside; running ones keep what they have."""
    return Reached(ids=await service.downloads.pause(await _which(body)))


@router.post("/resume", operation_id="resume_jobs")
async def resume(body: Meant, service: TheService) -> Reached:
    """Let paused jobs wait again."""
    return Reached(ids=await service.downloads.resume(await _which(body)))


@router.post("/retry", operation_id="retry_jobs")
async def retry(body: Meant, service: TheService) -> Reached:
    """Let failed jobs wait again: these, or all that are not given up."""
    return Reached(ids=await service.downloads.retry(body.ids))


@router.post("/remove", operation_id="remove_jobs")
async def remove(body: Meant, service: TheService) -> Reached:
    """Call off what is open and forget what has ended."""
    return Reached(ids=await service.downloads.remove(await _which(body)))


@router.delete("/completed", operation_id="clear_completed")
async def clear_completed(service: TheService) -> Reached:
    """Forget jobs that are done or were cancelled."""
    return Reached(ids=await service.downloads.clear((Status.COMPLETED, Status.CANCELLED)))


@router.delete("/failed", operation_id="clear_failed")
async def clear_failed(service: TheService) -> Reached:
    """Forget jobs that failed."""
    return Reached(ids=await service.downloads.clear((Status.FAILED, Status.PERMANENTLY_FAILED)))


@router.delete("/{job_id}", status_code=204, operation_id="remove_job")
async def remove_one(job_id: Annotated[str, Path(pattern=r"^\d{1,18}$")], service: TheService) -> None:
    """Call one job off, or forget it."""
    if not await service.downloads.remove(Which([job_id])):
        raise NotFound(f"there is no job {job_id}")


@router.post("/reorder", operation_id="reorder_jobs")
async def reorder(body: Order, service: TheService) -> Reached:
    """Change the order of jobs."""
    change = service.downloads.put_first if body.first else service.downloads.reorder
    return Reached(ids=await change(body.ids))


@router.post("/priority", operation_id="prioritise_jobs")
async def prioritise(body: Prioritised, service: TheService) -> Reached:
    """Give jobs another priority."""
    return Reached(ids=await service.downloads.prioritise(body.ids, body.priority))


@router.post("/stop", operation_id="stop_queue")
async def stop(service: TheService) -> dict[str, str]:
    """Begin nothing any more, restarts or not; what runs is put back."""
    await service.downloads.stop_downloads()
    return {"status": "stopped"}


@router.post("/start", operation_id="start_queue")
async def start(service: TheService) -> dict[str, str]:
    """Go on."""
    await service.downloads.start_downloads()
    return {"status": "running"}
