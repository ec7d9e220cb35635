"""The program answers at once: nothing heavy is imported before a command needs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest

HEAVY = (
    "aiohttp", "alembic", "apprise", "asyncio", "av", "fastapi", "lxml", "m3u8", "pgqueuer", "pydantic",
    "rich", "sqlalchemy", "tmdbv3api", "yt_dlp",
)  # fmt: skip

_PROGRAM = """
import sys
from anidana.core.cli import program
sys.argv = ["anidana", *sys.argv[1:]]
try:
    program.main(prog_name="anidana", standalone_mode=False)
finally:
    print("\\n".join(sorted(name for name in sys.modules if "." not in name)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["get", "--help"], ["fetch", "--help"], ["plugin", "test", "--help"], ["--version"]],
)
def test_help_brings_in_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout
    assert set(done.stderr.split()).isdisjoint(HEAVY), sorted(set(done.stderr.split()) & set(HEAVY))


def _all_of(group: Any) -> Iterator[tuple[str, ...]]:
    """The words of every command, those of a group below it too."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from ((name, *words) for words in _all_of(command))
        else:
            yield (name,)


def test_every_command_has_help_that_shows_an_example() -> None:
    from click.testing import CliRunner

    from anidana.core.cli import program

    assert set(program.commands) == {
        "search", "follow", "unfollow", "list", "show", "missing", "get", "scan", "probe", "plugin",
        "demo", "version", "hosts", "fetch", "rename", "naming", "nfo", "library", "import",
        "serve", "backup", "restore", "match", "numbers",
    }  # fmt: skip
    for words in _all_of(program):
        name = " ".join(words)
        answer = CliRunner().invoke(program, [*words, "--help"])
        assert answer.exit_code == 0
        assert f"Example:  anidana {name}" in answer.output
        assert "--json" in answer.output
