"""`anidana fetch`: what is wrong with the call is said before anything is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from anidana.core.cli import program


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["-H", "no colon"], "Name: value"),
        (["--kind", "dash"], "dash"),
        (["--connections", "0"], "0"),
        (["--most-height", "1"], "1"),
    ],
)
def test_wrong_usage_names_the_option(tmp_path: Path, more: list[str], said: str) -> None:
    target = tmp_path / "a.mkv"
    answer = CliRunner().invoke(program, ["fetch", "http://cdn.example/a.m3u8", "-o", str(target), *more])
    assert answer.exit_code == 2
    assert said in answer.output


def test_it_is_not_among_the_commands_that_help_lists() -> None:
    assert "fetch URL" not in CliRunner().invoke(program, ["--help"]).output
    assert program.commands["fetch"].hidden
