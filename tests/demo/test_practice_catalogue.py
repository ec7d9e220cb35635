"""The practice catalogue carries the marks that recorded pages of aniworld.to carry."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import lxml.html
import pytest
from lxml.html import HtmlElement

from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import LOST, OBSERVATORY, SHELF, STORIES, uploads_of
from anidana.core.models import ENGLISH_SUB, GERMAN_DUB, GERMAN_SUB, Number

if TYPE_CHECKING:
    from .conftest import Answer, Browser

SITE = "https://aniworld.to"
PAGE = f"{SITE}/anime/stream/{SHELF.series.key}"
FLAGS = {GERMAN_DUB: "german", GERMAN_SUB: "japanese-german", ENGLISH_SUB: "japanese-english"}


def read(answer: Answer) -> HtmlElement:
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return lxml.html.document_fromstring(answer.text)


async def test_a_series_page_has_every_mark_of_the_head(browser: Browser) -> None:
    answer = await browser.ask(PAGE)
    page = read(answer)
    series = SHELF.series
    (name,) = page.xpath('//div[@class="series-title"]/h1[@itemprop="name"]')
    assert name.findtext("span") == series.title
    assert name.get("data-alternativetitles") == ", ".join(series.alternative_titles)
    assert page.xpath('string(//span[@itemprop="startDate"]/a)') == "2024"
    assert page.xpath('string(//span[@itemprop="endDate"]/a)') == "2025"
    assert page.xpath("string(//div[contains(@class, 'fsk')]/@data-fsk)") == "6"
    assert page.xpath('string(//a[@class="imdb-link"]/@data-imdb)') == series.imdb
    assert page.xpath('string(//p[@class="seri_des"]/@data-full-description)') == series.description
    assert "\n\n" in series.description
    image, twin = page.xpath('//div[@class="seriesCoverBox"]//img')
    assert image.get("src").startswith("data:image/png") and image.get("data-src") == twin.get("src")
    assert SITE + image.get("data-src") == series.cover
    assert page.xpath('string(//div[@class="backdrop"]/@style)').endswith("_800x300.jpg)")
    assert page.xpath('//li[@itemprop="director"]//span/text()') == list(series.directors)
    assert page.xpath('//li[@itemprop="actor"]//span/text()') == list(series.actors)
    assert page.xpath('//li[@itemprop="countryOfOrigin"]//span/text()') == ["Japan"]
    genres = page.xpath('//div[@class="genres"]/ul[@data-main-genre]//a[@itemprop="genre"]/text()')
    assert genres == [*series.genres, "Ger", "GerSub", "EngSub"]
    assert page.xpath("string(//div[@class='add-series']/@data-series-id)") == str(SHELF.id)


async def test_a_series_page_lists_seasons_first_and_shortcuts_second(browser: Browser) -> None:
    page = read(await browser.ask(PAGE))
    seasons, shortcuts = page.xpath('//div[@id="stream" and @class="hosterSiteDirectNav"]/ul')
    assert seasons.xpath(".//a/text()") == ["Filme", "1", "2"]
    assert seasons.xpath(".//a/@title") == ["Alle Filme", "Staffel 1", "Staffel 2"]
    assert seasons.xpath('.//a[@class="active"]/text()') == ["1"]
    assert shortcuts.xpath(".//a[@data-episode-id]/@data-season-id") == ["1", "1", "1"]
    # The films count as a season there, which makes the number useless.
    assert page.xpath('string(//meta[@itemprop="numberOfSeasons"]/@content)') == "3"


async def test_pages_end_as_whole_pages_do(browser: Browser) -> None:
    for path in ("", "/filme", "/staffel-2", "/staffel-1/episode-1"):
        answer = await browser.ask(PAGE + path)
        assert answer.text.rstrip().endswith("</html>")
        for tag in ("div", "ul", "li", "table", "td", "tr", "a"):
            assert len(re.findall(f"<{tag}[ >]", answer.text)) == answer.text.count(f"</{tag}>"), tag


@pytest.mark.parametrize("number", [1, 2])
async def test_a_season_table_says_what_the_story_says(browser: Browser, number: int) -> None:
    page = read(await browser.ask(f"{PAGE}/staffel-{number}"))
    (table,) = page.xpath("//table[@class='seasonEpisodesList']")
    assert table.get("data-season-id") == str(number)
    season = SHELF.season(number)
    assert season is not None
    rows = table.xpath(f'./tbody[@id="season{number}"]/tr')
    for row, episode in zip(rows, season.episodes, strict=True):
        assert row.get("data-episode-season-id") == str(episode.number.episode)
        assert row.get("itemtype") == "http://schema.org/Episode"
        assert row.xpath("string(.//meta[@itemprop='episodeNumber']/@content)") == str(episode.number.episode)
        assert row.xpath(".//td[1]/@class") == [f"season{number}EpisodeID"]
        (title,) = row.xpath('./td[@class="seasonEpisodeTitle"]/a')
        assert title.get("href").endswith(f"/staffel-{number}/episode-{episode.number.episode}")
        assert (title.findtext("strong") or "") == episode.title
        assert title.findtext("span") == f"{episode.english_title} [Episode {episode.absolute:03d}]"
        assert row.xpath("./td[3]//i/@title") == list(episode.providers)
        flags = row.xpath("./td[@class='editFunctions']/a/img[@class='flag']/@src")
        assert sorted(flags) == sorted(f"/public/img/{FLAGS[one]}.svg" for one in episode.languages)


async def test_film_rows_are_built_otherwise_and_carry_the_known_traps(browser: Browser) -> None:
    answer = await browser.ask(f"{PAGE}/filme")
    film, special = read(answer).xpath('//tbody[@id="season0"]/tr')
    assert not film.xpath(".//meta")
    assert film.xpath("normalize-space(td[1])") == "Film 1"
    assert film.xpath("normalize-space(td[2])").endswith("- The Night of a Thousand Volumes [Movie]")
    assert special.xpath("string(td[2]//strong)") == ""
    assert special.xpath("normalize-space(td[2])") == "Tana&#039;s Dusting Day [Special]"
    assert "Tana&amp;#039;s" in answer.text
    (flag,) = special.xpath("./td[@class='editFunctions']/img")
    assert flag.get("src") == "/public/img/japanese-german.svg"
    assert flag.get("alt") == "Sprache, Englisch, Flagge"


async def test_a_series_without_seasons_shows_its_films(browser: Browser) -> None:
    page = read(await browser.ask(OBSERVATORY.series.url))
    assert page.xpath('//div[@id="stream"]/ul[1]//a/text()') == ["Filme"]
    assert len(page.xpath('//tbody[@id="season0"]/tr')) == 1


async def test_an_episode_page_lists_the_mirrors_by_language_key(browser: Browser) -> None:
    page = read(await browser.ask(f"{PAGE}/staffel-1/episode-2"))
    (head,) = page.xpath('//div[@class="hosterSiteTitle"]')
    assert (head.get("data-season"), head.get("data-episode")) == ("1", "2")
    assert head.xpath("string(.//*[@class='episodeGermanTitle'])") == "Ein Buch, das niemand schrieb"
    assert head.xpath("string(.//*[@class='episodeEnglishTitle'])") == "A Book Nobody Wrote [Episode 002]"
    assert head.xpath("string(.//p[@class='descriptionSpoiler'])") == SHELF.plots[Number(1, 2)]
    box = page.xpath("//div[@class='changeLanguageBox']/img")
    assert [image.get("data-lang-key") for image in box] == ["1", "3", "2"]
    assert box[0].get("class") == "selectedLanguage"
    items = page.xpath('//div[@class="hosterSiteVideo"]/ul[@class="row"]/li')
    for item, upload in zip(items, uploads_of(SHELF, Number(1, 2)), strict=True):
        assert f"episodeLink{upload.id}" in item.get("class").split()
        assert item.get("data-link-target") == f"/redirect/{upload.id}" == item.xpath("string(.//a/@href)")
        assert item.findtext(".//h4") == upload.provider
        assert bool(item.xpath("div[@class='generateInlinePlayer']")) == (
            upload.provider in ("VOE", "Doodstream")
        )
    keys = [item.get("data-lang-key") for item in items]
    assert keys == ["1"] * 4 + ["2"] * 4 + ["3"] * 4
    assert "Veev" in page.xpath("//h4/text()")


async def test_languages_differ_per_episode(browser: Browser) -> None:
    seen = set()
    for episode in SHELF.episodes:
        path = f"/staffel-{episode.number.season}/episode-{episode.number.episode}"
        page = read(await browser.ask(PAGE + path))
        seen.add(tuple(sorted(set(page.xpath("//li[@data-link-id]/@data-lang-key")))))
    assert seen == {("1", "2", "3"), ("2", "3"), ("1", "3"), ("2",), ("3",)}


async def test_an_announced_episode_and_one_that_never_was_have_no_mirrors(browser: Browser) -> None:
    for url in (f"{LOST.series.url}/staffel-1/episode-2", f"{PAGE}/staffel-1/episode-9"):
        page = read(await browser.ask(url))
        assert page.xpath('//div[@class="hosterSiteTitle"]')
        assert not page.xpath("//li[@data-link-id]")


@pytest.mark.parametrize(
    "path", ["/anime/stream/nobody-knows", f"/anime/stream/{SHELF.series.key}/staffel-7", "/elsewhere"]
)
async def test_what_is_not_there_is_a_message_with_status_200(browser: Browser, path: str) -> None:
    page = read(await browser.ask(SITE + path))
    assert page.xpath("//div[@class='messageAlert danger']")
    assert not page.xpath("//div[@class='series-title']")


async def test_a_link_leads_to_the_hosts_own_page(browser: Browser, practice: PracticeNetwork) -> None:
    hosts = []
    for upload in uploads_of(SHELF, Number(1, 2))[:4]:
        browser.hops.clear()
        await browser.ask(f"{SITE}/redirect/{upload.id}", Referer=PAGE)
        hosts.append(re.sub("[0-9a-z]{12}", "CODE", browser.hops[1]))
    assert hosts == [
        "https://voe.sx/e/CODE",
        "https://dood.li/e/CODE",
        "https://vidmoly.biz/embed-CODE.html",
        "https://veev.to/e/CODE",
    ]
    assert (await browser.ask(f"{SITE}/redirect/1")).status == 404


async def test_series_search_gives_series_with_cover_and_years(browser: Browser) -> None:
    answer = await browser.ask(f"{SITE}/ajax/seriesSearch?keyword=das%20regal")
    hits = json.loads(answer.text)
    assert [hit["link"] for hit in hits] == [SHELF.series.key, LOST.series.key]
    assert [hit["productionYear"] for hit in hits] == ["(2024 - 2025)", "(2019 - Heute)"]
    assert all(hit["cover"].endswith("_150x225.jpg") for hit in hits)
    assert answer.headers["content-type"].startswith("text/html")
    by_other_name = await browser.ask(f"{SITE}/ajax/seriesSearch?keyword=Tana")
    assert [hit["link"] for hit in json.loads(by_other_name.text)] == [SHELF.series.key, LOST.series.key]
    assert json.loads((await browser.ask(f"{SITE}/ajax/seriesSearch?keyword=nothing")).text) == []


async def test_the_older_search_mixes_series_episodes_and_questions(browser: Browser) -> None:
    answer = await browser.ask(f"{SITE}/ajax/search", "POST", form={"keyword": "mina's"})
    found = json.loads(answer.text)
    assert [one["link"] for one in found[:2]] == [
        f"/anime/stream/{OBSERVATORY.series.key}",
        f"/anime/stream/{OBSERVATORY.series.key}/staffel-0/episode-1",
    ]
    assert found[-1]["link"].startswith("/support/frage/")
    assert "Mina&amp;#039;s" in found[0]["title"]
    marked = await browser.ask(f"{SITE}/ajax/search", "POST", form={"keyword": "REGAL"})
    assert "<em>Regal</em>" in json.loads(marked.text)[0]["title"]


async def test_the_alphabet_has_all_titles_with_their_other_names(browser: Browser) -> None:
    page = read(await browser.ask(f"{SITE}/animes-alphabet"))
    links = page.xpath('//*[@id="seriesContainer"]//li/a')
    assert [link.get("href") for link in links] == [f"/anime/stream/{one.series.key}" for one in STORIES]
    assert '"世界の果ての棚"' in links[0].get("data-alternative-title")


async def test_covers_are_pictures_of_the_size_asked_for(browser: Browser) -> None:
    for size in ("150x225", "200x300", "220x330"):
        answer = await browser.ask((SHELF.series.cover or "").replace("220x330", size))
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.body.startswith(b"\xff\xd8\xff")
    assert (await browser.ask(f"{SITE}/public/img/cover/x_9x9.jpg")).status == 404


async def test_the_gate_stands_before_links_or_before_everything(
    browser: Browser, practice: PracticeNetwork
) -> None:
    link = f"{SITE}/redirect/{uploads_of(SHELF, Number(1, 1))[0].id}"
    practice.faults["aniworld"] = Faults(gated_links=True)
    gate = await browser.ask(link)
    assert gate.status == 200
    assert "<title>Stream wird vorbereitet...</title>" in gate.text and "hosterSiteTitle" not in gate.text
    assert read(await browser.ask(PAGE)).xpath("//table")
    practice.faults["aniworld"] = Faults(gated=True)
    assert "Stream wird vorbereitet" in (await browser.ask(PAGE)).text


async def test_flags_may_claim_more_than_there_is(browser: Browser, practice: PracticeNetwork) -> None:
    practice.faults["aniworld"] = Faults(flags_everywhere=True)
    page = read(await browser.ask(f"{PAGE}/staffel-2"))
    assert [len(row.xpath(".//img[@class='flag']")) for row in page.xpath("//tbody/tr")] == [3, 3]


async def test_a_link_may_be_gone(browser: Browser, practice: PracticeNetwork) -> None:
    practice.faults["aniworld", Number(1, 1)] = Faults(gone=True)
    answer = await browser.ask(f"{SITE}/redirect/{uploads_of(SHELF, Number(1, 1))[0].id}")
    assert answer.status == 404
