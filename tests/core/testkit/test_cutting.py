"""What is left of a page is what the parser needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from anidana.core.testkit.cutting import cut

FILLER = "".join(f"<div><p>line {number}</p></div>\n" for number in range(300))


@pytest.mark.parametrize(
    ("page", "same", "least"),
    [
        (f"{FILLER}<b>needle</b>\n{FILLER}", lambda text: "needle" in text, "<b>needle"),
        (
            f"{FILLER}<i>one\n{FILLER}<i>two\n",
            lambda text: "one" in text and "two" in text,
            "<i>one\n<i>two\n",
        ),
        ("var a = 1;var b = 2;var c = 3;", lambda text: "b = 2" in text, "var b = 2;"),
        (FILLER, lambda text: True, ""),
        (FILLER, lambda text: text == FILLER, FILLER),
    ],
)
def test_only_what_is_needed_stays(page: str, same: Callable[[str], bool], least: str) -> None:
    assert cut(page, same) == least


def test_when_time_is_up_what_is_left_is_still_a_page_that_means_the_same() -> None:
    page = f"{FILLER}needle"
    assert "needle" in cut(page, lambda text: "needle" in text, most_seconds=0)
