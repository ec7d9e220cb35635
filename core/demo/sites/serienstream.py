"""The second practice catalogue: answers for serienstream.to, with the series of the first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

from aiohttp import web

from ...models import Number, Season
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Story, Upload, found_in, stable, story_of, uploads_of
from .serienstream_pages import (
    LANGUAGES,
    episode_page,
    feed_page,
    gate_page,
    not_found_page,
    path_of,
    search_page,
    season_page,
)

_EPISODE = re.compile(r"/serie/[^/]+/staffel-(\d+)/episode-(\d+)/?$")


class SerienStream:
    """The catalogue. A link's token is good once, and belongs to one showing of its page."""

    name = "serienstream"
    hosts: tuple[str, ...] = ("serienstream.to",)

    def __init__(self, media: Media, links: Mapping[str, Callable[[Upload], str]]) -> None:
        self._pictures = media.pictures
        self._links = links
        self._tokens: dict[str, Upload] = {}
        self._showings: Counter[str] = Counter()

    def number(self, path: str) -> Number | None:
        """The episode that a path is about; a link's does not say."""
        found = _EPISODE.search(path)
        return Number(int(found[1]), int(found[2])) if found else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        if faults.gated or (faults.gated_links and seen.path == "/r"):
            return html(gate_page())
        match seen.path.strip("/").split("/"):
            case ["api", "search", "suggest"]:
                shows = [
                    {"name": story.series.title, "url": path_of(story)}
                    for story in found_in(seen.query.get("term", ""))
                ]
                return web.json_response({"shows": shows, "people": [], "genres": []})
            case ["suche"]:
                return html(search_page(found_in(seen.query.get("term", ""))))
            case ["neue-episoden"]:
                return html(feed_page())
            case ["r"]:
                return self._redirect(seen.query.get("t", ""), faults)
            case ["serie", key, *rest] if (story := story_of(key)) and not faults.gone:
                return self._page(story, rest, self.number(seen.path), faults)
            case ["media", "images", kind, _, _]:
                size = "800x300" if kind == "backdrop" else "220x330"
                return web.Response(body=self._pictures[size], content_type="image/jpeg")
        return html(not_found_page(), 404)

    def _page(self, story: Story, rest: list[str], number: Number | None, faults: Faults) -> web.Response:
        if number is not None:
            episode = story.episode(number)
            if episode is None:
                return html(not_found_page(), 404)
            uploads = [one for one in uploads_of(story, number) if one.language in LANGUAGES]
            showing = path_of(story, number)
            self._showings[showing] += 1
            return html(
                episode_page(story, episode, [(one, self._token(one, showing, faults)) for one in uploads])
            )
        season = _season(story, rest)
        return html(season_page(story, season)) if season else html(not_found_page(), 404)

    def _token(self, upload: Upload, showing: str, faults: Faults) -> str:
        token = stable("token", upload.id, self._showings[showing], length=24)
        if not (faults.stale_links and self._showings[showing] == 1):
            self._tokens[f"{token}=="] = upload
        return token

    def _redirect(self, token: str, faults: Faults) -> web.Response:
        upload = self._tokens.pop(token, None)
        if upload is None:
            return web.Response(status=302, headers={"Location": "/"})
        if faults.gone or upload.provider not in self._links:
            return html(not_found_page(), 404)
        return web.Response(status=302, headers={"Location": self._links[upload.provider](upload)})


def _season(story: Story, rest: list[str]) -> Season | None:
    """What the end of a series' path asks for; without an end the first season, or else the films."""
    match rest:
        case []:
            return story.season(1) or story.seasons[0]
        case [leaf] if leaf.removeprefix("staffel-").isdecimal():
            return story.season(int(leaf.removeprefix("staffel-")))
    return None
