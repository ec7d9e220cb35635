"""The client for TMDB: tmdbv3api knows the endpoints, the transport is ours.

The library sends everything through one method, `_request_obj`. As it comes, that method has no
timeout, puts key and language into the environment and caches errors; ours asks this client.
"""

from __future__ import annotations

import asyncio
import json
import re
import warnings
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Annotated, Any, Self, TypeVar
from urllib.parse import quote

import aiohttp
from pydantic import BaseModel, BeforeValidator, ValidationError
from tmdbv3api import TV, Find, Search, Season
from yarl import URL

from anidana.core import ConfigError, Gone, PageChanged, Refused

from ._tmdb_extras import APPENDED, EntryExtras, Extras, SeasonExtras

Model = TypeVar("Model", bound=BaseModel)
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""TMDB says null where it has no text."""

Minutes = Annotated[int | None, BeforeValidator(lambda value: value if value in range(1, 1000) else None)]
"""TMDB says 0 or null where it does not know."""

URL_OF_TMDB = "https://api.themoviedb.org/3"
TIMEOUT_SECONDS = 20.0
MOST_QUERY = 200
MOST_BYTES = 4 * 1024 * 1024
WAITS = (1.0, 4.0)
MOST_WAIT = 30.0
"""Seconds before another try; a longer Retry-After is not waited for."""

_OLD_KEY = re.compile(r"[0-9a-f]{32}")
"""A key of API version 3, which TMDB takes in the query only; all others are bearer tokens."""


class Show(BaseModel, frozen=True):
    """A series as a search lists it."""

    id: int
    name: Text = ""
    original_name: Text = ""
    first_air_date: Text = ""

    @property
    def year(self) -> int | None:
        """When it began."""
        return int(self.first_air_date[:4]) if self.first_air_date[:4].isdecimal() else None


class Named(BaseModel):
    """A genre or a studio."""

    name: Text = ""


class SeasonCount(SeasonExtras):
    """How many episodes a season has."""

    season_number: int
    episode_count: int = 0


class ExternalIds(BaseModel):
    """What other databases call a series."""

    imdb_id: Text = ""
    tvdb_id: int | None = None


class Details(Show, Extras):
    """All that is asked about one series."""

    overview: Text = ""
    status: Text = ""
    genres: list[Named] = []
    production_companies: list[Named] = []
    seasons: list[SeasonCount] = []
    external_ids: ExternalIds = ExternalIds()
    poster_path: str | None = None
    backdrop_path: str | None = None


class Entry(EntryExtras):
    """An episode of a season."""

    id: int
    episode_number: int
    name: Text = ""
    overview: Text = ""
    air_date: Text = ""
    runtime: Minutes = None


class _Shows(BaseModel):
    results: list[Show] = []


class _ShowsById(BaseModel):
    tv_results: list[Show] = []


class _Title(BaseModel):
    title: Text = ""


class _Titles(BaseModel):
    results: list[_Title] = []


class _Entries(BaseModel):
    episodes: list[Entry] = []


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
    ) -> None:
        self._key = api_key
        self._url = (url or URL_OF_TMDB).rstrip("/")
        self._timeout, self._pause = timeout, pause
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
        plain = query[:MOST_QUERY].encode(errors="replace").decode()
        answer = await _Search(self._ask, language).tv_shows(plain, release_year=year)
        return _read(_Shows, answer).results

    async def find_by_imdb_id(self, imdb_id: str, *, language: str = "en") -> list[Show]:
        """The series with an IMDb id."""
        answer = await _Find(self._ask, language).find_by_imdb_id(quote(imdb_id, safe=""))
        return _read(_ShowsById, answer).tv_results

    async def alternative_titles(self, show_id: int) -> list[str]:
        """What a series is called elsewhere."""
        answer = await _TV(self._ask, "en").alternative_titles(show_id)
        return [title.title for title in _read(_Titles, answer).results]

    async def details(self, show_id: int, *, language: str = "en", pictures: Sequence[str] = ()) -> Details:
        """What is known about a series; with `pictures`, those in these languages and without text, too."""
        more = f"&include_image_language={quote(','.join([*pictures, 'null']))}" if pictures else ""
        answer = await _TV(self._ask, language).details(show_id, append_to_response=APPENDED + more)
        return _read(Details, answer)

    async def season(self, show_id: int, number: int, *, language: str = "en") -> list[Entry]:
        """The episodes of a season."""
        answer = await _Season(self._ask, language).details(show_id, number, append_to_response="")
        return _read(_Entries, answer).episodes

    async def _ask(self, action: str, params: str, language: str) -> Any:
        """Send one request of the library's, and again while TMDB is only busy."""
        key = f"&api_key={self._key}" if _OLD_KEY.fullmatch(self._key) else ""
        address = f"{self._url}{action}?{params}&language={quote(language)}{key}"
        for wait in WAITS:
            try:
                return await self._once(address)
            except Refused as error:
                if (error.retry_after or 0) > MOST_WAIT:
                    raise
                await self._pause(wait if error.retry_after is None else error.retry_after)
        return await self._once(address)

    async def _once(self, address: str) -> Any:
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
        try:
            return json.loads(body)
        except ValueError:
            raise PageChanged("TMDB's answer is not JSON") from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            bearer = {} if _OLD_KEY.fullmatch(self._key) else {"Authorization": f"Bearer {self._key}"}
            self._session = aiohttp.ClientSession(
                headers={"Accept": "application/json", **bearer},
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=self._timeout),
            )
        return self._session


class _OverOurTransport:
    """Stands before a class of tmdbv3api: its one method that does I/O, replaced.

    The library's methods return what this returns, so they can be awaited.
    """

    language = ""

    def __init__(self, ask: Callable[[str, str, str], Awaitable[Any]], language: str) -> None:
        # The library's own would open a session and write to the environment.
        self._ask, self.language = ask, language

    async def _request_obj(self, action: str, params: str = "", **_: object) -> Any:
        return await self._ask(action, params, self.language)


class _Search(_OverOurTransport, Search):  # type: ignore[misc]
    pass


class _TV(_OverOurTransport, TV):  # type: ignore[misc]
    pass


class _Season(_OverOurTransport, Season):  # type: ignore[misc]
    pass


class _Find(_OverOurTransport, Find):  # type: ignore[misc]
    pass


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


def _read(model: type[Model], answer: object) -> Model:
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, problem["loc"])) or "the answer"
        raise PageChanged(f"TMDB answers in an unknown way: {where}: {problem['msg']}") from None
