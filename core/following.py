"""Searching, following and re-reading series: what commands and the API do alike."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from .app import App
from .errors import NotFound, SetupError
from .hooks import Catalogue
from .library.folders import check_mounted
from .library.naming import clean, series_folder
from .library.scan import FoundFile, scan_series
from .models import Hit, Number, Season, Series
from .store import shelf
from .store.sessions import get_db_session, get_transactional_session
from .store.tables import AnimeSeries, SystemSettings, now


@dataclass(frozen=True, slots=True)
class Found:
    """A search hit, and whether it is followed already."""

    hit: Hit
    followed: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A series with all its seasons, as its catalogue lists them now."""

    series: Series
    seasons: tuple[Season, ...]

    @property
    def count(self) -> int:
        """Entries in all seasons."""
        return sum(len(season.episodes) for season in self.seasons)


async def search(app: App, query: str) -> list[Found]:
    """Ask the catalogue."""
    hits = await app.ask(app.catalogue().search(query))
    async with get_db_session(read_only=True) as session:
        keys = {row.series.key for row in await shelf.shelf(session)}
    return [Found(hit, hit.key in keys) for hit in hits]


async def choose(app: App, words: str, pick: int | None = None) -> tuple[Catalogue, str]:
    """The catalogue and key that people mean by a title, a key or an address.

    NotFound with candidates if the title fits none or several; `pick` counts them from 1.
    """
    for catalogue in app.plugins.catalogues:
        if key := catalogue.key_of(words):
            return catalogue, key
    catalogue = app.catalogue()
    hits = await app.ask(catalogue.search(words))
    if pick is not None:
        if not 1 <= pick <= len(hits):
            raise NotFound(f"there is no hit number {pick} for {words!r}", candidates=_titles(hits))
        return catalogue, hits[pick - 1].key
    wanted = words.casefold().strip()
    exact = [hit for hit in hits if wanted in (hit.title.casefold(), hit.key)]
    if len(exact) == 1 or len(hits) == 1:
        return catalogue, (exact or hits)[0].key
    if hits:
        raise NotFound(
            f"{words!r} fits several series",
            candidates=_titles(hits),
            hint="give the whole title, the address, or --pick N",
        )
    raise NotFound(f"{catalogue.name} knows no series called {words!r}", hint="try fewer words")


def _titles(hits: list[Hit]) -> list[str]:
    return [f"{hit.title} ({hit.year})" if hit.year else hit.title for hit in hits]


async def look(app: App, catalogue: Catalogue, key: str) -> Listing:
    """Read a series and all its seasons from its catalogue; nothing is stored."""
    series = await app.ask(catalogue.series(key))
    seasons = [await app.ask(catalogue.season(key, number)) for number in series.seasons]
    return Listing(series, tuple(seasons))


async def follow(app: App, listing: Listing) -> AnimeSeries:
    """Store a listing and follow its series; for a new one, what the library holds counts as on disk.

    A series that was followed before is only brought up to date: another process may be filing its
    episodes right now, and a scan would miss them.
    """
    folder = series_folder(listing.series, app.settings.library.naming)
    async with get_db_session() as session:
        known = await shelf.by_key(session, listing.series.key)
        new = known is None or not known.followed
        if known is None and await shelf.has_folder(session, folder):
            folder = clean(f"{folder} [{listing.series.key}]")
    root = app.library() if app.settings.library.anime_directory else None
    folder = known.folder if known is not None else folder
    found = await asyncio.to_thread(scan_series, root / folder) if new and root is not None else {}
    async with get_db_session() as session:
        row = await _save(session, listing, folder)
        if new:
            await shelf.set_found(session, row.id, _paths(found))
    return row


async def _save(session: AsyncSession, listing: Listing, folder: str) -> AnimeSeries:
    row = await shelf.save_series(session, listing.series, folder)
    for season in listing.seasons:
        await shelf.save_season(session, row.id, season)
    return row


@dataclass(frozen=True, slots=True)
class Update:
    """What a scan of one series brought: new episodes at the catalogue, changes on disk."""

    new: int
    changed: int


async def bring_up_to_date(app: App, row: AnimeSeries, *, ask: bool = True, dry_run: bool = False) -> Update:
    """Compare a followed series with its folder and, with `ask`, with its catalogue; needs the lock.

    SetupError, and nothing changed, if the library is not there.
    """
    listing = await look(app, app.plugins.catalogue(row.site), row.key) if ask else None
    library = app.library()
    found = await asyncio.to_thread(scan_series, _folder(library, row))
    async with get_transactional_session() as session:
        if not found:
            check_mounted(library, await shelf.holds_files(session))
        before = await shelf.count_episodes(session, row.id)
        if listing is not None:
            await _save(session, listing, row.folder)
        new = await shelf.count_episodes(session, row.id) - before
        changed = await shelf.set_found(session, row.id, _paths(found))
        if not dry_run:
            await session.commit()
    return Update(new, changed)


def _paths(found: Mapping[Number, FoundFile]) -> dict[Number, str]:
    return {number: str(file.path) for number, file in found.items()}


async def note_scan() -> None:
    """Remember that all followed series have just been compared with the library."""
    async with get_db_session() as session:
        await session.merge(SystemSettings(id=1, last_scan_timestamp=now()))


def _folder(library: Path, row: AnimeSeries) -> Path:
    folder = library / row.folder
    if not row.folder or folder.parent != library:
        raise SetupError(f"the series {row.name!r} has no proper folder name: {row.folder!r}")
    return folder
