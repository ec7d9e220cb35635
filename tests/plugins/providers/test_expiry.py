"""Until when a link says it is good."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from anidana.plugins.providers._expiry import expiry

DIGEST = "0123456789abcdef" * 2
END = datetime.fromtimestamp(1_790_010_800, UTC)


@pytest.mark.parametrize(
    ("query", "end"),
    [
        ("t=abc&s=1790000000&e=10800&f=1", END),
        ("t=1790000000&e=10800", END),
        ("id=a&expires=1790010800&ip=b", END),
        ("s=zzMEqkq9_CBmj7&e=1790010800&_t=1790000000", END),  # MixDrop's
        (f"token={DIGEST}-1790010800-192.0.2.1-{DIGEST}", END),
        ("", None),
        ("token=abc", None),
        ("expires=soon", None),
        ("s=1790000000", None),
        ("e=10800", None),
        ("name=1790010800&ee=1790010800", None),
        ("expires=999999999999", None),  # no date reaches that far
    ],
)
def test_the_end_of_a_link_is_read_off_its_query(query: str, end: datetime | None) -> None:
    assert expiry(f"https://cdn.example/a.mp4?{query}") == end
