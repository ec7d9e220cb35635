"""The practice network as a whole: who answers, what is remembered, how it ends."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.sites.catalogue import AniWorld
from anidana.core.demo.sites.doodstream import Doodstream
from anidana.core.demo.sites.vidmoly import Vidmoly
from anidana.core.demo.sites.voe import Voe
from anidana.core.demo.story import ROOT, SHELF, UPLOADS
from anidana.core.fetch import Network
from anidana.core.loader import DEFAULT_PROVIDERS
from anidana.core.models import Number
from anidana.core.settings import Network as NetworkSettings
from anidana.core.steps import Get

if TYPE_CHECKING:
    from .conftest import Browser


async def test_it_plays_the_internet_for_our_own_client(practice: PracticeNetwork) -> None:
    settings = NetworkSettings(route_all_to=practice.address, pages_per_second=0)
    async with Network(settings) as network:
        page = await network.visit().page(Get(SHELF.series.url))
        assert SHELF.series.title in page.text
        stub = await network.visit().page(Get(Voe.link(UPLOADS[0])))
        assert "permanentToken" in stub.text


async def test_it_remembers_what_was_asked(browser: Browser, practice: PracticeNetwork) -> None:
    upload = next(one for one in UPLOADS if one.provider == "VOE" and one.episode.number == Number(1, 2))
    assert practice.requests == []
    await browser.ask(f"{ROOT}/redirect/{upload.id}", Referer=f"{ROOT}/")
    await browser.ask(f"{ROOT}/ajax/search", "POST", form={"keyword": "regal"})
    catalogue, search = practice.asked("aniworld")
    assert (catalogue.method, catalogue.host, catalogue.path) == (
        "GET",
        "aniworld.to",
        f"/redirect/{upload.id}",
    )
    assert catalogue.headers["referer"] == f"{ROOT}/"
    assert catalogue.number == Number(1, 2)
    assert (search.method, search.body, search.number) == ("POST", b"keyword=regal", None)
    (host,) = practice.asked("VOE")
    assert host.number == Number(1, 2)
    assert practice.asked("Doodstream") == []
    practice.requests.clear()
    assert practice.asked("VOE") == []


async def test_a_host_that_nobody_plays_is_not_there(browser: Browser, practice: PracticeNetwork) -> None:
    for url in ("https://nobody.example/e/1", "https://notaniworld.to/", "https://aniworld.to.evil.example/"):
        assert (await browser.ask(url)).status == 404
    assert [seen.site for seen in practice.requests] == ["", "", ""]


async def test_sub_domains_belong_to_their_site(browser: Browser, practice: PracticeNetwork) -> None:
    await browser.ask("https://www.aniworld.to/")
    assert len(practice.asked("aniworld")) == 1


async def test_faults_may_be_given_at_once(practice_cache: Path) -> None:
    faults = {("VOE", Number(1, 1)): Faults(dead=True)}
    async with PracticeNetwork(practice_cache, faults) as network:
        assert network.faults == faults
        network.faults.clear()
    assert faults


async def test_two_networks_run_side_by_side(practice_cache: Path) -> None:
    async with PracticeNetwork(practice_cache) as one, PracticeNetwork(practice_cache) as other:
        assert one.address != other.address
        assert {one.address.split(":")[0], other.address.split(":")[0]} == {"127.0.0.1"}


async def test_it_is_silent_whatever_happens(
    browser: Browser, practice: PracticeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await browser.ask(SHELF.series.url)
    practice.faults["aniworld"] = Faults(dead=True)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await browser.ask(SHELF.series.url)
    assert caplog.records == []


def test_every_mirror_has_its_own_link_and_its_own_page() -> None:
    assert len({upload.id for upload in UPLOADS}) == len({upload.code for upload in UPLOADS}) == len(UPLOADS)
    pages = {host.link(upload) for host in (Voe, Doodstream, Vidmoly) for upload in UPLOADS}
    assert len(pages) == 3 * len(UPLOADS)


def test_the_story_has_what_the_demo_shows() -> None:
    assert [len(season.episodes) for season in SHELF.seasons] == [2, 3, 2]
    assert {upload.provider for upload in UPLOADS} == {*DEFAULT_PROVIDERS, "Veev"}
    assert AniWorld.name == SHELF.series.catalogue
    per_episode = {episode.languages for episode in SHELF.episodes}
    assert len(per_episode) == 5
