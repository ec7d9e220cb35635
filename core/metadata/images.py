"""Fetches pictures for the library: bounded, and looked at before anybody files them."""

from __future__ import annotations

import asyncio
import warnings
from types import TracebackType
from typing import Self

from ..errors import PageChanged, Refused
from ..fetch import Network, Visit, refusal
from ..steps import Page
from .pictures import inspect

MOST_BYTES = 10 * 1024 * 1024
MOST_SECONDS = 60.0
REMEMBERED = 4
"""Pictures kept for the next episode of the same series."""


class ImageDownloader:
    """Downloads pictures over an open network; an async context manager."""

    def __init__(self, network: Network, *, most_seconds: float = MOST_SECONDS) -> None:
        self._network = network
        self._most_seconds = most_seconds
        self._visit: Visit | None = None
        self._remembered: dict[str, bytes] = {}

    async def __aenter__(self) -> Self:
        self._visit = self._network.visit()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._visit = None
        self._remembered.clear()

    def __del__(self) -> None:
        if getattr(self, "_visit", None) is not None:
            warnings.warn("unclosed ImageDownloader", ResourceWarning, source=self, stacklevel=2)

    async def fetch(self, url: str) -> bytes:
        """One picture: JPEG, PNG or WebP.

        Raises PageChanged for anything else, too small or too large in pixels, Blocked for too many
        bytes, and the errors of `Visit.page` if it does not come.
        """
        if self._visit is None:
            raise RuntimeError("use `async with ImageDownloader(...)`")
        if url not in self._remembered:
            try:
                async with asyncio.timeout(self._most_seconds):
                    data = await self._read(self._visit, url)
            except TimeoutError:
                raise Refused(f"the picture did not come within {self._most_seconds:.0f} s") from None
            inspect(data)
            while len(self._remembered) >= REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[url] = data
        return self._remembered[url]

    async def _read(self, visit: Visit, url: str) -> bytes:
        accepted = {"Accept": "image/jpeg,image/png,image/webp"}
        async with self._network.pace.page(url), visit.open(url, accepted) as body:
            if body.status >= 400:
                raise refusal(Page(body.url, body.status, "", body.headers))
            if body.status != 200:
                raise PageChanged(f"the answer to a picture's address has the status {body.status}")
            return await body.read(MOST_BYTES)
