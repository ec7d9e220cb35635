"""The command that fetches: get."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import PARTLY, Output, command, exit_of, run, table
from .series import dry_run_option, episode_data

if TYPE_CHECKING:
    from rich.console import Console

    from ..errors import AnidanaError
    from ..jobs.events import Told
    from ..jobs.get import Outcome
    from ..models import Language
    from ..store.shelf import EpisodeRow
    from ..store.tables import AttemptRow


@command("get", "get", example='anidana get "Frieren" S01E03-E07 --dry-run')
@click.argument("selector", nargs=-1)
@click.option("--lang", metavar="LIST", help="Languages by rank for this run, as in de,ja+de.")
@click.option("--again", is_flag=True, help="Fetch what is on disk anew; old files go to the recycle folder.")
@dry_run_option
def get(
    out: Output, data: Path, selector: tuple[str, ...], lang: str | None, again: bool, dry_run: bool
) -> int | None:
    """Fetch episodes now and wait for the end.

    SELECTOR is a title, key or address, followed by nothing (all that is missing), S01, S01E03,
    S01E03-E07,E10 or an absolute number; - reads selectors from stdin. Without any, work that
    waits from an earlier run goes on.
    """
    if "-" in selector and len(selector) > 1:
        raise click.UsageError("- stands alone: all selectors come from stdin then")
    words = [line.strip() for line in sys.stdin if line.strip()] if selector == ("-",) else list(selector)
    if selector == ("-",) and not words:
        out.answer({"episodes": [], "attempts": [], "refreshes": []}, lambda to: to.print("Nothing to get."))
        return 0
    return run(_get(out, data, words, lang, again, dry_run))


async def _get(
    out: Output, data: Path, words: Sequence[str], lang: str | None, again: bool, dry_run: bool
) -> int | None:
    from .. import selector
    from ..app import open_app
    from ..jobs import get as jobs
    from .progress import showing

    languages = parse_languages(lang) if lang else None
    async with open_app(data) as app:
        picked = await jobs.pick(app, selector.parse(words))
        app.library()
        if dry_run:
            plan = (*picked.wanted, *picked.on_disk) if again else picked.wanted
            rows = [episode_data(row) for row in plan]
            out.answer({"wanted": rows}, lambda to: _print_plan(to, plan), dry_run=True)
            return None
        async with app.alone():
            picked = await jobs.pick(app, selector.parse(words))  # another run may just have ended
            if again:
                picked = await jobs.want_again(picked)
            with showing(len(picked.wanted), quiet=out.as_json) as listen:
                outcome = await jobs.get(app, picked.wanted, listen, languages)
        attempts = await jobs.attempts_of(outcome)
        answer = outcome_data(outcome, attempts, picked.on_disk)
    for one in outcome.told:
        if one.error:
            out.warn(f"{one.server} was not told about {one.series}: {one.error}")
    code = exit_code(outcome)
    out.answer(answer, lambda to: _print_outcome(to, outcome, len(picked.on_disk)), ok=not code)
    return code


def parse_languages(text: str) -> list[Language]:
    """Read `de,ja+de`; a usage error for anything else."""
    from ..models import Language

    try:
        return [Language.parse(part.strip()) for part in text.split(",")]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--lang") from None


def outcome_data(
    outcome: Outcome, attempts: Sequence[tuple[EpisodeRow, AttemptRow]], on_disk: Sequence[EpisodeRow]
) -> dict[str, object]:
    """A run as JSON data: episodes, attempts, refreshes."""
    results: list[tuple[EpisodeRow, str, AnidanaError | None]] = [
        *((row, "done", None) for row in outcome.done),
        *((row, "failed", error) for row, error in outcome.failed),
        *((row, "on_disk", None) for row in on_disk),
    ]
    return {
        "episodes": [
            {**episode_data(row), "result": result, "code": exit_of(error)[1] if error else None,
             "reason": str(error) if error else None, "url": getattr(error, "url", None) or None}
            for row, result, error in results
        ],
        "attempts": [
            {"selector": f"{row.series.identity} {row.number}", "provider": one.provider,
             "language": one.language, "result": one.result, "reason": one.reason,
             "seconds": round(one.seconds, 3)}
            for row, one in attempts
        ],
        "refreshes": [refresh_data(one) for one in outcome.told],
    }  # fmt: skip


def refresh_data(told: Told) -> dict[str, object]:
    """One round to a media server as JSON data."""
    return {
        "server": told.server,
        "series": told.series,
        "files": told.files,
        "confirmed": not told.error,
        "error": told.error or None,
    }


def exit_code(outcome: Outcome) -> int:
    """0 if all went well, 7 if some did; else the code of what went wrong, a person's task first."""
    if not outcome.failed:
        return 0
    codes = {_code_of(error) for _, error in outcome.failed}
    if 9 in codes:
        return 9
    if outcome.done:
        return PARTLY
    return next((code for code in (8, 3, 1, 12, 6) if code in codes), codes.pop())


def _code_of(error: AnidanaError) -> int:
    """An error's exit code; hosts that all stand behind gates are a person's task."""
    attempts = [one for one in getattr(error, "attempts", ()) if one.result not in ("cancelled", "silent")]
    if attempts and all(one.result == "needs_person" for one in attempts):
        return 8
    return exit_of(error)[0]


def _print_plan(to: Console, rows: Sequence[EpisodeRow]) -> None:
    if not rows:
        to.print("Nothing to get.")
        return
    cells = [(row.series.name, row.number, row.episode.title or row.episode.english_title) for row in rows]
    table(to, ("would get", "number", "title"), cells)


def _print_outcome(to: Console, outcome: Outcome, on_disk: int) -> None:
    for row, error in outcome.failed:
        to.print(f"{row.series.name} {row.number}: {error}")
        if url := getattr(error, "url", ""):
            to.print(f"  look at it in your browser: {url}")
        if error.hint:
            to.print(f"  {error.hint}")
    if not (outcome.done or outcome.failed):
        to.print("Nothing to get." + (f" {on_disk} on disk." if on_disk else ""))
        return
    seen = sum(one.files for one in outcome.told if not one.error)
    to.print(
        f"done {len(outcome.done)} · failed {len(outcome.failed)}"
        + (f" · on disk before {on_disk}" if on_disk else "")
        + (f" · seen by media servers {seen}" if outcome.told else "")
    )
