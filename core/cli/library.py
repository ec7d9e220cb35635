"""Commands about the library as a whole: library, import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import Output, command, harmless, run, table
from .series import dry_run_option

if TYPE_CHECKING:
    from rich.console import Console

    from ..scanning import Report
    from ..taking_in import Candidate, Decision

SHOWN = 20
"""Lines of each kind that people are shown; JSON has all."""


@command("library", "library", example="anidana library --full")
@click.option("--full", is_flag=True, help="Read every folder, changed or not.")
@click.option("--accept-missing", is_flag=True, help="Believe it if most files are gone at once.")
@dry_run_option
def library(out: Output, data: Path, full: bool, accept_missing: bool, dry_run: bool) -> int | None:
    """Compare the whole library with what is known, and say what needs a look.

    Only folders that have changed are read.
    """
    from ..library.walk import is_unchanged
    from ..store.peek import last_scan

    # What answers nearly always is asked first: a scheduled scan costs no more than looking.
    last = None if full else last_scan(data)
    if last and is_unchanged(last.root, last.folders):
        answer = {"unchanged": True, "folders": len(last.folders), "read": 0}
        if out.as_json:
            out.answer(answer, lambda to: None, dry_run=dry_run)
        else:
            click.echo(_unchanged(len(last.folders)))
        return None
    return run(_library(out, data, full, accept_missing, dry_run))


def _unchanged(folders: int) -> str:
    return f"Nothing has changed in {folders} folders.  anidana library --full reads all of them"


async def _library(out: Output, data: Path, full: bool, accept_missing: bool, dry_run: bool) -> None:
    from ..app import open_app
    from ..legacy import import_once
    from ..scanning import scan_library
    from ..store.peek import mark

    said = mark(data)
    async with open_app(data) as app, app.alone():
        if not dry_run and (new := await import_once(app)):
            out.warn(f"{new} series of the predecessor were taken over; anidana scan asks their catalogue")
        report = await scan_library(app, full=full, dry_run=dry_run, accept_missing=accept_missing, mark=said)
    out.answer(report_data(report), lambda to: print_report(to, report), dry_run=dry_run)


def report_data(report: Report) -> dict[str, object]:
    """What a scan of the library found, as JSON data."""
    from dataclasses import asdict

    doubles = [
        {"title": title, "number": str(number), "files": paths} for title, number, paths in report.doubles
    ]
    return {**asdict(report), "doubles": doubles}


def print_report(to: Console, report: Report) -> None:
    """What a scan of the library found, for people."""
    if report.unchanged:
        to.print(_unchanged(report.folders))
        return
    to.print(
        f"{report.videos} videos in {report.folders} folders, {report.read} of them read"
        f" · {report.on_disk} episodes on disk · {report.missing_files} missing files"
    )
    if report.changed:
        cells = [(one.title, one.came or None, one.went or None, one.moved or None) for one in report.changed]
        table(to, ("title", "came", "went", "moved"), cells)
    for what, lines in _to_look_at(report):
        if lines:
            to.print(f"\n{what} ({len(lines)}):", style="bold")
            for line in lines[:SHOWN]:
                to.print(f"  {harmless(line)}")
            if len(lines) > SHOWN:
                to.print(f"  … and {len(lines) - SHOWN} more; --json has all")


def _to_look_at(report: Report) -> list[tuple[str, list[str]]]:
    return [
        ("Folders of no series, anidana import takes them in", report.strangers),
        ("Second folders of a series", [f"{new}  (is in {old})" for new, old in report.second.items()]),
        (
            "Episodes with several files, the first counts",
            [f"{title} {number}: {' | '.join(paths)}" for title, number, paths in report.doubles],
        ),
        ("Files whose name tells no episode", report.unread),
        ("Files of episodes that the catalogue does not list", report.unlisted),
        ("Videos in no folder", report.loose),
        ("Files that were replaced by others", report.replaced),
        ("Links that lead out of the library or in a circle", report.astray),
        ("Folders that may not be read; what is known of them stays", report.closed),
        ("Names that are no text", report.garbled),
    ]


@command("import", "import", example="anidana import /srv/anime --dry-run")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--review", is_flag=True, help="List the folders that wait for you, and what they may be.")
@click.option("--as", "meant", metavar="SERIES", help="Say which series the folder PATH holds.")
@click.option("--ignore", is_flag=True, help="Ask no more about the folder PATH.")
@click.option("--predecessor", is_flag=True, help="PATH is the predecessor's data folder.")
@dry_run_option
def import_(
    out: Output, data: Path, path: Path | None, review: bool, meant: str | None, ignore: bool,
    predecessor: bool, dry_run: bool,
) -> int | None:  # fmt: skip
    """Take in folders that are in the library already; PATH is one of them, or the library.

    An NFO's ids count first, then what the predecessor stored, then a title that fits exactly. The rest waits
    for you. No file is touched.
    """
    if sum(map(bool, (review, meant, ignore, predecessor))) > 1:
        raise click.UsageError("one of --review, --as, --ignore and --predecessor")
    if review:
        return run(_review(out, data))
    if meant is None and not ignore and not predecessor:
        return run(_import(out, data, path, dry_run))
    if path is None:
        raise click.UsageError("name the folder: anidana import PATH …")
    if predecessor:
        return run(_predecessor(out, data, path, dry_run))
    if dry_run:
        raise click.UsageError("--dry-run shows what would be decided; you have decided")
    return run(_settle(out, data, path, meant))


async def _import(out: Output, data: Path, path: Path | None, dry_run: bool) -> None:
    from ..app import open_app
    from ..legacy import import_once
    from ..taking_in import take_in

    async with open_app(data) as app, app.alone():
        if not dry_run:
            await import_once(app)
        decisions = await take_in(app, path, dry_run=dry_run)
    _answer_decisions(out, decisions, dry_run=dry_run)


def _answer_decisions(out: Output, decisions: Sequence[Decision], *, dry_run: bool = False) -> None:
    from dataclasses import asdict

    def text(to: Console) -> None:
        if not decisions:
            to.print("Every folder with videos belongs to a series.")
            return
        cells = [
            (one.folder, one.outcome, one.reason, _named(one.candidates[0]) if one.candidates else None)
            for one in decisions
        ]
        table(to, ("folder", "outcome", "why", "series"), cells)
        if any(one.outcome == "review" for one in decisions):
            to.print("\nanidana import --review shows what waits, anidana import FOLDER --as SERIES decides")

    out.answer([asdict(one) for one in decisions], text, dry_run=dry_run)


def _named(one: Candidate) -> str:
    year = f" ({one.year})" if one.year else ""
    return f"{one.title}{year}  {one.site}:{one.key}  {one.confidence:.0%}"


async def _review(out: Output, data: Path) -> None:
    from ..app import open_app
    from ..store import reviews
    from ..store.sessions import get_db_session
    from ..taking_in import Candidate

    async with open_app(data), get_db_session(read_only=True) as session:
        rows = await reviews.waiting(session)
    names = ("folder", "title", "year", "reason", "candidates")

    def text(to: Console) -> None:
        if not rows:
            to.print("No folder waits.")
        for row in rows:
            to.print(harmless(f"{row.folder}: {row.reason}"))
            for candidate in row.candidates:
                to.print(harmless(f"  {_named(Candidate(**candidate))}"))

    out.answer([{name: getattr(row, name) for name in names} for row in rows], text)


async def _settle(out: Output, data: Path, path: Path, meant: str | None) -> None:
    from .. import taking_in
    from ..app import open_app

    async with open_app(data) as app, app.alone():
        if meant:
            _answer_decisions(out, [await taking_in.settle(app, path, meant)])
            return
        folder = await taking_in.ignore(app, path)
    out.answer({"ignored": folder}, lambda to: to.print(f"{folder} is not asked about any more."))


async def _predecessor(out: Output, data: Path, path: Path, dry_run: bool) -> None:
    from .. import legacy
    from ..app import open_app
    from ..errors import NotFound

    file = path if path.is_file() else path / legacy.DATABASE
    theirs, ours = file.parent / "config.json", data / "config.json"
    if not file.is_file() and not theirs.is_file():
        raise NotFound(f"{path} holds neither {legacy.DATABASE} nor config.json")
    if theirs.exists() and ours.exists() and theirs.samefile(ours):
        raise NotFound(f"{path} is our own data folder", hint="name the predecessor's")
    old = legacy.read_database(file) if file.is_file() else []
    taken, new = dict[str, str](), 0
    if not dry_run:
        taken = legacy.take_settings(theirs, ours) if theirs.is_file() else {}
        async with open_app(data) as app, app.alone():
            new = await legacy.store(app, old)

    def text(to: Console) -> None:
        for name, value in taken.items():
            to.print(f"{name} = {value}")
        to.print(f"{len(old)} series in {file.name}, {new} of them new here.  Next: anidana scan")

    out.answer({"settings": taken, "series": len(old), "new": new}, text, dry_run=dry_run)
