"""The command that shows everything at once, on the practice network."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import Output, command, console, run, table
from .fetching import exit_code, outcome_data

if TYPE_CHECKING:
    from rich.console import Console

    from ..following import Found
    from ..jobs.get import Outcome
    from ..store.shelf import EpisodeRow
    from ..store.tables import AttemptRow

WORDS = {False: "regal", True: "parade"}
"""What is searched for: a series, and one whose every episode is at another host."""


@command("demo", "demo", example="anidana demo --library ./shelf --data ./state", own_data=True)
@click.option(
    "--library",
    type=click.Path(file_okay=False, path_type=Path),
    help="Library to fill; default: a temporary folder, the same each time.",
)
@click.option("--all-hosts", is_flag=True, help="Get one episode from every host that is built in.")
def demo(out: Output, data: Path | None, library: Path | None, all_hosts: bool) -> int | None:
    """Run the whole job on a practice network inside this machine: no site, no server, no key.

    It searches, follows a series, shows what is missing, gets it from hosts some of which are
    down, and lets a Jellyfin and a Kodi (both pretended) see it. The second time nothing is missing.
    """
    return run(_demo(out, data, library, WORDS[all_hosts]))


async def _demo(out: Output, data: Path | None, library: Path | None, words: str) -> int:
    from .. import following
    from ..demo import run as stage
    from ..jobs import get as jobs
    from ..store import shelf
    from ..store.sessions import get_db_session
    from .progress import showing
    from .series import print_missing

    began = time.monotonic()
    library = library.absolute() if library else stage.own_folder() / "library"
    data = data.absolute() if data else stage.own_folder() / "data"
    step = _narrator(quiet=out.as_json)
    async with stage.opened(library, data) as (app, network):
        found = await following.search(app, words)
        step(f"anidana search {words}", lambda to: _print_hits(to, found))

        catalogue, key = await following.choose(app, found[0].hit.title)
        row = await following.follow(app, await following.look(app, catalogue, key))
        step(f'anidana follow "{row.name}"', lambda to: to.print(f"Following {row.name} ({row.year})"))

        async with app.alone():
            await following.bring_up_to_date(app, row, ask=False)
        async with get_db_session(read_only=True) as session:
            episodes = await shelf.episodes(session, series_ids=[row.id])
        missing = [one for one in episodes if not one.episode.is_downloaded]
        step("anidana missing", lambda to: print_missing(to, missing))

        step(f"anidana get {key}", lambda to: None)
        asked = len(network.requests)
        async with app.alone():
            with showing(len(missing), quiet=out.as_json) as listen:
                outcome = await jobs.get(app, missing, listen)
        requests = len(network.requests) - asked
        attempts = await jobs.attempts_of(outcome)
    before = [one for one in episodes if one.episode.is_downloaded]
    files = stage.files_in(library)
    answer = {
        **outcome_data(outcome, attempts, before),
        "requests": requests,
        "library": str(library),
        "data": str(data),
        "files": [{"path": str(path.relative_to(library)), "size": path.stat().st_size} for path in files],
    }

    def text(to: Console) -> None:
        _print_tree(to, library, files)
        _print_attempts(to, attempts)
        _print_summary(to, outcome, requests, time.monotonic() - began)
        to.print(f"The library stays at {library}\nYour own begins with:  anidana search TITLE")

    code = exit_code(outcome)
    out.answer(answer, text, ok=not code)
    return code


def _narrator(*, quiet: bool) -> Callable[[str, Callable[[Console], None]], None]:
    """Shows each step under the command that a person would type for it."""
    to = None if quiet else console(sys.stdout)

    def step(typed: str, show: Callable[[Console], None]) -> None:
        if to is not None:
            to.print(f"\n$ {typed}", style="bold")
            show(to)

    return step


def _print_hits(to: Console, found: Sequence[Found]) -> None:
    table(to, ("#", "title", "year"), [(n, one.hit.title, one.hit.year) for n, one in enumerate(found, 1)])


def _print_tree(to: Console, library: Path, files: Sequence[Path]) -> None:
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(str(library), style="bold"))
    branches = {library: tree}

    def branch(folder: Path) -> Tree:
        if folder not in branches:
            branches[folder] = branch(folder.parent).add(Text(folder.name))
        return branches[folder]

    for path in files:
        branch(path.parent).add(Text(f"{path.name}  {path.stat().st_size / 1000:.0f} kB"))
    to.print()
    to.print(tree)


def _print_attempts(to: Console, attempts: Sequence[tuple[EpisodeRow, AttemptRow]]) -> None:
    from ..models import Language

    to.print("\nEvery mirror that was tried:", style="bold")
    if not attempts:
        to.print("none, for nothing was missing")
        return
    cells = [
        (row.number, one.provider, Language.parse(one.language).label, one.result, f"{one.seconds:.1f} s",
         one.reason)
        for row, one in attempts
    ]  # fmt: skip
    table(to, ("episode", "host", "language", "result", "took", "reason"), cells)


def _print_summary(to: Console, outcome: Outcome, requests: int, seconds: float) -> None:
    seen = ", ".join(f"{one.server} sees {one.files}" for one in outcome.told if not one.error)
    to.print(
        f"\n{len(outcome.done)} episodes filed, {len(outcome.failed)} failed, "
        f"{requests} requests, {seconds:.1f} s" + (f"; {seen}" if seen else "")
    )
