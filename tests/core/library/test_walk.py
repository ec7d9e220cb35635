"""Promises of the walk: what is read again, what never leads out, what is never taken for empty."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from anidana.core.errors import SetupError
from anidana.core.library import walk
from anidana.core.library.walk import Look

LONG_AGO = 1_700_000_000


def write(path: Path, size: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def settle(root: Path) -> None:
    """Let all folders have stood for a while; what changed just now is always read again."""
    for folder in [*(path for path in root.rglob("*") if path.is_dir()), root]:
        os.utime(folder, (LONG_AGO, LONG_AGO))


def known(look: Look) -> dict[str, int]:
    return {path: listing.mtime_ns for path, listing in look.listed.items()}


def names(root: Path, look: Look) -> set[str]:
    return {one.path for path, listing in look.listed.items() for one in walk.videos(root, path, listing)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "library"
    for name in ("A/Season 01/S01E01.mkv", "A/Season 01/S01E02.MP4", "B/S01E01.avi"):
        write(root / name)
    settle(root)
    return root


def test_a_walk_finds_videos_of_every_kind(root: Path) -> None:
    look = walk.walk(root)
    assert names(root, look) == {"A/Season 01/S01E01.mkv", "A/Season 01/S01E02.MP4", "B/S01E01.avi"}
    assert set(look.listed) == {"", "A", "A/Season 01", "B"}


def test_what_is_no_episode_is_passed_over(tmp_path: Path) -> None:
    for name in ("S01E01.nfo", ".S01E03.mkv", ".hidden/S01E04.mkv", "notes S01E05.txt", "Extras/S01E07.mkv",
                 "Show-trailer.mkv", "a/b/c/d/S01E08.mkv"):  # fmt: skip
        write(tmp_path / "Show" / name)
    write(tmp_path / "Show" / "S01E02.mkv", 0)
    (tmp_path / "Show" / "S01E06.mkv").mkdir()
    assert names(tmp_path, walk.walk(tmp_path)) == set()


def test_only_folders_that_changed_are_read_again(root: Path) -> None:
    before = known(walk.walk(root))
    assert walk.look(root, before) == Look() and walk.is_unchanged(str(root), before)
    write(root / "A/Season 01/S01E03.mkv")
    look = walk.look(root, before)
    assert set(look.listed) == {"A/Season 01"} and look.gone == []
    assert not walk.is_unchanged(str(root), before)


def test_new_folders_are_read_and_lost_ones_told_with_all_in_them(root: Path) -> None:
    before = known(walk.walk(root))
    shutil.rmtree(root / "A")
    write(root / "C/Season 01/S01E01.mkv")
    look = walk.look(root, before)
    assert set(look.listed) == {"", "C", "C/Season 01"}
    assert look.gone == ["A", "A/Season 01"]


def test_a_folder_that_changed_just_now_is_read_once_more(root: Path) -> None:
    write(root / "B/S01E02.mkv")
    look = walk.look(root, known(walk.walk(root)))
    assert set(look.listed) == {"B"}, "it may change again within one tick of the disk's clock"


def test_folders_are_read_again_when_it_is_their_turn(root: Path) -> None:
    look = walk.look(root, known(walk.walk(root)), again={"A/Season 01"})
    assert set(look.listed) == {"A/Season 01"}


def test_one_series_is_read_alone(root: Path) -> None:
    assert set(walk.look(root, {}, top="A").listed) == {"A", "A/Season 01"}
    assert walk.look(root, {}, top="Nobody") == Look()


def test_links_that_lead_out_are_told_and_not_followed(root: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "S01E01.mkv")
    (root / "A" / "Season 02").symlink_to(outside.parent)
    (root / "A" / "S01E09.mkv").symlink_to(outside)
    (root / "A" / "S01E08.mkv").symlink_to(root / "B" / "S01E01.avi")
    (root / "A" / "S01E07.mkv").symlink_to(root / "nowhere.mkv")
    (root / "A" / "round").symlink_to(root / "A")
    look = walk.walk(root)
    assert sorted(look.astray) == ["A/S01E07.mkv", "A/S01E09.mkv", "A/Season 02", "A/round"]
    assert "A/S01E08.mkv" in names(root, look)


def test_a_known_folder_that_became_a_link_leading_out_is_gone(root: Path, tmp_path: Path) -> None:
    before = known(walk.walk(root))
    (root / "A" / "Season 01").rename(tmp_path / "moved")
    (root / "A" / "Season 01").symlink_to(tmp_path / "moved")
    look = walk.look(root, before)
    assert look.gone == ["A/Season 01"] and look.astray == ["A/Season 01"]


def test_a_library_that_is_gone_is_never_taken_for_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(SetupError):
        walk.walk(tmp_path / "gone")
    with pytest.raises(SetupError):
        walk.look(tmp_path / "gone", {"": 1, "A": 1})


def test_a_name_that_is_no_text_is_told(root: Path) -> None:
    write(root / "B" / os.fsdecode(b"S01E02 \xff.mkv"))
    look = walk.walk(root)
    assert look.garbled == ["B/S01E02 ?.mkv"] and "B/S01E01.avi" in names(root, look)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_never_taken_for_an_empty_one(root: Path) -> None:
    before = known(walk.walk(root))
    (root / "A").chmod(0)
    try:
        look = walk.look(root, {**before, "A": 1})
    finally:
        (root / "A").chmod(0o755)
    assert look.closed == ["A"] and look.gone == []


def test_a_folder_is_found_however_its_letters_are_put_together(tmp_path: Path) -> None:
    (tmp_path / "u\u0308ber").mkdir()
    assert walk.spelling(tmp_path, "\xfcber") == "u\u0308ber"
    assert walk.spelling(tmp_path, "nobody") == "nobody"
