"""`anidana rename` and `anidana naming` as people use them."""

from __future__ import annotations

import json
from typing import Any

from filelock import FileLock

from anidana.core.demo.story import SHELF

KEY = SHELF.series.key
TITLE = SHELF.series.title


def put(shell: Any, *names: str) -> None:
    for name in names:
        path = shell.library / f"{TITLE} (2024)" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


async def test_a_plan_first_and_then_the_same_with_apply(shell: Any) -> None:
    put(shell, "Staffel 1/x S01E01.mkv", "Staffel 1/x S01E01.nfo", "trailer.mkv")
    assert (await shell("follow", KEY)).code == 0
    plan = await shell("rename", KEY)
    assert plan.code == 0 and "Dry run, nothing changed." in plan.out and "--apply" in plan.out
    folder = f"{TITLE} (2024)"
    new = f"{folder}/Season 01/{TITLE} - S01E01 - Der leere Platz.mkv"
    assert f"{folder}/Staffel 1/x S01E01.mkv → {new}  (+1 beside it)" in plan.out
    assert f"left alone: {folder}/trailer.mkv: no episode is known to be in it" in plan.out
    assert (shell.library / folder / "Staffel 1").is_dir()

    done = await shell("rename", KEY, "--apply", "--json")
    assert (done.code, done.json["schema"], done.json["dry_run"]) == (0, "anidana/rename.v1", False)
    (series,) = done.json["data"]
    assert series["folder"] == {"old": folder, "new": folder} and series["error"] is None
    assert series["files"][0]["new"] == new and len(series["files"][0]["sidecars"]) == 1
    assert (shell.library / new).is_file()
    shown = await shell("show", KEY, "--json")
    assert str(shell.library / new) in [one["file"] for one in shown.json["data"]["list"]]
    again = await shell("rename", "--apply")
    assert again.code == 0 and "Everything is named as the settings say." in again.out


async def test_a_series_that_cannot_be_renamed_ends_with_what_is_in_the_way(shell: Any) -> None:
    put(shell, "a S01E01.mkv")
    await shell("follow", KEY)
    assert (await shell("rename", "nobody")).code == 4
    before = sorted(shell.library.rglob("*"))
    with FileLock(shell.data / "anidana.lock"):
        assert (await shell("rename", KEY)).code == 0, "a plan needs nobody's leave"
        held = await shell("rename", KEY, "--apply")
    assert held.code == 9 and "another anidana works" in held.err
    assert sorted(shell.library.rglob("*")) == before
    (shell.data / "config.json").write_text(json.dumps({"library": {"naming": {"episode": "{title}"}}}))
    wrong = await shell("rename")
    assert wrong.code == 3 and "library.naming.episode" in wrong.err


async def test_templates_are_tried_before_they_are_set(shell: Any) -> None:
    now = await shell("naming", "--json")
    names = {one["what"]: one["path"] for one in now.json["data"]}
    assert (
        names["episode"] == "Sousou no Frieren (2023)/Season 01/Sousou no Frieren - S01E03 - Tötungsmagie.mkv"
    )
    tried = await shell("naming", "--preset", "jellyfin", "--special", "SP{episode:02d} {name}")
    assert (
        tried.code == 0
        and "Sousou no Frieren (2023) [tmdbid-209867]/Season 00/SP01 Ein Feuerwerk.mkv" in tried.out
    )
    assert list(shell.library.iterdir()) == []
    wrong = await shell("naming", "--episode", "{titel}")
    assert wrong.code == 3 and "unknown field {titel}" in wrong.err
