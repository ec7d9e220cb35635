"""What a playlist may say, and what it may not."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anidana.core.acquire.playlist import (
    MOST_KEYS,
    MOST_SEGMENTS,
    Lock,
    Part,
    Playlist,
    Rendition,
    Unsupported,
    Variant,
    read,
)
from anidana.core.errors import Blocked, Damaged

URL = "https://cdn.example/a/b/index.m3u8?token=1"
END = "#EXT-X-ENDLIST\n"
VARIANT = "#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"


def media(*lines: str, end: str = END) -> str:
    return "#EXTM3U\n#EXT-X-TARGETDURATION:2\n" + "\n".join(lines) + "\n" + end


def read_media(*lines: str) -> Playlist:
    found = read(media(*lines), URL)
    assert isinstance(found, Playlist)
    return found


def test_segments_are_joined_to_the_playlist_s_address() -> None:
    found = read_media(
        "#EXTINF:2.5,", "seg0.ts?x=1", "#EXTINF:2,", "/seg1.ts", "#EXTINF:1,", "//o.example/2.ts"
    )
    assert [segment.part.url for segment in found.segments] == [
        "https://cdn.example/a/b/seg0.ts?x=1",
        "https://cdn.example/seg1.ts",
        "https://o.example/2.ts",
    ]
    assert found.seconds == 5.5


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_both_line_ends_and_a_byte_order_mark_are_fine(ending: str) -> None:
    text = "\ufeff" + media("#EXTINF:2,", "a.ts").replace("\n", ending)
    assert isinstance(read(text, URL), Playlist)


@pytest.mark.parametrize(
    "lines",
    [
        ("#EXTINF:-1,", "a.ts"),
        ("#EXTINF:nan,", "a.ts"),
        ("#EXTINF:inf,", "a.ts"),
        ("#EXTINF:,", "a.ts"),
        ("#EXTINF:two,", "a.ts"),
        ("a.ts",),
        ("a.ts", "#EXTINF:2,", "b.ts"),
        ("#EXTINF:2,", "a.ts", "#EXTINF:2,"),
        ("#EXTINF:2,", "a.ts", "#EXT-X-GAP", "#EXTINF:2,", "b.ts"),
        (),
        ("#EXTINF:2,", "http://[::1"),
    ],
)
def test_nonsense_is_damaged(lines: tuple[str, ...]) -> None:
    with pytest.raises(Damaged):
        read(media(*lines), URL)


@pytest.mark.parametrize("text", ["", "<html>#EXTM3U", "not found", "#EXTINF:2,\na.ts"])
def test_what_is_no_playlist_is_damaged(text: str) -> None:
    with pytest.raises(Damaged):
        read(text, URL)


def test_too_many_segments_are_refused() -> None:
    lines = "#EXTINF:2,\na.ts\n"
    with pytest.raises(Damaged, match="more than"):
        read(media(lines * (MOST_SEGMENTS + 1)), URL)


def test_too_many_headers_are_refused() -> None:
    lines = (f'#EXT-X-MAP:URI="init{number}"\n#EXTINF:2,\na.m4s\n' for number in range(MOST_KEYS + 1))
    with pytest.raises(Damaged, match="headers"):
        read(media("".join(lines)), URL)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://cdn.example/a.ts",
        "data:,x",
        "concat:a|b",
        "gopher://h.example/x",
        "http:///a.ts",
    ],
)
@pytest.mark.parametrize("place", ["segment", "key", "map", "variant", "sound", "subtitles"])
def test_only_web_addresses_are_followed(address: str, place: str) -> None:
    text = {
        "segment": media("#EXTINF:2,", address),
        "key": media(f'#EXT-X-KEY:METHOD=AES-128,URI="{address}"', "#EXTINF:2,", "a.ts"),
        "map": media(f'#EXT-X-MAP:URI="{address}"', "#EXTINF:2,", "a.m4s"),
        "sound": f'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="n",URI="{address}"\n{VARIANT}',
        "subtitles": f'#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="g",NAME="n",URI="{address}"\n{VARIANT}',
        "variant": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{address}\n",
    }[place]
    with pytest.raises(Blocked):
        read(text, URL)


@pytest.mark.parametrize(
    "key",
    [
        'METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"',
        'METHOD=SAMPLE-AES,URI="k"',
        'METHOD=AES-128,URI="k",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"',
    ],
)
@pytest.mark.parametrize("tag", ["KEY", "SESSION-KEY"])
def test_drm_is_blocked_and_never_handed_on(key: str, tag: str) -> None:
    if tag == "KEY":
        text = media('#EXT-X-KEY:METHOD=AES-128,URI="k"', f"#EXT-X-KEY:{key}", "#EXTINF:2,", "a.ts")
    else:
        text = f"#EXTM3U\n#EXT-X-SESSION-KEY:{key}\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"
    with pytest.raises(Blocked, match="DRM"):
        read(text, URL)


@pytest.mark.parametrize(
    "text",
    [
        media("#EXTINF:2,", "a.ts", end=""),
        media('#EXT-X-KEY:METHOD=AES-999,URI="k"', "#EXTINF:2,", "a.ts"),
        media("#EXT-X-I-FRAMES-ONLY", "#EXTINF:2,", "a.ts"),
        media('#EXT-X-DEFINE:NAME="x",VALUE="y"', "#EXTINF:2,", "{$x}.ts"),
        media('#EXT-X-KEY:METHOD=AES-128,URI="k"', '#EXT-X-MAP:URI="i.mp4"', "#EXTINF:2,", "a.m4s"),
    ],
)
def test_what_our_engine_does_not_do_is_unsupported(text: str) -> None:
    with pytest.raises(Unsupported):
        read(text, URL)


def test_a_playlist_that_leads_to_files_is_not_handed_on_either() -> None:
    with pytest.raises(Blocked):
        read(media("#EXTINF:2,", "a.ts", "#EXTINF:2,", "file:///etc/passwd", end=""), URL)


def test_a_list_that_calls_itself_complete_needs_no_end_mark() -> None:
    text = media("#EXT-X-PLAYLIST-TYPE:VOD", "#EXTINF:2,", "a.ts", end="")
    assert isinstance(read(text, URL), Playlist)


def test_keys_rotate_and_the_iv_is_told_or_counted() -> None:
    found = read_media(
        "#EXT-X-MEDIA-SEQUENCE:7",
        '#EXT-X-KEY:METHOD=AES-128,URI="k1"',
        "#EXTINF:2,",
        "a.ts",
        '#EXT-X-KEY:METHOD=AES-128,URI="/k2",IV=0xFF',
        "#EXTINF:2,",
        "b.ts",
        "#EXT-X-KEY:METHOD=NONE",
        "#EXTINF:2,",
        "c.ts",
    )
    assert [segment.lock for segment in found.segments] == [
        Lock("https://cdn.example/a/b/k1", bytes(15) + b"\x07"),
        Lock("https://cdn.example/k2", bytes(15) + b"\xff"),
        None,
    ]


def test_byte_ranges_go_on_where_the_last_one_ended() -> None:
    found = read_media(
        '#EXT-X-MAP:URI="m.mp4",BYTERANGE="100@0"',
        "#EXTINF:2,",
        "#EXT-X-BYTERANGE:50@100",
        "m.mp4",
        "#EXTINF:2,",
        "#EXT-X-BYTERANGE:25",
        "m.mp4",
    )
    url = "https://cdn.example/a/b/m.mp4"
    assert [segment.part for segment in found.segments] == [Part(url, 100, 50), Part(url, 150, 25)]
    assert found.segments[0].init == Part(url, 0, 100)


@pytest.mark.parametrize("ranges", [("50@0", "50@25"), ("50@0", "50@0"), ("0@0", "1"), ("-5@9", "1")])
def test_byte_ranges_that_overlap_are_damaged(ranges: tuple[str, str]) -> None:
    lines = [line for part in ranges for line in ("#EXTINF:2,", f"#EXT-X-BYTERANGE:{part}", "m.ts")]
    with pytest.raises(Damaged):
        read(media(*lines), URL)


def test_a_discontinuity_or_another_header_starts_a_new_piece() -> None:
    found = read_media(
        "#EXTINF:2,", "a.ts", "#EXTINF:2,", "b.ts", "#EXT-X-DISCONTINUITY", "#EXTINF:2,", "c.ts",
        '#EXT-X-MAP:URI="i.mp4"', "#EXTINF:2,", "d.m4s",
    )  # fmt: skip
    init = Part("https://cdn.example/a/b/i.mp4")
    assert list(found.pieces) == [(None, [0, 1]), (None, [2]), (init, [3])]


def test_the_shape_survives_fresh_links_but_not_another_video() -> None:
    def shape(prefix: str, query: str, seconds: str) -> str:
        found = read(media(f"#EXTINF:{seconds},", f"{prefix}/a.ts?{query}"), URL)
        assert isinstance(found, Playlist)
        return found.shape

    one = shape("https://edge1.example", "t=1", "2.0")
    assert one == shape("https://edge2.example", "t=2", "2.0")
    assert one != shape("https://edge1.example", "t=1", "2.1")
    assert one != shape("https://edge1.example/other", "t=1", "2.0")
    first = shape("https://edge1.example/v4/ngqBF8rO5I1fnu9OlpLUwA/1762172338/720", "", "2.0")
    assert first == shape("https://edge1.example/v4/gbA7adGrZj437iEsJRrrzg/1767736402/720", "", "2.0")
    assert first != shape("https://edge1.example/v4/gbA7adGrZj437iEsJRrrzg/1767736402/480", "", "2.0")


def test_only_whole_seconds_may_have_been_rounded() -> None:
    assert read_media("#EXTINF:2,", "a.ts", "#EXTINF:3,", "b.ts").slack == 1.0
    assert read_media("#EXTINF:2.002,", "a.ts", "#EXTINF:3,", "b.ts").slack == 0.0


MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="in",NAME="de",LANGUAGE="de",DEFAULT=YES
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="out",NAME="Deutsch",URI="audio.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="Signs",LANGUAGE="de-DE",FORCED=YES,URI="/s.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="s",NAME="CC",INSTREAM-ID="CC1"
#EXT-X-STREAM-INF:BANDWIDTH=100,RESOLUTION=640x360,AUDIO="in",SUBTITLES="none"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=300,RESOLUTION=1920x1080,AUDIO="out",SUBTITLES="s",CODECS="avc1.4d,mp4a",FRAME-RATE=25
high.m3u8
"""


def test_a_master_lists_its_variants_and_what_may_come_with_each() -> None:
    inside = Rendition("audio", "", "de", "de", default=True)
    outside = Rendition("audio", "https://cdn.example/a/b/audio.m3u8", "", "Deutsch")
    signs = Rendition("subtitles", "https://cdn.example/s.m3u8", "de-DE", "Signs", forced=True)
    assert read(MASTER, URL) == (
        Variant("https://cdn.example/a/b/low.m3u8", 360, 100, renditions=(inside,)),
        Variant(
            "https://cdn.example/a/b/high.m3u8", 1080, 300, "avc1.4d,mp4a", 25.0, renditions=(outside, signs)
        ),
    )


def test_what_a_rendition_is_called_is_short_and_can_be_shown() -> None:
    line = f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="\0Deutsch\x1b{"x" * 999}",URI="a"\n'
    found = read(f'#EXTM3U\n{line}#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="g"\nv.m3u8\n', URL)
    assert isinstance(found, tuple)
    assert found[0].renditions[0].name == "Deutsch" + "x" * 93


def test_the_shape_tells_sound_of_another_language_apart_but_not_subtitles() -> None:
    main, its = read_media("#EXTINF:2,", "a.ts"), read_media("#EXTINF:2,", "b.ts")

    def shape(kind: Literal["audio", "subtitles"], language: str) -> str:
        return replace(main, renditions=((Rendition(kind, "u", language), its),)).shape

    assert len({main.shape, shape("audio", "de"), shape("audio", "ja")}) == 3
    assert shape("subtitles", "de") == main.shape


TAGS = ["#EXTINF:", "#EXT-X-KEY:METHOD=AES-128,", "#EXT-X-MAP:", "#EXT-X-BYTERANGE:", "#EXT-X-STREAM-INF:",
        "#EXT-X-MEDIA:TYPE=AUDIO,", "#EXT-X-MEDIA-SEQUENCE:", "#EXT-X-PROGRAM-DATE-TIME:", "URI=", '"', "2,",
        "@", "a.ts", "\n", "#EXT-X-ENDLIST", "#EXT-X-DISCONTINUITY", "="]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(TAGS), st.text(max_size=8)), max_size=40))
def test_whatever_is_sent_ends_in_one_of_our_errors(pieces: list[str]) -> None:
    try:
        found = read("#EXTM3U\n" + "".join(pieces), URL)
    except (Damaged, Blocked, Unsupported):
        return
    assert found if isinstance(found, tuple) else found.segments
