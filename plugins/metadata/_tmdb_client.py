"""The client for TMDB: tmdbv3api knows the endpoints, the transport is ours.

The library sends everything through one method, `_request_obj`. As it comes, that method has no
timeout, puts key and language into the environment and caches errors; ours asks this client. Answers
are read in a worker thread, for a season with its guests is half a megabyte of JSON.
"""

from __future__ import annotations

import asyncio
import re
import time
import warnings
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

import aiohttp
from pydantic import BaseModel, ValidationError
from tmdbv3api import TV, Find, Group, Search, Season
from yarl import URL

from anidana.core import ConfigError, Gone, PageChanged, Refused

from ._tmdb_answers import (
    Details,
    Entries,
    Entry,
    Film,
    Films,
    Groups,
    Parts,
    Show,
    Shows,
    ShowsById,
    Titles,
)
from ._tmdb_extras import APPENDED

Model = TypeVar("Model", bound=BaseModel)


"""TMDB says 0 or null where it does not know."""

URL_OF_TMDB = "https://api.themoviedb.org/3"
TIMEOUT_SECONDS = 20.0
MOST_QUERY = 200
MOST_BYTES = 4 * 1024 * 1024
WAITS = (1.0, 4.0)
MOST_WAIT = 30.0
"""Seconds before another try; a longer Retry-After is not waited for."""

AT_ONCE = 6
"""Requests that one client has on the way."""

FRESH_SECONDS = 3600.0
MOST_KEPT = 32 * 1024 * 1024
"""How long an answer is used again, and how many bytes of them are kept."""

ABSOLUTE = 2
"""What TMDB calls the sort of episode group that counts through all seasons."""

_OLD_KEY = re.compile(r"[0-9a-f]{32}")
"""A key of API version 3, which TMDB takes in the query only; all others are bearer tokens."""


class Answers:
    """What TMDB has said within the hour, by address without the key; no errors, the oldest goes first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most_bytes: int = MOST_KEPT) -> None:
        self._clock, self._most, self._size = clock, most_bytes, 0
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    @property
    def addresses(self) -> list[str]:
        """What is kept, the oldest first."""
        return list(self._kept)

    def get(self, address: str) -> bytes | None:
        """The answer, if it is there and fresh."""
        at, body = self._kept.get(address, (0.0, None))
        return body if body is not None and self._clock() - at < FRESH_SECONDS else None

    def keep(self, address: str, body: bytes) -> None:
        """Keep an answer, and as many of the others as there is room for."""
        _, old = self._kept.pop(address, (0.0, b""))
        self._kept[address] = (self._clock(), body)
        self._size += len(body) - len(old)
        while self._size > self._most and self._kept:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._size -= len(oldest)

    def drop(self, body: bytes) -> None:
        """Forget an answer that cannot be read."""
        for address in [one for one, (_, kept) in self._kept.items() if kept is body]:
            self._size -= len(self._kept.pop(address)[1])


class TMDBClient:
    """A connection to TMDB; an async context manager.

    Every method raises ConfigError if the key is not accepted, Gone for an unknown id, PageChanged
    for an answer we cannot read, and Refused, after some tries, if there is none. Texts never hold
    the key.
    """

    def __init__(
        self,
        api_key: str,
        *,
        url: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
        answers: Answers | None = None,
    ) -> None:
        self._key = api_key
        self._url = (url or URL_OF_TMDB).rstrip("/")
        self._timeout, self._pause = timeout, pause
        self._answers = Answers() if answers is None else answers
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; `async with` does it too, also after an error."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def __del__(self) -> None:
        if getattr(self, "_session", None) is not None:
            warnings.warn("unclosed TMDBClient", ResourceWarning, source=self, stacklevel=2)

    async def search_tv_show(
        self, query: str, *, year: int | None = None, language: str = "en"
    ) -> list[Show]:
        """Series that TMDB finds by a title, best first; at most one page of them."""
        asked = _Search(self._ask, language).tv_shows(_sendable(query), release_year=year)
        return (await self._read(Shows, asked)).results

    async def search_movie(self, query: str, *, language: str = "en") -> list[Film]:
        """Films that TMDB finds by a title, best first; at most one page of them."""
        return (await self._read(Films, _Search(self._ask, language).movies(_sendable(query)))).results

    async def find_by_imdb_id(self, imdb_id: str, *, language: str = "en") -> list[Show]:
        """The series with an IMDb id."""
        asked = _Find(self._ask, language).find_by_imdb_id(quote(imdb_id, safe=""))
        return (await self._read(ShowsById, asked)).tv_results

    async def alternative_titles(self, show_id: int) -> list[str]:
        """What a series is called elsewhere."""
        asked = _TV(self._ask, "en").alternative_titles(show_id)
        return [title.title for title in (await self._read(Titles, asked)).results]

    async def details(self, show_id: int, *, language: str = "en", pictures: Sequence[str] = ()) -> Details:
        """What is known about a series; with `pictures`, those in these languages and without text, too."""
        more = f"&include_image_language={quote(','.join([*pictures, 'null']))}" if pictures else ""
        asked = _TV(self._ask, language).details(show_id, append_to_response=APPENDED + more)
        return await self._read(Details, asked)

    async def season(self, show_id: int, number: int, *, language: str = "en") -> list[Entry]:
        """The episodes of a season."""
        asked = _Season(self._ask, language).details(show_id, number, append_to_response="")
        return (await self._read(Entries, asked)).episodes

    async def absolute_order(self, show_id: int) -> list[int]:
        """Ids of a series' episodes in their absolute order; empty if nobody has made one."""
        groups = (await self._read(Groups, _TV(self._ask, "en").episode_groups(show_id))).results
        group = next((one for one in groups if one.type == ABSOLUTE), None)
        if group is None:
            return []
        parts = await self._read(Parts, _EpisodeGroup(self._ask, "en").details(quote(group.id, safe="")))
        # Part 0 holds the specials where there is one.
        regular = sorted((one for one in parts.groups if one.order), key=lambda one: one.order)
        return [member.id for part in regular or parts.groups for member in part.episodes]

    async def _ask(self, action: str, params: str, language: str) -> bytes:
        """Send one request of the library's, and again while TMDB is only busy."""
        address = f"{self._url}{action}?{params}&language={quote(language)}"
        if (kept := self._answers.get(address)) is not None:
            return kept
        async with self._turn:
            body = await self._patiently(address)
        self._answers.keep(address, body)
        return body

    async def _patiently(self, address: str) -> bytes:
        address += f"&api_key={self._key}" if _OLD_KEY.fullmatch(self._key) else ""
        for wait in WAITS:
            try:
                return await self._once(address)
            except Refused as error:
                if (error.retry_after or 0) > MOST_WAIT:
                    raise
                await self._pause(wait if error.retry_after is None else error.retry_after)
        return await self._once(address)

    async def _once(self, address: str) -> bytes:
        body = bytearray()
        # Not chained: aiohttp's errors name the whole address, and the key may be in it.
        try:
            async with self._open().get(URL(address, encoded=True), allow_redirects=False) as response:
                _check(response.status, response.headers.get("Retry-After", ""))
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise PageChanged(f"TMDB answers with more than {MOST_BYTES} bytes")
        except ValueError:
            raise ConfigError("metadata.urls.tmdb is no address") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Refused(f"TMDB does not answer: {type(error).__name__}") from None
        return bytes(body)

    async def _read(self, model: type[Model], asked: Awaitable[bytes]) -> Model:
        body = await asked
        try:
            return await asyncio.to_thread(model.model_validate_json, body)
        except ValidationError as error:
            self._answers.drop(body)
            problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(map(str, problem["loc"])) or "the answer"
            raise PageChanged(f"TMDB answers in an unknown way: {where}: {problem['msg']}") from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            bearer = {} if _OLD_KEY.fullmatch(self._key) else {"Authorization": f"Bearer {self._key}"}
            self._session = aiohttp.ClientSession(
                headers={"Accept": "application/json", **bearer},
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self._timeout),
            )
        return self._session


class Clients:
    """One client for each key and address, shared by all who ask at the same time.

    It is closed when the last of them has gone, never under another. Answers are kept beyond that.
    """

    def __init__(self) -> None:
        self._answers = Answers()
        self._open: dict[tuple[str, str | None], tuple[TMDBClient, list[object]]] = {}

    @asynccontextmanager
    async def client(self, key: str, url: str | None) -> AsyncIterator[TMDBClient]:
        """The client, for as long as the block lasts."""
        new = TMDBClient(key, url=url, answers=self._answers)
        client, users = self._open.setdefault((key, url), (new, []))
        users.append(me := object())
        try:
            yield client
        finally:
            users.remove(me)
            if not users:
                del self._open[key, url]
                await client.close()


class _OverOurTransport:
    """Stands before a class of tmdbv3api: its one method that does I/O, replaced.

    The library's methods return what this returns, so they can be awaited.
    """

    language = ""

    def __init__(self, ask: Callable[[str, str, str], Awaitable[bytes]], language: str) -> None:
        # The library's own would open a session and write to the environment.
        self._ask, self.language = ask, language

    async def _request_obj(self, action: str, params: str = "", **_: object) -> bytes:
        return await self._ask(action, params, self.language)


class _Search(_OverOurTransport, Search):  # type: ignore[misc]
    pass


class _TV(_OverOurTransport, TV):  # type: ignore[misc]
    pass


class _Season(_OverOurTransport, Season):  # type: ignore[misc]
    pass


class _Find(_OverOurTransport, Find):  # type: ignore[misc]
    pass


class _EpisodeGroup(_OverOurTransport, Group):  # type: ignore[misc]
    pass


def _sendable(query: str) -> str:
    return query[:MOST_QUERY].encode(errors="replace").decode()


def _check(status: int, retry_after: str) -> None:
    if status in (401, 403):
        raise ConfigError(f"TMDB does not accept the key ({status})", hint="check metadata.keys.tmdb")
    if status == 404:
        raise Gone("TMDB does not know that")
    if status == 429 or status >= 500:
        seconds = float(retry_after) if retry_after.isdecimal() else None
        raise Refused(f"TMDB answered {status}", retry_after=seconds)
    if status != 200:
        raise PageChanged(f"TMDB answered {status}", hint="check metadata.urls.tmdb")
