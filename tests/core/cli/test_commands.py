"""Promises of the command line: answers, exit codes, JSON, and errors that say what to do."""

from __future__ import annotations

import asyncio
import os
import shlex
import sqlite3
import sys
from contextlib import closing
from typing import Any

import pytest

from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF
from anidana.core.loader import DEFAULT_PROVIDERS
from anidana.core.models import Number

KEY = SHELF.series.key
TITLE = SHELF.series.title


async def test_from_a_search_to_a_filed_episode(shell: Any) -> None:
    found = await shell("search", "regal", "--json")
    assert (found.code, found.json["schema"], found.json["ok"]) == (0, "anidana/search.v1", True)
    assert found.json["data"][0]["title"] == TITLE

    planned = await shell("follow", TITLE, "--dry-run")
    assert planned.code == 0 and "Dry run, nothing changed." in planned.out
    assert (await shell("list", "--json")).json["data"] == []

    assert (await shell("follow", TITLE)).code == 0
    assert (await shell("follow", TITLE)).code == 0, "following twice is success"
    (listed,) = (await shell("list", "--json")).json["data"]
    assert (listed["key"], listed["episodes"], listed["missing"]) == (KEY, 7, 7)

    plan = await shell("get", KEY, "S01", "-n", "--json")
    assert plan.json["dry_run"] and len(plan.json["data"]["wanted"]) == 3
    assert list(shell.library.iterdir()) == []

    got = await shell("get", KEY, "S01E01")
    assert got.code == 0 and "done 1 · failed 0" in got.out
    assert f"{TITLE} S01E01  filed  VOE, German dub" in got.err
    assert "\x1b" not in got.out + got.err, "no colour where nobody looks"
    assert (await shell("get", KEY, "S01E01")).out == "Nothing to get. 1 on disk.\n"

    shown = await shell("show", "regal", "--json")
    episodes = {one["selector"]: one for one in shown.json["data"]["list"]}
    first = episodes[f"aniworld:{KEY} S01E01"]
    assert first["on_disk"] and first["provider"] == "VOE"
    missing = await shell("missing", "--json")
    assert len(missing.json["data"]) == 6

    stopped = await shell("unfollow", KEY, "--json")
    assert stopped.code == 0 and (await shell("list", "--json")).json["data"] == []
    assert len(list(shell.library.rglob("*.mkv"))) == 1, "files stay"


async def test_what_is_on_disk_is_fetched_again_on_demand_and_the_old_file_is_kept(shell: Any) -> None:
    await shell("follow", KEY)
    assert (await shell("get", KEY, "S01E01")).code == 0
    plan = await shell("get", KEY, "S01E01", "--again", "-n", "--json")
    assert len(plan.json["data"]["wanted"]) == 1
    assert (await shell("get", KEY, "S01E01", "--again")).code == 0
    kept = [path for path in shell.library.rglob("*.mkv") if ".recycle" in path.parts]
    assert len(kept) == 1 and len(list(shell.library.rglob("*.mkv"))) == 2


async def test_selectors_come_from_stdin_and_what_is_missing_fits_them(shell: Any) -> None:
    await shell("follow", KEY)
    assert (await shell("get", "-", stdin="")).code == 0
    got = await shell("get", "-", "--json", stdin=f"{KEY} S01E01\n{KEY} S01E02\n")
    assert [one["selector"] for one in got.json["data"]["episodes"]] == [
        f"aniworld:{KEY} S01E01",
        f"aniworld:{KEY} S01E02",
    ]


async def test_a_series_at_two_sites_is_told_apart_wherever_it_is_named(shell: Any) -> None:
    first, second = await shell("follow", f"aniworld:{KEY}"), await shell("follow", f"serienstream:{KEY}")
    rows = {row["source"]: row for row in (await shell("list", "--json")).json["data"]}
    assert len({row["folder"] for row in rows.values()}) == 2
    for ran, site in ((first, "aniworld"), (second, "serienstream")):
        assert f"folder     {rows[site]['folder']}\n" in ran.out
        assert f"next       anidana get {site}:{KEY}\n" in ran.out
        assert f"{site}:{KEY}" in (await shell("list")).out
    selector = (await shell("missing", f"serienstream:{KEY}", "--json")).json["data"][0]["selector"]
    assert (await shell("get", "-", "--dry-run", stdin=selector)).code == 0


async def test_an_unknown_title_ends_with_4_and_candidates(shell: Any) -> None:
    none = await shell("search", "xyzzy")
    assert none.code == 4
    several = await shell("follow", "regal", "--json")
    assert several.code == 4
    error = several.json["error"]
    assert several.json["ok"] is False and error["code"] == "not_found" and error["exit"] == 4
    assert f"{TITLE} (2024) at aniworld" in error["candidates"] and len(error["candidates"]) == 4
    await shell("follow", TITLE)
    unknown = await shell("get", "das rehgal am ende")
    assert unknown.code == 4 and TITLE in unknown.err
    assert (await shell("get", KEY, "S07")).code == 4


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (Faults(dead=True), 6, "aniworld.to"),
        (Faults(blocked=True), 6, "DDoS-Guard"),
        (Faults(server_error=True), 6, "503"),
        (Faults(gated=True), 8, "gate"),
    ],
)
async def test_a_site_in_trouble_is_named_and_nothing_changes(
    shell: Any, practice: PracticeNetwork, fault: Faults, code: int, said: str
) -> None:
    practice.faults["aniworld"] = fault
    for command in (
        ("search", "regal", "--site", "aniworld"),
        ("follow", f"https://aniworld.to/anime/stream/{KEY}"),
    ):
        ran = await shell(*command)
        assert ran.code == code and said in ran.err and "Traceback" not in ran.err
    assert (await shell("list", "--json")).json["data"] == []


async def test_a_library_that_is_not_there_ends_with_3_path_owner_and_remedy(shell: Any) -> None:
    await shell("follow", KEY)
    shell.library.rmdir()
    ran = await shell("get", KEY)
    assert ran.code == 3
    assert str(shell.library) in ran.err and "belongs to" in ran.err and "mkdir" in ran.err
    shell.environment["ANIME_DIRECTORY"] = ""
    unset = await shell("get", KEY)
    assert unset.code == 3 and "ANIME_DIRECTORY" in unset.err


async def test_corrupt_settings_are_refused_with_line_and_column(shell: Any) -> None:
    shell.data.mkdir()
    config = shell.data / "config.json"
    config.write_text('{\n  "downloads": {"slots": 2,}\n}')
    ran = await shell("list")
    assert ran.code == 3 and "config.json: line 2, column 28" in ran.err
    config.write_text('{"downloads": {"slot": 2}}')
    ran = await shell("list", "--json")
    assert ran.code == 3 and "the nearest is downloads.slots" in ran.json["error"]["message"]
    shell.environment["ANIDANA__DOWNLOAD__SLOTS"] = "3"
    config.unlink()
    ran = await shell("list")
    assert ran.code == 3 and "ANIDANA__DOWNLOAD__SLOTS" in ran.err and "downloads" in ran.err


async def test_exit_codes_of_get(shell: Any, practice: PracticeNetwork) -> None:
    await shell("follow", KEY)
    for host in ("VOE", "Doodstream", "Vidmoly"):
        practice.faults[host, Number(1, 2)] = Faults(gone=True)
    none = await shell("get", KEY, "S01E02")
    assert none.code == 6 and "VOE" in none.out
    partly = await shell("get", KEY, "S01E01-E02", "--json")
    assert partly.code == 7
    assert [(one["result"], one["on_disk"], one["job"]) for one in partly.json["data"]["episodes"]] == [
        ("done", True, "completed"),
        ("failed", False, "failed"),
    ]
    assert {one["result"] for one in partly.json["data"]["attempts"]} == {"ok", "gone", "unsupported"}
    not_out = await shell("get", KEY, "S02E02", "--lang", "de")
    assert not_out.code == 5 and "English sub" in not_out.out
    practice.faults["aniworld"] = Faults(gated=True)
    assert (await shell("get", KEY, "S01E03")).code == 8
    assert (await shell("hosts", "wake", "aniworld")).code == 0
    practice.faults["aniworld"] = Faults(dead=True)
    assert (await shell("get", KEY, "S01E03")).code == 6
    shell.environment["ANIDANA__DOWNLOADS__FLOOR_MIB"] = "999999999"
    full = await shell("get", KEY, "S01E03")
    assert full.code == 9 and "are free" in full.out
    failures = (shell.data / "logs" / "download_errors.log").read_text()
    assert failures.count("All download providers failed for S01E002") == 2


async def test_wrong_usage_ends_with_2(shell: Any) -> None:
    assert (await shell("bogus")).code == 2
    assert (await shell("get", KEY, "--lang", "deutsch")).code == 2
    assert (await shell("search")).code == 2
    ran = await shell("get", KEY, "--lang", "deutsch", "--json")
    assert ran.code == 2 and ran.json["error"]["code"] == "usage"


async def test_a_media_server_that_nobody_answers_at_is_a_warning(shell: Any) -> None:
    shell.environment["ANIDANA__MEDIA_SERVERS"] = '[{"kind": "jellyfin", "url": "http://127.0.0.1:9"}]'
    await shell("follow", KEY)
    got = await shell("get", KEY, "S01E01", "--json")
    assert got.code == 0 and "does not answer" in got.json["warnings"][0]
    assert got.json["data"]["refreshes"][0]["confirmed"] is False
    shell.environment["ANIDANA__MEDIA_SERVERS"] = '[{"kind": "plexx", "url": "http://127.0.0.1:9"}]'
    unknown = await shell("list")
    assert unknown.code == 3 and "plexx" in unknown.err and "jellyfin, kodi" in unknown.err


async def test_scan_finds_what_came_and_what_went(shell: Any) -> None:
    await shell("follow", KEY)
    await shell("get", KEY, "S01E01-E02")
    next(shell.library.rglob("*S01E01*.mkv")).unlink()
    dry = await shell("scan", "-n", "--json")
    assert dry.json["data"][0]["changed"] == 1 and dry.json["dry_run"]
    assert (await shell("scan", "--disk", "--json")).json["data"][0] == {
        "title": TITLE, "key": KEY, "new": 0, "changed": 1,
    }  # fmt: skip
    assert len((await shell("missing", "--json")).json["data"]) == 6


async def test_probe_shows_each_step_and_saves_nothing(shell: Any) -> None:
    upload = next(one for one in _uploads() if one.provider == "VOE")
    ran = await shell("probe", f"https://voe.sx/e/{upload.code}", "--steps")
    assert ran.code == 0 and "claimed by  VOE" in ran.out and "the first one came" in ran.out
    assert "result      ok: hls" in ran.out and list(shell.library.iterdir()) == []
    gone = await shell("probe", "https://voe.sx/e/000000000000", "--json")
    assert gone.code == 4 and gone.json["data"]["result"] == "site.gone"
    assert (await shell("probe", "https://nobody.example/x")).code == 4


def _uploads() -> Any:
    from anidana.core.demo.story import UPLOADS

    return UPLOADS


async def test_plugin_list_shows_what_is_loaded_in_order(shell: Any) -> None:
    ran = await shell("plugin", "list", "--json")
    assert ran.json["data"]["providers"] == list(DEFAULT_PROVIDERS)
    assert {one["name"] for one in ran.json["data"]["loaded"]} >= {
        "aniworld", "voe", "doodstream", "vidmoly", "tmdb", "nfo", "artwork", "jellyfin", "kodi",
    }  # fmt: skip


async def test_demo_shows_the_whole_job_and_the_second_time_there_is_nothing_to_do(
    shell: Any, tmp_path: Any
) -> None:
    folders = ("--library", str(tmp_path / "shelf"), "--data", str(tmp_path / "state"))
    first = await shell("demo", *folders)
    assert first.code == 0
    assert "7 episodes filed, 0 failed" in first.out and "jellyfin sees 7, kodi sees 7" in first.out
    for word in ("refused", "gone", "VOE", "Doodstream", "Vidmoly", "tvshow.nfo", "Season 02"):
        assert word in first.out
    second = await shell("demo", *folders, "--json")
    data = second.json["data"]
    assert second.code == 0 and data["requests"] == 0 and data["attempts"] == []
    assert {one["result"] for one in data["episodes"]} == {"on_disk"}
    assert sum(one["path"].endswith(".mkv") for one in data["files"]) == 7


async def test_a_reader_that_has_seen_enough_costs_nothing(shell: Any) -> None:
    await shell("follow", KEY)
    program = f"{shlex.quote(sys.executable)} -c 'from anidana.core.cli import main; main()'"
    for command, expected in (("list | true", "0"), (f"get {KEY} S01E01 2>&1 | head -1 >&2", "0")):
        line = f"{program} {command}; echo ${{PIPESTATUS[0]}}"
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", line, env={**os.environ, **shell.environment},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        assert out.decode().split()[-1] == expected, err.decode()
    assert len(list(shell.library.rglob("*.mkv"))) == 1, "progress that nobody reads ends no job"


async def test_work_that_a_set_up_held_up_goes_on_once_it_is_mended(shell: Any) -> None:
    await shell("follow", KEY)
    season = shell.library / f"{TITLE} (2024)" / "Season 01"
    season.parent.mkdir()
    season.write_text("in the way")
    held = await shell("get", KEY, "S01E01", "--json")
    assert held.code == 3 and held.json["ok"] is False
    assert held.json["data"]["attempts"] == [], "noticed before anything was fetched"
    season.unlink()
    assert (await shell("get")).code == 0 and len(list(shell.library.rglob("*.mkv"))) == 1


async def test_hosts_that_all_stand_behind_gates_are_a_persons_task(
    shell: Any, practice: PracticeNetwork
) -> None:
    await shell("follow", KEY)
    for host in ("VOE", "Doodstream", "Vidmoly"):
        practice.faults[host] = Faults(gated=True)
    assert (await shell("get", KEY, "S01E01")).code == 8


async def test_a_database_that_cannot_be_written_is_a_matter_of_set_up(shell: Any) -> None:
    await shell("follow", KEY)
    with sqlite3.connect(shell.data / "anidana.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        ran = await shell("unfollow", KEY)
        other.execute("ROLLBACK")
    assert ran.code == 9 and "another program holds the database" in ran.err


async def test_an_unmounted_library_is_not_written_into(shell: Any) -> None:
    await shell("follow", KEY)
    await shell("get", KEY, "S01E01")
    shell.library.rename(shell.library.with_name("elsewhere"))
    shell.library.mkdir()
    ran = await shell("get", KEY, "S01E02")
    assert ran.code == 3 and "is it mounted" in ran.err and list(shell.library.iterdir()) == []


async def test_odd_input_is_refused_in_words(shell: Any) -> None:
    assert (await shell("probe", "https://[::1")).code == 4
    assert (await shell("get", "-", "x")).code == 2
    nothing = await shell("get", "-", "--json", stdin="")
    assert nothing.code == 0 and nothing.json["data"]["episodes"] == []
    shell.data.mkdir(exist_ok=True)
    (shell.data / "config.json").write_text('{"_cli_parse_args": true}')
    assert (await shell("list")).code == 3


async def test_a_scan_passes_over_a_series_whose_catalogue_is_not_installed_any_more(shell: Any) -> None:
    for site in ("aniworld", "serienstream"):
        assert (await shell("follow", f"{site}:{KEY}")).code == 0
    with closing(sqlite3.connect(shell.data / "anidana.db")) as store:
        store.execute("UPDATE anime_series SET site = 'elsewhere' WHERE site = 'serienstream'")
        store.commit()
    ran = await shell("scan", "--json")
    assert ran.code == 7 and [row["key"] for row in ran.json["data"]] == [KEY]
    assert f"{TITLE}: no catalogue plugin is called 'elsewhere'" in ran.json["warnings"]
