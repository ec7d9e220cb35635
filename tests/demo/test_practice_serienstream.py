"""The second practice catalogue carries the marks that recorded pages of serienstream.to carry."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import lxml.html
import pytest

from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import LOST, OBSERVATORY, RELEASES, SHELF

if TYPE_CHECKING:
    from .conftest import Browser

SITE = "https://serienstream.to"
PAGE = f"{SITE}/serie/{SHELF.series.key}"
EPISODE = f"{PAGE}/staffel-1/episode-1"


async def links(browser: Browser, url: str = EPISODE) -> list[dict[str, str]]:
    page = lxml.html.document_fromstring((await browser.ask(url)).text)
    return [dict(button.attrib) for button in page.xpath("//*[@id='episode-links']//button")]


async def test_a_season_page_has_the_marks_of_the_newer_layout(browser: Browser) -> None:
    answer = await browser.ask(PAGE)
    page = lxml.html.document_fromstring(answer.text)
    assert page.xpath("normalize-space(//div[@class='show-header-wrapper']//h1)") == SHELF.series.title
    assert page.xpath("//nav[@id='season-nav']//a/@data-season-pill") == ["0", "1", "2"]
    assert len(page.xpath("//nav[@id='episode-nav']//a")) == 3
    rows = page.xpath("//section//table[contains(@class, 'episode-table')]/tbody/tr")
    assert [row.get("onclick") for row in rows] == [
        f"window.location='/serie/{SHELF.series.key}/staffel-1/episode-{n}'" for n in (1, 2, 3)
    ]
    assert page.xpath("count(//tr[1]//*[local-name()='svg'])") == 2
    assert answer.text.rstrip().endswith("</html>")
    for tag in ("div", "ul", "li", "table", "td", "tr", "section", "article"):
        assert len(re.findall(rf"<{tag}[\s>]", answer.text)) == answer.text.count(f"</{tag}>"), tag


async def test_what_is_not_offered_yet_is_an_upcoming_row(browser: Browser) -> None:
    page = lxml.html.document_fromstring(
        (await browser.ask(f"{SITE}/serie/{LOST.series.key}/staffel-1")).text
    )
    assert ["upcoming" in row.get("class") for row in page.xpath("//tbody/tr")] == [False, True]
    assert await links(browser, f"{SITE}/serie/{LOST.series.key}/staffel-1/episode-2") == []


async def test_a_series_without_seasons_shows_its_films(browser: Browser) -> None:
    page = lxml.html.document_fromstring((await browser.ask(f"{SITE}/serie/{OBSERVATORY.series.key}")).text)
    assert page.xpath("normalize-space(//nav[@id='season-nav']//a)") == "Filme"


async def test_one_host_is_not_named(browser: Browser) -> None:
    found = await links(browser)
    assert [(one["data-provider-name"], one["data-language-id"]) for one in found[:3]] == [
        ("VOE", "1"),
        ("Doodstream", "1"),
        ("Provider", "1"),
    ]
    browser.hops.clear()
    await browser.ask(SITE + found[2]["data-play-url"])
    assert browser.hops[1].startswith("https://vidmoly.")


async def test_a_token_is_new_with_each_showing_and_good_once(browser: Browser) -> None:
    first, second = (await links(browser))[0], (await links(browser))[0]
    assert first["data-link-id"] == second["data-link-id"]
    assert first["data-play-url"] != second["data-play-url"]
    for _ in range(2):
        browser.hops.clear()
        await browser.ask(SITE + first["data-play-url"])
    assert browser.hops[1] == f"{SITE}/"


async def test_links_of_the_first_showing_may_be_stale(browser: Browser, practice: PracticeNetwork) -> None:
    practice.faults["serienstream"] = Faults(stale_links=True)
    targets = []
    for _ in range(2):
        found = await links(browser)
        browser.hops.clear()
        await browser.ask(SITE + found[0]["data-play-url"])
        targets.append(browser.hops[1])
    assert targets[0] == f"{SITE}/" and targets[1].startswith("https://voe.sx/")


async def test_the_gate_stands_before_links_or_before_everything(
    browser: Browser, practice: PracticeNetwork
) -> None:
    practice.faults["serienstream"] = Faults(gated_links=True)
    (first, *_) = await links(browser)
    gate = await browser.ask(SITE + first["data-play-url"])
    assert gate.status == 200 and 'id="episode-redirect-gate-root"' in gate.text
    practice.faults["serienstream"] = Faults(gated=True)
    assert "player-prepare-form" in (await browser.ask(PAGE)).text


async def test_search_gives_series_by_either_way(browser: Browser) -> None:
    answer = await browser.ask(f"{SITE}/api/search/suggest?term=regal")
    assert [one["url"] for one in json.loads(answer.text)["shows"]] == [
        f"/serie/{SHELF.series.key}",
        f"/serie/{LOST.series.key}",
    ]
    assert f'href="/serie/{SHELF.series.key}"' in (await browser.ask(f"{SITE}/suche?term=regal")).text


@pytest.mark.parametrize("path", ["/serie/nobody", f"/serie/{SHELF.series.key}/staffel-7", "/ajax/search"])
async def test_what_is_not_there_is_404(browser: Browser, path: str) -> None:
    assert (await browser.ask(SITE + path)).status == 404


async def test_both_sites_list_what_is_new(browser: Browser) -> None:
    page = lxml.html.document_fromstring((await browser.ask(f"{SITE}/neue-episoden")).text)
    assert len(page.xpath("//table[contains(@class, 'new-episodes-table')]/tbody/tr")) > 5
    older = lxml.html.document_fromstring((await browser.ask("https://aniworld.to/neue-episoden")).text)
    assert len(older.xpath("//div[@class='newEpisodeList']//a")) == len(RELEASES)
