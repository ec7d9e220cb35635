"""Commands that look and change nothing: probe, version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import Output, command, exit_of, run

if TYPE_CHECKING:
    from rich.console import Console

    from ..acquire.probe import Probed


@command("probe", "probe", example="anidana probe https://voe.sx/e/abc123def456 --steps")
@click.argument("url")
@click.option("--steps", is_flag=True, help="Show every page that was asked for.")
@click.option("--as", "provider", metavar="HOST", help="Take this host's plugin, whatever the address says.")
def probe(out: Output, data: Path, url: str, steps: bool, provider: str | None) -> int | None:
    """Say which plugin claims an address, and whether a stream really comes; nothing is saved."""
    return run(_probe(out, data, url, steps, provider))


async def _probe(out: Output, data: Path, url: str, steps: bool, provider: str | None) -> int | None:
    from ..acquire.probe import probe as look
    from ..app import open_app

    async with open_app(data) as app:
        most = app.settings.downloads.most_height
        found = await look(url, app.plugins, app.network, most, provider or "")
    out.answer(_probe_data(found), lambda to: _print_probe(to, found, steps), ok=found.error is None)
    return None if found.error is None else exit_of(found.error)[0]


def _probe_data(found: Probed) -> dict[str, object]:
    stream, error = found.stream, found.error
    return {
        "url": found.url,
        "provider": found.provider,
        "steps": [
            {"what": one.what, "url": one.url, "outcome": one.outcome, "seconds": round(one.seconds, 3)}
            for one in found.steps
        ],
        "stream": {"kind": stream.kind, "url": stream.url, "expires": stream.expires} if stream else None,
        "result": exit_of(error)[1] if error else "ok",
        "reason": str(error) if error else None,
    }


def _print_probe(to: Console, found: Probed, steps: bool) -> None:
    to.print(f"claimed by  {found.provider}")
    if steps:
        for number, step in enumerate(found.steps, 1):
            to.print(f"{number:>3}  {step.what:<7} {step.outcome}  {step.seconds:.1f} s")
            to.print(f"     {step.url}", style="dim")
    if found.error is not None:
        to.print(f"result      {exit_of(found.error)[1]}: {found.error}")
    elif found.stream is not None:
        to.print(f"result      ok: {found.stream.kind}; nothing was saved")


@command("version", "version", example="anidana version --json")
def version(out: Output, data: Path) -> int | None:
    """Say which version this is."""
    from importlib.metadata import version as of
    from platform import python_version

    answer = {"anidana": of("anidana"), "python": python_version(), "data": str(data)}
    out.answer(
        answer,
        lambda to: to.print("anidana {anidana} (Python {python})\ndata folder  {data}".format(**answer)),
    )
    return None
