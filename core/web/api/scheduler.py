"""The scheduler: its plan, how it stands, and a run by hand. Forms are the predecessor's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ... import config
from ...accounts import Role
from ...settings import Scheduler as Settings
from ..callers import permit
from ..deps import TheService

router = APIRouter(prefix="/api/scheduler", tags=["scheduler"])


class Status(BaseModel):
    """How it stands: `phase` says what a run does now, `missed` which one was left out while we were off."""

    running: bool
    in_progress: bool
    phase: str
    next_run: datetime | None
    last_run: datetime | None
    missed: datetime | None
    last_error: str


class Envelope(BaseModel):
    """The plan and how it stands."""

    success: bool = True
    config: dict[str, Any]
    status: Status


class Started(BaseModel):
    """A run has begun."""

    success: bool = True
    message: str = "rescan started"


@router.get("/config", operation_id="get_scheduler")
async def get_config(service: TheService) -> Envelope:
    """The plan and how it stands."""
    return _envelope(service)


@router.post("/config", operation_id="set_scheduler", dependencies=[Depends(permit(write=Role.ADMIN))])
async def set_config(changes: Settings, service: TheService) -> Envelope:
    """Change the plan; what is not named stays. It counts at once."""
    given = changes.model_dump(mode="json", exclude_unset=True)
    config.merge(service.app.data / "config.json", {"scheduler": given})
    service.scheduler.reload()
    service.bus.publish("settings.changed", {"sections": ["scheduler"]})
    return _envelope(service)


@router.post("/trigger-rescan", status_code=202, operation_id="trigger_rescan")
async def trigger_rescan(service: TheService) -> Started:
    """Begin a run now; 409 while one is under way, 503 while the scheduler is not running."""
    service.scheduler.trigger()
    return Started()


def _envelope(service: TheService) -> Envelope:
    status = service.scheduler.status()
    return Envelope(
        config=service.scheduler.settings.model_dump(mode="json"),
        status=Status(
            running=status.running, in_progress=bool(status.phase), phase=status.phase,
            next_run=status.next_run, last_run=status.last_run, missed=status.missed,
            last_error=status.last_error,
        ),
    )  # fmt: skip
