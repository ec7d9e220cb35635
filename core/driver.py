"""Runs a plugin's generator: performs what it asks for, within bounds, its code off the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .errors import AnidanaError, Crashed, Refused
from .steps import Get, Page, Perform, Post, Request, Steps

T = TypeVar("T")

MOST_REQUESTS = 20
MOST_SECONDS = 30.0


async def drive(
    steps: Steps[T],
    perform: Perform,
    *,
    most_requests: int = MOST_REQUESTS,
    most_seconds: float = MOST_SECONDS,
) -> T:
    """Run a plugin's generator to its end and return its value.

    Our own errors, its own and those of `perform`, pass through; the generator sees the latter
    and may go another way. Anything else it raises becomes Crashed. Refused after `most_seconds`.
    """
    try:
        async with asyncio.timeout(most_seconds):
            move = await _off_loop(lambda: _advance(steps, None))
            for _ in range(most_requests):
                if isinstance(move, _Returned):
                    return move.value  # type: ignore[no-any-return]
                answer = await _answer(move, perform)
                move = await _off_loop(lambda answer=answer: _advance(steps, answer))  # type: ignore[misc]
            if isinstance(move, _Returned):
                return move.value  # type: ignore[no-any-return]
    except TimeoutError:
        raise Refused(f"no result within {most_seconds:.0f} s") from None
    raise Crashed(f"the plugin asked for more than {most_requests} pages")


@dataclass(frozen=True, slots=True)
class _Returned:
    value: Any


async def _answer(request: Request, perform: Perform) -> Page | AnidanaError:
    try:
        return await perform(request)
    except AnidanaError as error:
        return error


def _advance(steps: Steps[Any], answer: Page | AnidanaError | None) -> Request | _Returned:
    """One move of the generator."""
    try:
        if isinstance(answer, AnidanaError):
            move = steps.throw(answer)
        else:
            move = next(steps) if answer is None else steps.send(answer)
    except StopIteration as end:
        return _Returned(end.value)
    except AnidanaError:
        raise
    except BaseException as error:  # SystemExit and CancelledError too: they are the plugin's, not ours
        raise Crashed(f"{type(error).__name__}: {error}") from error
    if not isinstance(move, Get | Post):
        raise Crashed(f"the plugin asked for {type(move).__name__}, not for a page")
    return move


async def _off_loop(call: Callable[[], T]) -> T:
    """Run `call` on a thread of its own that dies with the process.

    A pool would make the process wait at its end for a plugin that never returns.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            value = call()
        except BaseException as error:  # noqa: BLE001 - handed to the waiting side
            _tell(loop, done, lambda error=error: done.set_exception(error))  # type: ignore[misc]
        else:
            _tell(loop, done, lambda: done.set_result(value))

    threading.Thread(target=run, name="plugin", daemon=True).start()
    return await done


def _tell(loop: asyncio.AbstractEventLoop, done: asyncio.Future[Any], settle: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(lambda: None if done.done() else settle())
    except RuntimeError:
        return  # the loop is closed: nobody waits any more
