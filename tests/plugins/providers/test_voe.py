"""VOE: hops, the cipher, old layouts, and what its pages say when there is no stream."""

from __future__ import annotations

import base64
import codecs
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from anidana.core import Gone, NeedsPerson, NotReady, Page, PageChanged, Refused, Stream
from anidana.core.testkit import Answer, Recording, read_recordings, replay
from anidana.plugins.providers.voe import MOST_HOPS, Voe, find_hop, parse

CASES = {case.name: case for case in read_recordings(Path(__file__).parent / "recorded" / "voe")}
MIRROR = "https://mirror.example/e/abcdefgh1234"
PLAYLIST = "https://cdn.example/engine/hls2/01/master.m3u8?s=1700000000&e=14400"
MP4 = "https://cdn.example/engine/download/a.mp4?s=1700000000&e=14400"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def encipher(sources: dict[str, object], junk: str = "@$") -> str:
    """The cipher of 2025, backwards; `junk` is strewn in every five letters."""
    shifted = "".join(chr(ord(char) + 3) for char in b64(json.dumps(sources))[::-1])
    text = codecs.encode(base64.b64encode(shifted.encode("latin-1")).decode(), "rot13")
    return junk.join(text[start : start + 5] for start in range(0, len(text), 5))


def island(sources: dict[str, object], junk: str = "@$") -> str:
    cipher = json.dumps([encipher(sources, junk)])
    return f'<script type="application/json">{cipher}</script><script src="/js/loader.1.js"></script>'


def stub(url: str) -> str:
    return (
        "<title>Redirecting...</title><script>const permanentToken = 1;"
        f"window.location.href = currentUrl.toString();window.location.href = '{url}';</script>"
    )


def read(text: str) -> Stream:
    return parse(Page(MIRROR, 200, text))


def test_the_stream_says_how_and_how_long_it_can_be_fetched() -> None:
    stream = replay(Voe(), CASES["2026-06-redirect"])
    assert stream.headers == {"Referer": "https://juliewomanwish.com/"}
    assert stream.expires == datetime.fromtimestamp(1781428771 + 14400, UTC)


def test_a_hop_is_read_off_a_stub_only() -> None:
    assert find_hop(stub(MIRROR)) == MIRROR
    assert find_hop("<script>window.location.href = 'https://ads.example/'</script>") is None
    assert find_hop("<title>Redirecting...</title> window.location.href = currentUrl.toString()") is None


def test_a_circle_of_stubs_is_left() -> None:
    pages = tuple(Answer(MIRROR, stub(MIRROR)) for _ in range(MOST_HOPS + 1))
    with pytest.raises(PageChanged, match="hops"):
        replay(Voe(), Recording("circle", MIRROR, pages))


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        (
            "https://mirror.example/abcdefgh1234",
            [(404, "https://mirror.example/abcdefgh1234"), (200, MIRROR)],
        ),
        (
            "https://mirror.example/abcdefgh1234",
            [(410, "https://mirror.example/abcdefgh1234"), (200, MIRROR)],
        ),
        ("https://mirror.example/abcdefgh1234/download", [(200, "https://mirror.example/abcdefgh1234")]),
        (MIRROR, [(200, MIRROR)]),
    ],
)
def test_a_link_leads_to_the_page_that_plays(link: str, asked: list[tuple[int, str]]) -> None:
    answers = tuple(Answer(url, island({"source": PLAYLIST}), status) for status, url in asked)
    assert replay(Voe(), Recording("link", link, answers)).url == PLAYLIST


def test_a_page_that_plays_as_embed_only_is_asked_for_as_such() -> None:
    watch = "https://mirror.example/abcdefgh1234"
    note = "<p>This video can be watched as embed only.</p>"
    pages = (Answer(watch, note), Answer(MIRROR, island({"source": PLAYLIST})))
    assert replay(Voe(), Recording("embed only", watch, pages)).url == PLAYLIST


@pytest.mark.parametrize("link", [MIRROR, "https://mirror.example/abcdefgh1234"])
def test_not_found_under_either_path_is_gone(link: str) -> None:
    pages = (Answer(MIRROR, status=404), Answer("https://mirror.example/abcdefgh1234", status=404))
    with pytest.raises(Gone):
        replay(Voe(), Recording("gone", link, pages))


@pytest.mark.parametrize("junk", ["", "@$", "~@", "#&^^", "§§", "\u200b"])
def test_the_cipher_is_read_with_any_junk_in_it(junk: str) -> None:
    assert read(island({"source": PLAYLIST}, junk)).url == PLAYLIST


@pytest.mark.parametrize(
    "page",
    [
        f"let f62aad852c654bf8c9737da67c45630c7dec5019 = '{b64(json.dumps({'file': PLAYLIST})[::-1])}';",
        f"var sources = {{ 'hls': '{PLAYLIST}', 'video_height': 720 }};",
        f"var sources = {{ 'hls': '{b64(PLAYLIST)}' }};",
        f"var wc0 = '{b64(json.dumps({'source': PLAYLIST}))}'",
        f"a168c='{b64(json.dumps({'source': PLAYLIST})[::-1])}'",
        f"a168c='{encipher({'source': PLAYLIST})}'",
        f'x="{encipher({"source": MP4}, "*ABC")}"; MKGMa="{encipher({"source": PLAYLIST}, "~@")}";',
    ],
    ids=["2024-02", "2024-03", "2024-04", "2024-wc0", "2025-a168c", "2025-a168c-cipher", "2025-04-decoy"],
)
def test_older_layouts_are_still_read(page: str) -> None:
    assert read(f"<script>{page}</script>").url == PLAYLIST


@pytest.mark.parametrize(
    ("sources", "kind", "url", "height"),
    [
        ({"source": PLAYLIST, "direct_access_url": MP4}, "hls", PLAYLIST, None),
        (
            {"fallback": [{"file": MP4 + "&l", "label": "360p"}, {"file": MP4 + "&h", "label": "720p"}]},
            "file",
            MP4 + "&h",
            720,
        ),
        ({"source": None, "fallbacks": [{"label": 1}, 7], "direct_access_url": MP4}, "file", MP4, None),
    ],
)
def test_the_best_source_is_taken(
    sources: dict[str, object], kind: str, url: str, height: int | None
) -> None:
    stream = read(island(sources))
    assert (stream.kind, stream.url, stream.height) == (kind, url, height)


@pytest.mark.parametrize(
    "sources",
    [
        {},
        {"source": 7, "fallback": 7, "direct_access_url": ["x"]},
        {"source": "/relative.m3u8"},
        {"source": "file:///etc/passwd"},
        {"source": "https://test-videos.co.uk/vids/bigbuckbunny/mp4/a.mp4"},
    ],
)
def test_sources_without_a_real_address_are_no_stream(sources: dict[str, object]) -> None:
    with pytest.raises(PageChanged):
        read(island(sources))


def test_a_stream_counts_more_than_what_the_page_says_beside_it() -> None:
    assert (
        read("An error occurred during encoding. cf-turnstile" + island({"source": PLAYLIST})).url == PLAYLIST
    )


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ("<span>An error occurred during encoding.</span>", Gone),
        ("<p>Encoding in progress, please wait</p>", NotReady),
        ('<div class="encoding-process">', NotReady),
        ("File is in the encoding queue. Current position: #3", NotReady),
        ("<title>Maintenance Mode</title>", Refused),
        ("Server overloaded, download temporary disabled", Refused),
        ("The server of this file is currently over capacity", Refused),
        ("Access to this file has been temporarily restricted", Refused),
        ("<title>DDoS-Guard</title>", NeedsPerson),
        ("<title>Just a moment...</title>", NeedsPerson),
        ("<title>VOE</title>", PageChanged),
    ],
)
def test_says_why_there_is_no_stream(says: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        read(says)
    if isinstance(caught.value, NeedsPerson):
        assert caught.value.url == MIRROR
