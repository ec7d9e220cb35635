"""Promises of the queue engine: so many at once, most urgent first, each once, stopped in order."""

from __future__ import annotations

import asyncio

import pytest

from anidana.core.jobs.engine import Engine


class Work:
    """A handler that waits until it is let go, and remembers what happened."""

    def __init__(self) -> None:
        self.order: list[int] = []
        self.running = self.most = 0
        self.cancelled: list[int] = []
        self.go, self.two = asyncio.Event(), asyncio.Event()

    async def __call__(self, job_id: int) -> None:
        self.order.append(job_id)
        self.running += 1
        self.most = max(self.most, self.running)
        if self.running == 2:
            self.two.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.append(job_id)
            raise
        finally:
            self.running -= 1


async def test_so_many_at_once_and_most_urgent_first() -> None:
    work = Work()
    engine = Engine(work, slots=2)
    for job_id, priority in ((1, 0), (2, 5), (3, 9), (4, -1)):
        await engine.submit(job_id, priority=priority)
    task = asyncio.create_task(engine.run_until_idle())
    await work.two.wait()
    work.go.set()
    await task
    assert (work.order, work.most) == ([3, 2, 1, 4], 2)


async def test_a_job_is_carried_once() -> None:
    work = Work()
    work.go.set()
    engine = Engine(work, slots=1)
    assert [await engine.submit(7), await engine.submit(7)] == [True, False]
    await engine.run_until_idle()
    assert work.order == [7]


async def test_nothing_to_do_ends_at_once() -> None:
    await Engine(Work(), slots=2).run_until_idle()


async def test_cancelling_cancels_what_runs_and_starts_nothing_more() -> None:
    work = Work()
    engine = Engine(work, slots=2)
    for job_id in range(5):
        await engine.submit(job_id)
    task = asyncio.create_task(engine.run_until_idle())
    await work.two.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(work.cancelled) == sorted(work.order) and len(work.order) == 2


async def test_a_handler_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    async def handler(job_id: int) -> None:
        if job_id == 1:
            raise ValueError("a bug")
        done.append(job_id)

    engine = Engine(handler, slots=1)
    for job_id in (1, 2):
        await engine.submit(job_id, priority=-job_id)
    await engine.run_until_idle()
    assert done == [2]
    assert "a bug" in caplog.text
