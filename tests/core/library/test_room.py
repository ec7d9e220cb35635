"""Jobs side by side never count on the same free bytes, on no disk that they write to."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from anidana.core.errors import DiskFull
from anidana.core.library.room import Room


@pytest.fixture
def third(tmp_path: Path) -> int:
    """A third of what is free: parts and whole of one such video fit in, those of two do not."""
    return shutil.disk_usage(tmp_path).free // 3


def test_what_one_job_expects_no_other_counts_on(tmp_path: Path, third: int) -> None:
    room, library = Room(0), tmp_path / "library"
    with room.claim(tmp_path / "job-2", library) as second:
        with room.claim(tmp_path / "job-1", library) as first:
            first.expect(third)
            with pytest.raises(DiskFull, match="for downloads under way"):
                second.expect(third)
        second.expect(third)


def test_a_job_that_learns_its_size_is_checked_again(tmp_path: Path, third: int) -> None:
    with Room(0).claim(tmp_path / "job-1", tmp_path) as claim:
        claim.expect(1000)
        claim.expect(third)
        with pytest.raises(DiskFull, match="are needed"):
            claim.expect(2 * third)


def test_the_floor_stays_free(tmp_path: Path, third: int) -> None:
    with Room(2 * third).claim(tmp_path / "job-1", tmp_path) as claim:
        claim.expect(0)
        with pytest.raises(DiskFull):
            claim.expect(third)


def test_what_is_put_together_needs_no_more_room_where_a_rename_will_do(tmp_path: Path, third: int) -> None:
    room = Room(0)
    with room.claim(tmp_path / "1", tmp_path) as first, room.claim(tmp_path / "2", tmp_path) as second:
        first.expect(third)
        first.staged = True
        second.expect(third)


ON_SMALL_DISKS = """
import sys
from pathlib import Path
from anidana.core.errors import DiskFull
from anidana.core.library.room import Room
MIB, staging, library, room = 2**20, Path(sys.argv[1]), Path(sys.argv[2]), Room(0)

def say(claim, size):
    try:
        claim.expect(size * MIB)
        print("fits")
    except DiskFull as full:
        print("full", "library" if str(library) in str(full) else "staging")

with room.claim(staging / "1", library) as first, room.claim(staging / "2", library) as second:
    say(first, 11)   # 22 of 20 MiB in staging
    say(first, 9)    # 18 of 20, and 9 of 12 in the library
    say(second, 2)   # 22 of 20
    (staging / "1").mkdir()
    (staging / "1" / "parts").write_bytes(bytes(9 * MIB))
    (staging / "1" / "joined").write_bytes(bytes(5 * MIB))
    say(second, 1)   # 14 are written, 4 to come, and 2
    say(second, 2)   # 22 of 20
    first.staged = True
    say(second, 2)   # 14 + 4 in staging, 9 + 2 of 12 in the library
    say(second, 4)   # 9 + 4 of 12
"""


def test_what_is_written_is_not_expected_twice_and_two_disks_are_two(tmp_path: Path) -> None:
    disks = [tmp_path / name for name in ("staging", "library")]
    for disk in disks:
        disk.mkdir()
    script = (
        'mount -t tmpfs -o size=20m tmpfs "$2" && mount -t tmpfs -o size=12m tmpfs "$3" && exec "$0" -c "$@"'
    )
    run = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, sys.executable, ON_SMALL_DISKS, *map(str, disks)],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode and ("unshare" in run.stderr or "mount" in run.stderr):
        pytest.skip("no small disk can be mounted here")
    assert run.stdout.splitlines() == [
        "full staging", "fits", "full staging", "fits", "full staging", "fits", "full library",
    ], run.stderr  # fmt: skip
