"""Series: what is followed, what could be, and how complete it is."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from ... import following
from ...errors import NotFound
from ...store import shelf, shelf_page
from ...store.sessions import get_db_session
from ...store.shelf import EpisodeRow, ShelfRow
from ...store.tables import Addition, AnimeSeries
from ..deps import Body, TheService

router = APIRouter(prefix="/api/anime", tags=["series"])

Key = Annotated[str, Path(max_length=800, description="Key of a series, or `site:key`.")]


class Series(BaseModel):
    """A followed series; `folder` is for display, `key` is what it is called by."""

    key: str
    site: str
    name: str
    year: int | None
    folder: str
    link: str
    episodes: int
    on_disk: int
    missing: int
    missing_episodes: dict[str, list[int]]


class Page(BaseModel):
    """Some series; `next` is the cursor of the following page."""

    items: list[Series]
    total: int
    next: str | None


class Episode(BaseModel):
    """An episode of a catalogue, and what is known of its file and its last job."""

    id: int
    season: int
    episode: int
    absolute: int | None
    title: str
    english_title: str
    kind: str
    languages: list[str]
    is_downloaded: bool
    file_path: str | None
    language: str | None
    size: int | None
    job: str | None
    reason: str | None


class Detail(Series):
    """A series with all its episodes."""

    plot: str
    list: list[Episode]


class Hit(BaseModel):
    """Something a catalogue has that fits the words."""

    key: str
    site: str
    name: str
    year: int | None
    link: str
    followed: bool


class Add(Body):
    """A series to follow: an address at a catalogue, `site:key`, or a title."""

    link: str = Field(min_length=1, max_length=1000)
    name: str = Field("", max_length=500)


class Loading(BaseModel):
    """How far a series is on its way in."""

    key: str
    site: str
    name: str
    status: str
    error: str
    started_at: datetime
    ended_at: datetime | None


class Changed(BaseModel):
    """What a look at the catalogue and the disk brought."""

    new: int
    changed: int


@router.get("", operation_id="list_series")
async def list_series(
    filter: Annotated[
        Literal["all", "missing", "no_episodes"], Query(description="`no_episodes`: none is on disk.")
    ] = "all",
    search: Annotated[str, Query(max_length=200)] = "",
    sort: Annotated[
        Literal["name", "year", "added", "missing", "on_disk"],
        Query(description="Largest first: `descending`."),
    ] = "name",
    descending: bool = False,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str, Query(max_length=2000, description="`next` of the page before.")] = "",
) -> Page:
    """Followed series, from counts that are kept as episodes come and go."""
    only = None if filter == "all" else filter
    after = _place(cursor, sort) if cursor else None
    async with get_db_session(read_only=True) as session:
        lines = await shelf_page.page(
            session, sort=sort, descending=descending, after=after, most=limit + 1, words=search, only=only
        )
        total = await shelf_page.count(session, words=search, only=only)
        ids = [line.id for line in lines[:limit]]
        missing = await shelf_page.missing_numbers(session, ids)
        links = await shelf_page.links(session, ids)
    items = [
        Series(
            key=line.key, site=line.site, name=line.name, year=line.year, folder=line.folder,
            link=links[line.id], episodes=line.episodes, on_disk=line.on_disk, missing=line.missing,
            missing_episodes=missing.get(line.id, {}),
        )
        for line in lines[:limit]
    ]  # fmt: skip
    return Page(items=items, total=total, next=_cursor(lines[limit - 1]) if len(lines) > limit else None)


def _cursor(line: shelf_page.SeriesLine) -> str:
    place = line.place.isoformat() if isinstance(line.place, datetime) else line.place
    return urlsafe_b64encode(json.dumps([place, line.id]).encode()).decode()


def _place(cursor: str, sort: str) -> tuple[str | int | datetime, int]:
    """Where the page before ended; NotFound for a cursor that is none of this order."""
    try:
        place, id_ = json.loads(urlsafe_b64decode(cursor))
        if type(id_) is int and abs(id_) < 2**62:
            if sort == "added" and isinstance(place, str) and (at := datetime.fromisoformat(place)).tzinfo:
                return at, id_
            if sort == "name" and isinstance(place, str) and "\0" not in place and place.encode():
                return place, id_
            if sort not in ("added", "name") and type(place) is int and abs(place) < 2**31:
                return place, id_
    except (ValueError, TypeError, RecursionError):
        pass
    raise NotFound("this is no cursor of such a list", hint="begin with the first page")


@router.get("/search", operation_id="search_series")
async def search_series(
    service: TheService,
    q: Annotated[str, Query(min_length=1, max_length=200)],
    site: Annotated[str, Query(max_length=100)] = "",
) -> list[Hit]:
    """Look for a series at every catalogue, or at one."""
    found = await following.search(service.app, q, site=site)
    return [
        Hit(key=one.hit.key, site=one.hit.catalogue, name=one.hit.title, year=one.hit.year,
            link=one.hit.url, followed=one.followed)
        for one in found
    ]  # fmt: skip


@router.post("/add", status_code=202, operation_id="add_series")
async def add_series(body: Add, service: TheService) -> Loading:
    """Follow a series; it is read in the background, and this answers at once."""
    catalogue, key = await following.choose(service.app, body.link)
    return _loading(await service.adding.add(catalogue, key, body.name))


@router.get("/{key}", operation_id="get_series")
async def get_series(key: Key) -> Detail:
    """A series with all its episodes."""
    async with get_db_session(read_only=True) as session:
        series = await shelf.followed(session, key)
        rows = await shelf.episodes(session, series_ids=[series.id])
    seasons: dict[str, list[int]] = {}
    for row in rows:
        if not row.episode.is_downloaded:
            seasons.setdefault(str(row.episode.season), []).append(row.episode.episode_number)
    counts = ShelfRow(series, series.episode_count, series.on_disk_count, series.lost_file_count)
    return Detail(
        key=series.key, site=series.site, name=series.name, year=series.year, folder=series.folder,
        link=str(series.details.get("url", "")), episodes=counts.episodes, on_disk=counts.on_disk,
        missing=counts.missing, missing_episodes=seasons, plot=str(series.details.get("plot", "")),
        list=[_episode(row) for row in rows],
    )  # fmt: skip


def _episode(row: EpisodeRow) -> Episode:
    one, file, job = row.episode, row.file, row.job
    return Episode(
        id=one.id, season=one.season, episode=one.episode_number, absolute=one.absolute, title=one.title,
        english_title=one.english_title, kind=one.kind, languages=one.languages,
        is_downloaded=one.is_downloaded, file_path=one.file_path, language=file.language if file else None,
        size=file.size if file else None, job=job.status if job else None,
        reason=job.error_message if job and not one.is_downloaded else None,
    )  # fmt: skip


@router.get("/{key}/loading-status", operation_id="series_loading_status")
async def loading_status(key: Key, service: TheService) -> Loading:
    """How far a series is that was added."""
    site, _, bare = key.rpartition(":")
    for catalogue in service.app.plugins.catalogues:
        if site in ("", catalogue.name):
            row = await service.adding.state_of(catalogue.name, bare)
            if row is not None:
                return _loading(row)
    raise NotFound(f"nobody asked to add {key[:100]!r}")


def _loading(row: Addition) -> Loading:
    return Loading(
        key=row.key, site=row.site, name=row.name, status=row.state, error=row.error,
        started_at=row.created_at, ended_at=row.ended_at,
    )  # fmt: skip


@router.post("/{key}/rescan", operation_id="rescan_series")
async def rescan_series(key: Key, service: TheService) -> Changed:
    """Compare one series with its catalogue and with the disk."""
    update = await following.bring_up_to_date(service.app, await _find(key))
    service.bus.publish("series.changed", {"key": key, "new": update.new, "changed": update.changed})
    return Changed(new=update.new, changed=update.changed)


@router.delete("/{key}", status_code=204, operation_id="remove_series")
async def remove_series(key: Key, service: TheService) -> None:
    """Stop following a series; its files stay."""
    series = await _find(key)
    async with get_db_session() as session:
        await shelf.unfollow(session, series.id)
    service.bus.publish("series.removed", {"key": series.key, "site": series.site, "folder": series.folder})


async def _find(key: str) -> AnimeSeries:
    async with get_db_session(read_only=True) as session:
        return await shelf.followed(session, key)
