from __future__ import annotations

import errno
import os
import pwd
from pathlib import Path

import pytest

from anidana.core.errors import DiskFull, SetupError
from anidana.core.library.folders import check_library, check_mounted, explain, free_space, staging_root

ME = pwd.getpwuid(os.geteuid()).pw_name


def test_a_library_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    assert check_library(tmp_path) == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_library_that_is_not_set_is_asked_for() -> None:
    with pytest.raises(SetupError) as caught:
        check_library(None)
    assert "ANIME_DIRECTORY" in caught.value.hint


def test_a_library_that_is_not_there_is_named_with_owner_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        check_library(tmp_path / "tv" / "anime")
    assert f"{tmp_path / 'tv' / 'anime'} does not exist" in str(caught.value)
    assert f"{tmp_path} belongs to {ME}" in str(caught.value)
    assert "mkdir" in caught.value.hint
    assert not (tmp_path / "tv").exists()


def test_a_library_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="is no folder"):
        check_library(tmp_path / "file")


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="no /sys, which nobody can write to")
def test_a_library_that_cannot_be_written_is_named_with_its_owner() -> None:
    with pytest.raises(SetupError) as caught:
        check_library(Path("/sys/kernel"))
    owner = pwd.getpwuid(Path("/sys/kernel").stat().st_uid).pw_name
    assert "/sys/kernel" in str(caught.value) and f"belongs to {owner}" in str(caught.value)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
def test_a_refusal_of_the_disk_says_whom_to_let_in(tmp_path: Path, code: int) -> None:
    mine = explain(OSError(code, "denied"), tmp_path / "new" / "file")
    assert isinstance(mine, SetupError) and mine.hint == f"chmod u+rwx '{tmp_path}'"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_no_failure_of_the_episode(tmp_path: Path, code: int) -> None:
    assert isinstance(explain(OSError(code, os.strerror(code)), tmp_path), DiskFull)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EIO, errno.ENAMETOOLONG, errno.ESTALE])
def test_every_other_trouble_of_the_disk_names_the_path(tmp_path: Path, code: int) -> None:
    error = explain(OSError(code, os.strerror(code)), tmp_path)
    assert isinstance(error, SetupError) and str(tmp_path) in str(error)


@pytest.mark.parametrize("left", [[], [".anidana-0123", ".Trash-1000", "lost+found"]], ids=["bare", "hidden"])
def test_an_empty_library_that_held_files_counts_as_not_mounted(tmp_path: Path, left: list[str]) -> None:
    for name in left:
        (tmp_path / name).mkdir()
    check_mounted(tmp_path, holds_files=False)
    with pytest.raises(SetupError, match="is empty, but held files before") as caught:
        check_mounted(tmp_path, holds_files=True)
    assert str(tmp_path) in str(caught.value) and caught.value.hint.startswith("is it mounted?")
    (tmp_path / "Show").mkdir()
    check_mounted(tmp_path, holds_files=True)


def test_a_library_that_is_gone_counts_as_not_mounted(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="gone"):
        check_mounted(tmp_path / "gone", holds_files=True)


def test_downloads_wait_beside_the_library(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    assert staging_root(None, library, tmp_path / "data").parent == tmp_path / ".anidana"
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert list(library.iterdir()) == [] == left


def test_downloads_wait_in_the_data_folder_if_files_cannot_be_moved_from_beside(tmp_path: Path) -> None:
    (tmp_path / ".anidana").touch()  # not a folder, so nothing can be staged there
    library = tmp_path / "library"
    library.mkdir()
    assert staging_root(None, library, tmp_path / "data").parent == tmp_path / "data" / "staging"
    assert (tmp_path / "data" / "staging").is_dir()


def test_downloads_wait_in_the_data_folder_if_the_library_is_a_disk_of_its_own(
    tmp_path: Path, another_disk: Path
) -> None:
    if another_disk.parent.stat().st_dev == another_disk.stat().st_dev:
        pytest.skip("/dev/shm is no disk of its own")
    assert staging_root(None, another_disk, tmp_path).parent == tmp_path / "staging"


def test_the_owner_decides_where_downloads_wait(tmp_path: Path) -> None:
    chosen = tmp_path / "a" / "b"
    one = staging_root(chosen, tmp_path, tmp_path / "data")
    assert one.parent == chosen
    assert staging_root(chosen, tmp_path, tmp_path / "other") != one, "two installations keep apart"
    assert chosen.is_dir()


def test_a_staging_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="file/below"):
        staging_root(tmp_path / "file" / "below", tmp_path, tmp_path)


def test_free_space_is_known_before_the_folder_is_made(tmp_path: Path) -> None:
    status = os.statvfs(tmp_path)
    assert 0 < free_space(tmp_path / "a" / "b") <= status.f_blocks * status.f_frsize
