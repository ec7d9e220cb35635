"""Backups: made, listed, fetched, checked; what a restore would do."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.responses import FileResponse
from pydantic import BaseModel

from ... import backup
from ...accounts import Role
from ...errors import Held
from ..callers import permit
from ..deps import Body, TheService

router = APIRouter(
    prefix="/api/backups", tags=["backup"], dependencies=[Depends(permit(Role.ADMIN, Role.ADMIN))]
)

Name = Annotated[str, Path(max_length=100)]


class Backup(BaseModel):
    """A backup: made by hand, before an `upgrade`, or before a `restore`."""

    name: str
    why: str
    made_at: datetime
    size: int


class Wish(Body):
    """What to put in: with `secrets`, keys and passwords that the settings hold."""

    secrets: bool = False


class RestoreWish(Body):
    """Whether to look only."""

    dry_run: bool = True


class Preview(BaseModel):
    """What a restore does: rows now and then, by table, and settings that change."""

    made_at: datetime
    version: str
    schema_revision: str
    rows: dict[str, tuple[int, int]]
    settings: list[str]


@router.get("", operation_id="list_backups")
async def list_backups(service: TheService) -> list[Backup]:
    """The backups in the data folder, newest first."""
    kept = await asyncio.to_thread(backup.listed, service.app.data)
    return [_backup(one) for one in kept]


@router.post("", status_code=201, operation_id="make_backup")
async def make_backup(service: TheService, wish: Wish | None = None) -> Backup:
    """Make a backup now."""
    backup.check_kind(service.app.settings)
    secrets = wish is not None and wish.secrets
    made = await asyncio.to_thread(backup.make, service.app.data, secrets=secrets)
    kept = await asyncio.to_thread(backup.listed, service.app.data)
    return next(_backup(one) for one in kept if one.name == made.name)


@router.get("/{name}", operation_id="fetch_backup", response_class=FileResponse)
async def fetch_backup(name: Name, service: TheService) -> FileResponse:
    """The file."""
    path = backup.find(service.app.data, name)
    return FileResponse(path, media_type="application/zip", filename=name)


@router.post("/{name}/verify", operation_id="verify_backup")
async def verify_backup(name: Name, service: TheService) -> backup.Page:
    """Read the file whole, and say what is in it; 400 if it cannot be restored."""
    return await asyncio.to_thread(backup.verify, backup.find(service.app.data, name))


@router.post("/{name}/restore", operation_id="restore_backup")
async def restore_backup(name: Name, wish: RestoreWish, service: TheService) -> Preview:
    """Say what a restore would change; the restore itself needs the service stopped (409)."""
    backup.check_kind(service.app.settings)
    path = backup.find(service.app.data, name)
    if not wish.dry_run:
        raise Held("the service uses the database", hint=f"stop it, then: anidana restore {name}")
    found = await asyncio.to_thread(backup.restore, service.app.data, path, dry_run=True)
    return Preview(
        made_at=found.made_at, version=found.version, schema_revision=found.schema, rows=found.rows,
        settings=found.settings,
    )  # fmt: skip


def _backup(one: backup.Kept) -> Backup:
    return Backup(name=one.name, why=one.why, made_at=one.made_at, size=one.size)
