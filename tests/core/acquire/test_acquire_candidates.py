"""The order in which mirrors are asked."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from anidana.core.acquire.candidates import candidates
from anidana.core.loader import Plugins
from anidana.core.models import ENGLISH_DUB, ENGLISH_SUB, GERMAN_DUB, GERMAN_SUB, Language, Mirror

WISHES = (GERMAN_DUB, GERMAN_SUB)


def mirror(provider: str, language: Language) -> Mirror:
    return Mirror(provider, language, f"https://shop.example/{provider}/{language}")


@pytest.fixture
def plugins(helpers: SimpleNamespace) -> Plugins:
    return Plugins(providers=(helpers.Host("VOE"), helpers.Host("Doodstream")))


def names(found: list) -> list[str]:
    return [f"{one.name} {one.mirror.language}" for one in found]


def test_a_better_language_comes_before_a_better_host(plugins: Plugins) -> None:
    mirrors = [mirror("VOE", GERMAN_SUB), mirror("Doodstream", GERMAN_DUB), mirror("VOE", GERMAN_DUB)]
    found = candidates(mirrors, plugins, WISHES)
    assert names(found) == ["VOE de", "Doodstream de", "VOE ja+de"]


def test_another_language_is_never_taken(plugins: Plugins) -> None:
    mirrors = [mirror("VOE", ENGLISH_DUB), mirror("VOE", ENGLISH_SUB)]
    assert candidates(mirrors, plugins, WISHES) == []


def test_an_unknown_label_comes_after_known_hosts_and_has_no_provider(plugins: Plugins) -> None:
    mirrors = [mirror("Provider", GERMAN_DUB), mirror("Doodstream", GERMAN_DUB)]
    found = candidates(mirrors, plugins, WISHES)
    assert names(found) == ["Doodstream de", "Provider de"]
    assert found[1].provider is None


def test_a_host_that_is_off_is_not_asked_however_it_is_spelled(plugins: Plugins) -> None:
    mirrors = [mirror(" voe ", GERMAN_DUB), mirror("Doodstream", GERMAN_DUB)]
    assert names(candidates(mirrors, plugins, WISHES, off=["Voe"])) == ["Doodstream de"]


def test_a_mirror_that_is_listed_twice_is_asked_once(plugins: Plugins) -> None:
    assert len(candidates([mirror("VOE", GERMAN_DUB)] * 2, plugins, WISHES)) == 1
