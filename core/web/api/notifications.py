"""Notifications: a try."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ...accounts import Role
from ...errors import ConfigError
from ...jobs.notify import Note
from ..callers import permit
from ..deps import TheService

router = APIRouter(
    prefix="/api/notifications",
    tags=["notifications"],
    dependencies=[Depends(permit(Role.ADMIN, Role.ADMIN))],
)


class Reached(BaseModel):
    """Whether a target took the message; `said` never holds its address."""

    name: str
    ok: bool
    said: str


@router.post("/test", operation_id="test_notifications")
async def test_notifications(service: TheService) -> list[Reached]:
    """Send a message to every target now, and say whom it reached."""
    targets = service.notifications.settings.targets
    if not targets:
        raise ConfigError("no target is set", hint="set notifications.targets")
    wrong = await service.notifications.notify(Note("Anidana says hello", "This is a test."))
    return [Reached(name=name, ok=name not in wrong, said=wrong.get(name, "sent")) for name in targets]
