"""What happened: the end of the logs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from ...accounts import Role
from ..callers import permit
from ..deps import TheService

router = APIRouter(
    prefix="/api/logs", tags=["system"], dependencies=[Depends(permit(Role.ADMIN, Role.ADMIN))]
)

READ_BYTES = 1024 * 1024


class Lines(BaseModel):
    """The newest lines of a log, oldest first."""

    lines: list[str]


@router.get("/{name}", operation_id="read_log")
async def read_log(
    name: Literal["anidana", "download_errors"],
    service: TheService,
    lines: Annotated[int, Query(ge=1, le=5000)] = 200,
    search: Annotated[str, Query(max_length=100)] = "",
) -> Lines:
    """The end of a log, secrets taken out when it was written."""
    path = service.app.data / "logs" / f"{name}.log"
    found = await asyncio.to_thread(_end, path)
    return Lines(lines=[line for line in found if search.casefold() in line.casefold()][-lines:])


def _end(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - READ_BYTES, 0))
            return file.read(READ_BYTES).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
