"""StreamUp: which of its two interfaces a page asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from anidana.core.testkit import check, read_recordings
from anidana.plugins.providers.streamup import StreamUp

CASES = {case.name: case for case in read_recordings(Path(__file__).parent / "recorded" / "streamup")}


def test_a_page_of_today_with_a_beacon_and_a_picture_is_no_sealed_one() -> None:
    case = CASES["2026-01-ajax"]
    page, answer = case.answers
    more = f"""<img data-x="{"A" * 200}"><script data-cf-beacon='{{"token": "{"a" * 32}"}}'></script>"""
    check(StreamUp(), replace(case, answers=(replace(page, text=page.text + more), answer)))
