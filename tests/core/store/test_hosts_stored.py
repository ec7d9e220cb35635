"""What hosts did is remembered, by every job at once."""

from __future__ import annotations

import asyncio

import pytest

from anidana.core.hosts import HostState
from anidana.core.models import GERMAN_DUB, Attempt
from anidana.core.store import hosts
from anidana.core.store.sessions import get_db_session, open_store


@pytest.fixture
async def store(database: str):  # type: ignore[no-untyped-def]
    async with open_store(database):
        yield


async def note(*words: str) -> None:
    async with get_db_session() as session:
        await hosts.note(session, [Attempt("VOE", GERMAN_DUB, word) for word in words])


async def test_results_are_kept_in_their_order(store: None) -> None:
    await note("ok", "refused", "gone")
    await note("refused")
    async with get_db_session(read_only=True) as session:
        states = await hosts.states(session, "host")
    assert states["VOE"].results == "--+"
    assert states["VOE"].failures == 2


async def test_what_says_nothing_leaves_no_row(store: None) -> None:
    await note("gone", "cancelled")
    async with get_db_session(read_only=True) as session:
        assert await hosts.states(session, "host") == {}


async def test_a_host_and_a_site_of_one_name_are_two(store: None) -> None:
    async with get_db_session() as session:
        await hosts.change(session, "site", "VOE", lambda state: HostState(state.name, failures=3))
    await note("ok")
    async with get_db_session(read_only=True) as session:
        assert (await hosts.states(session, "host"))["VOE"].failures == 0
        assert (await hosts.states(session, "site"))["VOE"].failures == 3


async def test_no_result_is_lost_where_many_jobs_end_at_once(store: None) -> None:
    await asyncio.gather(*(note("refused") for _ in range(15)))
    async with get_db_session(read_only=True) as session:
        state = (await hosts.states(session, "host"))["VOE"]
    assert (state.failures, len(state.results)) == (15, 15)
