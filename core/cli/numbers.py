"""Commands about which series and episodes of a metadata source ours are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import Output, command, run, table

if TYPE_CHECKING:
    from rich.console import Console

    from ..app import App
    from ..matching import Matched
    from ..selector import Selector
    from ..store.pairs import Paired

NEXT = "write it into the NFO files with: anidana nfo --update"

source_option = click.option(
    "--source", default="tmdb", show_default=True, metavar="NAME", help="The metadata source."
)


@command("match", "match", example="anidana match frieren --id 209867")
@click.argument("series", nargs=-1, required=True)
@click.option("--id", "id_", metavar="ID", help="It is the series with this id, whatever a search finds.")
@click.option("--forget", is_flag=True, help="Forget the id and all pairs first, decisions too.")
@source_option
def match(
    out: Output, data: Path, series: tuple[str, ...], id_: str | None, forget: bool, source: str
) -> int | None:
    """Ask a metadata source for a series anew, and say what it is there."""
    return run(_match(out, data, " ".join(series), id_, forget, source))


async def _match(out: Output, data: Path, words: str, id_: str | None, forget: bool, source: str) -> None:
    from .. import matching
    from ..app import open_app

    async with open_app(data) as app:
        found = await matching.match(app, words, source=source, pin=id_, forget=forget)
        if not found.asked:
            keyed = source in app.settings.metadata.keys
            out.warn(f"{source} has not answered" if keyed else f"there is no key for {source}")
    answer = {
        "series": found.series.name,
        "key": found.series.key,
        "source": source,
        "id": found.match.source_id if found.match else None,
        "title": found.match.title if found.match else None,
        "pinned": bool(found.match and found.match.pinned),
        "asked": found.asked,
        "episodes": found.episodes,
        "pairs": {state.value: count for state, count in found.counts.items()},
    }
    out.answer(answer, lambda to: _print_match(to, found))


def _print_match(to: Console, found: Matched) -> None:
    if found.match is None:
        to.print(f"{found.series.name} is not known to {found.source}; what it is can be said with --id ID")
        return
    pinned = ", pinned" if found.match.pinned else ""
    there = f"{found.source} {found.match.source_id}{pinned}"
    to.print(f"{found.series.name} is {found.match.title or '?'} ({there})")
    paired = sum(found.counts.values())
    waiting = [f"{count} {state}" for state, count in found.counts.items() if count]
    to.print(f"  {paired} of {found.episodes} episodes are paired: {', '.join(waiting) or 'none'}")
    if any(count for state, count in found.counts.items() if state == "doubtful"):
        to.print(f"  next  anidana numbers list {found.series.identity}")


@click.group("numbers")
def numbers() -> None:
    """Look through pairs of episodes here and at a metadata source."""


@command("list", "numbers", example="anidana numbers list frieren --all")
@click.argument("series", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Pairs that need no review, too.")
def list_(out: Output, data: Path, series: tuple[str, ...], every: bool) -> int | None:
    """List pairs that wait for review: here, there, why, and how certain."""
    return run(_list(out, data, " ".join(series), every))


async def _list(out: Output, data: Path, words: str, every: bool) -> None:
    from .. import matching
    from ..app import open_app

    async with open_app(data) as app:
        found = await matching.review(app, words, every=every)
    out.answer([_data(one) for one in found], lambda to: _print(to, found))


def _data(one: Paired) -> dict[str, object]:
    return {
        "series": one.series.name,
        "selector": f"{one.series.identity} {one.number}",
        "title": one.episode.title or one.episode.english_title,
        "english_title": one.episode.english_title,
        "source": one.pair.source,
        "target": one.pair.target,
        "target_title": one.pair.title,
        "evidence": one.pair.evidence,
        "confidence": one.pair.confidence,
        "state": one.pair.state,
    }


def _print(to: Console, found: Sequence[Paired]) -> None:
    if not found:
        to.print("Nothing waits for review.")
        return
    cells = [
        (
            one.series.name, one.number, one.episode.english_title or one.episode.title or None,
            one.pair.target, one.pair.title or None, one.pair.evidence, f"{one.pair.confidence:.2f}",
            one.pair.state,
        )
        for one in found
    ]  # fmt: skip
    table(to, ("series", "here", "title", "there", "title there", "evidence", "sure", "state"), cells)


@command("accept", "numbers-accept", example='anidana numbers accept "One Piece" S02')
@click.argument("selector", nargs=-1, required=True)
def accept(out: Output, data: Path, selector: tuple[str, ...]) -> int | None:
    """Take pairs for right, for good; of several episodes only those that wait."""
    from .. import matching

    return run(_decide(out, data, selector, matching.accept, "accepted"))


@command("reject", "numbers-reject", example='anidana numbers reject "One Piece" S02E03')
@click.argument("selector", nargs=-1, required=True)
def reject(out: Output, data: Path, selector: tuple[str, ...]) -> int | None:
    """Take pairs for wrong, for good; of several episodes only those that wait."""
    from .. import matching

    return run(_decide(out, data, selector, matching.reject, "rejected"))


@command("reset", "numbers-reset", example='anidana numbers reset "One Piece"')
@click.argument("selector", nargs=-1, required=True)
def reset(out: Output, data: Path, selector: tuple[str, ...]) -> int | None:
    """Forget what was decided about episodes."""
    from .. import matching

    return run(_decide(out, data, selector, matching.reset, "forgotten"))


async def _decide(
    out: Output,
    data: Path,
    words: Sequence[str],
    decide: Callable[[App, Sequence[Selector]], Awaitable[int]],
    verb: str,
) -> None:
    from ..app import open_app
    from ..selector import parse

    async with open_app(data) as app:
        count = await decide(app, parse(words))
    out.answer({"count": count}, lambda to: to.print(f"{count} {verb}; {NEXT}"))


@command("set", "numbers-set", example='anidana numbers set "One Piece" S02E03 --to S02E64')
@click.argument("selector", nargs=-1, required=True)
@click.option("--to", "target", required=True, metavar="TARGET", help='As in S01E05, or "film 1234".')
@source_option
def set_(out: Output, data: Path, selector: tuple[str, ...], target: str, source: str) -> int | None:
    """Say which episode or film of the source an episode is."""
    return run(_set(out, data, selector, target, source))


async def _set(out: Output, data: Path, words: Sequence[str], target: str, source: str) -> None:
    from .. import matching
    from ..app import open_app
    from ..errors import NotFound
    from ..selector import parse

    selectors = parse(words)
    if len(selectors) != 1:
        raise NotFound("one episode is wanted", hint='as in "Title" S01E03')
    async with open_app(data) as app:
        key = await matching.choose(app, selectors[0], target, source=source)
    out.answer({"target": key}, lambda to: to.print(f"It is {key} there; {NEXT}"))


for one in (list_, accept, reject, reset, set_):
    numbers.add_command(one)
