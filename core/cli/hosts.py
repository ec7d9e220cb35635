"""Commands about streaming hosts: how they behave, and in which order they are asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ConfigError
from .command import Output, command, run, table

if TYPE_CHECKING:
    from rich.console import Console

    from ..acquire.probe import Probed
    from ..hooks import Provider
    from ..hosts import HostState
    from ..standing import Standing

FAILING = 6
MOODS = ("shaky", "resting", "broken")


@click.group("hosts")
def hosts() -> None:
    """Look after streaming hosts: how they behave, rests, order."""


@command("list", "hosts", example="anidana hosts list --fail-on broken")
@click.option("--fail-on", type=click.Choice(MOODS), help="Exit with 6 if a host is in this state, or worse.")
def list_(out: Output, data: Path, fail_on: str | None) -> int | None:
    """List hosts in the order in which they are asked, and how their last 20 attempts went."""
    return run(_list(out, data, fail_on))


async def _list(out: Output, data: Path, fail_on: str | None) -> int | None:
    from .. import standing
    from ..app import open_app, unknown_hosts

    async with open_app(data) as app:
        hosts, sites = await standing.standings(app)
        for sentence in unknown_hosts(app.settings.providers, app.plugins):
            out.warn(sentence)
    rows, resting = [_row(one) for one in hosts], [_row(one) for one in sites]
    out.answer({"hosts": rows, "sites": resting}, lambda to: _print(to, rows, resting))
    worst = MOODS[MOODS.index(fail_on) :] if fail_on else ()
    return FAILING if any(row["state"] in worst for row in rows) else None


def _row(one: Standing) -> dict[str, object]:
    state = one.state
    return {
        "name": state.name,
        "state": one.mood,
        "last_20": state.results,
        "success": state.share,
        "last_success": state.last_ok,
        "until": one.resting_until,
        "failures": state.failures,
        "last_result": state.last_result or None,
        "last_reason": state.last_reason or None,
        "url": state.url or None,
    }


def _print(to: Console, rows: Sequence[dict[str, object]], sites: Sequence[dict[str, object]]) -> None:
    cells = [
        (
            row["name"],
            row["state"],
            str(row["last_20"]).translate({ord("+"): "■", ord("-"): "✕"}) or None,
            f"{row['success']:.0%}" if isinstance(row["success"], float) else None,
            _ago(row["last_success"]),
            _note(row),
        )
        for row in rows
    ]
    table(to, ("host", "state", "last 20, newest left", "success", "last success", "note"), cells)
    for site in sites:
        to.print(f"\nsite {site['name']} rests {_note(site)}")
        if site["url"]:
            to.print(f"  look at it in your browser: {site['url']}")


def _ago(moment: object) -> str | None:
    if not isinstance(moment, datetime):
        return None
    seconds = (datetime.now(moment.tzinfo) - moment).total_seconds()
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {name}"
    return "now"


def _note(row: dict[str, object]) -> str | None:
    from .. import sites

    reason = f"{row['last_reason']}" if row["failures"] or row["until"] else ""
    until = sites.until(row["until"]) if isinstance(row["until"], datetime) else ""
    return ": ".join(part for part in (until, reason) if part) or None


@command("test", "hosts-test", example="anidana hosts test VOE Vidmoly")
@click.argument("names", metavar="[HOST]...", nargs=-1)
@click.option("--url", help="An address at the host, instead of a mirror of an episode you follow.")
def test(out: Output, data: Path, names: tuple[str, ...], url: str | None) -> int | None:
    """Look whether hosts deliver, resting or not; nothing is saved."""
    return run(_test(out, data, names, url))


async def _test(out: Output, data: Path, names: tuple[str, ...], url: str | None) -> int | None:
    from .. import standing
    from ..acquire.probe import probe
    from ..app import open_app
    from ..jobs.trial import try_hosts

    found: list[dict[str, object]] = []

    def hear(provider: Provider, said: Probed | str) -> None:
        ok = not isinstance(said, str) and said.error is None
        reason = said if isinstance(said, str) else str(said.error or "a stream comes")
        found.append({"name": provider.name, "ok": ok, "reason": reason})
        if not out.as_json:
            click.echo(f"{provider.name:<12} {'ok' if ok else 'no':<3} {reason}")

    async with open_app(data) as app:
        providers = standing.named(app.plugins, names) or list(app.plugins.providers)
        if url is None:
            await try_hosts(app, providers, hear)
        elif len(names) != 1:
            raise ConfigError("--url goes with one host", hint="whose it is, says: anidana probe URL")
        else:
            most = app.settings.downloads.most_height
            hear(providers[0], await probe(url, app.plugins, app.network, most, providers[0].name))
    ok = all(row["ok"] for row in found)
    out.answer(found, lambda to: None, ok=ok)
    return None if ok else FAILING


@command("rest", "hosts-rest", example="anidana hosts rest Doodstream --for 6h")
@click.argument("names", metavar="HOST...", nargs=-1, required=True)
@click.option("--for", "time", default="1h", help="How long: 30m, 6h, 2d; default 1h.")
def rest(out: Output, data: Path, names: tuple[str, ...], time: str) -> int | None:
    """Ask these hosts last for a while."""
    from ..hosts import rest as to_rest

    span = _duration(time)
    return run(_change(out, data, names, lambda state, moment: to_rest(state, moment, span), "resting"))


@command("wake", "hosts-wake", example="anidana hosts wake VOE")
@click.argument("names", metavar="[HOST]...", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="Wake every host and site.")
def wake(out: Output, data: Path, names: tuple[str, ...], everyone: bool) -> int | None:
    """End the rest of hosts or sites, and forget why they rested."""
    from ..hosts import wake as to_wake

    if bool(names) == everyone:
        raise click.UsageError("name hosts, or --all")
    return run(_change(out, data, names, lambda state, _: to_wake(state), "awake"))


async def _change(
    out: Output,
    data: Path,
    names: tuple[str, ...],
    to: Callable[[HostState, datetime], HostState],
    what: str,
) -> int | None:
    from .. import standing
    from ..app import open_app

    async with open_app(data) as app:
        changed = await standing.change(app, names, to)
    out.answer({what: changed}, lambda console: console.print(f"{what}: {', '.join(changed) or 'none'}"))
    return None


@command("order", "hosts-order", example="anidana hosts order VOE Vidmoly Streamtape")
@click.argument("names", metavar="[HOST]...", nargs=-1)
@click.option("--default", is_flag=True, help="Go back to the default order.")
def order(out: Output, data: Path, names: tuple[str, ...], default: bool) -> int | None:
    """Show the order in which hosts are asked, or name those to ask first."""
    from .. import config, loader, standing

    if names and default:
        raise click.UsageError("name hosts, or --default")
    file = data / "config.json"
    chosen = config.read(file)
    plugins = loader.load(chosen.providers.order, domains=chosen.providers.domains)
    if names or default:
        first = list(dict.fromkeys(provider.name for provider in standing.named(plugins, names)))
        config.change(file, ("providers", "order"), first)
        plugins = loader.load(first, domains=chosen.providers.domains)
    ordered = [provider.name for provider in plugins.providers]
    out.answer(ordered, lambda to: to.print("\n".join(ordered)))
    return None


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})\s?(m|h|d)", text.strip())
    if found is None:
        raise click.BadParameter(f"{text!r} is no time such as 30m, 6h or 2d", param_hint="--for")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[found[2]]
    return timedelta(**{unit: int(found[1])})


for item in (list_, test, rest, wake, order):
    hosts.add_command(item)
