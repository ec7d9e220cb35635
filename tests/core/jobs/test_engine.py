"""Promises of the engine: so many at once, stopped in order, woken when there is work again."""

from __future__ import annotations

import asyncio

import pytest

from anidana.core.jobs.engine import Engine


class Work:
    """Turns that wait until they are let go, and remember what happened."""

    def __init__(self, *pieces: int) -> None:
        self.waiting = list(pieces)
        self.order: list[int] = []
        self.running = self.most = 0
        self.cancelled: list[int] = []
        self.go, self.two, self.idle = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def turn(self) -> bool:
        if not self.waiting:
            self.idle.set()
            return False
        piece = self.waiting.pop(0)
        self.order.append(piece)
        self.running += 1
        self.most = max(self.most, self.running)
        if self.running == 2:
            self.two.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.append(piece)
            raise
        finally:
            self.running -= 1
        return True


async def test_so_many_at_once_and_all_of_them() -> None:
    work = Work(3, 2, 1, 4)
    task = asyncio.create_task(Engine(work.turn, slots=2).run_until_idle())
    await work.two.wait()
    work.go.set()
    await task
    assert (work.order, work.most) == ([3, 2, 1, 4], 2)


async def test_nothing_to_do_ends_at_once() -> None:
    await Engine(Work().turn, slots=2).run_until_idle()


async def test_cancelling_cancels_what_runs_and_starts_nothing_more() -> None:
    work = Work(*range(5))
    task = asyncio.create_task(Engine(work.turn, slots=2).run())
    await work.two.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(work.cancelled) == work.order == [0, 1]


async def test_who_found_nothing_is_woken_when_there_is_work() -> None:
    work = Work()
    work.go.set()
    engine = Engine(work.turn, slots=1)
    task = asyncio.create_task(engine.run())
    await work.idle.wait()
    work.idle.clear()
    work.waiting = [7, 8]
    engine.wake()
    await work.idle.wait()
    assert work.order == [7, 8]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_turn_that_fails_stops_neither_the_others_nor_what_comes_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done, failed = asyncio.Event(), asyncio.Event()

    async def turn() -> bool:
        if not failed.is_set():
            failed.set()
            raise ValueError("a bug")
        done.set()
        return False

    engine = Engine(turn, slots=1)
    task = asyncio.create_task(engine.run())
    await failed.wait()
    engine.wake()
    await done.wait()
    assert "a bug" in caplog.text
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
