"""A film in a library of films: confirmed once the server lists it among its films."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from anidana.core.models import Number
from anidana.core.news import MediaServer, NewFile, News
from anidana.integrations.jellyfin import Jellyfin
from anidana.integrations.kodi import Kodi

FILM = "/films/Ein Film (2025)/Ein Film (2025).mkv"
NEWS = News("/anime", "/films/Ein Film (2025)", "Ein Film", (NewFile(FILM, Number(0, 1)),))


@pytest.fixture
async def films() -> Any:
    """A Jellyfin and a Kodi at once, which know the films in `there` and no series."""

    class Films:
        there: tuple[str, ...] = ()
        url = ""

        async def jellyfin(self, request: web.Request) -> web.Response:
            wanted = self.there if request.query["includeItemTypes"] == "Movie" else ()
            items = [{"Id": str(number), "Path": path} for number, path in enumerate(wanted)]
            return web.json_response({"Items": items, "TotalRecordCount": len(items)})

        async def kodi(self, request: web.Request) -> web.Response:
            asked = await request.json()
            movies = [{"file": path} for path in self.there if asked["method"] == "VideoLibrary.GetMovies"]
            return web.json_response({"id": asked["id"], "jsonrpc": "2.0", "result": {"movies": movies}})

    it, app = Films(), web.Application()
    app.router.add_get("/Items", it.jellyfin)
    app.router.add_post("/jsonrpc", it.kodi)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield it
    await runner.cleanup()


@pytest.mark.parametrize("action", [Jellyfin(), Kodi()], ids=["jellyfin", "kodi"])
async def test_a_film_is_confirmed_once_it_is_listed_among_films(films: Any, action: Jellyfin | Kodi) -> None:
    server = MediaServer(action.name, action.name, films.url, "key", "user", "password", ())
    assert await action.confirm(server, NEWS) is False
    films.there = (FILM,)
    assert await action.confirm(server, NEWS) is True


def test_only_what_lies_apart_from_the_series_is_a_film() -> None:
    assert NEWS.is_film
    assert not News("/anime", "/anime/Frieren", "Frieren", ()).is_film
    assert News("/anime", "/anime2/Frieren", "Frieren", ()).is_film
