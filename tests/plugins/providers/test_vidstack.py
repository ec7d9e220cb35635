"""What VidStack's interface says when it gives no sealed answer."""

from __future__ import annotations

import pytest

from anidana.core import Gone, NeedsPerson, Page, PageChanged, SourceError
from anidana.plugins.providers.vidstack import parse

ROOT = "https://kinoger.re/"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"message":"Video not found"}', Gone),
        ("<title>Just a moment...</title><script>window._cf_chl_opt = {}</script>", NeedsPerson),
        ('{"message":"hello"}', PageChanged),
        ("00" * 32, PageChanged),
    ],
)
def test_an_answer_that_is_not_sealed_says_why(text: str, error: type[SourceError]) -> None:
    with pytest.raises(SourceError) as raised:
        parse(Page(f"{ROOT}api/v1/video?id=abc123", 200, text), ROOT)
    assert type(raised.value) is error
