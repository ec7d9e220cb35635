"""The command about NFO files and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import PARTLY, Output, command, run, table

if TYPE_CHECKING:
    from rich.console import Console

    from ..app import App
    from ..metadata.service import Described
    from ..store.shelf import EpisodeRow


@command("nfo", "nfo", example="anidana nfo --check")
@click.argument("selector", nargs=-1)
@click.option("--check", is_flag=True, help="Say what is missing or incomplete, change nothing.")
@click.option("--update", is_flag=True, help="Ask for metadata anew, for complete files, too.")
@click.option("--pictures", is_flag=True, help="With --update: fetch pictures anew, too.")
def nfo(
    out: Output, data: Path, selector: tuple[str, ...], check: bool, update: bool, pictures: bool
) -> int | None:
    """Write NFO files and pictures that are missing or incomplete, beside videos on disk.

    What others wrote into an NFO stays in it.
    """
    if (check and update) or (pictures and not update):
        raise click.UsageError("--check and --update exclude each other; --pictures needs --update")
    return run(_nfo(out, data, selector, check, update, pictures))


async def _nfo(
    out: Output, data: Path, words: Sequence[str], check: bool, update: bool, pictures: bool
) -> int | None:
    from ..app import open_app
    from ..metadata.service import NFOService

    async with open_app(data) as app, NFOService(app) as service:
        rows = await _meant(app, words)
        if check:
            found = await service.check(rows)
        else:
            async with app.alone():
                work = service.update(rows, pictures=pictures) if update else service.create(rows)
                found = await work
        library = app.library()
    answer = [_data(one) for one in found]
    out.answer(answer, lambda to: _print(to, found, library, check=check), dry_run=check)
    return PARTLY if any(one.failed for one in found) else None


async def _meant(app: App, words: Sequence[str]) -> Sequence[EpisodeRow]:
    from ..jobs import get as jobs
    from ..selector import parse
    from ..store import shelf
    from ..store.sessions import get_db_session

    if words:
        return (await jobs.pick(app, parse(words))).on_disk
    async with get_db_session(read_only=True) as session:
        return await shelf.episodes(session)


def _data(one: Described) -> dict[str, object]:
    return {
        "title": one.title,
        "videos": one.videos,
        "lacks": [{"file": str(lack.path), "tags": list(lack.tags)} for lack in one.lacks],
        "written": [str(path) for path in one.written],
        "source": one.known or None,
        "failed": [str(path) for path in one.failed],
    }


def _print(to: Console, found: Sequence[Described], library: Path, *, check: bool) -> None:
    if not found:
        to.print("There is no video on disk.")
    elif not check:
        cells = [(one.title, one.videos, len(one.written) or None, one.known or None) for one in found]
        table(to, ("title", "videos", "files written", "known to"), cells)
    elif lacks := [lack for one in found for lack in one.lacks]:
        rows = [(_below(lack.path, library), ", ".join(lack.tags) or "the file") for lack in lacks]
        table(to, ("file", "lacks"), rows)
    else:
        to.print("Nothing is missing.")


def _below(path: Path, library: Path) -> str:
    return str(path.relative_to(library) if path.is_relative_to(library) else path)
