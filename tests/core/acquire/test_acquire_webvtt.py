"""Subtitles as hosts send them: read where they make sense, passed over where they do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anidana.core.acquire.webvtt import Cue, is_webvtt, read


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_cues_are_read_whatever_stands_around_them(ending: str) -> None:
    text = (
        "\ufeffWEBVTT - made by hand\n\nNOTE nothing\n\nSTYLE\n::cue { color: red }\n\n"
        "7\n00:01.000 --> 00:02.000 align:start position:10%\nEins\nZwei\n\n\n"
        "01:00:03.500 --> 01:00:04.000\nDrei"
    )
    assert read(text.replace("\n", ending)) == (
        Cue(1.0, 2.0, "Eins\nZwei", mapped=False),
        Cue(3603.5, 3604.0, "Drei", mapped=False),
    )


@pytest.mark.parametrize("order", ["LOCAL:00:00:10.000,MPEGTS:1800000", "MPEGTS:1800000,LOCAL:00:10.000"])
def test_the_map_puts_cues_on_the_video_s_clock(order: str) -> None:
    (cue,) = read(f"WEBVTT\nX-TIMESTAMP-MAP={order}\n\n00:12.000 --> 00:13.000\nJa\n")
    assert (cue.start, cue.end, cue.mapped) == (22.0, 23.0, True)


@pytest.mark.parametrize(
    ("written", "text", "plain"),
    [
        ("<v Anna>Ja</v>", "Ja", "Ja"),
        ("<i.loud>Ja</i> <c.yellow.bg>nein</c>", "<i>Ja</i> nein", "Ja nein"),
        ("a <00:01.500>b", "a b", "a b"),
        ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3", "Tom & Jerry <3"),
        ("1 < 2", "1 < 2", "1 < 2"),
        ("a\x00b\x1b", "ab", "ab"),
    ],
)
def test_mark_up_that_players_do_not_know_is_left_out(written: str, text: str, plain: str) -> None:
    (cue,) = read(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{written}\n")
    assert (cue.text, cue.plain) == (text, plain)


@pytest.mark.parametrize(
    "block",
    [
        "00:02.000 --> 00:01.000\nbackwards",
        "00:01.000 --> 00:02.000\n",
        "00:01.000 --> 00:02.000\n<v Anna></v>",
        "00:01 --> 00:02\nno thousandths",
        "99999:00:01.000 --> 99999:00:02.000\nnever",
        "a\nb\n00:01.000 --> 00:02.000\ntoo late",
    ],
)
def test_what_is_no_cue_is_passed_over(block: str) -> None:
    good = "00:05.000 --> 00:06.000\nJa"
    assert [cue.text for cue in read(f"WEBVTT\n\n{block}\n\n{good}\n")] == ["Ja"]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"WEBVTT\n\n", True),
        (b"\xef\xbb\xbfWEBVTT title\n", True),
        (b"WEBVTT", True),
        (b"WEBVTTX\n", False),
        (b"<html>WEBVTT", False),
        (b"1\n00:00:01,000", False),
        (b"", False),
    ],
)
def test_webvtt_is_known_by_its_first_line(head: bytes, expected: bool) -> None:
    assert is_webvtt(head) is expected


PARTS = ["WEBVTT", "\n", "\n\n", "00:01.000", " --> ", "00:02.000", "<", "</i>", ">", "&amp;", "&#0;",
         "X-TIMESTAMP-MAP=", "LOCAL:", "MPEGTS:", "9" * 30, "\t", "\r"]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=8)), max_size=60))
def test_whatever_is_sent_is_read(parts: list[str]) -> None:
    for cue in read("".join(parts)):
        assert cue.end > cue.start
        assert cue.text.strip()


@pytest.mark.parametrize("hostile", ["<", "&", "<i", "-->", "00:01.000 ", "\n", "\t", "9", "<i.<"])
def test_a_megabyte_of_the_same_is_read_at_once(hostile: str) -> None:
    line = "00:01.000 --> 00:02.000" + hostile * (1_000_000 // len(hostile))
    assert read(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{line}\n\n{line}\nx\n") is not None
