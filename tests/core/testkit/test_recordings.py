"""The kit for plugin authors fails where it must: a test that cannot fail promises nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anidana.core import Gone, Link, PageChanged, Post, Stream
from anidana.core.steps import Get, Steps
from anidana.core.testkit import Answer, Recording, check, read_recordings, replay

URL = "https://clips.example/e/1"
PLAYLIST = "https://cdn.clips.example/a.m3u8"


class Clips:
    """A provider whose page is the address of its stream."""

    name = "Clips"
    domains = ("clips.example",)
    headers = {"Referer": "https://clips.example/"}  # noqa: RUF012

    def extract(self, link: Link) -> Steps[Stream]:
        page = yield Get(link.url)
        if not page.text.startswith("https://"):
            raise PageChanged("no address")
        return Stream.hls(page.text)


def case(text: str, status: int = 200, **expected: str) -> Recording:
    return Recording("case", URL, (Answer(URL, text, status),), expected)


def test_a_folder_of_cases_is_read_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PLAYLIST)
    request = {"url": URL, "file": "page.html", "status": 404, "headers": {"a": "b"}, "final_url": f"{URL}0"}
    plays = {"name": "plays", "url": URL, "requests": [request], "expected": {"error": "gone"}}
    (tmp_path / "cases.json").write_text(json.dumps([plays]))
    (read,) = read_recordings(tmp_path)
    assert read.answers == (Answer(URL, PLAYLIST, 404, "GET", {"a": "b"}, f"{URL}0"),)
    assert read.answers[0].page().url == f"{URL}0"
    assert (read.name, read.url, read.expected) == ("plays", URL, {"error": "gone"})
    assert read_recordings(tmp_path / "nothing") == []


def test_a_provider_and_a_bare_generator_are_replayed() -> None:
    assert replay(Clips(), case(PLAYLIST)).url == PLAYLIST

    def steps() -> Steps[int]:
        page = yield Get(URL)
        return len(page.text)

    assert replay(steps(), case("four")) == 4


def test_a_request_that_was_not_recorded_fails() -> None:
    def steps() -> Steps[None]:
        yield Post(URL, {})

    with pytest.raises(AssertionError, match=f"not recorded, or asked for again: POST {URL}"):
        replay(steps(), case(""))


def test_each_answer_is_given_once() -> None:
    def steps() -> Steps[None]:
        yield Get(URL)
        yield Get(URL)

    with pytest.raises(AssertionError, match="not recorded, or asked for again"):
        replay(steps(), case(""))


def test_an_endless_plugin_fails() -> None:
    def steps() -> Steps[None]:
        while True:
            yield Get(URL)

    with pytest.raises(AssertionError, match="more than 20 pages"):
        replay(steps(), Recording("case", URL, (Answer(URL),) * 50))


def test_a_status_comes_as_the_error_it_means_and_can_be_caught() -> None:
    def steps() -> Steps[str]:
        try:
            yield Get(URL)
        except Gone:
            return (yield Get(URL, accept=(404,))).text
        return "no error"

    assert replay(steps(), Recording("case", URL, (Answer(URL, "x", 404), Answer(URL, "y", 404)))) == "y"


@pytest.mark.parametrize(
    "fits",
    [
        case(PLAYLIST, kind="hls", url=PLAYLIST),
        case(PLAYLIST, kind="hls", url_pattern=r"https://cdn\..*\.m3u8"),
        case("", error="page_changed"),
        case("", 410, error="gone"),
    ],
)
def test_what_is_as_expected_passes(fits: Recording) -> None:
    check(Clips(), fits)


@pytest.mark.parametrize(
    "differs",
    [
        case(PLAYLIST, kind="file", url=PLAYLIST),
        case(PLAYLIST, kind="hls", url="https://cdn.clips.example/b.m3u8"),
        case(PLAYLIST, kind="hls", url="https://cdn-clips-example/a.m3u8".replace("-", ".", 1)),
        case(PLAYLIST, kind="hls", url_pattern=r"https://cdn\."),
        case(PLAYLIST, error="gone"),
        case("", error="gone"),
        case("", kind="hls", url=PLAYLIST),
    ],
)
def test_what_is_not_as_expected_fails(differs: Recording) -> None:
    with pytest.raises(AssertionError):
        check(Clips(), differs)
