"""The practice catalogue: answers for aniworld.to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from urllib.parse import parse_qs

from aiohttp import web

from ...models import Number, Season
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import ROOT, STORIES, Story, Upload, found_in, stable, story_of, upload_by_id
from .catalogue_pages import (
    alphabet_page,
    english_title,
    episode_page,
    feed_page,
    gate_page,
    not_found_page,
    path_of,
    season_page,
)

_EPISODE = re.compile(r"/anime/stream/[^/]+/(?:staffel-(\d+)|filme)/(?:episode|film)-(\d+)/?$")
_REDIRECT = re.compile(r"/redirect/(\d+)/?$")


class AniWorld:
    """The catalogue. Its pages are always those of `story.STORIES`; `links` are the hosts', by label."""

    name = "aniworld"
    hosts: tuple[str, ...] = ("aniworld.to",)

    def __init__(self, media: Media, links: Mapping[str, Callable[[Upload], str]]) -> None:
        self._pictures = media.pictures
        self._links = links

    def number(self, path: str) -> Number | None:
        """The episode that a path is about."""
        if found := _EPISODE.search(path):
            return Number(int(found[1] or 0), int(found[2]))
        upload = _linked(path)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        if faults.gated or (faults.gated_links and _REDIRECT.match(seen.path)):
            return html(gate_page())
        match seen.path.strip("/").split("/"):
            case ["ajax", "seriesSearch"]:
                return _as_html(list(_hits(seen.query.get("keyword", ""))))
            case ["ajax", "search"] if seen.method == "POST":
                form = parse_qs(seen.body.decode())
                return _as_html(list(_findings(form.get("keyword", [""])[0])))
            case ["neue-episoden"]:
                return html(feed_page())
            case ["animes-alphabet"]:
                return html(alphabet_page())
            case ["redirect", _]:
                return self._redirect(seen.path, faults)
            case ["anime", "stream", key, *rest] if (story := story_of(key)) and not faults.gone:
                return _page(story, rest, self.number(seen.path), faults)
            case ["public", "img", "cover", file]:
                size = file.removesuffix(".jpg").rpartition("_")[2]
                if size in self._pictures:
                    return web.Response(body=self._pictures[size], content_type="image/jpeg")
        return html(not_found_page(), 404 if seen.path.startswith("/public/") else 200)

    def _redirect(self, path: str, faults: Faults) -> web.Response:
        upload = _linked(path)
        if upload is None or faults.gone or upload.provider not in self._links:
            return html(not_found_page(), 404)
        return web.Response(status=301, headers={"Location": self._links[upload.provider](upload)})


def _page(story: Story, rest: list[str], number: Number | None, faults: Faults) -> web.Response:
    if number is not None:
        return html(episode_page(story, number))
    season = _season(story, rest)
    return html(season_page(story, season, faults) if season else not_found_page())


def _season(story: Story, rest: list[str]) -> Season | None:
    """What the end of a series' path asks for; without an end the first season, or else the films."""
    match rest:
        case []:
            return story.season(1) or story.seasons[0]
        case ["filme"]:
            return story.season(0)
        case [leaf] if leaf.removeprefix("staffel-").isdecimal():
            return story.season(int(leaf.removeprefix("staffel-")))
    return None


def _linked(path: str) -> Upload | None:
    found = _REDIRECT.match(path)
    return upload_by_id(int(found[1])) if found else None


def _as_html(value: object) -> web.Response:
    """JSON as the site sends it: labelled as a page."""
    return html(json.dumps(value))


def _hits(keyword: str) -> Iterator[dict[str, str]]:
    """Answers of `/ajax/seriesSearch`: series only."""
    for story in found_in(keyword):
        series = story.series
        yield {
            "name": escape(series.title),
            "link": series.key,
            "description": escape(series.description[:120]) + "&#8230;",
            "cover": (series.cover or "").removeprefix(ROOT).replace("220x330", "150x225"),
            "productionYear": f"({series.year} - {series.end_year or 'Heute'})",
        }


def _findings(keyword: str) -> Iterator[dict[str, str]]:
    """Answers of `/ajax/search`: series, episodes and questions in the forum."""
    for story in found_in(keyword):
        yield _finding(
            story.series.title, story.series.description, f"/anime/stream/{story.series.key}", keyword
        )
    for story in STORIES:
        for episode in story.episodes:
            place = f"{story.series.title} Staffel {episode.number.season} Episode {episode.number.episode}"
            title = f"{episode.title} {english_title(episode)}: {place}"
            if keyword.strip() and keyword.lower() in title.lower():
                link = path_of(story, episode.number).replace("/filme/film-", "/staffel-0/episode-")
                yield _finding(title, story.plots.get(episode.number, ""), link, keyword)
    if keyword.strip():
        yield _finding(f"{keyword} Filme", "", f"/support/frage/{stable(keyword)}", keyword)


def _finding(title: str, description: str, link: str, keyword: str) -> dict[str, str]:
    # The site escapes apostrophes twice and marks the hit.
    title, description = (
        re.sub(
            re.escape(escape(keyword)),
            lambda hit: f"<em>{hit[0]}</em>",
            escape(text).replace("&#x27;", "&amp;#039;"),
            flags=re.IGNORECASE,
        )
        for text in (title, description[:120])
    )
    return {"title": title, "description": description, "link": link}
