"""VOE on the practice network, read by the steps that decode recorded pages."""

from __future__ import annotations

import base64
import codecs
import json
import re
from typing import TYPE_CHECKING, Any

import m3u8
import pytest

from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.sites import voe
from anidana.core.demo.story import SHELF, Upload, uploads_of
from anidana.core.models import Number

if TYPE_CHECKING:
    from .conftest import Browser

MIRROR = "https://walterlampshelf.com"


@pytest.fixture
def upload() -> Upload:
    return next(one for one in uploads_of(SHELF, Number(1, 1)) if one.provider == "VOE")


def decode(page: str) -> Any:
    """The seven steps, with the list of junk that pages have had since April 2025."""
    found = re.search(
        r'<script type="application/json">(\["[^<]+"\])</script>\s*<script src="/js/loader\.\w+\.js">', page
    )
    assert found is not None
    text = json.loads(found[1])[0]
    text = codecs.decode(text, "rot13")
    for junk in ("@$", "^^", "~@", "%?", "*~", "!!", "#&"):
        text = text.replace(junk, "")
    text = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    text = "".join(chr(ord(char) - 3) for char in text)
    text = text[::-1]
    return json.loads(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))


async def player(browser: Browser, upload: Upload) -> Any:
    return decode((await browser.ask(f"{MIRROR}/e/{upload.code}")).text)


@pytest.mark.parametrize("value", [{}, {"source": "https://x/äß?a=1&b=2"}, ["a" * 1000]])
def test_the_payload_is_what_the_seven_steps_undo(value: object) -> None:
    page = f'<script type="application/json">["{voe.encode(value)}"]</script><script src="/js/loader.1.js">'
    assert decode(page) == value


def test_the_payload_holds_every_kind_of_junk() -> None:
    payload = voe.encode({"source": "https://cdn.example/master.m3u8"})
    assert all(junk in payload for junk in ("@$", "^^", "~@", "%?", "*~", "!!", "#&"))


async def test_the_entry_is_a_stub_whose_first_assignment_leads_nowhere(
    browser: Browser, upload: Upload
) -> None:
    page = (await browser.ask(f"https://voe.sx/e/{upload.code}")).text
    assert "<title>Redirecting...</title>" in page and "permanentToken" in page
    targets = re.findall(r"window\.location\.href = (.+);", page)
    assert targets == ["currentUrl.toString()", *[f"'{MIRROR}/e/{upload.code}'"] * 2]


async def test_the_mirror_names_stream_and_mp4_beside_its_decoys(browser: Browser, upload: Upload) -> None:
    page = (await browser.ask(f"{MIRROR}/e/{upload.code}")).text
    assert "var source='https://test-videos.co.uk/" in page and "MKGMaSet" in page
    settings = decode(page)
    assert settings["file_code"] == upload.code
    assert re.fullmatch(
        rf"https://[\w-]+\.cloudwindow-route\.com/engine/hls2/\d\d/\d{{5}}/{upload.code}_,n,l,\.urlset"
        r"/master\.m3u8\?t=\w+&s=\d{10}&e=14400&.*",
        settings["source"],
    )
    assert "/engine/download/" in settings["direct_access_url"]
    assert settings["fallback"] == settings["captions"] == []
    assert (await browser.ask(f"{MIRROR}/{upload.code}")).status == 200


async def test_the_stream_has_two_qualities_of_six_segments(browser: Browser, upload: Upload) -> None:
    url = (await player(browser, upload))["source"]
    master = m3u8.loads((await browser.ask(url, Referer=f"{MIRROR}/")).text, uri=url)
    assert [one.stream_info.resolution for one in master.playlists] == [(640, 360), (320, 180)]
    sizes = []
    for rendition in master.playlists:
        listed = m3u8.loads(
            (await browser.ask(rendition.absolute_uri, Referer=f"{MIRROR}/")).text, uri=rendition.absolute_uri
        )
        assert listed.is_endlist and [one.duration for one in listed.segments] == [2.0] * 6
        answers = [await browser.ask(one.absolute_uri, Referer=f"{MIRROR}/") for one in listed.segments]
        assert {(one.status, one.headers["content-type"], one.body[0]) for one in answers} == {
            (200, "video/mp2t", 0x47)
        }
        sizes.append(sum(len(one.body) for one in answers))
    assert sizes[0] > sizes[1]


@pytest.mark.parametrize("what", ["source", "direct_access_url"])
async def test_media_want_the_referer_the_signature_and_the_user_agent_of_the_page(
    browser: Browser, upload: Upload, what: str
) -> None:
    url = (await player(browser, upload))[what]
    assert (await browser.ask(url, Referer=f"{MIRROR}/")).status == 200
    assert (await browser.ask(url, Referer="https://voe.sx/")).status == 200
    assert (await browser.ask(url)).status == 403
    assert (await browser.ask(url, Referer="https://aniworld.to/")).status == 403
    assert (await browser.ask(url, Referer=f"{MIRROR}/", User_Agent="Other/1.0")).status == 403
    assert (await browser.ask(re.sub("t=..", "t=00", url), Referer=f"{MIRROR}/")).status == 403
    assert (await browser.ask(re.sub("&s=..", "&s=10", url), Referer=f"{MIRROR}/")).status == 403


async def test_it_says_why_there_is_no_stream(
    browser: Browser, practice: PracticeNetwork, upload: Upload
) -> None:
    url = f"{MIRROR}/e/{upload.code}"
    practice.faults["VOE"] = Faults(gone=True)
    assert (await browser.ask(url)).status == 404
    practice.faults["VOE"] = Faults(not_ready=True)
    assert "Encoding in progress, please wait" in (await browser.ask(url)).text
    practice.faults["VOE"] = Faults(gated=True)
    gate = await browser.ask(f"https://voe.sx/e/{upload.code}")
    assert (gate.status, "Just a moment..." in gate.text) == (403, True)
    assert (await browser.ask(f"{MIRROR}/e/000000000000")).status == 403
    practice.faults.clear()
    assert (await browser.ask(f"{MIRROR}/e/000000000000")).status == 404
