"""backup and restore as commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from anidana.core.app import alone
from anidana.core.cli import program
from anidana.core.errors import Held


def run(data: Path, *words: str) -> Any:
    return CliRunner().invoke(program, [*words, "--data", str(data), "--json"], standalone_mode=False)


def answer(data: Path, *words: str) -> Any:
    done = run(data, *words)
    assert done.exception is None, done.exception
    return json.loads(done.output)


def test_a_backup_is_made_shown_and_put_back(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "away" / "b.zip"
    answer(data, "list")  # makes the database
    assert answer(data, "backup", "--to", str(file))["data"] == {"file": str(file)}
    answer(data, "backup")
    (kept,) = answer(data, "backup", "--list")["data"]
    looked = answer(data, "restore", kept["name"], "--dry-run")
    assert looked["dry_run"] is True and looked["data"]["rows"]["anime_series"] == [0, 0]
    assert answer(data, "restore", str(file))["dry_run"] is False
    assert [one["why"] for one in answer(data, "backup", "--list")["data"]] == ["restore", "manual"]


def test_nothing_is_put_back_while_the_service_runs(tmp_path: Path) -> None:
    answer(tmp_path, "list")
    name = Path(answer(tmp_path, "backup")["data"]["file"]).name
    with alone(tmp_path):
        assert isinstance(run(tmp_path, "restore", name).exception, Held)
        answer(tmp_path, "restore", name, "--dry-run")
        answer(tmp_path, "backup")
