"""A browser that asks the practice network and knows nothing else of this project."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest
from yarl import URL

from anidana.core.demo.network import PracticeNetwork


@dataclass(frozen=True)
class Answer:
    """What came back; `url` is the one that was asked last."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Browser:
    """Sends every request to one address, with the Host it was meant for; follows redirects."""

    address: str
    session: aiohttp.ClientSession
    agent: str = "Practice/1.0"
    hops: list[str] = field(default_factory=list)

    async def ask(
        self, url: str, method: str = "GET", *, form: dict[str, str] | None = None, **headers: str
    ) -> Answer:
        """Ask for something; `Referer="…"` and the like are headers, an underscore is a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for _ in range(6):
            self.hops.append(url)
            parts = urlsplit(url)
            path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            async with self.session.request(
                method,
                URL(f"http://{self.address}{path}", encoded=True),
                headers={"Host": parts.netloc, "User-Agent": self.agent, **named},
                data=form,
                allow_redirects=False,
            ) as response:
                body = await response.read()
            if response.status not in (301, 302):
                found = {name.lower(): value for name, value in response.headers.items()}
                return Answer(url, response.status, found, body)
            url = urljoin(url, response.headers["Location"])
        raise AssertionError("the redirects do not end")


@pytest.fixture
async def browse() -> AsyncIterator[Callable[[PracticeNetwork], Browser]]:
    """Makes browsers on any practice network."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield lambda network: Browser(network.address, session)


@pytest.fixture
async def browser(practice: PracticeNetwork, browse: Callable[[PracticeNetwork], Browser]) -> Browser:
    """A browser on the practice network."""
    return browse(practice)
