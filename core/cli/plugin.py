"""Commands for those who write plugins, and for those who ask what one does: `plugin …`."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import AnidanaError, ConfigError, NotFound, SetupError
from .command import Output, command, harmless, run, table

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from rich.console import Console

    from ..hooks import Provider
    from ..loader import Plugins
    from ..testkit.doctor import Trouble
    from ..testkit.recorder import Recorded

BROKEN = 12

folder_type = click.Path(file_okay=False, path_type=Path)


@click.group(
    "plugin", epilog="Start with:  anidana plugin new clips --from-url https://clips.example/e/abc123"
)
def group() -> None:
    """Write, record, test and examine plugins; list those that are installed."""


def _load(data: Path) -> Plugins:
    from .. import config, loader

    chosen = config.read(data / "config.json")
    return loader.load(chosen.providers.order, domains=chosen.providers.domains)


@command("list", "plugin.list", example="anidana plugin list")
def plugin_list(out: Output, data: Path) -> int | None:
    """List the plugins: what each offers, which were left out and why."""
    found = _load(data)
    answer = {
        "providers": [provider.name for provider in found.providers],
        "loaded": [
            {"name": p.name, "origin": p.origin, "offers": p.offers, "replaces": p.replaces}
            for p in found.loaded
        ],
        "left_out": [{"name": p.name, "origin": p.origin, "reason": p.reason} for p in found.left_out],
    }
    out.answer(answer, lambda to: _print_plugins(to, found))
    return None


def _print_plugins(to: Console, found: Plugins) -> None:
    table(to, ("plugin", "from", "offers"), [(p.name, p.origin, ", ".join(p.offers)) for p in found.loaded])
    to.print("\nhosts are asked in this order: " + ", ".join(p.name for p in found.providers))
    for one in found.loaded:
        for name in one.replaces:
            to.print(f"replaced: the built-in {name}, by {one.name} ({one.origin})")
    for left in found.left_out:
        to.print(f"left out: {left.name} ({left.origin}): {left.reason}")


@command("new", "plugin.new", example="anidana plugin new clips --from-url https://clips.example/e/abc123")
@click.argument("name")
@click.option("--from-url", "url", required=True, metavar="URL", help="Address of a video page of the host.")
@click.option("--dir", "folder", type=folder_type, help="Where to write it; default: ./anidana-NAME.")
def new(out: Output, data: Path, name: str, url: str, folder: Path | None) -> int | None:
    """Write the package of a new host, whose first test is green.

    With the name of a built-in host it is a plugin that takes the place of it.
    """
    from ..testkit import scaffold

    made = scaffold.draft(name, url, _load(data))
    folder = (folder or Path(made.distribution)).absolute()
    files = scaffold.write(made, folder)
    answer = {
        "folder": str(folder),
        "files": [str(file) for file in files],
        "replaces": made.replaces or None,
    }
    out.answer(answer, lambda to: _print_new(to, folder, files, made.replaces))
    return None


def _print_new(to: Console, folder: Path, files: list[Path], replaces: str) -> None:
    for file in files:
        to.print(str(file.relative_to(folder.parent)))
    if replaces:
        to.print(f"\nonce installed, it takes the place of the built-in {replaces}")
    to.print(f"\nnext:  anidana plugin test {folder}\n       pip install -e {folder}")


@command("record", "plugin.record", example="anidana plugin record https://clips.example/e/abc123 --as plays")
@click.argument("url")
@click.option("--as", "name", required=True, help="Name of the case: plays, gone, plays-2026-11.")
@click.option(
    "--plugin", "wanted", metavar="NAME", default="", help="Take this plugin, whatever the address."
)
@click.option("--into", type=folder_type, help="Folder of cases; default: ./tests/recorded or ./recorded.")
def record(out: Output, data: Path, url: str, name: str, wanted: str, into: Path | None) -> int | None:
    """Let a plugin read an address, and keep what the host sent as a case for its tests.

    Addresses of people and machines are replaced by made-up ones, and pages are cut to what the plugin needs.
    """
    return run(_record(out, data, url, name, wanted, into))


async def _record(out: Output, data: Path, url: str, name: str, wanted: str, into: Path | None) -> None:
    from datetime import UTC, datetime

    from ..acquire.prove import provider_of
    from ..app import open_app
    from ..models import Link
    from ..testkit import recorder

    folder = (into or Path("tests/recorded" if Path("tests").is_dir() else "recorded")).absolute()
    async with open_app(data) as app:
        if wanted:
            provider: Provider | None = _named(wanted, app.plugins)
        else:
            provider, _ = await provider_of(Link(url), app.plugins, app.network.visit())
        if provider is None:
            raise NotFound(
                f"no plugin claims {Link(url).host or url!r}",
                candidates=[one.name for one in app.plugins.providers],
                hint="name one of these with --plugin, or install yours: pip install -e .",
            )
        made = await recorder.record(url, name, provider, app.network)
    files = recorder.store(made, folder, datetime.now(UTC).date())
    for text in made.warnings:
        out.warn(text)
    expected = dict(made.case.expected)
    answer = {
        "case": name,
        "plugin": provider.name,
        "expected": expected,
        "files": [str(one) for one in files],
    }
    out.answer(answer, lambda to: _print_recorded(to, made, folder))


def _named(name: str, plugins: Plugins) -> Provider:
    """The provider that goes by a label, or is offered by an entry point of that name."""
    offered = [label for one in plugins.loaded if one.name == name for label in one.offers]
    for label in (name, *offered):
        if (found := plugins.provider_for(label)) is not None:
            return found
    raise NotFound(
        f"no plugin is called {name!r}", candidates=[one.name for one in plugins.providers],
        hint="anidana plugin list",
    )  # fmt: skip


def _print_recorded(to: Console, made: Recorded, folder: Path) -> None:
    after = sum(map(len, made.files.values()))
    came = made.case.expected
    what = came.get("error") or f"{came['kind']} {came.get('url', came.get('url_pattern'))}"
    to.print(harmless(f"{made.case.name}: {what}"))
    to.print(
        f"{len(made.files)} pages, {made.before} characters cut to {after}, {made.masked} masked; in {folder}"
    )


@command("test", "plugin.test", example="anidana plugin test .")
@click.argument("target", default=".")
def test(out: Output, data: Path, target: str) -> int | None:
    """Run the tests of a plugin: of a folder, or of an installed plugin by its name.

    Of a plugin that is installed without its folder, only what needs no recorded pages.
    """
    from ..testkit import doctor

    try:
        import pytest
    except ImportError:
        raise SetupError("pytest is not installed", hint="pip install pytest hypothesis") from None
    folder = Path(target).absolute()
    if not folder.is_dir():
        points = _points(target)
        own = doctor.source_of(points[0].dist)
        names = [one.name for one in points]
        offers = [offer for one in _load(data).loaded if one.name in names for offer in one.offers]
        if not offers:
            raise NotFound(f"{target} does not take part", hint=f"anidana plugin doctor {target}")
        os.environ["ANIDANA_PLUGIN_TEST"] = ",".join(offers)
        folder = own or Path(doctor.__file__).with_name("installed.py")
    # We are imported already, which pytest has to say and nobody has to read.
    imported = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
    arguments = [str(folder), "-p", "no:cacheprovider", "-q", "-W", imported]
    if folder.is_dir():
        os.chdir(folder)
    else:
        arguments += ["-c", os.devnull, "--rootdir", str(folder.parent), "-W", "ignore"]
    with redirect_stdout(sys.stderr if out.as_json else sys.stdout):
        code = int(pytest.main(arguments))
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise NotFound(f"no tests of a host in {folder}", hint="anidana plugin new writes some")
    if out.as_json:
        out.answer({"target": target, "pytest": code}, lambda to: None, ok=code == 0)
    return BROKEN if code else None


def _points(name: str) -> list[EntryPoint]:
    from ..testkit import doctor

    points = doctor.all_points()
    found = doctor.points_of(name, points)
    if name and not found:
        known = sorted(point.name for point in points)
        raise NotFound(f"no plugin is called {name!r}", candidates=known, hint="or name a folder")
    return found


@command("doctor", "plugin.doctor", example="anidana plugin doctor clips")
@click.argument("name", default="")
def doctor(out: Output, data: Path, name: str) -> int | None:
    """Look installed plugins over and say what is wrong with them, and what to do about it.

    Without a name, all that are not built in. Ends with 12 if one of them does not work.
    """
    from datetime import UTC, datetime

    from ..testkit.doctor import examine

    points = _points(name)
    try:
        plugins = _load(data)
    except AnidanaError as error:
        raise ConfigError(f"the plugins do not load: {error}", hint=error.hint) from error
    today = datetime.now(UTC).date()
    found = [one for point in points for one in examine(point, plugins, today)]
    broken = any(one.level == "error" for one in found)
    answer = [
        {"plugin": one.plugin, "level": one.level, "what": one.what, "remedy": one.remedy} for one in found
    ]
    out.answer(answer, lambda to: _print_troubles(to, found, len(points)), ok=not broken)
    return BROKEN if broken else None


def _print_troubles(to: Console, found: list[Trouble], looked_at: int) -> None:
    for one in found:
        to.print(harmless(f"{one.level:<8} {one.plugin}: {one.what}\n         → {one.remedy}"))
    if not found:
        to.print(f"ok       {looked_at} looked at, nothing is wrong")


for _command in (plugin_list, new, record, test, doctor):
    group.add_command(_command)
