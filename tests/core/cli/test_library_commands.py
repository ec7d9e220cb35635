"""Promises of the commands about the library as a whole."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from anidana.core.demo.story import SHELF

KEY = SHELF.series.key
FOLDER = f"{SHELF.series.title} ({SHELF.series.year})"


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    for folder in [*(path for path in root.rglob("*") if path.is_dir()), root]:
        os.utime(folder, (1_700_000_000, 1_700_000_000))


async def test_a_library_is_taken_in_and_read(shell: Any) -> None:
    write(shell.library, f"{FOLDER}/Season 01/S01E01.mkv", "Nobody knows this/S01E01.mkv")
    dry = await shell("import", "--dry-run", "--json")
    assert [one["outcome"] for one in dry.json["data"]] == ["taken", "review"] and dry.json["dry_run"]
    assert (await shell("list", "--json")).json["data"] == []
    assert (await shell("import", str(shell.library))).code == 0
    (listed,) = (await shell("list", "--json")).json["data"]
    assert (listed["key"], listed["on_disk"], listed["folder"]) == (KEY, 1, FOLDER)
    (waits,) = (await shell("import", "--review", "--json")).json["data"]
    assert waits["folder"] == "Nobody knows this" and waits["reason"] == "no series fits"
    report = (await shell("library", "--json")).json["data"]
    assert (report["videos"], report["strangers"]) == (2, ["Nobody knows this"])
    assert "Nothing has changed" in (await shell("library")).out
    assert (await shell("import", str(shell.library / "Nobody knows this"), "--ignore")).code == 0
    assert (await shell("import", "--review")).out == "No folder waits.\n"
    assert (await shell("import", str(shell.data.parent))).code == 3


async def test_a_file_that_is_gone_is_shown_and_not_fetched_again(shell: Any) -> None:
    write(shell.library, f"{FOLDER}/S01E01.mkv", f"{FOLDER}/S01E02.mkv")
    await shell("import")
    (shell.library / FOLDER / "S01E01.mkv").unlink()
    ran = await shell("library")
    assert ran.code == 0 and "1 missing files" in ran.out
    rows = (await shell("missing", "--json")).json["data"]
    assert [one["selector"] for one in rows if one["missing_file"]] == [f"aniworld:{KEY} S01E01"]
    assert "the file is gone" in (await shell("missing")).out
    planned = (await shell("get", KEY, "-n", "--json")).json["data"]["wanted"]
    assert f"aniworld:{KEY} S01E01" not in [one["selector"] for one in planned]
    named = (await shell("get", KEY, "S01E01", "-n", "--json")).json["data"]["wanted"]
    assert [one["missing_file"] for one in named] == [True]


async def test_a_scan_of_an_unchanged_library_brings_in_nothing_heavy(shell: Any) -> None:
    write(shell.library, f"{FOLDER}/S01E01.mkv")
    await shell("import")
    await shell("library")
    program = (
        "import sys\nfrom anidana.core.cli import program\n"
        "program.main(['library'], prog_name='anidana', standalone_mode=False)\n"
        "print(sorted({'sqlalchemy', 'aiohttp', 'pydantic', 'rich', 'asyncio', 'lxml'} & set(sys.modules)))"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], env={**os.environ, **shell.environment},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]" and "Nothing has changed" in done.stdout


async def test_other_settings_mean_another_scan(shell: Any, tmp_path: Path) -> None:
    write(shell.library, f"{FOLDER}/S01E01.mkv")
    await shell("library")
    assert "Nothing has changed" in (await shell("library")).out
    shell.environment["ANIME_DIRECTORY"] = str(tmp_path / "elsewhere")
    gone = await shell("library")
    assert gone.code == 3 and "does not exist" in gone.err


async def test_what_the_predecessor_left_is_taken_over(shell: Any, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    assert (await shell("import", str(old), "--predecessor")).code == 4
    (old / "config.json").write_text('{"nfo": {"tmdb_api_key": "abcdefghijklmnop"}}')
    ran = await shell("import", str(old), "--predecessor", "--json")
    assert ran.json["data"]["settings"] == {"metadata.keys.tmdb": "***"}
    assert (
        "abcdefghijklmnop" not in ran.out and "abcdefghijklmnop" in (shell.data / "config.json").read_text()
    )


async def test_contradictions_are_wrong_usage(shell: Any) -> None:
    for words in (["--ignore"], ["x", "--as", "y", "--ignore"], ["x", "--as", "y", "-n"]):
        assert (await shell("import", *words)).code == 2, words
