"""Doodstream on the practice network, read as its page says."""

from __future__ import annotations

import io
import re
import time
from typing import TYPE_CHECKING

import av
import pytest

from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF, Upload, uploads_of
from anidana.core.models import GERMAN_SUB, Number

if TYPE_CHECKING:
    from .conftest import Browser

HOME = "https://playmogo.com"


@pytest.fixture
def upload() -> Upload:
    return next(one for one in uploads_of(SHELF, Number(1, 1)) if one.provider == "Doodstream")


async def passed(browser: Browser, upload: Upload) -> tuple[str, str]:
    """What `pass_md5` says, and the token of the page."""
    embed = f"{HOME}/e/{upload.code}"
    found = re.search(r"\$\.get\('(/pass_md5/[\w-]+/(\w+))'", (await browser.ask(embed)).text)
    assert found is not None
    return (await browser.ask(HOME + found[1], Referer=embed)).text, found[2]


def link(base: str, token: str, *, suffix: str = "aB3dE6gH9j", expiry: float | None = None) -> str:
    milliseconds = int((time.time() if expiry is None else expiry) * 1000)
    return f"{base}{suffix}?token={token}&expiry={milliseconds}"


async def test_every_alias_ends_at_one_host(browser: Browser, upload: Upload) -> None:
    for alias in ("dood.li", "doodstream.com"):
        answer = await browser.ask(f"https://{alias}/e/{upload.code}")
        assert answer.url == f"{HOME}/e/{upload.code}"


async def test_a_playable_page_holds_words_of_pages_that_are_not(browser: Browser, upload: Upload) -> None:
    page = (await browser.ask(f"{HOME}/e/{upload.code}")).text
    assert "src: data + makePlay()" in page
    assert "is not found" in page and "challenges.cloudflare.com/turnstile" in page
    assert "grecaptcha-badge" in page
    assert "<title>Video not found" not in page
    landing = (await browser.ask(f"{HOME}/d/{upload.code}")).text
    assert f'<iframe src="/e/{upload.code}"' in landing and "pass_md5" not in landing


async def test_pass_md5_gives_the_base_of_the_link(browser: Browser, upload: Upload) -> None:
    base, token = await passed(browser, upload)
    assert re.fullmatch(r"https://\w+\.cloudatacdn\.com/[0-9a-z]{60}/[0-9a-z]{10}~", base)
    assert len(token) == 24


async def test_pass_md5_wants_the_page_and_its_user_agent(browser: Browser, upload: Upload) -> None:
    embed = f"{HOME}/e/{upload.code}"
    found = re.search(r"/pass_md5/[\w/-]+", (await browser.ask(embed)).text)
    assert found is not None
    url = HOME + found[0]
    assert (await browser.ask(url, Referer=embed)).status == 200
    assert (await browser.ask(url)).status == 403
    assert (await browser.ask(url, Referer="https://aniworld.to/")).status == 403
    assert (await browser.ask(url, Referer=embed, User_Agent="Other/1.0")).status == 403


async def test_the_mp4_comes_with_ten_letters_token_and_time(browser: Browser, upload: Upload) -> None:
    base, token = await passed(browser, upload)
    answer = await browser.ask(link(base, token), Referer=f"{HOME}/")
    assert (answer.status, answer.headers["content-type"]) == (200, "video/mp4")
    with av.open(io.BytesIO(answer.body)) as container:
        assert [stream.language for stream in container.streams.audio] == ["deu"]


@pytest.mark.parametrize(
    "broken",
    [{"suffix": ""}, {"suffix": "123456789"}, {"suffix": "aB3dE6gH9-"}, {"expiry": 1.0}, {"expiry": 1e7}],
)
async def test_a_link_that_the_player_would_not_make_is_refused(
    browser: Browser, upload: Upload, broken: dict[str, str | float]
) -> None:
    base, token = await passed(browser, upload)
    assert (await browser.ask(link(base, token, **broken), Referer=f"{HOME}/")).status == 403  # type: ignore[arg-type]


async def test_the_mp4_wants_referer_token_and_user_agent(browser: Browser, upload: Upload) -> None:
    base, token = await passed(browser, upload)
    url = link(base, token)
    assert (await browser.ask(url)).status == 403
    assert (await browser.ask(url, Referer=f"{HOME}/", User_Agent="Other/1.0")).status == 403
    assert (await browser.ask(link(base, token[::-1]), Referer=f"{HOME}/")).status == 403


async def test_a_sub_sounds_japanese(browser: Browser) -> None:
    (upload,) = (
        one
        for one in uploads_of(SHELF, Number(1, 3))
        if (one.provider, one.language) == ("Doodstream", GERMAN_SUB)
    )
    base, token = await passed(browser, upload)
    answer = await browser.ask(link(base, token), Referer=f"{HOME}/e/{upload.code}")
    with av.open(io.BytesIO(answer.body)) as container:
        assert [stream.language for stream in container.streams.audio] == ["jpn"]


async def test_it_says_why_there_is_no_stream(
    browser: Browser, practice: PracticeNetwork, upload: Upload
) -> None:
    embed = f"{HOME}/e/{upload.code}"
    found = re.search(r"/pass_md5/[\w/-]+", (await browser.ask(embed)).text)
    assert found is not None
    practice.faults["Doodstream"] = Faults(gated=True)
    gate = (await browser.ask(embed)).text
    assert "captcha_l" in gate and "op=validate&gc_response=" in gate and "pass_md5" not in gate
    assert (await browser.ask(HOME + found[0], Referer=embed)).text == "RELOAD"
    practice.faults["Doodstream"] = Faults(gone=True)
    gone = await browser.ask(embed)
    assert gone.status == 200 and "<title>Video not found | DoodStream</title>" in gone.text
