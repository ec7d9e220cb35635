"""Commands about names in the library: what they would be, and making them so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import PARTLY, Output, command, run, table

if TYPE_CHECKING:
    from rich.console import Console

    from ..jobs.renames import Planned
    from ..library.moves import Move


@command("rename", "rename", example="anidana rename frieren --apply")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--apply", is_flag=True, help="Do it; without, only say what would be done.")
def rename(out: Output, data: Path, selectors: tuple[str, ...], apply: bool) -> int | None:
    """Name what is in the library as the settings say; shows the plan, unless --apply is given."""
    return run(_rename(out, data, selectors, apply))


async def _rename(out: Output, data: Path, words: tuple[str, ...], apply: bool) -> int | None:
    from ..app import open_app
    from ..errors import AnidanaError
    from ..jobs import renames
    from ..jobs.events import ignore
    from ..jobs.tell import tell_all
    from ..selector import parse

    errors: dict[int, AnidanaError] = {}
    async with open_app(data) as app:
        if not apply:
            planned = await renames.plan(app, parse(words))
        else:
            async with app.alone():
                planned = await renames.plan(app, parse(words))
                for one in renames.changing(planned):
                    try:
                        await renames.apply(app, one)
                    except AnidanaError as error:  # the other series are renamed all the same
                        if len(planned) == 1:
                            raise
                        errors[one.series.id] = error
                        out.warn(f"{one.series.name}: {error}" + (f"; {error.hint}" if error.hint else ""))
                for told in await tell_all(app, ignore):
                    if told.error:
                        out.warn(f"{told.server} will be told later: {told.error}")
    answer = [_data(one, errors.get(one.series.id)) for one in planned]
    out.answer(answer, lambda to: _print(to, planned, errors, apply), dry_run=not apply)
    return PARTLY if errors else None


def _data(planned: Planned, error: Exception | None) -> dict[str, object]:
    plan = planned.plan
    return {
        "title": planned.series.name,
        "key": planned.series.key,
        "source": planned.series.site,
        "folder": _pair(plan.folder),
        "files": [
            {**_pair(one.video), "sidecars": [_pair(two) for two in one.sidecars]} for one in plan.renamed
        ],
        "left": [{"path": str(one.path), "why": one.why} for one in plan.left],
        "error": str(error) if error else None,
    }


def _pair(move: Move) -> dict[str, str]:
    return {"old": str(move.old), "new": str(move.new)}


def _print(to: Console, planned: list[Planned], errors: Mapping[int, Exception], apply: bool) -> None:
    changing = [one for one in planned if one.plan.changes]
    for one in planned:
        if not one.plan.changes and not one.plan.left:
            continue
        to.print(one.series.name + (": everything has its old name" if one.series.id in errors else ""))
        rows = [one.plan.folder] if one.plan.folder.old != one.plan.folder.new else []
        for move in rows:
            to.print(f"  {move.old}/ → {move.new}/")
        for file in one.plan.renamed:
            beside = f"  (+{len(file.sidecars)} beside it)" if file.sidecars else ""
            to.print(f"  {file.video.old} → {file.video.new}{beside}")
        for left in one.plan.left:
            to.print(f"  left alone: {left.path}: {left.why}", style="dim")
    if not changing:
        to.print("Everything is named as the settings say.")
    elif not apply:
        to.print("To do it: the same with --apply")


@command("naming", "naming", example="anidana naming --preset jellyfin")
@click.option("--preset", type=click.Choice(["jellyfin", "kodi", "predecessor"]), help="Try this preset.")
@click.option("--series", metavar="TEMPLATE", help="Try this for a series' folder.")
@click.option("--season", metavar="TEMPLATE", help="Try this for a season's folder.")
@click.option("--episode", metavar="TEMPLATE", help="Try this for an episode.")
@click.option("--special", metavar="TEMPLATE", help="Try this for season 0.")
@click.option("--film", metavar="TEMPLATE", help="Try this for films.")
def naming(out: Output, data: Path, **tried: str | None) -> int | None:
    """Show the names that the settings make, or others that you try here; nothing is changed."""
    from .. import config, settings
    from ..library.naming import preview

    own = config.read(data / "config.json").library.naming
    given = {name: value for name, value in tried.items() if value is not None}
    if "preset" in given:  # its own names, not yours
        own = settings.Naming(windows_path=own.windows_path)
    made = preview(settings.Naming.model_validate(own.model_dump() | given))
    rows = [{"what": what, "path": str(path)} for what, path in made]
    out.answer(rows, lambda to: table(to, ("", "name"), [tuple(row.values()) for row in rows]))
    return None
