"""Streamtape: one sum among decoys is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from anidana.core import Page, PageChanged
from anidana.core.testkit import Recording, read_recordings, replay
from anidana.plugins.providers.streamtape import STAND_IN_BYTES, Streamtape, parse, sums

CASES = [
    case
    for case in read_recordings(Path(__file__).parent / "recorded" / "streamtape")
    if case.answers[0].text
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_decoys_are_seen_and_not_taken(case: Recording) -> None:
    stream = replay(Streamtape(), case)
    values = [value for _, value in sums(case.answers[0].text)]
    wrong = [value for value in values if f"https:{value}&stream=1" != stream.url]
    assert wrong
    assert stream.stand_in == STAND_IN_BYTES
    assert stream.expires is not None


@pytest.mark.parametrize(
    "host", ["streamtape.com", "StreamTape.com", "www.streamtape.com", "streamtape.com:443"]
)
@pytest.mark.parametrize("named", ["streamtape.com", "www.streamtape.com"])
def test_a_host_is_itself_however_it_is_written(host: str, named: str) -> None:
    value = f"//{named}/get_video?id=abc12345&t"
    text = f"document.getElementById('botlink').innerHTML = '{value[:4]}'+ ('xyz{value[4:]}').substring(3);"
    assert parse(Page(f"https://{host}/e/abc12345", 200, text), "abc12345").url == f"https:{value}&stream=1"


@pytest.mark.parametrize(
    "value", ["//streamtape.cbm/get_video?id=abc12345&t", "//streamtape.com/get_video?id=babc12345&t", "/x"]
)
def test_a_page_of_decoys_alone_is_a_changed_page(value: str) -> None:
    text = f"document.getElementById('botlink').innerHTML = '{value[:4]}'+ ('xyz{value[4:]}').substring(3);"
    assert list(sums(text)) == [("botlink", value)]
    with pytest.raises(PageChanged):
        parse(Page("https://streamtape.com/e/abc12345", 200, text), "abc12345")
