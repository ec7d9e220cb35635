"""Running a plugin's generator: bounds, errors, and code that never comes back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from anidana.core import Crashed, Gone, NeedsPerson, Page, PageChanged, Post, Refused
from anidana.core.driver import drive
from anidana.core.steps import Get, Request, Steps

URL = "https://clips.example/e/1"


class Shelf:
    """Answers from memory, and keeps what it was asked; an address it does not have is Gone."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts
        self.asked: list[Request] = []

    async def __call__(self, request: Request) -> Page:
        self.asked.append(request)
        try:
            return Page(request.url, 200, self.texts[request.url])
        except KeyError:
            raise Gone(f"no {request.url}") from None


async def test_performs_what_is_asked_and_returns_the_value() -> None:
    def steps() -> Steps[str]:
        first = yield Get("a")
        second = yield Post("b", {"x": first.text})
        return first.text + second.text

    shelf = Shelf(a="1", b="2")
    assert await drive(steps(), shelf) == "12"
    assert shelf.asked == [Get("a"), Post("b", {"x": "1"})]


async def test_a_generator_that_asks_for_nothing_is_fine() -> None:
    def steps() -> Steps[int]:
        return 7
        yield

    assert await drive(steps(), Shelf()) == 7


@pytest.mark.parametrize(
    "error", [Gone("x"), NeedsPerson("x", url=URL), PageChanged("x"), Refused("x", retry_after=3)]
)
async def test_an_error_of_ours_passes_as_it_is(error: Exception) -> None:
    def steps() -> Steps[None]:
        yield Get("a")
        raise error

    with pytest.raises(type(error)) as caught:
        await drive(steps(), Shelf(a=""))
    assert caught.value is error


async def test_an_error_of_the_network_passes_through_a_plugin_that_ignores_it() -> None:
    def steps() -> Steps[None]:
        yield Get("nowhere")

    with pytest.raises(Gone, match="no nowhere"):
        await drive(steps(), Shelf())


async def test_a_plugin_may_catch_gone_and_go_another_way() -> None:
    def steps() -> Steps[str]:
        try:
            page = yield Get("old")
        except Gone:
            page = yield Get("new")
        return page.text

    shelf = Shelf(new="found")
    assert await drive(steps(), shelf) == "found"
    assert [request.url for request in shelf.asked] == ["old", "new"]


class Odd(BaseException):
    """What no `except Exception` would catch."""


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"),
        RecursionError("x"),
        StopIteration("x"),
        SystemExit(3),
        asyncio.CancelledError(),
        Odd("x"),
    ],
)
async def test_anything_else_a_plugin_raises_is_its_crash(error: BaseException) -> None:
    def steps() -> Steps[None]:
        yield Get("a")
        raise error

    with pytest.raises(Crashed) as caught:
        await drive(steps(), Shelf(a=""))
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("move", ["https://clips.example", None, 7, Get])
async def test_asking_for_something_that_is_no_request_is_a_crash(move: Any) -> None:
    def steps() -> Iterator[Any]:
        yield move

    with pytest.raises(Crashed, match="not for a page"):
        await drive(steps(), Shelf())  # type: ignore[arg-type]


@pytest.mark.parametrize("steps", [None, 7, [Get("a")]])
async def test_what_is_no_generator_is_a_crash(steps: Any) -> None:
    with pytest.raises(Crashed):
        await drive(steps, Shelf())


async def test_a_plugin_that_never_has_enough_is_stopped() -> None:
    def steps() -> Steps[None]:
        while True:
            yield Get("a")

    shelf = Shelf(a="")
    with pytest.raises(Crashed, match="more than 3 pages"):
        await drive(steps(), shelf, most_requests=3)
    assert len(shelf.asked) == 3


async def test_the_last_page_allowed_still_counts() -> None:
    def steps() -> Steps[str]:
        yield Get("a")
        return (yield Get("a")).text

    assert await drive(steps(), Shelf(a="last"), most_requests=2) == "last"


async def test_plugin_code_does_not_hold_up_the_loop() -> None:
    """The plugin waits for the loop: if it ran on it, both would wait for ever."""
    go = threading.Event()

    def steps() -> Steps[bool]:
        yield Get("a")
        return go.wait(60)

    async def let_go() -> None:
        go.set()

    done, _ = await asyncio.gather(drive(steps(), Shelf(a="")), let_go())
    assert done


async def test_a_plugin_that_never_returns_is_given_up() -> None:
    stop = threading.Event()

    def steps() -> Steps[None]:
        stop.wait()
        yield Get("a")

    with pytest.raises(Refused, match="no result within"):
        await drive(steps(), Shelf(), most_seconds=0.05)
    stop.set()


async def test_a_site_that_never_answers_is_given_up() -> None:
    async def never(request: Request) -> Page:
        await asyncio.Event().wait()
        raise AssertionError

    def steps() -> Steps[None]:
        yield Get("a")

    with pytest.raises(Refused, match="no result within"):
        await drive(steps(), never, most_seconds=0.05)


def test_a_plugin_that_never_returns_does_not_keep_the_process() -> None:
    program = """
import asyncio, threading
from anidana.core import Refused
from anidana.core.driver import drive

def steps():
    threading.Event().wait()
    yield

async def main():
    try:
        await drive(steps(), None, most_seconds=0.05)
    except Refused:
        print("given up")

asyncio.run(main())
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout == "given up\n"
