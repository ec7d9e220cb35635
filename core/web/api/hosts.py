"""Streaming hosts and catalogues: how they stand, and the owner's word on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from ... import hosts, standing
from ...acquire.probe import Probed
from ...hooks import Provider
from ...jobs.trial import try_hosts
from ...standing import Standing
from ..deps import Body, TheService

router = APIRouter(prefix="/api/hosts", tags=["hosts"])

Name = Annotated[str, Path(max_length=100)]


class Host(BaseModel):
    """A host; `last_20` are its results, newest first, `+` or `-`."""

    name: str
    state: str
    last_20: str
    success: float | None
    last_success: datetime | None
    resting_until: datetime | None
    failures: int
    last_result: str
    last_reason: str
    url: str


class Hosts(BaseModel):
    """All hosts in the order in which they are asked, and the catalogues that rest."""

    hosts: list[Host]
    sites: list[Host]


class Rest(Body):
    """For how long to leave a host alone, in minutes."""

    minutes: float = Field(360, gt=0, le=60 * 24 * 30)


class Trial(BaseModel):
    """What came of a try: `ok`, or why there is no stream."""

    ok: bool
    said: str


@router.get("", operation_id="list_hosts")
async def list_hosts(service: TheService) -> Hosts:
    """How every host stands."""
    listed, sites = await standing.standings(service.app)
    return Hosts(hosts=[_host(one) for one in listed], sites=[_host(one) for one in sites])


def _host(one: Standing) -> Host:
    state = one.state
    return Host(
        name=state.name, state=one.mood, last_20=state.results, success=state.share,
        last_success=state.last_ok, resting_until=one.resting_until, failures=state.failures,
        last_result=state.last_result, last_reason=state.last_reason, url=state.url,
    )  # fmt: skip


@router.post("/{name}/rest", operation_id="rest_host")
async def rest_host(name: Name, body: Rest, service: TheService) -> list[str]:
    """Leave a host or catalogue alone for a while."""
    time = timedelta(minutes=body.minutes)
    changed = await standing.change(service.app, [name], lambda state, at: hosts.rest(state, at, time))
    return _told(service, changed)


@router.post("/{name}/wake", operation_id="wake_host")
async def wake_host(name: Name, service: TheService) -> list[str]:
    """Ask a host or catalogue again from now on."""
    return _told(service, await standing.change(service.app, [name], lambda state, at: hosts.wake(state)))


def _told(service: TheService, changed: list[str]) -> list[str]:
    for name in changed:
        service.bus.publish("host.changed", {"name": name}, ("host", name))
    return changed


@router.post("/{name}/test", operation_id="test_host")
async def test_host(name: Name, service: TheService) -> Trial:
    """Follow a mirror of an episode to the host, and see whether a stream comes; nothing is stored."""
    heard: list[Probed | str] = []

    def hear(provider: Provider, said: Probed | str) -> None:
        heard.append(said)

    await try_hosts(service.app, standing.named(service.app.plugins, [name]), hear)
    found = heard[0] if heard else "nothing to try it with"
    if isinstance(found, str):
        return Trial(ok=False, said=found)
    return Trial(ok=found.error is None, said=str(found.error or "a stream comes"))
