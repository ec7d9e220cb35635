"""A small TMDB on loopback, and an item to write about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from anidana.core import GERMAN_DUB, Episode, Item, MediaInfo, Number, Series

OLD_KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "a.bearer.token"


@dataclass
class FakeTmdb:
    """Answers by path; a list is gone through language by language, a search by query and year,
    and one for films by query and language.

    `url` is the address to give to a client. `trouble` is answered first, one status a request.
    """

    url: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    searches: dict[tuple[str, str, str | None], list[dict[str, Any]]] = field(default_factory=dict)
    films: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    trouble: list[tuple[int, Mapping[str, str], bytes]] = field(default_factory=list)
    asked: list[web.BaseRequest] = field(default_factory=list)

    def say(self, path: str, language: str | None = None, **answer: Any) -> None:
        """Answer a path, in one language or in all."""
        self.answers.setdefault(path, {})[language] = answer

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request)
        if self.trouble:
            status, headers, body = self.trouble.pop(0)
            return web.Response(status=status, headers=headers, body=body)
        key = request.query.get("api_key") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        if key not in (OLD_KEY, TOKEN, "key"):
            return web.json_response({"status_code": 7, "success": False}, status=401)
        language = request.query.get("language", "")
        path = request.path.removeprefix("/3")
        if path == "/search/tv":
            wanted = (request.query["query"], language, request.query.get("first_air_date_year"))
            return web.json_response({"page": 1, "results": self.searches.get(wanted, [])})
        if path == "/search/movie":
            return web.json_response({"results": self.films.get((request.query["query"], language), [])})
        by_language = self.answers.get(path, {})
        answer = by_language.get(language, by_language.get(None))
        if answer is None:
            return web.json_response({"status_code": 34, "success": False}, status=404)
        return web.json_response(answer)


@pytest.fixture
async def tmdb() -> AsyncIterator[FakeTmdb]:
    it = FakeTmdb()
    runner = web.ServerRunner(web.Server(it.serve), shutdown_timeout=0.1)
    await runner.setup()
    socket = web.TCPSite(runner, "127.0.0.1", 0)
    await socket.start()
    it.url = f"http://127.0.0.1:{runner.addresses[0][1]}/3"
    yield it
    await runner.cleanup()


@pytest.fixture
def item() -> Item:
    """An episode about which its catalogue knows everything."""
    series = Series(
        catalogue="aniworld",
        key="frieren",
        title="Frieren: Nach dem Ende der Reise",
        url="https://aniworld.to/anime/stream/frieren",
        seasons=(0, 1),
        year=2023,
        end_year=2024,
        description="Nach dem Sieg\nist die Reise nicht zu Ende.",
        cover="https://aniworld.to/cover.png",
        backdrop="https://aniworld.to/backdrop.jpg",
        genres=("Abenteuer", "Fantasy"),
        fsk=12,
        imdb="tt22248376",
        directors=("Keiichirou Saitou",),
        actors=("Atsumi Tanezaki", "Kana Ichinose"),
        studios=("Madhouse",),
        countries=("Japan",),
        rating=4.5,
        rating_count=3521,
    )
    media = MediaInfo("matroska", 1471.4, 3, "h264", 1920, 1080, "aac", ("deu", "und"), ("ger",), channels=2)
    return Item(series, Episode(Number(1, 2), "Aufbruch", "Departure"), GERMAN_DUB, media)
