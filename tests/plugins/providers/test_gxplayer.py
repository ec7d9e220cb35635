"""How far gxplayer must be with a file."""

from __future__ import annotations

import json

import pytest

from anidana.core import NotReady, Page
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
