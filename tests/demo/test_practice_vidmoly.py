"""Vidmoly on the practice network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import m3u8
import pytest

from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF, Upload, uploads_of
from anidana.core.models import Number

if TYPE_CHECKING:
    from .conftest import Browser

ROOT = "https://vidmoly.biz"


@pytest.fixture
def upload() -> Upload:
    return next(one for one in uploads_of(SHELF, Number(2, 2)) if one.provider == "Vidmoly")


async def source(browser: Browser, upload: Upload) -> str:
    page = (await browser.ask(f"{ROOT}/embed-{upload.code}.html")).text
    (found,) = re.findall(r"sources: \[\{ file: '([^']+)' \}\]", page)
    return str(found)


async def test_the_embed_page_sets_up_a_player_with_one_stream(browser: Browser, upload: Upload) -> None:
    url = await source(browser, upload)
    assert re.fullmatch(
        rf"https://box-\d+-\w\.vmeas\.cloud/hls2/\d\d/\d{{5}}/{upload.code}_n/master\.m3u8"
        r"\?t=\w+&s=\d{10}&e=43200&v=&i=0\.4&sp=0&asn=\d+",
        url,
    )
    page = (await browser.ask(f"{ROOT}/embed-{upload.code}.html")).text
    assert "player.setup({" in page and "kind: 'thumbnails'" in page and "AdBlock Detected!" in page


async def test_the_stream_has_one_quality_of_twelve_seconds(browser: Browser, upload: Upload) -> None:
    url = await source(browser, upload)
    master = m3u8.loads((await browser.ask(url, Referer=f"{ROOT}/")).text, uri=url)
    (rendition,) = master.playlists
    text = (await browser.ask(rendition.absolute_uri, Referer=f"{ROOT}/")).text
    listed = m3u8.loads(text, uri=rendition.absolute_uri)
    assert sum(one.duration for one in listed.segments) == 12.0
    answer = await browser.ask(listed.segments[5].absolute_uri, Referer=f"{ROOT}/")
    assert (answer.status, answer.body[:1]) == (200, b"G")
    beyond = listed.segments[5].absolute_uri.replace("seg-6", "seg-7")
    assert (await browser.ask(beyond, Referer=f"{ROOT}/")).status == 404
    other_quality = rendition.absolute_uri.replace("index-v1", "index-f2-v1")
    assert (await browser.ask(other_quality, Referer=f"{ROOT}/")).status == 404


async def test_media_want_referer_and_user_agent_of_the_page(browser: Browser, upload: Upload) -> None:
    url = await source(browser, upload)
    assert (await browser.ask(url, Referer=f"{ROOT}/embed-{upload.code}.html")).status == 200
    assert (await browser.ask(url)).status == 403
    assert (await browser.ask(url, Referer=f"{ROOT}/", User_Agent="Other/1.0")).status == 403


async def test_it_says_why_there_is_no_stream(
    browser: Browser, practice: PracticeNetwork, upload: Upload
) -> None:
    url = f"{ROOT}/embed-{upload.code}.html"
    practice.faults["Vidmoly"] = Faults(gone=True)
    gone = await browser.ask(url)
    assert gone.url == f"{ROOT}/notice.php" and "This video not found" in gone.text
    practice.faults["Vidmoly"] = Faults(gated=True)
    assert "<title>Security Check</title>" in (await browser.ask(url)).text
    practice.faults["Vidmoly"] = Faults(not_ready=True)
    assert "Video is processing now. <br>Conversion stage:" in (await browser.ask(url)).text
