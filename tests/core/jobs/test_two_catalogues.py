"""Promises of two catalogues in one house: searched together, kept apart, links that go stale."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from anidana.core import Feed, following
from anidana.core.demo.faults import Faults
from anidana.core.demo.story import RELEASES, SHELF
from anidana.core.errors import ConfigError, Gone, NeedsPerson, NotFound, Refused
from anidana.core.hosts import HostState
from anidana.core.models import GERMAN_DUB, GERMAN_SUB, Number, Release
from anidana.core.store import hosts, shelf
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import now

KEY = SHELF.series.key
TITLE = SHELF.series.title
SITE = "serienstream"
ADDRESS = f"https://s.to/serie/stream/{KEY}"


async def follow(house: Any) -> Any:
    catalogue, key = await following.choose(house.app, ADDRESS)
    return await following.follow(house.app, await following.look(house.app, catalogue, key))


async def test_an_episode_comes_from_the_second_catalogue(house: Any) -> None:
    row = await follow(house)
    assert (row.site, row.key, row.year) == (SITE, KEY, 2024)
    outcome = await house.get(f"{ADDRESS}/staffel-1/episode-1")
    (done,) = outcome.done
    assert done.series.site == SITE and done.file is not None
    assert (done.file.provider, done.file.language) == ("VOE", "de")
    assert "/r" in [seen.path for seen in house.practice.asked(SITE)]
    assert not [seen for seen in house.practice.asked("aniworld") if seen.path.startswith("/redirect")]


async def test_a_host_without_a_name_is_asked_last_and_told_by_its_link(house: Any) -> None:
    await follow(house)
    for host in ("VOE", "Doodstream"):
        house.practice.faults[host] = Faults(dead=True)
    outcome = await house.get(f"{SITE}:{KEY}", "S01E01")
    (done,) = outcome.done
    assert done.file is not None
    assert (done.file.provider, done.file.language) == ("Vidmoly", "de")


async def test_a_label_that_says_nothing_never_rests(house: Any) -> None:
    await follow(house)
    for host in ("VOE", "Doodstream"):
        house.practice.faults[host] = Faults(dead=True)
    async with get_db_session() as session:
        asked = HostState("Provider", asked_until=now() + timedelta(minutes=10))
        await hosts.change(session, "host", "Provider", lambda _: asked)
    outcome = await house.get(f"{SITE}:{KEY}", "S01E01")
    assert [row.file.provider for row in outcome.done if row.file] == ["Vidmoly"]


async def test_a_stale_link_is_read_anew_once(house: Any) -> None:
    await follow(house)
    house.practice.faults[SITE] = Faults(stale_links=True)
    outcome = await house.get(f"{SITE}:{KEY}", "S01E01")
    assert len(outcome.done) == 1
    pages = [seen for seen in house.practice.asked(SITE) if seen.path.endswith("/staffel-1/episode-1")]
    assert len(pages) == 2


async def test_the_gate_sends_the_person_to_the_episodes_page(house: Any) -> None:
    await follow(house)
    house.practice.faults[SITE] = Faults(gated_links=True)
    ((_, error),) = (await house.get(f"{SITE}:{KEY}", "S01E01")).failed
    assert isinstance(error, NeedsPerson)
    assert error.url == f"https://serienstream.to/serie/{KEY}/staffel-1/episode-1"
    assert len((await house.get(f"aniworld:{KEY}", "S01E01")).done) == 1, "one site's gate is not the other's"


async def test_a_token_is_never_kept(house: Any, tmp_path: Path) -> None:
    await follow(house)
    house.practice.faults["VOE"] = Faults(gone=True)
    house.practice.faults["Doodstream"] = Faults(gone=True)
    house.practice.faults["Vidmoly"] = Faults(gone=True)
    await house.get(f"{SITE}:{KEY}", "S01E01")
    house.practice.faults.clear()
    await house.get(f"{SITE}:{KEY}", "S01E01")
    tokens = {seen.query["t"].rstrip("=") for seen in house.practice.asked(SITE) if seen.path == "/r"}
    assert len(tokens) > 3
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "anidana.db" for path in files)
    for path in files:
        kept = path.read_bytes()
        assert not [token for token in tokens if token.encode() in kept], path.name


async def test_one_key_at_two_sites_is_two_series(house: Any) -> None:
    await follow(house)
    async with get_db_session(read_only=True) as session:
        first, second = sorted(await shelf.shelf(session), key=lambda row: row.series.site)
        assert (first.series.site, second.series.site) == ("aniworld", SITE)
        assert first.series.key == second.series.key
        assert first.series.folder != second.series.folder
        with pytest.raises(NotFound) as caught:
            await shelf.find_series(session, KEY)
        assert caught.value.candidates == (f"aniworld:{KEY}", f"{SITE}:{KEY}")
        for site in ("aniworld", SITE):
            assert (await shelf.find_series(session, f"{site}:{KEY}")).site == site
    again = await follow(house)
    assert again.id == second.series.id


async def test_every_catalogue_is_searched_and_the_best_hits_come_first(house: Any) -> None:
    found = await following.search(house.app, "regal")
    assert [(one.hit.catalogue, one.hit.title == TITLE, one.followed) for one in found] == [
        ("aniworld", True, True),
        (SITE, True, False),
        ("aniworld", False, False),
        (SITE, False, False),
    ]
    only = await following.search(house.app, "regal", site=SITE)
    assert {one.hit.catalogue for one in only} == {SITE}
    with pytest.raises(ConfigError):
        await following.search(house.app, "regal", site="nowhere")


async def test_a_catalogue_that_fails_is_a_warning_and_two_are_an_error(house: Any) -> None:
    said: list[str] = []
    house.practice.faults["aniworld"] = Faults(blocked=True)
    found = await following.search(house.app, "regal", warn=said.append)
    assert {one.hit.catalogue for one in found} == {SITE}
    assert len(said) == 1 and "aniworld was not searched" in said[0] and "DDoS-Guard" in said[0]
    house.practice.faults[SITE] = Faults(blocked=True)
    with pytest.raises(Refused):
        await following.search(house.app, "dinge", warn=said.append)  # of what was found there are copies


@pytest.mark.parametrize(
    ("words", "more", "site"),
    [
        (TITLE, {}, "aniworld"),
        (TITLE, {"site": SITE}, SITE),
        (f"{SITE}:{KEY}", {}, SITE),
        ("regal", {"pick": 2}, SITE),
        (ADDRESS, {}, SITE),
    ],
)
async def test_people_choose_a_site_or_get_the_first(
    house: Any, words: str, more: dict[str, Any], site: str
) -> None:
    catalogue, key = await following.choose(house.app, words, **more)
    assert (catalogue.name, key) == (site, KEY)


async def test_a_title_that_fits_several_names_the_sites(house: Any) -> None:
    with pytest.raises(NotFound) as caught:
        await following.choose(house.app, "regal")
    assert f"{TITLE} at {SITE}" in caught.value.candidates
    with pytest.raises(Gone):
        await following.look(house.app, *await following.choose(house.app, f"{SITE}:nobody"))


async def test_both_feeds_say_what_has_come_in_which_language(house: Any) -> None:
    feeds = {}
    for catalogue in house.app.catalogues():
        assert isinstance(catalogue, Feed)
        feeds[catalogue.name] = await house.app.ask(catalogue, catalogue.newest())
    listed = [Release(story.series.key, number, language) for story, number, language, _ in RELEASES]
    assert feeds["aniworld"] == listed
    assert feeds[SITE] == [one for one in listed if one.language in (GERMAN_DUB, GERMAN_SUB)]
    assert feeds[SITE][0] == Release("minas-sternwarte", Number(0, 1), GERMAN_DUB)
