"""Nobody can be told from a recording, and the pages of a case still fit together."""

from __future__ import annotations

import pytest

from anidana.core.testkit.masking import mask

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiYWxpY2UifQ.c2lnbmF0dXJlLW9mLWFsaWNl"


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("mail to alice.smith+x@mail.test now", "alice.smith+x@mail.test"),
        ("?i=8.8.4.4&s=1", "8.8.4.4"),
        ("from 2a00:1450:4001:81b::200e.", "2a00:1450:4001:81b::200e"),
        (f"Bearer {JWT}", JWT),
        ('<input name="x" data-csrf-token="abcdef0123456789">', "abcdef0123456789"),
        ("PHPSESSID=0123456789abcdef; path=/", "0123456789abcdef"),
        ('{"user_name": "alice-in-wonderland"}', "alice-in-wonderland"),
    ],
)
def test_what_points_to_a_person_is_replaced(text: str, person: str) -> None:
    masked = mask(text)
    assert set(masked.found) == {person}
    assert person not in masked.text
    assert mask(masked.text).found == {}, "masking twice changes nothing"


@pytest.mark.parametrize(
    "text",
    [
        "version 4.17.21, jwplayer 8.36.1.2048",
        "127.0.0.1 and 192.168.1.2 and 192.0.2.7 and 2001:db8::1",
        "&i=0.0&7i=2.33.0.7h&7g=1y",
        "12:30:45 o'clock, a::b::c, std::string",
        "person7@example.org",
        "src='https://cdn.clips.example/hls2/01/abc_,n,.urlset/master.m3u8?t=Zm9v&s=1781428771'",
        "@media screen { user-select: none }",
        "",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert mask(text).text == text


def test_the_same_person_has_the_same_stand_in_on_every_page() -> None:
    one, other = mask("ip=8.8.4.4;"), mask("<b>8.8.4.4</b> and 8.8.8.8")
    assert one.found["8.8.4.4"] == other.found["8.8.4.4"] != other.found["8.8.8.8"]


@pytest.mark.parametrize("piece", ["a@", "1.1.", "a:", "eyJa.", "session=", "a.b@c.d.", "::"])
def test_a_megabyte_of_noise_comes_to_an_end(piece: str) -> None:
    # By a pattern that is not linear it would not before the test's own time is up.
    assert mask(piece * (1_000_000 // len(piece))).text
