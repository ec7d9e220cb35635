"""Whether the service is up."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["system"])


@router.get("/ping", operation_id="ping")
async def ping() -> dict[str, str]:
    """Answers as long as the service runs; needs no login."""
    return {"status": "ok"}
