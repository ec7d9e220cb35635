"""`anidana plugin …` as an author types it, on the practice network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from anidana.core.demo.story import SHELF, uploads_of
from anidana.core.models import Number
from anidana.core.testkit import check, read_recordings
from anidana.plugins.providers.vidmoly import Vidmoly

URL = "https://clips.example/e/abc123"


def embed() -> str:
    code = next(one.code for one in uploads_of(SHELF, Number(1, 2)) if one.provider == "Vidmoly")
    return f"https://vidmoly.biz/embed-{code}.html"


async def test_new_then_test_is_green_and_new_again_is_refused(shell: Any, tmp_path: Path) -> None:
    folder = str(tmp_path / "mine")
    made = await shell("plugin", "new", "clips", "--from-url", URL, "--dir", folder)
    assert made.code == 0 and "tests/recorded/cases.json" in made.out and "anidana plugin test" in made.out
    tested = await shell("plugin", "test", folder)
    assert tested.code == 0 and " passed" in tested.out, tested.out + tested.err
    assert not (tmp_path / "mine" / ".pytest_cache").exists()
    again = await shell("plugin", "new", "clips", "--from-url", URL, "--dir", folder, "--json")
    assert (again.code, again.json["error"]["code"]) == (9, "held")


async def test_a_red_test_ends_with_12(shell: Any, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    await shell("plugin", "new", "clips", "--from-url", URL, "--dir", str(folder))
    source = folder / "src" / "anidana_clips" / "__init__.py"
    source.write_text(source.read_text().replace("file is not None", "file is None"))
    tested = await shell("plugin", "test", str(folder), "--json")
    assert tested.code == 12 and tested.json["ok"] is False
    assert "test_recorded_pages_mean_what_they_meant" in tested.err


async def test_an_installed_plugin_is_tested_by_name_and_nothing_is_not(shell: Any, tmp_path: Path) -> None:
    tested = await shell("plugin", "test", "vidmoly")
    assert tested.code == 0 and " passed" in tested.out, tested.out + tested.err
    assert (await shell("plugin", "test", "nobody")).code == 4
    assert (await shell("plugin", "test", str(tmp_path / "library"))).code == 4


async def test_without_pytest_the_remedy_is_named(shell: Any, tmp_path: Path) -> None:
    (tmp_path / "pytest.py").write_text("raise ImportError")
    shell.environment["PYTHONPATH"] = str(tmp_path)
    ran = await shell("plugin", "test", "vidmoly")
    assert ran.code == 3 and "pip install pytest" in ran.err


async def test_what_is_no_host_has_no_contract_yet(shell: Any) -> None:
    ran = await shell("plugin", "test", "tmdb")
    assert ran.code == 4 and "no tests of a host" in ran.err


async def test_record_keeps_what_the_host_sent_as_a_small_case(shell: Any, tmp_path: Path) -> None:
    folder = tmp_path / "recorded"
    ran = await shell("plugin", "record", embed(), "--as", "plays", "--into", str(folder))
    assert ran.code == 0 and ran.out.startswith("plays: hls https://"), ran.err
    (case,) = read_recordings(folder)
    check(Vidmoly(), case)
    assert len(case.answers[0].text) < 400
    assert json.loads((folder / "cases.json").read_text())[0]["recorded"]


async def test_record_keeps_an_error_too_and_names_what_it_cannot_do(shell: Any, tmp_path: Path) -> None:
    folder = tmp_path / "recorded"
    nothing = "https://vidmoly.biz/embed-zzzzzzzzzzzz.html"
    ran = await shell(
        "plugin", "record", nothing, "--as", "gone", "--plugin", "vidmoly", "--into", str(folder), "--json"
    )
    assert ran.code == 0 and ran.json["data"]["expected"] == {"error": "gone"}, ran.err
    stranger = await shell("plugin", "record", "https://veev.to/e/1", "--as", "plays", "--into", str(folder))
    assert stranger.code == 4 and "--plugin" in stranger.err
    assert [case.name for case in read_recordings(folder)] == ["gone"]


async def test_doctor_finds_the_built_in_ones_sound(shell: Any) -> None:
    ran = await shell("plugin", "doctor", "anidana")
    assert ran.code == 0 and "nothing is wrong" in ran.out
    assert (await shell("plugin", "doctor", "nobody", "--json")).json["error"]["exit"] == 4


async def test_list_shows_who_replaces_a_built_in_and_doctor_reminds_of_it(
    shell: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "mended"
    made = await shell("plugin", "new", "voe", "--from-url", "https://voe.sx/e/abc123", "--dir", str(folder))
    assert "takes the place of the built-in VOE" in made.out
    info = folder / "src" / "anidana_voe-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: anidana-voe\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[anidana.plugins]\nvoe-mended = anidana_voe\n")
    shell.environment["PYTHONPATH"] = str(folder / "src")
    listed = await shell("plugin", "list")
    assert "replaced: the built-in VOE, by voe-mended (anidana-voe)" in listed.out
    order = next(line for line in listed.out.splitlines() if line.startswith("hosts are asked"))
    assert order.count("VOE") == 1
    examined = await shell("plugin", "doctor")
    assert examined.code == 0 and "replaces the built-in VOE" in examined.out
