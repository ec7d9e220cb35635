"""Commands about series: search, follow, unfollow, list, show, missing, scan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import PARTLY, Output, command, run, table

if TYPE_CHECKING:
    from rich.console import Console

    from ..following import Listing
    from ..settings import Settings
    from ..store.shelf import EpisodeRow, ShelfRow

dry_run_option = click.option("-n", "--dry-run", is_flag=True, help="Say what would happen, change nothing.")


site_option = click.option("--site", metavar="NAME", default="", help="Look at this catalogue only.")


@command("search", "search", example="anidana search sousou no frieren")
@click.argument("query", nargs=-1, required=True)
@site_option
def search(out: Output, data: Path, query: tuple[str, ...], site: str) -> int | None:
    """Look for a series at every catalogue."""
    return run(_search(out, data, " ".join(query), site))


async def _search(out: Output, data: Path, query: str, site: str) -> int | None:
    from .. import following
    from ..app import open_app
    from ..errors import NotFound

    async with open_app(data) as app:
        found = await following.search(app, query, site=site, warn=out.warn)
    if not found:
        raise NotFound(f"no series fits {query!r}", hint="try fewer words, or the original title")
    rows = [
        {"title": f.hit.title, "year": f.hit.year, "key": f.hit.key, "url": f.hit.url,
         "catalogue": f.hit.catalogue, "followed": f.followed}
        for f in found
    ]  # fmt: skip

    def text(to: Console) -> None:
        cells = [
            (n, r["title"], r["year"], r["catalogue"], "yes" if r["followed"] else None)
            for n, r in enumerate(rows, 1)
        ]
        table(to, ("#", "title", "year", "source", "followed"), cells)

    out.answer(rows, text)
    return None


@command("follow", "follow", example='anidana follow "Sousou no Frieren"')
@click.argument("series", nargs=-1, required=True)
@click.option("--pick", type=int, metavar="N", help="Take hit number N of the search.")
@site_option
@dry_run_option
def follow(
    out: Output, data: Path, series: tuple[str, ...], pick: int | None, site: str, dry_run: bool
) -> int | None:
    """Keep a series complete; SERIES is a title, a key or an address.

    A title that several catalogues have is followed at the first of them, unless --site names another.
    """
    return run(_follow(out, data, " ".join(series), pick, site, dry_run))


async def _follow(out: Output, data: Path, words: str, pick: int | None, site: str, dry_run: bool) -> None:
    from .. import following
    from ..app import open_app

    async with open_app(data) as app:
        catalogue, key = await following.choose(app, words, pick, site=site, warn=out.warn)
        listing = await (following.glance if dry_run else following.look)(app, catalogue, key)
        answer = _followed(listing, app.settings)
        if not dry_run:
            answer["folder"] = (await following.follow(app, listing)).folder
    out.answer(answer, lambda to: _print_followed(to, answer, dry_run), dry_run=dry_run)


def _followed(listing: Listing, settings: Settings) -> dict[str, object]:
    from ..library.naming import series_folder

    series = listing.series
    return {
        "title": series.title,
        "year": series.year,
        "key": series.key,
        "source": series.catalogue,
        "url": series.url,
        "folder": series_folder(series, settings.library.naming),
        "episodes": listing.count,
        "seasons": {str(season.number): len(season.episodes) for season in listing.seasons},
        "languages": [language.label for language in settings.languages.order],
    }


def _print_followed(to: Console, answer: dict[str, object], dry_run: bool) -> None:
    verb = "Would follow" if dry_run else "Following"
    to.print(f"{verb}  {answer['title']} ({answer['year'] or 'year unknown'}): {answer['episodes']} episodes")
    languages = answer["languages"]
    assert isinstance(languages, list)
    to.print(f"  languages  {' › '.join(languages)}")
    to.print(f"  source     {answer['source']}")
    to.print(f"  folder     {answer['folder']}")
    if not dry_run:
        to.print(f"  next       anidana get {answer['source']}:{answer['key']}")


@command("unfollow", "unfollow", example="anidana unfollow frieren")
@click.argument("series", nargs=-1, required=True)
@dry_run_option
def unfollow(out: Output, data: Path, series: tuple[str, ...], dry_run: bool) -> int | None:
    """Stop following a series; its files stay."""
    return run(_unfollow(out, data, " ".join(series), dry_run))


async def _unfollow(out: Output, data: Path, words: str, dry_run: bool) -> None:
    from ..app import open_app
    from ..store import shelf
    from ..store.sessions import get_db_session

    async with open_app(data), get_db_session() as session:
        row = await shelf.find_series(session, words)
        cancelled = 0 if dry_run else await shelf.unfollow(session, row.id)
    out.answer(
        {"title": row.name, "key": row.key, "cancelled_jobs": cancelled},
        lambda to: to.print(
            f"{'Would stop' if dry_run else 'Stopped'} following {row.name}; its files stay."
        ),
        dry_run=dry_run,
    )


@command("list", "list", example="anidana list --json")
def list_(out: Output, data: Path) -> int | None:
    """List the series that are followed."""
    return run(_list(out, data))


async def _list(out: Output, data: Path) -> None:
    from ..app import open_app
    from ..store import shelf
    from ..store.sessions import get_db_session

    async with open_app(data), get_db_session(read_only=True) as session:
        rows = await shelf.shelf(session)
    out.answer([_series_data(row) for row in rows], lambda to: _print_list(to, rows))


def _series_data(row: ShelfRow) -> dict[str, object]:
    return {
        "title": row.series.name,
        "year": row.series.year,
        "key": row.series.key,
        "source": row.series.site,
        "folder": row.series.folder,
        "episodes": row.episodes,
        "on_disk": row.on_disk,
        "missing": row.missing,
        "missing_files": row.missing_files,
    }


def _print_list(to: Console, rows: list[ShelfRow]) -> None:
    if not rows:
        to.print("Nothing is followed yet.  anidana search TITLE")
        return
    cells = [
        (
            row.series.name,
            row.series.year,
            f"{row.on_disk}/{row.episodes}",
            row.missing or None,
            row.missing_files or None,
            row.series.identity,
        )
        for row in rows
    ]
    table(to, ("title", "year", "on disk", "missing", "files gone", "key"), cells)


@command("show", "show", example="anidana show frieren")
@click.argument("series", nargs=-1, required=True)
def show(out: Output, data: Path, series: tuple[str, ...]) -> int | None:
    """Show one series with all its episodes."""
    return run(_show(out, data, " ".join(series)))


async def _show(out: Output, data: Path, words: str) -> None:
    from ..app import open_app
    from ..store import shelf
    from ..store.sessions import get_db_session

    async with open_app(data), get_db_session(read_only=True) as session:
        row = await shelf.find_series(session, words)
        counts = next(one for one in await shelf.shelf(session) if one.series.id == row.id)
        episodes = await shelf.episodes(session, series_ids=[row.id])
    answer = {**_series_data(counts), "list": [episode_data(one) for one in episodes]}
    out.answer(answer, lambda to: _print_series(to, counts, episodes))


def episode_data(row: EpisodeRow) -> dict[str, object]:
    """One episode as JSON data."""
    return {
        "series": row.series.name,
        "key": row.series.key,
        "source": row.series.site,
        "selector": f"{row.series.identity} {row.number}",
        "season": row.number.season,
        "episode": row.number.episode,
        "absolute": row.episode.absolute,
        "kind": row.episode.kind,
        "title": row.episode.title,
        "english_title": row.episode.english_title,
        "languages": row.episode.languages,
        "on_disk": row.episode.is_downloaded,
        "missing_file": row.lost_its_file,
        "file": row.episode.file_path,
        "language": row.file.language if row.file and row.episode.is_downloaded else None,
        "provider": row.file.provider if row.file and row.episode.is_downloaded else None,
        "size": row.file.size if row.file and row.episode.is_downloaded else None,
        "job": row.job.status if row.job else None,
        "reason": row.job.error_message if row.job and not row.episode.is_downloaded else None,
    }


def _print_series(to: Console, counts: ShelfRow, rows: list[EpisodeRow]) -> None:
    marks = "■○✕◌" if (to.encoding or "").lower().startswith("utf") else "#.x?"
    to.print(
        f"{counts.series.name} ({counts.series.year or '–'})   "
        f"{counts.on_disk} of {counts.episodes} on disk · {counts.missing} missing"
        + (f" · {counts.missing_files} missing files" if counts.missing_files else "")
    )
    for season in sorted({row.number.season for row in rows}, key=lambda n: (n == 0, n)):
        ribbon = "".join(_mark(row, marks) for row in rows if row.number.season == season)
        to.print(f"{'S%02d' % season if season else 'Films'}  {ribbon}")  # noqa: UP031
    to.print(
        f"{marks[0]} on disk  {marks[1]} missing  {marks[2]} failed  {marks[3]} file gone\n", style="dim"
    )
    cells = [
        (row.number, row.episode.title or row.episode.english_title, _on_disk(row), _reason(row))
        for row in rows
    ]
    table(to, ("number", "title", "on disk", "note"), cells)


def _on_disk(row: EpisodeRow) -> str | None:
    """The language that is on disk; for a file that is not ours, only that there is one."""
    from ..models import Language

    if not row.episode.is_downloaded:
        return None
    return Language.parse(row.file.language).label if row.file else "yes"


def _mark(row: EpisodeRow, marks: str) -> str:
    if row.episode.is_downloaded:
        return marks[0]
    if row.job and row.job.error_code:
        return marks[2]
    return marks[3] if row.lost_its_file else marks[1]


def _reason(row: EpisodeRow) -> str | None:
    """Why an episode is not on disk: its file has vanished, or its last job ended so."""
    if row.episode.is_downloaded:
        return None
    said = (row.job.error_message or row.job.status) if row.job else None
    return "the file is gone" if row.lost_its_file and said in (None, "completed") else said


@command("missing", "missing", example="anidana missing frieren")
@click.argument("series", nargs=-1)
def missing(out: Output, data: Path, series: tuple[str, ...]) -> int | None:
    """List episodes that are not on disk, with what is known about each.

    An episode whose file is gone is fetched again only if you name it: anidana get "TITLE S01E03".
    """
    return run(_missing(out, data, " ".join(series)))


async def _missing(out: Output, data: Path, words: str) -> None:
    from ..app import open_app
    from ..store import shelf
    from ..store.sessions import get_db_session

    async with open_app(data), get_db_session(read_only=True) as session:
        ids = [(await shelf.find_series(session, words)).id] if words else None
        rows = await shelf.episodes(session, series_ids=ids, missing=True)
    out.answer([episode_data(row) for row in rows], lambda to: print_missing(to, rows))


def print_missing(to: Console, rows: list[EpisodeRow]) -> None:
    """Episodes that are not on disk, one a line."""
    if not rows:
        to.print("Nothing is missing.")
        return
    from ..models import Language

    cells = [
        (row.series.name, row.number, row.episode.title or row.episode.english_title,
         ", ".join(Language.parse(one).label for one in row.episode.languages), _reason(row))
        for row in rows
    ]  # fmt: skip
    table(to, ("series", "number", "title", "offered", "last try"), cells)


@command("scan", "scan", example="anidana scan --disk")
@click.argument("series", nargs=-1)
@click.option("--disk", is_flag=True, help="Compare with the library only; do not ask the catalogue.")
@click.option("--full", is_flag=True, help="Ask for every series, new episodes or not.")
@dry_run_option
def scan(
    out: Output, data: Path, series: tuple[str, ...], disk: bool, full: bool, dry_run: bool
) -> int | None:
    """Ask the catalogue for new episodes and compare followed series with the library."""
    return run(_scan(out, data, " ".join(series), disk, full, dry_run))


async def _scan(out: Output, data: Path, words: str, disk: bool, full: bool, dry_run: bool) -> int | None:
    from .. import following
    from ..app import open_app
    from ..errors import ConfigError, SourceError
    from ..scanning import scan_library
    from ..store import shelf
    from ..store.peek import mark
    from ..store.sessions import get_db_session

    said = mark(data)
    async with open_app(data) as app, app.alone():
        app.library(for_writing=False)
        async with get_db_session(read_only=True) as session:
            rows = (
                [await shelf.find_series(session, words)]
                if words
                else [one.series for one in await shelf.shelf(session)]
            )
        asked = set() if disk else {row.id for row in rows}
        if not (disk or full or words):
            asked = await following.worth_asking(app, rows, out.warn)
        updates = {} if words else {row.id: following.Update(0, 0) for row in rows}
        for row in rows if words else [row for row in rows if row.id in asked]:
            try:
                update = await following.bring_up_to_date(app, row, ask=row.id in asked, dry_run=dry_run)
            except (SourceError, ConfigError) as error:  # one series; the others are looked at all the same
                if len(rows) == 1:
                    raise
                out.warn(f"{row.name}: {error}")
                updates.pop(row.id, None)
                continue
            updates[row.id] = update
        if not words:
            report = await scan_library(app, dry_run=dry_run, mark=said)
            for one in report.changed:
                if before := updates.get(one.series_id):
                    now = one.came + one.went + one.moved
                    # A dry run has stored nothing: the same changes are found once more.
                    changed = max(before.changed, now) if dry_run else before.changed + now
                    updates[one.series_id] = following.Update(before.new, changed)
        if not words and not dry_run:
            await following.note_scan()
    answer = [
        {"title": row.name, "key": row.key, "new": updates[row.id].new, "changed": updates[row.id].changed}
        for row in rows
        if row.id in updates
    ]

    def text(to: Console) -> None:
        cells = [(one["title"], one["new"] or None, one["changed"] or None) for one in answer]
        table(to, ("title", "new episodes", "changed on disk"), cells)

    out.answer(answer, text, dry_run=dry_run)
    return None if len(answer) == len(rows) else PARTLY
