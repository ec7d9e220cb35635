"""Every built-in provider keeps the contract that anidana.core.testkit holds other people's to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anidana.core import Provider
from anidana.core.loader import load
from anidana.core.testkit import ProviderContract

RECORDED = Path(__file__).parent / "recorded"
PROVIDERS = {one.name: one for one in load().providers if one.name != "yt-dlp"}  # which asks nothing

for _provider in PROVIDERS.values():
    # A minute is only there to end what would never end: speed is measured elsewhere.
    globals()[f"Test{_provider.name}"] = type(
        f"Test{_provider.name}",
        (ProviderContract,),
        {
            "__module__": __name__,
            "provider": _provider,
            "recorded": RECORDED / _provider.name.casefold(),
            "most_seconds": 60.0,
        },
    )


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_names_the_page_that_a_host_expects_its_viewers_to_come_from(provider: Provider) -> None:
    assert re.match(r"https://[^/]+/$", provider.headers["Referer"])


def test_every_folder_of_recorded_cases_belongs_to_a_provider() -> None:
    names = {name.casefold() for name in PROVIDERS}
    assert {folder.name for folder in RECORDED.iterdir()} <= names
