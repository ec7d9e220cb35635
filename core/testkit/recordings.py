"""Replays recorded cases of a plugin, without loop, server or network.

A folder of cases holds a `cases.json` and the recorded pages it names:

    [{"name": "plays", "url": "https://clips.example/e/abc123def456",
      "requests": [{"url": "https://clips.example/e/abc123def456", "file": "plays.html"}],
      "expected": {"kind": "hls", "url": "https://cdn.clips.example/a.m3u8"}}]

A request may hold `method`, `status`, `headers`, `final_url` too, and lack a `file`; `expected` may hold a
`url_pattern` or an `error`. A case may hold the day it was `recorded`, a `note` and an `origin`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, overload

from ..errors import AnidanaError, SourceError
from ..hooks import Provider
from ..models import Link, Stream
from ..steps import Page, Post, Request, Steps

# The driver and the network are imported on use: every pytest run of an author imports this module.

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site once answered; `url` is what was asked for, `final_url` where redirects led."""

    url: str
    text: str = ""
    status: int = 200
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    final_url: str | None = None

    def page(self) -> Page:
        """The same as a plugin sees it."""
        return Page(self.final_url or self.url, self.status, self.text, self.headers)


@dataclass(frozen=True, slots=True)
class Recording:
    """One case: the link to start from, every answer there is, and what must come out."""

    name: str
    url: str
    answers: tuple[Answer, ...]
    expected: Mapping[str, str] = field(default_factory=dict)


def read_recordings(folder: Path) -> list[Recording]:
    """Every case of a folder, in the order of its `cases.json`; an empty list if it has none."""
    index = folder / "cases.json"
    cases = json.loads(index.read_text("utf-8")) if index.exists() else []
    for case in cases:
        for request in case["requests"]:
            if file := request.pop("file", ""):
                request["text"] = (folder / file).read_text("utf-8")
        case["answers"] = tuple(Answer(**request) for request in case["requests"])
    return [Recording(case["name"], case["url"], case["answers"], case["expected"]) for case in cases]


@overload
def replay(source: Provider, case: Recording) -> Stream: ...
@overload
def replay(source: Steps[T], case: Recording) -> T: ...
def replay(source: Provider | Steps[T], case: Recording) -> Stream | T:
    """Drive a provider, or any plugin's generator, with the answers of a case, each given once.

    AssertionError on any other request; what the plugin raises passes unguarded, so that bugs show.
    """
    from ..fetch import refusal

    left = list(case.answers)

    def answer(request: Request) -> Page:
        method = "POST" if isinstance(request, Post) else "GET"
        found = next((one for one in left if (one.method, one.url) == (method, request.url)), None)
        assert found, f"{case.name}: not recorded, or asked for again: {method} {request.url}"
        left.remove(found)
        if found.status >= 400 and found.status not in request.accept:
            raise refusal(found.page())
        return found.page()

    if isinstance(source, Provider):
        return run(source.extract(Link(case.url)), answer)
    return run(source, answer)


def run(steps: Steps[T], answer: Callable[[Request], Page]) -> T:
    """Drive a plugin's generator to its end; `answer` makes the pages, or raises one of our errors."""
    from ..driver import MOST_REQUESTS

    try:
        request = next(steps)
        for _ in range(MOST_REQUESTS):
            try:
                page = answer(request)
            except AnidanaError as error:
                request = steps.throw(error)
            else:
                request = steps.send(page)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise AssertionError(f"the plugin asked for more than {MOST_REQUESTS} pages")


def check(provider: Provider, case: Recording) -> None:
    """Replay a case and compare the stream, or the error's code, with what the case expects."""
    expected = case.expected
    try:
        stream = replay(provider, case)
    except SourceError as error:
        assert error.code == expected.get("error"), f"{case.name}: {error.code}: {error}"
        return
    said = f"{case.name}: {stream.kind} {stream.url}, not {dict(expected)}"
    assert stream.kind == expected.get("kind"), said
    assert re.fullmatch(expected.get("url_pattern") or re.escape(expected["url"]), stream.url), said
