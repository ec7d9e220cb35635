"""What a rest means for jobs that run at once, and for looks by hand."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from anidana.core.demo.faults import Faults
from anidana.core.errors import NoStream
from anidana.core.hosts import HostState, rest
from anidana.core.jobs.events import Event, Staged
from anidana.core.jobs.trial import try_hosts
from anidana.core.store import hosts
from anidana.core.store.hosts import Kind
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import now

KEY = "das-regal-am-ende-der-welt"
HOUR = timedelta(hours=1)


async def put(kind: Kind, state: HostState) -> None:
    async with get_db_session() as session:
        await hosts.change(session, kind, state.name, lambda _: state)


async def states(kind: Kind) -> dict[str, HostState]:
    async with get_db_session(read_only=True) as session:
        return await hosts.states(session, kind)


@pytest.mark.parametrize("house", [{"downloads": {"lead_seconds": 0.0}}], indirect=True)
async def test_a_host_that_rests_is_no_company_for_one_that_is_slow(house: Any) -> None:
    for name in ("Doodstream", "Vidmoly"):
        await put("host", rest(HostState(name), now(), HOUR))
    house.practice.faults["VOE"] = Faults(slow=0.05)
    assert len((await house.get(f"{KEY} S01E01")).done) == 1
    assert not house.practice.asked("Doodstream") and not house.practice.asked("Vidmoly")


async def test_what_a_host_said_is_known_before_the_job_has_ended(house: Any) -> None:
    house.practice.faults["VOE"] = Faults(server_error=True)
    looks: list[asyncio.Task[dict[str, HostState]]] = []

    def listen(event: Event) -> None:
        if isinstance(event, Staged) and event.stage == "filing":
            looks.append(asyncio.create_task(states("host")))

    house.listener = listen
    await house.get(f"{KEY} S01E01")
    (seen,) = await asyncio.gather(*looks)
    assert seen["VOE"].asked_until is not None


async def test_a_try_that_left_out_a_host_that_asked_to_wait_costs_no_retry(house: Any) -> None:
    await put("host", HostState("VOE", asked_until=now() + HOUR))
    for name in ("Doodstream", "Vidmoly"):
        house.practice.faults[name] = Faults(gone=True)
    ((row, error),) = (await house.get(f"{KEY} S01E01")).failed
    assert isinstance(error, NoStream) and "VOE rests until" in str(error)
    assert row.job.retry_count == 0


async def test_pages_that_can_be_read_do_not_make_a_gate_before_the_links_forgotten(house: Any) -> None:
    house.practice.faults["aniworld"] = Faults(gated_links=True)
    await house.get(f"{KEY} S01E01")
    await end_the_rest()
    await house.get(f"{KEY} S01E02")
    assert (await states("site"))["aniworld"].rests == 2
    house.practice.faults.clear()
    await end_the_rest()
    assert len((await house.get(f"{KEY} S01E02")).done) == 1
    assert (await states("site"))["aniworld"].rests == 0


async def end_the_rest() -> None:
    await put("site", replace((await states("site"))["aniworld"], resting_until=now()))


async def test_a_look_by_hand_neither_minds_a_rest_nor_causes_one(house: Any) -> None:
    voe = [one for one in house.app.plugins.providers if one.name == "VOE"]
    await put("site", rest(HostState("aniworld"), now(), HOUR))
    heard: list[Any] = []
    await try_hosts(house.app, voe, lambda _, said: heard.append(said))
    assert heard[0].error is None
    await put("site", HostState("aniworld"))
    house.practice.faults["aniworld"] = Faults(gated=True)
    await try_hosts(house.app, voe, lambda _, said: heard.append(said))
    assert "gate" in heard[1], heard[1]
    assert not (await states("site"))["aniworld"].rests_at(now())
