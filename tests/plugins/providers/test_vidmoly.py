"""Vidmoly: the set-up of its player, its links, its gates."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from anidana.core import Gone, Link, NeedsPerson, NotReady, Page, PageChanged
from anidana.core.testkit import read_recordings, replay
from anidana.plugins.providers.vidmoly import Vidmoly, parse

CASES = {case.name: case for case in read_recordings(Path(__file__).parent / "recorded" / "vidmoly")}
EMBED = "https://vidmoly.example/embed-abcdefgh1234.html"


def test_the_stream_says_how_and_how_long_it_can_be_fetched() -> None:
    stream = replay(Vidmoly(), CASES["2026-06-embed"])
    assert stream.headers == {"Referer": "https://vidmoly.biz/"}
    assert stream.expires == datetime.fromtimestamp(1781429045 + 43200, UTC)


@pytest.mark.parametrize(
    ("setup", "url", "kind"),
    [
        ("sources: [{ file: 'https://box.example/a.m3u8?s=1' }]", "https://box.example/a.m3u8?s=1", "hls"),
        ('sources:[{file:"https://box.example/a.m3u8"}]', "https://box.example/a.m3u8", "hls"),
        ('"sources": [{"file": "https://box.example/a.m3u8"}]', "https://box.example/a.m3u8", "hls"),
        (
            'sources: [{file:"//b.example/a.mpd"},{file:"//b.example/a.m3u8"}]',
            "https://b.example/a.m3u8",
            "hls",
        ),
        (r'"sources":[{"file":"https:\/\/b.example\/a.m3u8"}]', "https://b.example/a.m3u8", "hls"),
        ("sources: [{file:'/v/a.mp4'}]", "https://vidmoly.example/v/a.mp4", "file"),
        (
            "tracks: [{file: '/srt/empty.srt'}], sources: [], sources: [{file:'//b.example/a.m3u8'}]",
            "https://b.example/a.m3u8",
            "hls",
        ),
    ],
)
def test_reads_the_set_up_of_the_player(setup: str, url: str, kind: str) -> None:
    stream = parse(Page(EMBED, 200, f"<script>player.setup({{ {setup} }})</script>"))
    assert (stream.url, stream.kind) == (url, kind)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("embed-abcdefgh1234.html", "embed-abcdefgh1234.html"),
        ("w/abcdefgh1234", "embed-abcdefgh1234.html"),
        ("v/abcdefgh1234", "embed-abcdefgh1234.html"),
        ("d/abcdefgh1234", "embed-abcdefgh1234.html"),
        ("dl/abcdefgh1234?x=1", "embed-abcdefgh1234.html"),
        ("abcdefgh1234.html", "embed-abcdefgh1234.html"),
        ("something/else", "something/else"),
    ],
)
def test_every_form_of_link_is_asked_for_as_embed(path: str, asked: str) -> None:
    request = next(Vidmoly().extract(Link(f"https://vidmoly.example/{path}", "https://catalogue.example/")))
    assert request.url == f"https://vidmoly.example/{asked}"
    assert request.referer == "https://catalogue.example/"
    assert request.headers["Sec-Fetch-Dest"] == "iframe"


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ("<script>location = '/notice.php'</script>", Gone),
        ("<b>This video not found</b>", Gone),
        ("<p>The file was deleted by its owner</p>", Gone),
        ("Video is processing now. Conversion stage: 1", NotReady),
        ("<title>Security Check</title>", NeedsPerson),
        ("<title>Please wait</title>", NeedsPerson),
        ('<p>Select number</p><input name="ctok">', NeedsPerson),
        ('<div class="g-recaptcha"></div>', NeedsPerson),
        ("<title>VidMoly</title>", PageChanged),
        ('sources: [{file:"//b.example/a.mpd"}]', PageChanged),
    ],
)
def test_says_why_there_is_no_stream(says: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        parse(Page(EMBED, 200, says))
    if isinstance(caught.value, NeedsPerson):
        assert caught.value.url == EMBED


def test_a_redirect_to_the_notice_is_gone() -> None:
    with pytest.raises(Gone):
        parse(Page("https://vidmoly.example/notice.php?x=1", 200, "<html></html>"))
