"""What is not the whole episode is refused, with a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from anidana.core.acquire.transfer import Fetched
from anidana.core.acquire.verify import Joined, check, contradicts
from anidana.core.errors import Damaged
from anidana.core.models import GERMAN_DUB, GERMAN_SUB, Language, MediaInfo

MINUTES = 24 * 60.0
INFO = MediaInfo("matroska", MINUTES, 10_000, "h264", 1920, 1080, "aac", ("ger",))
WHOLE = Joined(INFO, MINUTES, video=MINUTES, audio=MINUTES, claimed=MINUTES)


@pytest.fixture
def fetched(tmp_path: Path) -> Fetched:
    (tmp_path / "video").write_bytes(bytes(10_000))
    return Fetched.one(tmp_path / "video")


def test_a_whole_episode_passes(fetched: Fetched) -> None:
    check(WHOLE, fetched, announced_size=10_000)


@pytest.mark.parametrize("seconds", [MINUTES * 0.985, MINUTES * 1.015])
def test_two_percent_around_the_announced_length_pass(fetched: Fetched, seconds: float) -> None:
    check(WHOLE, replace(fetched, seconds=seconds))


@pytest.mark.parametrize("seconds", [MINUTES * 0.97, MINUTES * 1.03])
def test_more_than_two_percent_off_is_damaged(fetched: Fetched, seconds: float) -> None:
    with pytest.raises(Damaged, match="instead of"):
        check(WHOLE, replace(fetched, seconds=seconds))


def test_what_rounding_explains_is_forgiven(fetched: Fetched) -> None:
    check(WHOLE, replace(fetched, seconds=MINUTES * 1.04, slack=70.0))


def test_the_playlist_s_length_counts_before_the_file_s_own(fetched: Fetched) -> None:
    check(replace(WHOLE, claimed=1.0), replace(fetched, seconds=MINUTES))


@pytest.mark.parametrize(
    ("joined", "sentence"),
    [
        (replace(WHOLE, seconds=700.0, video=700.0, audio=700.0), "lasts 700.0 s instead of 1440.0"),
        (replace(WHOLE, audio=0.0), "no sound"),
        (replace(WHOLE, video=0.0), "no picture"),
        (replace(WHOLE, audio=700.0), "the sound lasts 700 s of 1440"),
        (replace(WHOLE, video=700.0), "the picture lasts 700 s of 1440"),
    ],
)
def test_half_an_episode_is_damaged(fetched: Fetched, joined: Joined, sentence: str) -> None:
    with pytest.raises(Damaged, match=sentence):
        check(joined, fetched)


def test_fewer_bytes_than_announced_are_damaged(fetched: Fetched) -> None:
    with pytest.raises(Damaged, match="10000 bytes came of 20000"):
        check(WHOLE, fetched, announced_size=20_000)


def test_a_known_placeholder_is_damaged(tmp_path: Path) -> None:
    with (tmp_path / "video").open("wb") as file:
        file.truncate(7_975_279)
    with pytest.raises(Damaged, match="Streamtape"):
        check(WHOLE, Fetched.one(tmp_path / "video"))


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(24, 48), (11, 24), (9, 24), (0.4, 1), (2, 8)],
    ids=["half of a double episode", "a short special", "a recap", "rounded up", "shorts"],
)
def test_what_is_shorter_for_a_reason_passes(fetched: Fetched, minutes: float, expected: float) -> None:
    seconds = minutes * 60
    short = replace(WHOLE, seconds=seconds, video=seconds, audio=seconds, claimed=seconds)
    check(short, fetched, expected_seconds=expected * 60)


@pytest.mark.parametrize(("minutes", "expected"), [(0.2, 24), (3, 24), (6, 24), (20, 90)])
def test_a_clip_in_place_of_the_film_is_damaged(fetched: Fetched, minutes: float, expected: float) -> None:
    seconds = minutes * 60
    clip = replace(WHOLE, seconds=seconds, video=seconds, audio=seconds, claimed=seconds)
    check(clip, fetched)
    with pytest.raises(Damaged, match="are expected"):
        check(clip, fetched, expected_seconds=expected * 60)


@pytest.mark.parametrize(
    ("tags", "language", "says"),
    [
        (("jpn",), GERMAN_DUB, True),
        (("ger",), GERMAN_DUB, False),
        (("deu",), GERMAN_DUB, False),
        (("jpn", "de-AT"), GERMAN_DUB, False),
        (("und",), GERMAN_DUB, False),
        (("jpn", "und"), GERMAN_DUB, False),
        ((), GERMAN_DUB, False),
        (("jpn",), GERMAN_SUB, False),
        (("ger",), GERMAN_SUB, True),
    ],
)
def test_a_tag_contradicts_the_mirror_only_where_no_track_may_be_meant(
    tags: tuple[str, ...], language: Language, says: bool
) -> None:
    assert contradicts(tags, language) is says
