"""What is plugged in, and what was left out and why."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from ..deps import TheService

router = APIRouter(prefix="/api/plugins", tags=["plugins"])


class Plugin(BaseModel):
    """A plugin: where it comes from, and the names of what it offers."""

    name: str
    origin: str
    offers: list[str]


class LeftOut(BaseModel):
    """A plugin that could not be used."""

    name: str
    origin: str
    reason: str


class Plugins(BaseModel):
    """All plugins."""

    loaded: list[Plugin]
    left_out: list[LeftOut]


@router.get("", operation_id="list_plugins")
async def list_plugins(service: TheService) -> Plugins:
    """What is plugged in; new plugins come with a restart."""
    found = service.app.plugins
    return Plugins(
        loaded=[Plugin(name=one.name, origin=one.origin, offers=list(one.offers)) for one in found.loaded],
        left_out=[LeftOut(name=one.name, origin=one.origin, reason=one.reason) for one in found.left_out],
    )
