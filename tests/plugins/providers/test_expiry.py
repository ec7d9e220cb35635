"""Until when a link holds, in every way in which links say so."""

from __future__ import annotations

import pytest

from anidana.plugins.providers._expiry import expiry

DIGEST = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("query", "end"),
    [
        ("t=x&s=1790000000&e=14400", 1790014400),
        ("t=1790000000&e=60", 1790000060),
        ("token=abc&expires=1790000000&h=1", 1790000000),
        (f"token={DIGEST}-1790000000-192.0.2.1-{DIGEST}", 1790000000),
    ],
)
def test_a_link_says_when_it_ends(query: str, end: int) -> None:
    found = expiry(f"https://cdn.example/master.m3u8?{query}")
    assert found is not None and found.timestamp() == end


@pytest.mark.parametrize("query", ["", "e=60", "s=1790000000", "token=abc", "expires=soon", "v=1790000000"])
def test_a_link_that_does_not_say_has_no_end(query: str) -> None:
    assert expiry(f"https://cdn.example/master.m3u8?{query}") is None
