"""Whose page is it? Providers that say so never take another host's page for theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from anidana.core import Page, Provider, Recogniser
from anidana.core.loader import Plugins, load
from anidana.core.testkit import Answer, read_recordings

RECORDED = Path(__file__).parent / "recorded"
PLUGINS = load()
PAGES = [
    pytest.param(provider, answer, id=f"{provider.name}-{case.name}-{number}")
    for provider in PLUGINS.providers
    for case in read_recordings(RECORDED / provider.name.casefold())
    for number, answer in enumerate(case.answers)
]
SAME_SOFTWARE = {"StreamWish": "VidHide"}
"""Pages that are read alike, and cannot be told apart."""


@pytest.mark.parametrize(("provider", "answer"), PAGES)
def test_no_recorded_page_is_claimed_by_another_host(provider: Provider, answer: Answer) -> None:
    claimed = [
        one.name
        for one in PLUGINS.providers
        if isinstance(one, Recogniser)
        and one.recognises(Page("https://unheard-of.example/", 200, answer.text))
    ]
    assert set(claimed) <= {provider.name, SAME_SOFTWARE.get(provider.name)}


@pytest.mark.parametrize(
    "name",
    [
        "VOE",
        "Doodstream",
        "Vidmoly",
        "Vidoza",
        "Streamtape",
        "Luluvdo",
        "MixDrop",
        "VidHide",
        "gxplayer",
        "VixSrc",
    ],
)
def test_a_page_that_plays_is_recognised_at_an_address_nobody_knows(name: str) -> None:
    playing = [
        case.answers
        for case in read_recordings(RECORDED / name.casefold())
        if "error" not in case.expected and not case.name.startswith("synthetic")
    ]
    plugins = Plugins(PLUGINS.providers)
    for answers in playing:
        pages = [Page("https://unheard-of.example/", 200, answer.text) for answer in answers]
        assert name in {found.name for page in pages if (found := plugins.recognise(page))}
