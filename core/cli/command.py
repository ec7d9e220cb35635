"""What all commands share: the options, the JSON envelope, the exit codes, the event loop."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import update_wrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from .. import errors
from ..errors import AnidanaError

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")

EXITS: tuple[tuple[type[AnidanaError], int], ...] = (
    (errors.ConfigError, 3),
    (errors.SetupError, 3),
    (errors.NotFound, 4),
    (errors.Gone, 4),
    (errors.NotOut, 5),
    (errors.NotReady, 5),
    (errors.NoStream, 6),
    (errors.Damaged, 6),
    (errors.Refused, 6),
    (errors.Blocked, 6),
    (errors.NeedsPerson, 8),
    (errors.Held, 9),
    (errors.DiskFull, 9),
    (errors.PageChanged, 12),
    (errors.Crashed, 12),
)
"""Exit code of every error; docs/command-line.md explains them."""

PARTLY = 7


class Terminated(Exception):
    """SIGTERM has ended the work, in order."""


def exit_of(error: AnidanaError) -> tuple[int, str]:
    """The exit code and the stable word of an error."""
    return next((code for kind, code in EXITS if isinstance(error, kind)), 1), error.word


class Output:
    """Where a command's answer goes: one JSON document, or text for people."""

    def __init__(self, schema: str, *, as_json: bool) -> None:
        self.schema, self.as_json = schema, as_json
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        """Say what the owner should know although it went well."""
        self.warnings.append(text)
        if not self.as_json:
            print_error(f"warning: {text}")

    def answer(
        self, data: object, text: Callable[[Console], None], *, dry_run: bool = False, ok: bool = True
    ) -> None:
        """Give the answer: `data` as JSON, or `text` printed to a console."""
        if self.as_json:
            envelope = {
                "schema": f"anidana/{self.schema}.v1",
                "ok": ok,
                "data": data,
                "warnings": self.warnings,
                "dry_run": dry_run,
            }
            click.echo(json.dumps(envelope, ensure_ascii=False, indent=2, default=str))
        else:
            text(console(sys.stdout))
            if dry_run:
                click.echo("Dry run, nothing changed.")


def console(stream: IO[str]) -> Console:
    """A console for people; piped output is not cut to a width and has no colour."""
    from rich.console import Console

    return Console(
        file=stream, highlight=False, emoji=False, markup=False, width=None if stream.isatty() else 1000
    )


def table(target: Console, titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under titles, without lines around them."""
    from rich.table import Table
    from rich.text import Text

    sheet = Table(box=None, pad_edge=False, header_style="dim", show_edge=False)
    for title in titles:
        sheet.add_column(title, no_wrap=not target.is_terminal)
    for row in rows:
        sheet.add_row(*(Text("–" if cell is None else harmless(str(cell))) for cell in row))
    if target.is_terminal:
        target.print(sheet)
        return
    with target.capture() as captured:
        target.print(sheet)
    target.print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def print_error(text: str) -> None:
    """Talk on stderr."""
    click.echo(harmless(text), err=True)


def harmless(text: str) -> str:
    """The text without what could steer a terminal: a page may have put it into a title."""
    return "".join(mark for mark in text if mark.isprintable() or mark == "\n")


def report(error: AnidanaError, *, json: bool) -> int:
    """Say what failed and what to do, as text or as a JSON document; returns the exit code."""
    code, word = exit_of(error)
    candidates, url = list(getattr(error, "candidates", ())), getattr(error, "url", "")
    if json:
        report_document(code, word, str(error), hint=error.hint, candidates=candidates, url=url)
        return code
    print_error(f"anidana: {error}")
    if candidates:
        print_error("  did you mean:")
        for candidate in candidates:
            print_error(f"    {candidate}")
    for attempt in getattr(error, "attempts", ()):
        print_error(f"  {attempt.provider}, {attempt.language.label}: {attempt.reason or attempt.result}")
    if url:
        print_error(f"  look at it in your browser: {url}")
    if error.hint:
        print_error(f"  {error.hint}")
    return code


def report_document(code: int, word: str, message: str, **more: object) -> None:
    """Print an error as one JSON document; of `more`, what is empty is left out."""
    body = {"code": word, "exit": code, "message": message, **{k: v for k, v in more.items() if v}}
    click.echo(json.dumps({"schema": "anidana/error.v1", "ok": False, "error": body}, ensure_ascii=False))


def data_folder(chosen: Path | None) -> Path:
    """Where settings, database and logs lie: the option, `ANIDANA_DATA`, or the user's data folder."""
    if chosen is not None:
        return chosen.absolute()
    if named := os.environ.get("ANIDANA_DATA"):
        return Path(named).absolute()
    from platformdirs import user_data_path

    try:
        return user_data_path("anidana")
    except RuntimeError:
        raise errors.SetupError("you have no home folder", hint="name a folder with --data") from None


def command(
    name: str, schema: str, *, example: str, own_data: bool = False, hidden: bool = False
) -> Callable[[Callable[..., int | None]], click.Command]:
    """Make a command of a function `(out, data, **options) -> exit code`.

    With `own_data` the command chooses a data folder itself where none is named; `hidden` ones are
    left out of the list of commands.
    """

    def make(function: Callable[..., int | None]) -> click.Command:
        def call(*, as_json: bool, data: Path | None, **options: Any) -> int | None:
            folder = data if own_data else data_folder(data)
            return function(Output(schema, as_json=as_json), folder, **options)

        update_wrapper(call, function)
        kind = click.Path(file_okay=False, path_type=Path)
        call = click.option("--data", type=kind, help="Folder of settings, database and logs.")(call)
        call = click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")(call)
        return click.command(name, epilog=f"Example:  {example}", hidden=hidden)(call)

    return make


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work on an event loop; SIGTERM ends it in order, with exit code 143."""
    import asyncio
    import signal

    terminated = False

    async def guarded() -> T:
        task = asyncio.ensure_future(work)

        def stop() -> None:
            nonlocal terminated
            terminated = True
            task.cancel()

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
        return await task

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        if terminated:
            raise Terminated from None
        raise
