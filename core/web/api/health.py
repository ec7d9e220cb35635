"""Health, metrics and a flat summary; nobody waits for a check."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from ... import summary
from ...accounts import Role
from ...errors import NotFound
from ...health import machine
from ...library.folders import free_space
from ...store.tables import now
from ..callers import permit
from ..deps import TheService

public = APIRouter(tags=["health"])
router = APIRouter(tags=["health"])

Checked = dict[str, dict[str, str]]


class Health(BaseModel):
    """Whether all is well: `healthy`, `degraded` or `unhealthy`."""

    status: str
    timestamp: datetime
    series_app_initialized: bool
    anime_directory_configured: bool
    scheduler_next_run: datetime | None
    scheduler_last_run: datetime | None
    checks: Checked


class Ready(BaseModel):
    """Whether the service can work; `critical_failures` says what keeps it from that."""

    status: str
    ready: bool
    timestamp: datetime
    critical_failures: list[str]
    checks: Checked


class Finding(BaseModel):
    """What a check said; `hint` is what to do about it."""

    status: str
    message: str
    hint: str
    checked_at: datetime


class Detail(Health):
    """Everything that is known about the installation."""

    findings: dict[str, Finding]
    database: dict[str, Any]
    filesystem: dict[str, Any]
    system: dict[str, Any]


@public.get("/health", operation_id="health")
async def health(service: TheService) -> Health:
    """How the service is, by the newest checks; needs no login, and always answers 200."""
    return Health(**await _health(service))


async def _health(service: TheService) -> dict[str, Any]:
    scheduler = service.scheduler.status()
    return {
        "status": service.health.status,
        "timestamp": now(),
        "series_app_initialized": True,
        "anime_directory_configured": service.app.settings.library.anime_directory is not None,
        "scheduler_next_run": scheduler.next_run,
        "scheduler_last_run": scheduler.last_run,
        "checks": service.health.public(),
    }


@public.get("/health/ready", operation_id="health_ready", responses={503: {"model": Ready}})
async def ready(service: TheService, response: Response) -> Ready:
    """Whether the service can work, for orchestrators: 503 if it cannot; needs no login."""
    failures = service.health.critical()
    response.status_code = 503 if failures else 200
    return Ready(
        status="not_ready" if failures else "ready",
        ready=not failures,
        timestamp=now(),
        critical_failures=failures,
        checks=service.health.public(),
    )


@router.get("/health/detailed", operation_id="health_detailed")
async def detailed(service: TheService) -> Detail:
    """Every check with its remedy, the database, the disks, and the machine."""
    found = {
        one.name: Finding(status=one.status, message=one.message, hint=one.hint, checked_at=one.checked_at)
        for one in service.health.findings
    }
    url, file = service.app.settings.store.database_url, service.app.data / "anidana.db"
    database = {"kind": "sqlite", "bytes": file.stat().st_size} if url is None else {"kind": "server"}
    return Detail(
        **await _health(service),
        findings=found,
        database={**database, "status": found["database"].status if "database" in found else "unknown"},
        filesystem=await asyncio.to_thread(_disks, service),
        system=machine(service.health.began),
    )


def _disks(service: TheService) -> dict[str, Any]:
    folders = {"data": service.app.data, "library": service.app.settings.library.anime_directory}
    return {
        name: {"path": str(path), "free_bytes": free_space(path)} for name, path in folders.items() if path
    }


@router.post("/health/check", operation_id="check_health", dependencies=[Depends(permit(write=Role.MEMBER))])
async def check(service: TheService) -> Health:
    """Run every check now, and say how it went."""
    await service.health.look()
    return Health(**await _health(service))


@router.get("/api/summary", operation_id="summary")
async def get_summary(service: TheService) -> summary.Summary:
    """Figures for a tile of a dashboard, flat."""
    return await summary.summary(service)


@router.get("/metrics", operation_id="metrics", response_class=Response)
async def get_metrics(service: TheService) -> Response:
    """Figures for Prometheus, if the setting `metrics.enabled` says so."""
    if not service.app.settings.metrics.enabled:
        raise NotFound("there are no metrics", hint="set metrics.enabled, then restart")
    return Response(await summary.metrics(service), media_type="text/plain; version=0.0.4; charset=utf-8")
