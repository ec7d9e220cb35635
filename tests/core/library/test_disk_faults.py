"""Real disks that misbehave: mounted for reading only, unable to sync, and programs killed while writing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from anidana.core import Episode, Number, Series
from anidana.core.library.naming import episode_path, series_folder
from anidana.core.library.place import place
from anidana.core.settings import Naming

ON_A_DISK_FOR_READING = """
import sys
from pathlib import Path
from anidana.core import Sidecar
from anidana.core.errors import SetupError
from anidana.core.library.folders import check_library
from anidana.core.library.place import check_target, place
staged, library = Path(sys.argv[1]), Path(sys.argv[2])
target = library / "Show" / "S01E01.mkv"
for act in (
    lambda: check_library(library),
    lambda: check_target(target),
    lambda: place(staged, target, library / "Show", [Sidecar("episode", ".nfo", b"x")]),
):
    try:
        act()
    except SetupError as error:
        print(error.hint)
"""


def test_a_library_that_is_mounted_for_reading_only_is_told_with_its_remedy(tmp_path: Path) -> None:
    disk, staged = tmp_path / "disk", tmp_path / "video.mkv"
    disk.mkdir()
    staged.write_bytes(b"video")
    script = f'mount -t tmpfs -o ro tmpfs "{disk}" && exec "$0" -c "$1" "{staged}" "{disk}"'
    run = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, sys.executable, ON_A_DISK_FOR_READING],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode and ("unshare" in run.stderr or "mount" in run.stderr):
        pytest.skip("no disk can be mounted here")
    told = run.stdout.splitlines()
    assert (told[0], told[2]) == ("mount it for writing", "mount it for writing"), run.stderr
    assert len(told) == 3 and told[1], "seen before anything is fetched, too"
    assert staged.read_bytes() == b"video"


def test_what_cannot_be_synced_is_filed_all_the_same(tmp_path: Path) -> None:
    # A link to what every system refuses to sync, as some network mounts do with all files.
    staged = tmp_path / "video.mkv"
    staged.symlink_to("/dev/null")
    (tmp_path / "library").mkdir()
    folder = tmp_path / "library" / "Show"
    place(staged, folder / "S01E01.mkv", folder)
    assert (folder / "S01E01.mkv").readlink() == Path("/dev/null")


WRITE_UNTIL_KILLED = """
import sys
from itertools import cycle
from pathlib import Path
from anidana.core.library.place import write
one, two = b"1" * 20_000_000, b"2" * 20_000_001
write(Path(sys.argv[1]), one)
for content in cycle((two, one)):
    print(flush=True)
    write(Path(sys.argv[1]), content)
"""


def test_a_killed_process_leaves_the_old_nfo_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "tvshow.nfo"
    for turns in (1, 2, 1, 2, 1, 2):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITE_UNTIL_KILLED, str(path)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(turns):
            process.stdout.readline()
        process.kill()  # while it writes: that takes longer than to get here
        process.communicate()
        content = path.read_bytes()
        assert (len(content), set(content)) in ((20_000_000, {*b"1"}), (20_000_001, {*b"2"}))


def test_names_of_one_series_that_differ_by_accents_written_otherwise_are_one_name() -> None:
    composed, apart = "Caf\u00e9", "Cafe\u0301"
    paths = set()
    for title in (composed, apart):
        series = Series("aniworld", "cafe", title, "https://aniworld.to/", (1,))
        folder = series_folder(series, Naming())
        paths.add(episode_path(folder, series, Episode(Number(1, 1), title), Naming(), "mkv"))
    assert len(paths) == 1
