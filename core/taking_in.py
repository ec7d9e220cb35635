"""Takes in folders that are in the library already: which series they hold, and who says so.

What an NFO or the predecessor says counts first, then a title that fits one series exactly. The
rest waits on a list, with what it may be: nothing is guessed, no file is touched.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from rapidfuzz import fuzz

from . import following
from .app import App
from .errors import ConfigError, NotFound, SetupError, SourceError
from .hooks import Catalogue
from .library import scan, walk
from .library.clues import Clues, read_clues
from .models import Hit
from .store import reviews, shelf
from .store.sessions import get_db_session
from .store.tables import AnimeSeries

LEAST_CONFIDENCE = 0.6
MOST_CANDIDATES = 5
MOST_PAGES = 3
"""Series' pages that are read to compare an id with the NFO's."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A series that a folder may hold; confidence is 1 where it is beyond doubt, 0 where nothing fits."""

    site: str
    key: str
    title: str
    year: int | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a folder: taken as its first candidate, or put on the list, and why."""

    folder: str
    title: str
    year: int | None
    outcome: Literal["taken", "review"]
    reason: str
    candidates: tuple[Candidate, ...] = ()


async def take_in(app: App, path: Path | None = None, *, dry_run: bool = False) -> list[Decision]:
    """Decide about every folder of no series, in the whole library or for one of its folders.

    With `dry_run` nothing is stored. Raises SetupError if the path is not in the library.
    """
    root = app.library(for_writing=False)
    only = _top(root, path)
    async with get_db_session(read_only=True) as session:
        rows, passed = await shelf.all_series(session), await reviews.ignored(session)
    shelves = await asyncio.to_thread(_shelves, root, rows)
    decisions = []
    for folder in sorted([*shelves.strangers, *shelves.seconds]):
        if folder == only or (only is None and folder not in passed):
            clues = await asyncio.to_thread(read_clues, root / folder)
            decision = await _decide(app, root, folder, clues, rows)
            if decision.outcome == "taken" and not dry_run:
                decision = await _take(app, decision)
            decisions.append(decision)
            if not dry_run:
                await _note(decision)
    return decisions


def _top(root: Path, path: Path | None) -> str | None:
    """The folder of a series that a path means; None if it is the library itself."""
    if path is None or (path := path.expanduser().resolve()) == root.resolve():
        return None
    if path.parent != root.resolve() or not path.is_dir():
        raise SetupError(
            f"{path} is neither the library {root} nor a folder in it",
            hint="move it there, or make its parent the library: ANIME_DIRECTORY",
        )
    return path.name


def _shelves(root: Path, rows: Sequence[AnimeSeries]) -> scan.Shelves:
    """Whose the folders with videos are."""
    listed = walk.walk(root).listed
    tops = {path.partition("/")[0] for path, listing in listed.items() if path and listing.videos}
    return scan.owners(tops, [(row.id, row.folder) for row in rows])


async def _decide(app: App, root: Path, folder: str, clues: Clues, rows: Sequence[AnimeSeries]) -> Decision:
    title = clues.titles[0] if clues.titles else folder
    waits = Decision(folder, title, clues.year, "review", "")
    try:
        sure, candidates = _known(app, clues, rows), list[Candidate]()
        if sure is None:
            sure, candidates = await _search(app, clues)
    except (SourceError, ConfigError) as error:
        return replace(waits, reason=str(error))
    if sure is None:
        reason = "several series may be meant" if candidates else "no series fits"
        return replace(waits, reason=reason, candidates=tuple(candidates))
    how, found = sure
    for row in rows:
        if (row.site, row.key) == (found.site, found.key) and row.folder and (root / row.folder).is_dir():
            reason = f"a second folder of {row.name}, which is in {row.folder}"
            return replace(waits, reason=reason, candidates=(found,))
    return replace(waits, outcome="taken", reason=how, candidates=(found,))


def _known(app: App, clues: Clues, rows: Iterable[AnimeSeries]) -> tuple[str, Candidate] | None:
    """The series that an id or a stored key names, and how."""
    sites = {one.name: one for one in app.plugins.catalogues}
    for site in sites:
        if key := clues.ids.get(site):
            return "nfo", Candidate(site, key, clues.titles[0], clues.year, 1.0)
    if imdb := clues.ids.get("imdb"):
        for row in rows:
            if row.details.get("imdb") == imdb:
                return "nfo", Candidate(row.site, row.key, row.name, row.year, 1.0)
    if clues.key and (catalogue := catalogue_of(app, clues.site)):
        return "key", Candidate(catalogue.name, clues.key, clues.titles[0], clues.year, 1.0)
    return None


def catalogue_of(app: App, site: str) -> Catalogue | None:
    """The catalogue that the predecessor called so by name, host or address; its only one was aniworld."""
    host = re.sub(r"^\w+://(?:www\.)?", "", site.strip().casefold()).partition("/")[0] or "aniworld"
    return next((one for one in app.plugins.catalogues if host == one.name or host in one.domains), None)


async def _search(app: App, clues: Clues) -> tuple[tuple[str, Candidate] | None, list[Candidate]]:
    """Look for the titles; what fits beyond doubt, and how, else all that may be meant."""
    hits = {(hit.catalogue, hit.key): hit for title in clues.titles for hit in await _hits(app, title)}
    rated = [
        Candidate(hit.catalogue, hit.key, hit.title, hit.year, _confidence(clues, [hit.title], hit.year))
        for hit in hits.values()
    ]
    rated.sort(key=lambda one: -one.confidence)
    imdb = clues.ids.get("imdb")
    for place, one in enumerate(rated[:MOST_PAGES]):
        series = await following.glance_series(app, app.plugins.catalogue(one.site), one.key)
        if imdb and series.imdb == imdb:
            return ("nfo", replace(one, year=series.year, confidence=1.0)), rated
        titles = [series.title, *series.alternative_titles]
        rated[place] = replace(one, year=series.year, confidence=_confidence(clues, titles, series.year))
        if rated[place].confidence == 1 and not imdb:
            break
    rated.sort(key=lambda one: -one.confidence)
    candidates = [one for one in rated if one.confidence >= LEAST_CONFIDENCE][:MOST_CANDIDATES]
    for catalogue in app.catalogues():
        exact = [one for one in candidates if one.site == catalogue.name and one.confidence == 1]
        if exact:
            return (("title", exact[0]) if len(exact) == 1 else None), candidates
    return None, candidates


async def _hits(app: App, title: str) -> list[Hit]:
    try:
        return [found.hit for found in await following.search(app, title)]
    except NotFound:
        return []


def _confidence(clues: Clues, titles: Sequence[str], year: int | None) -> float:
    """How well a series fits: 1 for the same title and no other year, less for each letter that differs."""
    likeness = max(fuzz.ratio(_bare(ours), _bare(one)) for ours in clues.titles for one in titles) / 100
    if clues.year and year and clues.year != year:
        likeness -= 0.05 if abs(clues.year - year) == 1 else 0.25
    return 1.0 if likeness == 1 else round(min(max(likeness, 0.0), 0.99), 2)


def _bare(title: str) -> str:
    return " ".join(re.findall(r"\w+", walk.plain(title)))


async def _take(app: App, decision: Decision) -> Decision:
    """Follow the series in its folder; back on the list if its catalogue does not know it."""
    chosen = decision.candidates[0]
    try:
        listing = await following.look(app, app.plugins.catalogue(chosen.site), chosen.key)
    except (SourceError, ConfigError) as error:
        return replace(decision, outcome="review", reason=str(error))
    await following.follow(app, listing, folder=decision.folder)
    return decision


async def _note(decision: Decision) -> None:
    async with get_db_session() as session:
        if decision.outcome == "taken":
            await reviews.settle(session, decision.folder, reviews.TAKEN)
            return
        await reviews.put(
            session,
            decision.folder,
            title=decision.title,
            year=decision.year,
            reason=decision.reason,
            candidates=[asdict(one) for one in decision.candidates],
        )


async def settle(app: App, path: Path, words: str) -> Decision:
    """Take a folder as the series that somebody means by a title, a key or an address.

    NotFound if it fits none or several; SetupError if the path is no series' folder.
    """
    root = app.library(for_writing=False)
    folder = _top(root, path)
    if folder is None:
        raise SetupError(f"{path} is the whole library", hint="name the folder of the series")
    catalogue, key = await following.choose(app, words)
    listing = await following.look(app, catalogue, key)
    series = listing.series
    await following.follow(app, listing, folder=folder)
    chosen = Candidate(catalogue.name, key, series.title, series.year, 1.0)
    decision = Decision(folder, series.title, series.year, "taken", "named", (chosen,))
    await _note(decision)
    return decision


async def ignore(app: App, path: Path) -> str:
    """Ask no more about a folder; returns its name."""
    folder = _top(app.library(for_writing=False), path)
    if folder is None:
        raise SetupError(f"{path} is the whole library", hint="name the folder of the series")
    async with get_db_session() as session:
        await reviews.settle(session, folder, reviews.IGNORED)
    return folder
