"""Promises of placing: which video counts as which episode."""

from __future__ import annotations

import pytest

from anidana.core.library.reading import Reading, read
from anidana.core.library.scan import Place, Shelved, owners, place
from anidana.core.library.walk import Video

TWO_SEASONS: dict[Place, int | None] = {(1, 1): 1, (1, 2): 2, (2, 1): 3, (2, 2): 4, (0, 1): None}


def shelved(*paths: str, sizes: dict[str, int] | None = None) -> list[Shelved]:
    videos = [Video("Show", path, (sizes or {}).get(path, 1), 1) for path in paths]
    return [Shelved(video, read(video.name, video.folder)) for video in videos]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("S01E02.mkv", [(1, 2)]),
        ("S02E01-E02.mkv", [(2, 1), (2, 2)]),
        ("S00E01.mkv", [(0, 1)]),
        ("Show - 03.mkv", [(2, 1)]),
        ("Show - 02-03.mkv", [(1, 2), (2, 1)]),
        ("S02E04.mkv", [(2, 2)]),  # a season's folder, and a number that goes on from the one before
        ("S01E04.mkv", []),
        ("S03E01.mkv", []),
        ("Show - 99.mkv", []),
    ],
)
def test_a_video_is_placed_by_its_season_or_by_counting_through(name: str, found: list[Place]) -> None:
    placed = place(shelved(name), TWO_SEASONS, {})
    assert sorted(placed.found) == found
    assert placed.unlisted == ([] if found else [f"Show/{name}"])


def test_without_absolute_numbers_episodes_are_counted_in_their_order() -> None:
    listed: dict[Place, int | None] = dict.fromkeys(TWO_SEASONS)
    assert list(place(shelved("Show - 03.mkv"), listed, {}).found) == [(2, 1)]


def test_of_two_files_for_one_episode_the_known_one_counts_else_the_larger() -> None:
    files = shelved("S01E01.mp4", "S01E01.mkv", sizes={"S01E01.mkv": 3})
    assert place(files, TWO_SEASONS, {}).found == {(1, 1): "Show/S01E01.mkv"}
    placed = place(files, TWO_SEASONS, {(1, 1): "Show/S01E01.mp4"})
    assert placed.found == {(1, 1): "Show/S01E01.mp4"}
    assert placed.doubles == [((1, 1), ["Show/S01E01.mp4", "Show/S01E01.mkv"])]


def test_a_file_that_tells_nothing_is_told() -> None:
    video = Video("Show", "Making of.mkv", 1, 1)
    assert place([Shelved(video, None)], TWO_SEASONS, {}).unread == ["Show/Making of.mkv"]


def test_a_huge_span_is_no_harm() -> None:
    files = [Shelved(Video("Show", "x.mkv", 1, 1), Reading(None, 0, 9_999_999))]
    assert len(place(files, TWO_SEASONS, {}).found) == 4


def test_folders_find_their_series_whatever_their_case() -> None:
    shelves = owners(["Show (2019)", "über", "Nobody"], [(1, "show (2019)"), (2, "u\u0308BER")])
    assert shelves.owners == {"Show (2019)": 1, "über": 2}
    assert shelves.strangers == ["Nobody"]


def test_two_folders_for_one_series_are_told_and_the_stored_one_counts() -> None:
    shelves = owners(["SHOW", "Show", "show"], [(1, "Show")])
    assert shelves.owners == {"Show": 1}
    assert shelves.seconds == {"SHOW": "Show", "show": "Show"}
