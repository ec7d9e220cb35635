"""What hosts send when things go wrong, and a judge of what a provider makes of it.

A failure says what the author can do: it is `Broken`, with a sentence.
"""

from __future__ import annotations

import random
import re
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

from ..errors import SourceError
from ..hooks import Provider
from ..loader import knows
from ..models import Link, Stream
from ..steps import Get, Page, Post, Request
from .recordings import Recording, run

MEGABYTE = 1024 * 1024
MOST_ADDRESS = 8192
MOST_HEADERS = 20

Host = Callable[[Request], Page]
"""Plays the whole internet: makes the answer to a request, or raises one of our errors."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_OURS = {"host", "content-length", "connection", "range", "accept-encoding", "transfer-encoding"}


class Broken(AssertionError):
    """The plugin breaks a promise; the text says which, and what to do."""


class _Hangs(BaseException):
    """The processor time is used up; plugins do not catch this by accident."""


def fail(what: str, remedy: str) -> NoReturn:
    """Say which promise is broken and how to keep it."""
    raise Broken(f"{what}\n  → {remedy}")


def everywhere(text: str, status: int = 200) -> Host:
    """A host that answers everything with one page."""
    return lambda request: Page(request.url, status, text)


def with_page(case: Recording, url: str, text: str) -> Host:
    """The hosts of a case, with another text in place of one page; Gone for what was not recorded."""
    from ..errors import Gone

    def answer(request: Request) -> Page:
        found = next((one for one in case.answers if one.url == request.url), None)
        if found is None:
            raise Gone("not recorded")
        return Page(found.url, 200, text) if found.url == url else found.page()

    return answer


def cuts(text: str, most: int = 150) -> Iterator[int]:
    """Places to break a page off at, evenly spread."""
    return iter(range(0, len(text), max(1, len(text) // most)))


def pieces(text: str, most: int = 8) -> Iterator[str]:
    """A megabyte each of one short piece of a page, over and over."""
    for start in range(0, len(text), max(1, len(text) // most)):
        piece = text[start : start + 60]
        yield piece * (MEGABYTE // len(piece))


NOISES = (
    *("bytes", "zeros", "spaces", "brackets", "playlists", "json"),
    *(
        "<script",
        "<iframe ",
        "sources: [",
        "file: '",
        "= '",
        "$.get('/pass_md5/",
        "https://",
        "eval(function",
    ),
)
"""Kinds of a megabyte that is no page."""


def noise(kind: str) -> str:
    """A megabyte of that kind."""
    match kind:
        case "bytes":
            return random.Random(7).randbytes(MEGABYTE).decode("latin-1")
        case "zeros":
            return "\0" * MEGABYTE
        case "spaces":
            return "window.location.href = '" + " " * MEGABYTE
        case "brackets":
            return "[" * MEGABYTE
        case "playlists":
            return "file: 'https://" + ".m3u8" * (MEGABYTE // 5)
        case "json":
            return '<script type="application/json">' + '["' * (MEGABYTE // 2) + "</script>"
    return kind * (MEGABYTE // len(kind))


def outcome(
    provider: Provider, link: Link, host: Host, most_seconds: float, what: str
) -> Stream | SourceError:
    """The stream or error of ours that comes of a link; Broken for everything else.

    `what` is what the host sends, for the text. `most_seconds` are of processor time, so that a
    busy machine fails no plugin; they are counted on the main thread of a system with signals.
    """
    steps = provider.extract(link)
    if not isinstance(steps, Generator):
        fail(
            f"extract() returned {type(steps).__name__}, it asks for no page",
            "use `page = yield Get(link.url)`",
        )
    try:
        with _limit(most_seconds, what):
            stream = run(steps, _watched(provider, link, host, what))
    except SourceError as error:
        if not str(error).strip():
            fail(f"{type(error).__name__} without a word, on {what}", "say in a sentence what is wrong")
        return error
    except Broken:
        raise
    except (Exception, SystemExit) as error:
        raise Broken(
            f"extract() raised {type(error).__name__}: {error}; on {what}\n"
            "  → raise PageChanged where the page is not what you expect; a bare exception is a bug to us"
        ) from error
    _check_stream(stream, what)
    return stream


def _watched(provider: Provider, link: Link, host: Host, what: str) -> Host:
    """The same host, for requests that go only where the link, a page or the plugin's domains point to."""
    named = [link.url]

    def answer(request: Request) -> Page:
        if not isinstance(request, Get | Post):
            fail(
                f"extract() yielded {type(request).__name__}", "yield Get(...) or Post(...) from anidana.core"
            )
        asked = _host_of(request.url)
        if asked is None or len(request.url) > MOST_ADDRESS:
            fail(f"asked for {request.url[:80]!r}, which is no address; on {what}",
                 "check what was cut out of the page; page.join() makes it absolute")  # fmt: skip
        if not knows(provider.domains, asked) and not any(asked in text.lower() for text in named):
            fail(f"asked {asked}, which neither the link nor a page named; on {what}",
                 "ask only where the link or a page leads, or add the host to `domains`")  # fmt: skip
        _check_headers(request.headers, f"a request, on {what}")
        page = host(request)
        named.extend((page.url, page.text))
        return page

    return answer


def _host_of(url: object) -> str | None:
    try:
        parts = urlsplit(str(url))
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None


def _check_stream(stream: object, what: str) -> None:
    if not isinstance(stream, Stream):
        fail(f"extract() returned {type(stream).__name__}, not a Stream; on {what}",
             "return Stream.hls(url) or Stream.file(url), or raise PageChanged")  # fmt: skip
    if stream.kind not in ("hls", "file"):
        fail(f"a stream of the kind {stream.kind!r}", "use Stream.hls() or Stream.file()")
    if not re.match(r"https?://[^/\s]+", stream.url) or re.search(r"\s", stream.url):
        fail(f"the stream's address is {stream.url[:80]!r}; on {what}",
             "make it absolute by page.join(), and raise PageChanged if it is none")  # fmt: skip
    if len(stream.url) > MOST_ADDRESS:
        fail(f"the stream's address has {len(stream.url)} characters; on {what}",
             "bound the pattern that reads it, as in [^\"'\\s]{1,4000}")  # fmt: skip
    _check_headers(stream.headers, "the stream")


def _check_headers(headers: object, where: str) -> None:
    """Header names and values as HTTP wants them; the core's own are left alone."""
    from collections.abc import Mapping

    if not isinstance(headers, Mapping) or len(headers) > MOST_HEADERS:
        fail(f"the headers of {where} are {type(headers).__name__}", "give a small dict of names and values")
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS:
            fail(f"a header of {where} is called {name!r}", "name what the host wants, mostly Referer")
        if not isinstance(value, str) or not value.isprintable() or len(value) > MOST_ADDRESS:
            fail(f"the header {name} of {where} is {str(value)[:40]!r}", "one line of text")


def check_hints(provider: Provider) -> None:
    """The provider's own headers; a Referer is an address."""
    _check_headers(provider.headers, "the provider")
    referer = {name.lower(): value for name, value in provider.headers.items()}.get("referer")
    if referer is not None and not re.match(r"https?://[^/\s]+/", referer):
        fail(f"the Referer is {referer!r}", "give the host's root with its slash: https://clips.example/")


@contextmanager
def _limit(seconds: float, what: str) -> Iterator[None]:
    """Interrupt what takes longer; a thread could not, as a pattern at work never lets go of the lock."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise _Hangs

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.1)
    try:
        yield
    except _Hangs:
        fail(f"no end within {seconds:g} s, on {what}",
             r"make every pattern linear: bounded \s{0,9}, [^<]{0,200}, and no (a+)+")  # fmt: skip
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
