"""`anidana hosts`: how hosts behave, rests, order."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from anidana.core.demo.faults import Faults
from anidana.core.loader import DEFAULT_PROVIDERS


async def test_list_shows_what_attempts_said(shell: Any, practice: Any) -> None:
    practice.faults["VOE"] = Faults(dead=True)
    assert (await shell("follow", "das-regal-am-ende-der-welt")).code == 0
    assert (await shell("get", "das-regal-am-ende-der-welt", "S01E01")).code == 0
    ran = await shell("hosts", "list", "--json")
    rows = {row["name"]: row for row in ran.json["data"]["hosts"]}
    assert list(rows) == list(DEFAULT_PROVIDERS)
    assert (rows["VOE"]["state"], rows["VOE"]["last_20"]) == ("shaky", "-")
    assert (rows["Doodstream"]["state"], rows["Doodstream"]["success"]) == ("good", 1.0)
    assert rows["SpeedFiles"]["state"] == "unknown"
    assert (await shell("hosts", "list", "--fail-on", "shaky")).code == 6
    assert (await shell("hosts", "list", "--fail-on", "resting")).code == 0
    people = await shell("hosts", "list")
    assert "✕" in people.out and "100%" in people.out


async def test_rest_and_wake_are_the_owner_s_words(shell: Any) -> None:
    assert (await shell("hosts", "rest", "voe", "LuluStream", "--for", "2d")).out == "resting: VOE, Luluvdo\n"
    listed = await shell("hosts", "list", "--fail-on", "resting")
    day = (datetime.now() + timedelta(days=2)).strftime("%d %b")
    assert listed.code == 6 and f"until {day} " in listed.out
    assert (await shell("hosts", "wake", "--all")).out == "awake: Luluvdo, VOE\n"
    assert (await shell("hosts", "list", "--fail-on", "resting")).code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("rest", "vidmooly"), 4, "Vidmoly"),
        (("rest", "VOE", "--for", "soon"), 2, "30m"),
        (("wake",), 2, "--all"),
        (("test", "--url", "https://voe.sx/e/x"), 3, "one host"),
        (("order", "VOE", "--default"), 2, "--default"),
        (("order", "VOE", "nobody"), 4, "no host is called 'nobody'"),
    ],
)
async def test_odd_input_is_refused_in_words(
    shell: Any, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = await shell("hosts", *words)
    assert ran.code == code and said in ran.err
    assert not (shell.data / "config.json").exists()


async def test_order_is_written_to_the_settings_and_leaves_the_rest_of_them(shell: Any) -> None:
    shell.data.mkdir(parents=True)
    file = shell.data / "config.json"
    file.write_text('{"providers": {"off": ["SpeedFiles"]}, "downloads": {"slots": 3}}')
    ran = await shell("hosts", "order", "vidoza", "voe", "VIDOZA", "--json")
    assert ran.json["data"][:3] == ["Vidoza", "VOE", "Doodstream"]
    assert json.loads(file.read_text()) == {
        "providers": {"off": ["SpeedFiles"], "order": ["Vidoza", "VOE"]},
        "downloads": {"slots": 3},
    }
    assert (await shell("hosts", "order", "--default", "--json")).json["data"] == list(DEFAULT_PROVIDERS)


async def test_order_writes_through_a_link(shell: Any, tmp_path: Any) -> None:
    shell.data.mkdir(parents=True)
    real = tmp_path / "real.json"
    real.write_text("{}")
    (shell.data / "config.json").symlink_to(real)
    assert (await shell("hosts", "order", "VOE")).code == 0
    assert json.loads(real.read_text()) == {"providers": {"order": ["VOE"]}}
    assert (shell.data / "config.json").is_symlink()


async def test_order_does_not_write_where_it_would_not_count(shell: Any) -> None:
    shell.environment["ANIDANA__PROVIDERS__ORDER"] = "Vidmoly"
    ran = await shell("hosts", "order", "VOE")
    assert ran.code == 3 and "ANIDANA__PROVIDERS__ORDER" in ran.err
    del shell.environment["ANIDANA__PROVIDERS__ORDER"]
    shell.environment["anidana__providers__order"] = "Vidmoly"
    assert (await shell("hosts", "order", "VOE")).code == 3, "it is read in any case, so it would win"
    del shell.environment["anidana__providers__order"]
    shell.data.mkdir(parents=True, exist_ok=True)
    (shell.data / "config.json").write_text("{broken")
    assert (await shell("hosts", "order", "VOE")).code == 3
    assert (shell.data / "config.json").read_text() == "{broken"


async def test_test_probes_mirrors_of_followed_episodes_and_changes_nothing(
    shell: Any, practice: Any
) -> None:
    assert (await shell("follow", "das-regal-am-ende-der-welt")).code == 0
    practice.faults["VOE"] = Faults(gated=True)
    ran = await shell("hosts", "test", "VOE", "Vidmoly", "MixDrop", "--json")
    found = {row["name"]: row for row in ran.json["data"]}
    assert ran.code == 6
    assert found["Vidmoly"] == {"name": "Vidmoly", "ok": True, "reason": "a stream comes"}
    assert not found["VOE"]["ok"]
    assert "no followed episode has a mirror there" in found["MixDrop"]["reason"]
    listed = await shell("hosts", "list", "--json")
    assert {row["state"] for row in listed.json["data"]["hosts"]} == {"unknown"}


async def test_test_says_that_a_catalogue_is_shut_and_goes_on_at_the_next(shell: Any, practice: Any) -> None:
    key = "das-regal-am-ende-der-welt"
    assert (await shell("follow", key)).code == 0
    practice.faults["aniworld"] = Faults(gated=True)
    ran = await shell("hosts", "test", "VOE", "--json")
    assert ran.code == 6 and "aniworld gives no mirrors: aniworld.to shows a gate" in ran.out
    assert (await shell("follow", f"serienstream:{key}")).code == 0
    assert (await shell("hosts", "test", "VOE")).code == 0


async def test_a_host_is_off_under_any_of_its_names(shell: Any) -> None:
    shell.environment["ANIDANA__PROVIDERS__OFF"] = "lulustream"
    ran = await shell("hosts", "list", "--json")
    assert [row["name"] for row in ran.json["data"]["hosts"] if row["state"] == "off"] == ["Luluvdo"]


async def test_a_host_in_the_settings_that_nobody_knows_is_a_warning(shell: Any) -> None:
    shell.environment["ANIDANA__PROVIDERS__OFF"] = "Vidmooly"
    ran = await shell("hosts", "list")
    assert ran.code == 0 and "'Vidmooly'; the nearest is Vidmoly" in ran.err
