"""Which quality, sound and subtitles are taken of what a master playlist offers."""

from __future__ import annotations

import pytest

from anidana.core.acquire.choice import MOST_SUBTITLES, best, sound_for, subtitles_for
from anidana.core.acquire.playlist import Rendition, Variant
from anidana.core.models import GERMAN_DUB, GERMAN_SUB, NO_LANGUAGE, Language


def variant(*renditions: Rendition) -> Variant:
    return Variant("https://cdn.example/v", renditions=renditions)


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ([(360, 1), (720, 2), (1080, 3), (2160, 4)], (1080, 3)),
        ([(720, 2), (1080, 3), (1080, 9), (1080, 5)], (1080, 9)),
        ([(2160, 9), (1440, 5), (1440, 3)], (1440, 5)),
        ([(0, 5), (0, 9)], (0, 9)),
        ([(0, 99), (480, 1)], (480, 1)),
        ([(0, 99), (2160, 1)], (2160, 1)),
    ],
)
def test_the_best_variant_is_tall_but_not_too_tall(
    heights: list[tuple[int, int]], expected: tuple[int, int]
) -> None:
    variants = tuple(Variant(f"https://cdn.example/{place}", *one) for place, one in enumerate(heights))
    found = best(variants, 1080)
    assert (found.height, found.bandwidth) == expected


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ([(1080, 9, "hvc1.1.6.L120,mp4a.40.2"), (1080, 5, "avc1.64,mp4a.40.2"), (1080, 8, "av01.0")], 1),
        ([(1080, 9, "av01.0.08M"), (1080, 5, "hev1.1"), (1080, 7, "vp09.00")], 1),
        ([(1080, 5, "hvc1.1"), (720, 9, "avc1.64")], 0),
        ([(1080, 9, "dvh1.05.06"), (720, 5, "avc1.64")], 1),
        ([(1080, 5, "dvh1.05.06"), (1080, 9, "vvc1.1")], 1),
        ([(1080, 5, ""), (1080, 9, "hvc1.1")], 0),
        ([(0, 9, "mp4a.40.2"), (0, 5, "mp4a.40.2, AVC1.64")], 1),
        ([(1080, 9, "mp4a.40.2"), (1080, 5, "hvc1.1")], 0),
        ([(2160, 5, "hvc1.1"), (2160, 3, "avc1.64"), (4320, 1, "avc1.64")], 1),
    ],
    ids=["H.264 first", "HEVC next", "height before codec", "no unknown codec", "unless all are",
         "untold is H.264", "no sound alone", "a codec untold", "all too tall"],
)  # fmt: skip
def test_of_what_is_equally_tall_the_codec_is_taken_that_most_players_know(
    offers: list[tuple[int, int, str]], expected: int
) -> None:
    variants = tuple(Variant(f"https://cdn.example/{place}", *one) for place, one in enumerate(offers))
    assert best(variants, 1080) is variants[expected]


def test_more_pictures_per_second_decide_last() -> None:
    slow, fast = (Variant("https://cdn.example/", 720, 5, "avc1", rate) for rate in (25.0, 50.0))
    assert best((slow, fast), 1080) is fast
    assert best((Variant("https://cdn.example/", 720, 6, "avc1", 25.0), fast), 1080).bandwidth == 6


def audio(language: str, name: str = "x", *, url: str = "https://cdn.example/a", **flags: bool) -> Rendition:
    return Rendition("audio", url, language, name, **flags)


@pytest.mark.parametrize("wanted", ["de", "ger", "deu"])
@pytest.mark.parametrize(
    "offered",
    [
        audio("de"), audio("ger"), audio("deu"), audio("de-DE"), audio("DE"), audio("", "Deutsch"),
        audio("und", "German (Stereo)"), audio("", "German"), audio("Deutsch"), audio("", "Ger Dub"),
    ],
)  # fmt: skip
def test_a_language_is_known_by_any_of_its_codes_and_names(offered: Rendition, wanted: str) -> None:
    first = audio("en", "English", default=True)
    assert sound_for(variant(first, offered), Language(wanted)) is offered


@pytest.mark.parametrize("name", ["No subs", "Die Originalfassung", "OmU", "", "Signs & Songs"])
def test_a_name_that_speaks_of_no_language_is_not_taken_for_one(name: str) -> None:
    assert audio("", name).code == ""


def test_without_the_wanted_language_the_default_is_taken_and_without_that_the_first() -> None:
    english, japanese, default = audio("en"), audio("ja"), audio("ja", default=True)
    assert sound_for(variant(english, japanese, default), GERMAN_DUB) is default
    assert sound_for(variant(english, japanese), GERMAN_DUB) is english
    assert sound_for(variant(english, default), NO_LANGUAGE) is default
    assert sound_for(variant(), GERMAN_DUB) is None


def test_sound_for_the_blind_is_taken_only_if_there_is_no_other() -> None:
    described, plain = audio("de", described=True, default=True), audio("de")
    assert sound_for(variant(described, plain), GERMAN_DUB) is plain
    assert sound_for(variant(described, audio("en")), GERMAN_DUB) is described


@pytest.mark.parametrize("url", ["", "https://cdn.example/v"])
def test_sound_that_is_in_the_variant_is_nothing_to_fetch(url: str) -> None:
    assert sound_for(variant(audio("de", url=url), audio("ja")), GERMAN_DUB) is None


def text(language: str, name: str = "x", *, forced: bool = False, url: str = "u") -> Rendition:
    return Rendition("subtitles", url, language, name, forced=forced)


def test_subtitles_of_the_wanted_language_are_taken_forced_ones_too() -> None:
    forced, whole, untold, other = text("deu", forced=True), text("de"), text("", "SDH"), text("en")
    offered = variant(forced, untold, other, whole)
    assert subtitles_for(offered, GERMAN_SUB) == (whole, forced, untold)
    assert subtitles_for(offered, GERMAN_DUB) == (whole, forced, untold)
    assert subtitles_for(offered, Language("ja", "en")) == (other, untold)
    assert set(subtitles_for(offered, NO_LANGUAGE)) == {forced, whole, untold, other}


def test_subtitles_are_few_and_have_an_address() -> None:
    assert subtitles_for(variant(text("de", url="")), GERMAN_SUB) == ()
    assert len(subtitles_for(variant(*[text("de", str(n)) for n in range(99)]), GERMAN_SUB)) == MOST_SUBTITLES
