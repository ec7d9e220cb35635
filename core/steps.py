"""How a plugin asks for pages: it yields requests and is sent answers; the core does the rest.

A provider or a catalogue is written as a generator over the types below; `driver.py` runs it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urljoin

from .errors import PageChanged

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Get:
    """Ask for a page.

    Answers of 400 and above end the generator with the fitting error, unless `accept` lists the
    status. With `follow=False` a redirect is an answer like any other. `keep` says that a copy of the
    page may be kept for days and will do for a look: it holds no token.
    """

    url: str
    referer: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    follow: bool = True
    accept: tuple[int, ...] = ()
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """Send a form, or `json` if there is any, and ask for the answer; otherwise like `Get`."""

    url: str
    form: Mapping[str, str] = field(default_factory=dict)
    referer: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    follow: bool = True
    accept: tuple[int, ...] = ()
    json: Any = None


Request: TypeAlias = Get | Post


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: `url` is the final one after redirects, header names are in lower case."""

    url: str
    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The text as JSON; PageChanged if it is none."""
        try:
            if "\\ud" not in self.text.lower():
                return json.loads(self.text)
            # Escapes may hold half a character, which no file and no database takes.
            whole = json.dumps(json.loads(self.text), ensure_ascii=False)
            return json.loads(whole.encode("utf-8", "replace"))
        except (ValueError, RecursionError) as error:
            raise PageChanged(f"the answer is not JSON: {error}") from error

    def join(self, url: str) -> str:
        """An address on this page, made absolute."""
        try:
            return urljoin(self.url, url)
        except ValueError as error:
            raise PageChanged(f"the page names an impossible address: {error}") from error


Steps: TypeAlias = Generator[Get | Post, Page, T]
"""What a plugin's method returns: it yields requests, is sent pages, and returns a `T`."""

Perform: TypeAlias = Callable[[Request], Awaitable[Page]]
"""What performs a request; raises our errors."""
