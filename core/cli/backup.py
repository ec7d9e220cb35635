"""Commands that keep the data safe: backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import Output, command, table

if TYPE_CHECKING:
    from rich.console import Console


@command("backup", "backup", example="anidana backup --to /mnt/nas/anidana.zip")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="File to make.")
@click.option("--secrets", is_flag=True, help="Include keys and passwords that the settings hold.")
@click.option("--list", "show", is_flag=True, help="List the backups in the data folder; make none.")
def backup(out: Output, data: Path, to: Path | None, secrets: bool, show: bool) -> int | None:
    """Back up database and settings into one zip file, while the service runs or not."""
    from .. import backup, config

    if show:
        kept = backup.listed(data)
        answer = [
            {"name": one.name, "why": one.why, "made_at": one.made_at, "bytes": one.size} for one in kept
        ]
        cells = [(one.name, one.why, f"{one.size / 2**20:.1f} MiB") for one in kept]
        out.answer(answer, lambda console: table(console, ("name", "made", "size"), cells))
        return None
    backup.check_kind(config.read(data / "config.json"))
    made = backup.make(data, secrets=secrets, to=to and to.absolute())
    out.answer({"file": str(made)}, lambda console: console.print(f"Made {made}"))
    return None


@command("restore", "restore", example="anidana restore anidana.zip --dry-run")
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Check the backup and say what would change.")
def restore(out: Output, data: Path, file: str, dry_run: bool) -> int | None:
    """Put a backup (a file, or a name from `anidana backup --list`) in the place of the present data."""
    from .. import backup, config
    from ..app import alone
    from ..errors import ConfigError

    path = Path(file) if Path(file).exists() else backup.find(data, file)
    try:
        chosen = config.read(data / "config.json")
    except ConfigError:  # broken settings may be why; then there is nothing to look up
        chosen = config.read()
    backup.check_kind(chosen)
    if dry_run:
        found = backup.restore(data, path, dry_run=True)
    else:
        with alone(data):
            found = backup.restore(data, path)

    def text(to: Console) -> None:
        to.print(f"Backup of {found.made_at:%Y-%m-%d %H:%M} UTC, made by version {found.version}.")
        cells = [(name, now, then) for name, (now, then) in found.rows.items()]
        table(to, ("rows of", "now", "then"), cells)
        if found.settings:
            to.print(f"Settings that change: {', '.join(found.settings)}")

    answer = {"made_at": found.made_at, "rows": found.rows, "settings": found.settings}
    out.answer(answer, text, dry_run=dry_run)
    return None
