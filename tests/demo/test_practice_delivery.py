"""Byte ranges of the practice hosts' files, as RFC 9110 has them."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF, uploads_of
from anidana.core.models import Number

if TYPE_CHECKING:
    from .conftest import Answer, Browser

HOME = "https://playmogo.com"


class File:
    """One mp4 at a host."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url

    async def get(self, method: str = "GET", **headers: str) -> Answer:
        return await self.browser.ask(self.url, method, Referer=f"{HOME}/", **headers)


@pytest.fixture
async def file(browser: Browser) -> File:
    code = next(one.code for one in uploads_of(SHELF, Number(1, 1)) if one.provider == "Doodstream")
    page = (await browser.ask(f"{HOME}/e/{code}")).text
    found = re.search(r"/pass_md5/[\w-]+/(\w+)", page)
    assert found is not None
    base = (await browser.ask(HOME + found[0], Referer=f"{HOME}/e/{code}")).text
    return File(browser, f"{base}0123456789?token={found[1]}&expiry={int(time.time() * 1000)}")


async def test_a_whole_file_names_its_length_and_validators(file: File) -> None:
    answer = await file.get()
    assert answer.status == 200
    assert answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert re.fullmatch(r'"[\w-]+"', answer.headers["etag"])
    assert answer.headers["last-modified"].endswith("GMT")


async def test_a_head_request_names_the_same_and_sends_nothing(file: File) -> None:
    whole, head = await file.get(), await file.get("HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-99", 0, 99), ("bytes=1000-", 1000, -1), ("bytes=-500", -500, -1), ("bytes=0-", 0, -1)],
)
async def test_a_range_is_cut_out_and_named(file: File, asked: str, first: int, last: int) -> None:
    whole = (await file.get()).body
    start, stop = range(len(whole))[first], range(len(whole))[last] + 1
    answer = await file.get(Range=asked)
    assert (answer.status, answer.body) == (206, whole[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


async def test_a_range_beyond_the_end_is_416(file: File) -> None:
    length = len((await file.get()).body)
    answer = await file.get(Range=f"bytes={length}-")
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{length}")


@pytest.mark.parametrize("asked", ["bytes=5-1", "bytes=0-1,5-6", "lines=1-2"])
async def test_a_range_that_means_nothing_is_passed_over(file: File, asked: str) -> None:
    assert (await file.get(Range=asked)).status == 200


async def test_if_range_gives_the_rest_only_of_the_same_file(file: File, practice: PracticeNetwork) -> None:
    whole = await file.get()
    for validator in (whole.headers["etag"], whole.headers["last-modified"]):
        assert (await file.get(Range="bytes=100-", If_Range=validator)).status == 206
    assert (await file.get(Range="bytes=100-", If_Range='"other"')).status == 200
    practice.faults["Doodstream"] = Faults(placeholder=True)
    other = await file.get(Range="bytes=100-", If_Range=whole.headers["etag"])
    assert other.status == 200 and len(other.body) < len(whole.body)


async def test_a_file_may_be_refused_or_be_a_page(file: File, practice: PracticeNetwork) -> None:
    practice.faults["Doodstream"] = Faults(segments_refused=True)
    assert (await file.get()).status == 403
    practice.faults["Doodstream"] = Faults(html_media=True)
    answer = await file.get()
    assert answer.headers["content-type"] == "video/mp4" and answer.body.startswith(b"<!DOCTYPE html>")
