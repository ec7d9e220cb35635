from __future__ import annotations

import logging
from pathlib import Path, PurePosixPath

import pytest

from anidana.core import Number
from anidana.core.errors import SetupError
from anidana.core.library.scan import numbers, scan_series


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Season 01/Show - S01E02 - Title.mkv", [(1, 2)]),
        ("show.s1e2.mkv", [(1, 2)]),
        ("Show S01E001.mkv", [(1, 1)]),
        ("Show s01 e02.mkv", [(1, 2)]),
        ("Show - 1x02.mkv", [(1, 2)]),
        ("Show S01E03-E04.mkv", [(1, 3), (1, 4)]),
        ("Show S01E03E05.mkv", [(1, 3), (1, 4), (1, 5)]),
        ("Show S01E03-04.mkv", [(1, 3), (1, 4)]),
        ("Show S01E05-E03.mkv", [(1, 5)]),
        ("Show S01E01-E999.mkv", [(1, 1)]),
        ("Show S01E02-1080p.mkv", [(1, 2)]),
        ("Show S01E02 1920x1080.mkv", [(1, 2)]),
        ("Show 1920x1080.mkv", []),
        ("Show S00E03.mkv", [(0, 3)]),
        ("Season 2/Show S01E02.mkv", [(1, 2)]),
        ("Staffel 2/Folge 03.mkv", [(2, 3)]),
        ("Season 2/Show - Episode 12 - Title.mkv", [(2, 12)]),
        ("Season 02/07.mkv", [(2, 7)]),
        ("Season 02/07 - Title.mkv", [(2, 7)]),
        ("S02/E07.mkv", [(2, 7)]),
        ("Specials/Film 1.mkv", [(0, 1)]),
        ("Filme/Film 02 - Title.mkv", [(0, 2)]),
        ("Season 02/Trailer.mkv", []),
        ("Season 02/1080p Trailer.mkv", []),
        ("Season two/07.mkv", []),
        ("Folge 03.mkv", []),
        ("Trailer.mkv", []),
        ("Class01E02.mkv", []),
    ],
)
def test_names_tell_the_episode(path: str, found: list[tuple[int, int]]) -> None:
    assert list(numbers(PurePosixPath(path))) == [Number(*one) for one in found]


def write(path: Path, size: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def test_a_scan_finds_files_with_size_and_time(tmp_path: Path) -> None:
    file = write(tmp_path / "Show" / "Season 01" / "S01E01.MKV", 7)
    double = write(tmp_path / "Show" / "S01E02-E03.mp4")
    found = scan_series(tmp_path / "Show")
    assert set(found) == {Number(1, 1), Number(1, 2), Number(1, 3)}
    assert found[Number(1, 1)].path == file
    assert found[Number(1, 1)].size == 7
    assert found[Number(1, 1)].mtime_ns == file.stat().st_mtime_ns
    assert found[Number(1, 2)] == found[Number(1, 3)]
    assert found[Number(1, 2)].path == double


def test_what_is_no_episode_is_passed_over(tmp_path: Path) -> None:
    show = tmp_path / "Show"
    write(show / "S01E01.nfo")
    write(show / "S01E02.mkv", 0)
    write(show / ".S01E03.mkv")
    write(show / ".hidden" / "S01E04.mkv")
    write(show / "notes S01E05.txt")
    (show / "S01E06.mkv").mkdir()
    assert scan_series(show) == {}


def test_of_two_files_for_one_episode_the_larger_counts(tmp_path: Path) -> None:
    write(tmp_path / "Show" / "S01E01.mp4", 2)
    large = write(tmp_path / "Show" / "Season 01" / "S01E01.mkv", 3)
    write(tmp_path / "Show" / "Season 01" / "S01E01.webm", 1)
    assert scan_series(tmp_path / "Show")[Number(1, 1)].path == large


def test_links_that_lead_out_of_the_library_are_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outside = write(tmp_path / "outside" / "S01E01.mkv")
    library = tmp_path / "library"
    inside = write(library / "Other" / "S01E09.mkv")
    show = library / "Show"
    show.mkdir()
    (show / "Season 01").symlink_to(outside.parent)
    (show / "S01E02.mkv").symlink_to(outside)
    (show / "S01E03.mkv").symlink_to(inside)
    (show / "S01E04.mkv").symlink_to(library / "nowhere")
    (show / "round").symlink_to(show)
    with caplog.at_level(logging.WARNING):
        assert {number.episode for number in scan_series(show)} == {3}
    refused = [record.getMessage().partition(" leads")[0] for record in caplog.records]
    assert refused == [str(show / name) for name in ("S01E02.mkv", "Season 01", "round")]


def test_a_series_without_a_folder_has_no_files(tmp_path: Path) -> None:
    assert scan_series(tmp_path / "Show") == {}


def test_a_library_that_is_gone_is_never_taken_for_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(SetupError):
        scan_series(tmp_path / "gone" / "Show")


def test_a_folder_that_cannot_be_read_is_never_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "Show").write_text("not a folder")
    with pytest.raises(SetupError):
        scan_series(tmp_path / "Show")
