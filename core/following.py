"""Searching, following and re-reading series: what commands and the API do alike."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import zip_longest
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from .app import App
from .errors import ConfigError, NotFound, SourceError
from .hooks import Catalogue, Feed
from .library.naming import series_folder, told_apart
from .models import Hit, Season, Series
from .scanning import compare, look_at
from .store import facts, shelf
from .store.sessions import get_db_session, get_transactional_session
from .store.tables import AnimeSeries, now

log = logging.getLogger(__name__)

ASK_AFTER = timedelta(days=1)
"""A series is asked for this long after the last time, whatever the catalogue lists as new."""

Warn: TypeAlias = Callable[[str], None]
"""Who hears of a site that failed while others answered."""


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


async def search(app: App, query: str, *, site: str = "", warn: Warn = log.warning) -> list[Found]:
    """Ask every catalogue, or the one named `site`; the best hit of each comes before all second ones.

    A catalogue that fails costs a warning; its error comes out if there is no other.
    """
    hits = await _hits(app, query, site, warn)
    async with get_db_session(read_only=True) as session:
        known = {(row.series.site, row.series.key) for row in await shelf.shelf(session)}
    return [Found(hit, (hit.catalogue, hit.key) in known) for hit in hits]


async def _hits(app: App, query: str, site: str, warn: Warn) -> list[Hit]:
    catalogues = app.catalogues(site)
    answers = await asyncio.gather(*(_hits_at(app, one, query) for one in catalogues))
    errors = [answer for answer in answers if isinstance(answer, SourceError)]
    if len(errors) == len(answers):
        raise errors[0]
    for one, answer in zip(catalogues, answers, strict=True):
        if isinstance(answer, SourceError):
            warn(f"{one.name} was not searched: {answer}")
    found = [answer for answer in answers if not isinstance(answer, SourceError)]
    return [hit for tier in zip_longest(*found) for hit in tier if hit is not None]


async def _hits_at(app: App, catalogue: Catalogue, query: str) -> list[Hit] | SourceError:
    try:
        hits = await app.glance(catalogue, partial(catalogue.search, query))
        return hits or await app.ask(catalogue, catalogue.search(query))  # it may have come since
    except SourceError as error:
        return error


async def choose(
    app: App, words: str, pick: int | None = None, *, site: str = "", warn: Warn = log.warning
) -> tuple[Catalogue, str]:
    """The catalogue and key that people mean by a title, a key, `site:key` or an address.

    A title that several sites have is taken from the first of them. NotFound with candidates if it
    fits none or several; `pick` counts them from 1.
    """
    for catalogue in app.plugins.catalogues:
        if key := catalogue.key_of(words) or _after(f"{catalogue.name}:", words):
            return catalogue, key
    hits = await _hits(app, words, site, warn)
    if pick is not None:
        if not 1 <= pick <= len(hits):
            raise NotFound(f"there is no hit number {pick} for {words!r}", candidates=_titles(hits))
        return _place(app, hits[pick - 1])
    wanted = words.casefold().strip()
    exact = [hit for hit in hits if wanted in (hit.title.casefold(), hit.key)]
    for catalogue in app.catalogues(site):
        if here := [hit for hit in exact if hit.catalogue == catalogue.name]:
            exact = here
            break
    if len(exact) == 1 or len(hits) == 1:
        return _place(app, (exact or hits)[0])
    if hits:
        raise NotFound(
            f"{words!r} fits several series",
            candidates=_titles(hits),
            hint="give the whole title, the address, or --pick N",
        )
    names = ", ".join(one.name for one in app.catalogues(site))
    raise NotFound(f"{names}: no series is called {words!r}", hint="try fewer words")


def _after(start: str, words: str) -> str:
    words = words.strip()
    return words[len(start) :] if words.startswith(start) else ""


def _place(app: App, hit: Hit) -> tuple[Catalogue, str]:
    return app.plugins.catalogue(hit.catalogue), hit.key


def _titles(hits: list[Hit]) -> list[str]:
    several = len({hit.catalogue for hit in hits}) > 1
    return [
        hit.title + (f" ({hit.year})" if hit.year else "") + (f" at {hit.catalogue}" if several else "")
        for hit in hits
    ]


async def look(app: App, catalogue: Catalogue, key: str) -> Listing:
    """Read a series and all its seasons from its catalogue; nothing is stored."""
    series = await app.ask(catalogue, catalogue.series(key))
    seasons = [await app.ask(catalogue, catalogue.season(key, number)) for number in series.seasons]
    return Listing(series, tuple(seasons))


async def glance(app: App, catalogue: Catalogue, key: str) -> Listing:
    """As `look`, from copies up to a week old where there are any."""
    series = await app.glance(catalogue, partial(catalogue.series, key))
    seasons = [await app.glance(catalogue, partial(catalogue.season, key, n)) for n in series.seasons]
    return Listing(series, tuple(seasons))


async def glance_series(app: App, catalogue: Catalogue, key: str) -> Series:
    """A series' page alone, from a copy up to a week old where there is one."""
    return await app.glance(catalogue, partial(catalogue.series, key))


async def follow(app: App, listing: Listing, *, folder: str = "") -> AnimeSeries:
    """Store a listing and follow its series; for a new one, what the library holds counts as on disk.

    `folder` is where it is in the library, if somebody has said so.
    A series that was followed before is only brought up to date: another process may be filing its
    episodes right now, and a scan would miss them.
    """
    chosen, folder = folder, folder or series_folder(listing.series, app.settings.library.naming)
    async with get_db_session() as session:
        known = await shelf.by_key(session, listing.series.catalogue, listing.series.key)
        new = known is None or not known.followed
        if known is None and not chosen and await shelf.has_folder(session, folder):
            folder = told_apart(folder, listing.series.key)
    folder = chosen or (known.folder if known is not None else folder)
    look_there = (new or chosen) and app.settings.library.anime_directory
    seen = await look_at(app, folder) if look_there else None
    async with get_db_session() as session:
        row = await _save(session, listing, folder)
        row.folder = folder
        if seen is not None:
            await compare(session, row, seen)
    return row


async def _save(session: AsyncSession, listing: Listing, folder: str) -> AnimeSeries:
    row = await shelf.save_series(session, listing.series, folder)
    row.asked_at = now()
    for season in listing.seasons:
        await shelf.save_season(session, row.id, season)
    return row


async def worth_asking(app: App, rows: Sequence[AnimeSeries], warn: Warn = log.warning) -> set[int]:
    """Ids of the series that a scan should ask their catalogue for.

    Where a catalogue lists what is new on one page, that page is read first: what it does not name, and was
    asked for within a day, cannot have changed. If it cannot be read, every series is worth asking for.
    """
    worth = {row.id for row in rows if row.asked_at is None or now() - row.asked_at > ASK_AFTER}
    for site in sorted({row.site for row in rows if row.id not in worth}):
        here = [row for row in rows if row.site == site]
        named = {row.key for row in here}
        try:
            catalogue = app.plugins.catalogue(site)
            if isinstance(catalogue, Feed):
                named = {release.key for release in await app.ask(catalogue, catalogue.newest())}
        except (SourceError, ConfigError) as error:
            warn(f"what is new at {site} cannot be read: {error}")
        worth |= {row.id for row in here if row.key in named}
    return worth


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
    seen = await look_at(app, row.folder)
    async with get_transactional_session() as session:
        before = await shelf.count_episodes(session, row.id)
        if listing is not None:
            await _save(session, listing, row.folder)
        new = await shelf.count_episodes(session, row.id) - before
        changed = await compare(session, row, seen)
        if not dry_run:
            await session.commit()
    return Update(new, changed.came + changed.went + changed.moved)


async def note_scan() -> None:
    """Remember that all followed series have just been compared with the library."""
    async with get_db_session() as session:
        await facts.note(session, last_scan_timestamp=now())
