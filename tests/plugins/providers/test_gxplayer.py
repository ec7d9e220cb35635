"""How far gxplayer must be with a file."""

from __future__ import annotations

import json

import pytest

from anidana.core import NotReady, Page, PageChanged
from anidana.plugins.providers.gupload import data_on
from anidana.plugins.providers.gxplayer import parse


def page(**more: object) -> Page:
    video = {"uid": "3", "md5": "0" * 32, "id": "1", "status": "1", **more}
    return Page("https://watch.gxplayer.xyz/watch?v=ABCDEF12", 200, f"var video = {json.dumps(video)};")


@pytest.mark.parametrize("done", [{}, {"progressbar": "100"}, {"progressbar": 100}, {"progressbar": None}])
def test_a_file_that_is_done_plays(done: dict[str, object]) -> None:
    assert parse(page(**done)).url.startswith("https://watch.gxplayer.xyz/m3u8/3/")


def test_a_file_at_half_is_not_ready() -> None:
    with pytest.raises(NotReady):
        parse(page(progressbar="50"))


def test_a_page_of_endless_beginnings_is_given_up() -> None:
    begins = "var video = {" * 1000
    with pytest.raises(PageChanged):
        parse(Page("https://watch.gxplayer.xyz/watch?v=ABCDEF12", 200, begins + page().text))
    assert list(data_on("const config = {" * 1000)) == [None] * 20
