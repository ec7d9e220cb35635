"""The client for a media server: one address that the owner wrote down, and never another.

Pages may lead anywhere and go through `fetch.py`. A media server often stands in the owner's own
network and is sent a key, so it is asked directly, and no redirect is followed: the key would
travel along.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

from .errors import AnidanaError, ConfigError, Refused
from .news import MediaServer

if TYPE_CHECKING:
    import aiohttp

# aiohttp and pydantic are imported on use: every command imports this module, `--help` too.

T = TypeVar("T")

TIMEOUT_SECONDS = 10.0
MOST_BYTES = 8 * 1024 * 1024
MOST_RETRY_SECONDS = 900.0


class ServerClient:
    """A connection to one media server; an async context manager.

    `authorization` is the header that proves who we are, `settings` names the settings it was made
    from. Every request raises ConfigError if the server does not accept it, which no retry mends,
    and Refused for any other failure. Texts hold neither secrets nor what the server said.
    """

    def __init__(
        self, server: MediaServer, authorization: str, settings: str, *, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        self._name, self._root = server.name, _root(server.url)
        self._authorization, self._settings = authorization, settings
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    def __str__(self) -> str:
        return f"{self._name} at {self._root}"

    async def __aenter__(self) -> Self:
        import aiohttp

        self._session = aiohttp.ClientSession(
            headers={"Authorization": self._authorization, "Accept": "application/json"},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def __del__(self) -> None:
        if getattr(self, "_session", None) is not None:
            warnings.warn(f"unclosed client of {self}", ResourceWarning, source=self, stacklevel=2)

    async def send(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, json: object = None
    ) -> bytes:
        """Send one request and return the body of the answer, empty where there is none."""
        import aiohttp

        if self._session is None:
            raise RuntimeError("use `async with ServerClient(...)`")
        try:
            async with self._session.request(
                method, self._root + path, params=params, json=json, allow_redirects=False
            ) as response:
                if not 200 <= response.status < 300:
                    raise self._refusal(response.status, response.headers.get("Retry-After", ""))
                return await self._read(response)
        except aiohttp.InvalidURL as error:
            raise ConfigError(f"media_servers.url of {self} is no address") from error
        except aiohttp.ClientSSLError as error:
            raise Refused(f"{self} has no certificate that we trust") from error
        except (aiohttp.ClientConnectorError, TimeoutError) as error:
            raise Refused(f"{self} does not answer") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Refused(f"{self} broke off: {type(error).__name__}") from error

    async def ask(
        self,
        answer: type[T],
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
    ) -> T:
        """Send one request and read the JSON of the answer as an `answer`, a type that pydantic knows."""
        from pydantic import TypeAdapter, ValidationError

        body = await self.send(method, path, params=params, json=json)
        try:
            return TypeAdapter(answer).validate_json(body)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(map(str, problem["loc"])) or "the answer"
            raise Refused(
                f"{self} answers in an unknown way: {where}: {problem['msg']}", hint="check media_servers.url"
            ) from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MOST_BYTES:
                raise Refused(f"{self} answers with more than {MOST_BYTES} bytes")
        return bytes(body)

    def _refusal(self, status: int, retry_after: str) -> AnidanaError:
        if status in (401, 403):
            return ConfigError(f"{self} does not let us in ({status})", hint=f"check {self._settings}")
        if 300 <= status < 400:
            return Refused(
                f"{self} redirects to another address", hint="set media_servers.url to where it redirects"
            )
        seconds = min(float(retry_after), MOST_RETRY_SECONDS) if retry_after.isdecimal() else None
        return Refused(f"{self} answered {status}", retry_after=seconds)


def _root(url: str) -> str:
    """The owner's address without user, query and trailing slash; it appears in texts."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigError("media_servers.url is no address") from None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
