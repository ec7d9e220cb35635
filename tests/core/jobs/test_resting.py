"""Hosts that rest go last and are named; sites that rest are not asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from anidana.core.demo.faults import Faults
from anidana.core.errors import NeedsPerson, Refused
from anidana.core.hosts import HostState, rest
from anidana.core.store import hosts
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import now

HOUR = timedelta(hours=1)


async def send_to_rest(name: str, *, asked: bool = False) -> None:
    def change(state: HostState) -> HostState:
        return HostState(name, asked_until=now() + HOUR) if asked else rest(state, now(), HOUR)

    async with get_db_session() as session:
        await hosts.change(session, "host", name, change)


async def states() -> dict[str, HostState]:
    async with get_db_session(read_only=True) as session:
        return await hosts.states(session, "host")


async def test_attempts_of_a_job_are_remembered_of_their_hosts(house: Any) -> None:
    house.practice.faults["VOE"] = Faults(dead=True)
    await house.get("das-regal-am-ende-der-welt S01E01")
    found = await states()
    assert (found["VOE"].results, found["Doodstream"].results) == ("-", "+")


async def test_a_host_that_rests_is_asked_last(house: Any) -> None:
    await send_to_rest("VOE")
    outcome = await house.get("das-regal-am-ende-der-welt S01E01")
    assert len(outcome.done) == 1
    assert not house.practice.asked("VOE")


async def test_hosts_that_rest_are_tried_where_there_is_nobody_else_and_wake_by_it(house: Any) -> None:
    for name in ("VOE", "Doodstream", "Vidmoly"):
        await send_to_rest(name)
    outcome = await house.get("das-regal-am-ende-der-welt S01E01")
    assert len(outcome.done) == 1
    assert not (await states())["VOE"].rests_at(now())


async def test_an_episode_that_finds_nobody_names_who_rests_and_until_when(house: Any) -> None:
    for name in ("VOE", "Doodstream", "Vidmoly"):
        house.practice.faults[name] = Faults(dead=True)
    await send_to_rest("VOE")
    outcome = await house.get("das-regal-am-ende-der-welt S01E01")
    ((_, error),) = outcome.failed
    assert "VOE rests until " in str(error)


async def test_hosts_that_asked_to_wait_are_not_asked_and_the_try_does_not_count(house: Any) -> None:
    for name in ("VOE", "Doodstream", "Vidmoly", "Veev"):
        await send_to_rest(name, asked=True)
    outcome = await house.get("das-regal-am-ende-der-welt S01E01")
    ((row, error),) = outcome.failed
    assert isinstance(error, Refused) and "Vidmoly rests until" in str(error)
    assert error.hint == "wait, or: anidana hosts wake VOE Doodstream Vidmoly"
    assert not house.practice.asked("VOE") and row.job.retry_count == 0


async def test_a_site_behind_a_gate_rests_and_the_other_site_goes_on(house: Any) -> None:
    house.practice.faults["aniworld"] = Faults(gated_links=True)
    first = await house.get("das-regal-am-ende-der-welt S01E01")
    ((_, error),) = first.failed
    assert isinstance(error, NeedsPerson)
    asked = len(house.practice.asked("aniworld"))
    house.practice.faults.clear()
    again = await house.get("das-regal-am-ende-der-welt S01E02")
    ((_, error),) = again.failed
    assert isinstance(error, NeedsPerson) and "aniworld rests until" in str(error) and error.url
    assert len(house.practice.asked("aniworld")) == asked
    async with get_db_session() as session:
        await hosts.change(session, "site", "aniworld", lambda state: HostState(state.name))
    assert len((await house.get("das-regal-am-ende-der-welt S01E02")).done) == 1


async def test_a_host_s_own_wish_to_wait_reaches_what_is_remembered_of_it(house: Any) -> None:
    house.practice.faults["VOE"] = Faults(server_error=True)
    await house.get("das-regal-am-ende-der-welt S01E01")
    state = (await states())["VOE"]
    assert state.asked_until is not None


async def test_a_site_that_blocks_us_is_left_alone(house: Any) -> None:
    house.practice.faults["aniworld"] = Faults(blocked=True)
    await house.get("das-regal-am-ende-der-welt S01E01")
    house.practice.faults.clear()
    asked = len(house.practice.asked("aniworld"))
    outcome = await house.get("das-regal-am-ende-der-welt S01E02")
    ((_, error),) = outcome.failed
    assert isinstance(error, Refused) and "aniworld rests until" in str(error) and "DDoS-Guard" in str(error)
    assert len(house.practice.asked("aniworld")) == asked
