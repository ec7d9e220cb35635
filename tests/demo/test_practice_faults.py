"""Every switch does what it says, and only there."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import aiohttp
import m3u8
import pytest

from anidana.core.demo.faults import Faults, faults_of
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF, Upload, uploads_of
from anidana.core.models import Number

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Answer, Browser

ROOT = "https://vidmoly.biz"
SITES = {
    "aniworld": SHELF.series.url,
    "VOE": "https://voe.sx/e/000000000000",
    "Doodstream": "https://playmogo.com/e/000000000000",
    "Vidmoly": "https://vidmoly.biz/notice.php",
    "tmdb": "https://image.tmdb.org/t/p/w500/poster-1.jpg",
}


@pytest.fixture
def upload() -> Upload:
    return next(one for one in uploads_of(SHELF, Number(1, 2)) if one.provider == "Vidmoly")


async def segments(browser: Browser, upload: Upload) -> list[str]:
    """Addresses of all segments."""
    page = (await browser.ask(f"{ROOT}/embed-{upload.code}.html")).text
    (url,) = re.findall(r"file: '(https[^']+)'", page)
    master = m3u8.loads((await browser.ask(str(url), Referer=f"{ROOT}/")).text, uri=str(url))
    rendition = master.playlists[0].absolute_uri
    listed = m3u8.loads((await browser.ask(rendition, Referer=f"{ROOT}/")).text, uri=rendition)
    return [one.absolute_uri for one in listed.segments]


async def media(browser: Browser, url: str, **headers: str) -> Answer:
    return await browser.ask(url, Referer=f"{ROOT}/", **headers)


def test_an_episodes_own_switch_comes_before_its_sites() -> None:
    everywhere, here = Faults(dead=True), Faults(slow=1.0)
    switches = {"VOE": everywhere, ("VOE", Number(1, 1)): here}
    assert faults_of(switches, "VOE", Number(1, 1)) is here
    assert faults_of(switches, "VOE", Number(1, 2)) is everywhere
    assert faults_of(switches, "VOE", None) is everywhere
    assert faults_of(switches, "Vidmoly", Number(1, 1)) == Faults()


@pytest.mark.parametrize(("site", "url"), SITES.items())
async def test_a_dead_site_closes_the_connection_and_others_do_not(
    browser: Browser, practice: PracticeNetwork, site: str, url: str
) -> None:
    await browser.ask(url)
    practice.faults[site] = Faults(dead=True)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await browser.ask(url)
    for other in SITES.keys() - {site}:
        await browser.ask(SITES[other])
    practice.faults.clear()
    await browser.ask(url)


@pytest.mark.parametrize(("site", "url"), SITES.items())
async def test_a_busy_site_says_when_to_come_back(
    browser: Browser, practice: PracticeNetwork, site: str, url: str
) -> None:
    practice.faults[site] = Faults(server_error=True)
    answer = await browser.ask(url)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize("site", ["aniworld", "VOE"])
async def test_a_site_may_block_us(browser: Browser, practice: PracticeNetwork, site: str) -> None:
    practice.faults[site] = Faults(blocked=True)
    answer = await browser.ask(SITES[site])
    assert (answer.status, answer.headers["server"]) == (403, "ddos-guard")


async def test_half_a_page_is_the_first_half_of_the_page(browser: Browser, practice: PracticeNetwork) -> None:
    whole = (await browser.ask(SHELF.series.url)).text
    practice.faults["aniworld"] = Faults(half_page=True)
    half = (await browser.ask(SHELF.series.url)).text
    assert whole.startswith(half) and len(half) == len(whole) // 2


async def test_a_slow_site_answers_late(browser: Browser, practice: PracticeNetwork) -> None:
    practice.faults["Vidmoly"] = Faults(slow=60.0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await browser.ask(SITES["Vidmoly"])
    assert len(practice.asked("Vidmoly")) == 1
    practice.faults["Vidmoly"] = Faults(slow=0.001)
    assert (await browser.ask(SITES["Vidmoly"])).status == 200


async def test_one_episode_fails_and_the_next_does_not(browser: Browser, practice: PracticeNetwork) -> None:
    practice.faults["Vidmoly", Number(1, 1)] = Faults(gone=True)
    pages = {}
    for number in (Number(1, 1), Number(1, 2)):
        code = next(one.code for one in uploads_of(SHELF, number) if one.provider == "Vidmoly")
        pages[number] = (await browser.ask(f"{ROOT}/embed-{code}.html")).url.endswith("/notice.php")
    assert pages == {Number(1, 1): True, Number(1, 2): False}


async def test_segments_may_be_refused_while_playlists_are_not(
    browser: Browser, practice: PracticeNetwork, upload: Upload
) -> None:
    practice.faults["Vidmoly", Number(1, 2)] = Faults(segments_refused=True)
    urls = await segments(browser, upload)
    assert len(urls) == 6
    assert (await media(browser, urls[0])).status == 403


async def test_one_segment_may_be_lost(browser: Browser, practice: PracticeNetwork, upload: Upload) -> None:
    practice.faults["Vidmoly"] = Faults(segment_lost=True)
    urls = await segments(browser, upload)
    assert [(await media(browser, url)).status for url in urls] == [200, 200, 404, 200, 200, 200]


async def test_a_segment_may_be_a_page(browser: Browser, practice: PracticeNetwork, upload: Upload) -> None:
    practice.faults["Vidmoly"] = Faults(html_media=True)
    answer = await media(browser, (await segments(browser, upload))[0])
    assert (answer.status, answer.headers["content-type"]) == (200, "video/mp2t")
    assert answer.body.startswith(b"<!DOCTYPE html>")


async def test_a_body_may_end_before_its_announced_end(
    browser: Browser, practice: PracticeNetwork, upload: Upload
) -> None:
    url = (await segments(browser, upload))[0]
    practice.faults["Vidmoly"] = Faults(truncated=True)
    with pytest.raises(aiohttp.ClientPayloadError):
        await media(browser, url)


async def test_the_placeholder_is_shorter_and_not_the_episode(
    browser: Browser, practice: PracticeNetwork, upload: Upload
) -> None:
    practice.faults["Vidmoly"] = Faults(placeholder=True)
    assert len(await segments(browser, upload)) == 2


async def test_a_body_may_stall_half_way_and_the_network_still_ends(
    practice_cache: Path, browse: Callable[[PracticeNetwork], Browser], upload: Upload
) -> None:
    async with PracticeNetwork(practice_cache, {"Vidmoly": Faults(stalling=True)}) as network:
        url = (await segments(browse(network), upload))[0]
        host, _, rest = url.removeprefix("https://").partition("/")
        reader, writer = await asyncio.open_connection(*network.address.split(":"))
        head = f"GET /{rest} HTTP/1.1\r\nHost: {host}\r\nReferer: {ROOT}/\r\nUser-Agent: Practice/1.0\r\n\r\n"
        writer.write(head.encode())
        (length,) = re.findall(rb"Content-Length: (\d+)", await reader.readuntil(b"\r\n\r\n"))
        half = int(length) // 2
        assert len(await reader.readexactly(half)) == half
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await reader.readexactly(1)
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*network.address.split(":"))
