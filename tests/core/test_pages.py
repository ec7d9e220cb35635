"""Copies of pages: kept whole, given for a week, and never more than there is room for."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from anidana.core.pages import LONGEST_SECONDS, MOST_BYTES, Copies, KeptPages, NotKept, Recorder
from anidana.core.steps import Get, Page, Post, Request

URL = "https://aniworld.to/animes-alphabet"
PAGE = Page(URL, 200, "<html>Ährenfeld 棚</html>", {"set-cookie": "session=secret"})


@pytest.fixture
def kept(tmp_path: Path) -> KeptPages:
    return KeptPages(tmp_path / "cache" / "pages")


def file_of(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "cache" / "pages").iterdir()
    return file


def test_a_page_is_given_back_as_it_was_but_for_its_headers(kept: KeptPages, tmp_path: Path) -> None:
    kept.keep(URL, PAGE)
    found = kept.find(URL)
    assert found is not None
    assert (found[0].url, found[0].status, found[0].text, found[0].headers) == (URL, 200, PAGE.text, {})
    assert found[1] < 60
    assert b"secret" not in file_of(tmp_path).read_bytes()


def test_a_copy_grows_old(kept: KeptPages, tmp_path: Path) -> None:
    kept.keep(URL, PAGE)
    beyond = LONGEST_SECONDS + 60
    for age, there in ((LONGEST_SECONDS - 60, True), (beyond, False), (-beyond, False)):
        os.utime(file_of(tmp_path), (time.time() - age,) * 2)
        assert (kept.find(URL) is not None) is there


@pytest.mark.parametrize("broken", [b"", b"x" * 99, b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_a_broken_copy_is_none(kept: KeptPages, tmp_path: Path, broken: bytes) -> None:
    kept.keep(URL, PAGE)
    file_of(tmp_path).write_bytes(broken)
    assert kept.find(URL) is None


def test_a_folder_that_cannot_be_used_costs_the_copy_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = KeptPages(tmp_path / "file" / "pages")
    kept.keep(URL, PAGE)
    assert kept.find(URL) is None


def test_the_oldest_copies_make_room(kept: KeptPages, tmp_path: Path) -> None:
    kept.keep(URL, PAGE)
    old = file_of(tmp_path)
    os.utime(old, (time.time() - 3600,) * 2)
    big = old.with_name("big.page")
    with big.open("wb") as file:
        file.truncate(MOST_BYTES - 1)  # sparse: it takes no room on the disk
    kept.keep(f"{URL}?2", PAGE)
    assert not old.exists() and kept.find(f"{URL}?2") is not None


async def test_only_what_the_plugin_allows_is_recorded_and_given(kept: KeptPages) -> None:
    async def perform(request: Request) -> Page:
        return Page(request.url, 200, request.url)

    recorder = Recorder(perform)
    for request in (Get(f"{URL}?a", keep=True), Get(f"{URL}?token"), Post(f"{URL}?form")):
        await recorder(request)
    assert [url for url, _ in recorder.answers] == [f"{URL}?a"]
    for url, page in recorder.answers:
        kept.keep(url, page)
    copies = Copies(kept)
    assert (await copies(Get(f"{URL}?a", keep=True))).text == f"{URL}?a"
    for request in (Get(f"{URL}?a"), Get(f"{URL}?b", keep=True), Post(f"{URL}?a")):
        with pytest.raises(NotKept):
            await copies(request)
