from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from anidana.core import Sidecar
from anidana.core.errors import Held, SetupError
from anidana.core.library.place import file_sidecar, place, sweep, write

NFO = Sidecar("episode", ".nfo", b"<episodedetails/>")
POSTER = Sidecar("series", "poster.jpg", b"poster", keep=True)


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    path = tmp_path / "staging" / "job-1" / "video.mkv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"video")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "library").mkdir()
    return tmp_path / "library" / "Show"


@pytest.fixture
def far(another_disk: Path, tmp_path: Path) -> Iterator[Path]:
    """A series folder on another disk than the staged file."""
    with tempfile.TemporaryDirectory(dir=another_disk) as root:
        if Path(root).stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("/dev/shm is no disk of its own")
        yield Path(root) / "Show"


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_video_is_filed_with_what_belongs_beside_it(staged: Path, folder: Path) -> None:
    target = folder / "Season 01" / "Show - S01E01 - Mr. X.mkv"
    place(staged, target, folder, [NFO, POSTER])
    assert tree(folder) == {
        "Season 01/Show - S01E01 - Mr. X.mkv": b"video",
        "Season 01/Show - S01E01 - Mr. X.nfo": b"<episodedetails/>",
        "poster.jpg": b"poster",
    }
    assert not staged.exists()


def test_a_library_on_another_disk_gets_a_whole_copy(staged: Path, far: Path) -> None:
    place(staged, far / "S01E01.mkv", far, [NFO])
    assert tree(far) == {"S01E01.mkv": b"video", "S01E01.nfo": b"<episodedetails/>"}
    assert not staged.exists()


def test_a_copy_may_be_read_by_others_as_much_as_any_new_file(staged: Path, far: Path) -> None:
    place(staged, far / "S01E01.mkv", far, [NFO])
    other = far / "other"
    other.touch()
    for name in ("S01E01.mkv", "S01E01.nfo"):
        assert (far / name).stat().st_mode == other.stat().st_mode


def test_a_file_that_is_there_is_never_overwritten(staged: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "S01E01.mkv").write_bytes(b"theirs, and precious")
    with pytest.raises(Held):
        place(staged, folder / "S01E01.mkv", folder, [NFO])
    assert tree(folder) == {"S01E01.mkv": b"theirs, and precious"}
    assert staged.exists()


def arriving(target: Path, sidecar: Sidecar = NFO) -> Iterator[Sidecar]:
    """A sidecar; while it is asked for, somebody else files what we are about to."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"theirs, and precious")
    yield sidecar


@pytest.mark.parametrize("where", ["folder", "far"], ids=["by a link", "by a copy"])
def test_a_file_that_comes_meanwhile_is_never_overwritten(
    staged: Path, where: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(where)
    target = folder / "S01E01.mkv"
    with pytest.raises(Held):
        place(staged, target, folder, arriving(target))  # type: ignore[arg-type]
    assert tree(folder) == {"S01E01.mkv": b"theirs, and precious", "S01E01.nfo": b"<episodedetails/>"}
    assert staged.exists()


@pytest.fixture
def unlinkable(tmp_path: Path) -> Path:
    """Something that every file system refuses to link, as some do with files: a folder."""
    path = tmp_path / "staging" / "job-2"
    path.mkdir(parents=True)
    (path / "bytes").write_bytes(b"video")
    return path


def test_where_links_are_not_supported_a_rename_will_do(unlinkable: Path, folder: Path) -> None:
    place(unlinkable, folder / "S01E01.mkv", folder)
    assert tree(folder) == {"S01E01.mkv/bytes": b"video"}
    assert not unlinkable.exists()


def test_a_rename_replaces_no_file_that_came_meanwhile_either(unlinkable: Path, folder: Path) -> None:
    target = folder / "S01E01.mkv"
    with pytest.raises(Held):
        place(unlinkable, target, folder, arriving(target))  # type: ignore[arg-type]
    assert target.read_bytes() == b"theirs, and precious" and unlinkable.exists()


def test_a_link_of_somebody_else_is_never_replaced(staged: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "S01E01.mkv").symlink_to("nowhere")
    with pytest.raises(Held):
        place(staged, folder / "S01E01.mkv", folder)
    assert (folder / "S01E01.mkv").is_symlink()


def test_a_staged_file_that_is_gone_is_an_error(staged: Path, folder: Path) -> None:
    staged.unlink()
    with pytest.raises(SetupError):
        place(staged, folder / "S01E01.mkv", folder)
    assert tree(folder) == {}


def test_a_library_that_is_gone_is_not_made_anew(staged: Path, folder: Path) -> None:
    folder.parent.rmdir()
    with pytest.raises(SetupError, match="is not there"):
        place(staged, folder / "Season 01" / "S01E01.mkv", folder, [NFO])
    assert staged.exists() and not folder.parent.exists()


def test_a_sidecar_cannot_leave_its_folder(staged: Path, folder: Path) -> None:
    with pytest.raises(SetupError, match="not the name of a file"):
        place(staged, folder / "S01E01.mkv", folder, [Sidecar("series", "../poster.jpg", b"x")])
    assert tree(folder.parent) == {}


def test_a_folder_in_the_place_of_a_file_is_an_error(staged: Path, folder: Path) -> None:
    (folder / "poster.jpg").mkdir(parents=True)
    with pytest.raises(SetupError):
        place(staged, folder / "S01E01.mkv", folder, [NFO, POSTER])
    assert not (folder / "S01E01.mkv").exists()
    assert not list(folder.glob(".anidana-*"))


def test_the_same_bytes_are_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.nfo"
    assert write(path, b"one")
    before = path.stat()
    assert not write(path, b"one")
    assert path.stat().st_mtime_ns == before.st_mtime_ns and path.stat().st_ino == before.st_ino
    assert write(path, b"two")
    assert path.read_bytes() == b"two"


@pytest.mark.parametrize("there", ["poster.jpg", "poster.png", "poster.webp"])
def test_art_that_is_there_stays_whatever_its_format(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_bytes(b"theirs")
    assert not write(tmp_path / "poster.jpg", b"ours", keep=True)
    assert tree(tmp_path) == {there: b"theirs"}


def show(*tags: str) -> bytes:
    return f"<tvshow>{''.join(tags)}</tvshow>".encode()


@pytest.fixture
def video(folder: Path) -> Path:
    (folder / "Season 01").mkdir(parents=True)
    return folder / "Season 01" / "Show - S01E01.mkv"


def test_what_others_wrote_into_an_nfo_stays_in_it(folder: Path, video: Path) -> None:
    (folder / "tvshow.nfo").write_bytes(show("<title>Old</title>", "<custom>theirs</custom>"))
    ours = Sidecar("series", "tvshow.nfo", show("<title>New</title>"))
    assert file_sidecar(ours, video, folder)
    written = (folder / "tvshow.nfo").read_bytes()
    assert b"<title>New</title>" in written and b"<custom>theirs</custom>" in written
    before = (folder / "tvshow.nfo").stat()
    assert not file_sidecar(ours, video, folder)
    assert (folder / "tvshow.nfo").stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize(
    "broken",
    [b"<tvshow><title>half", b'<!DOCTYPE t [<!ENTITY x "y">]><tvshow>&x;</tvshow>', b"x" * 2_000_000],
)
def test_an_nfo_that_cannot_be_read_is_kept_under_another_name(
    folder: Path, video: Path, broken: bytes
) -> None:
    (folder / "tvshow.nfo").write_bytes(broken)
    assert file_sidecar(Sidecar("series", "tvshow.nfo", show()), video, folder)
    assert tree(folder) == {"tvshow.nfo": show(), "tvshow.nfo.bak": broken}


def test_what_was_kept_of_a_broken_nfo_is_not_replaced(folder: Path, video: Path) -> None:
    (folder / "tvshow.nfo.bak").write_bytes(b"the first")
    (folder / "tvshow.nfo").write_bytes(b"broken again")
    assert file_sidecar(Sidecar("series", "tvshow.nfo", show()), video, folder)
    assert tree(folder) == {"tvshow.nfo": show(), "tvshow.nfo.bak": b"the first"}


def test_an_nfo_that_is_to_be_kept_is_not_even_merged(folder: Path, video: Path) -> None:
    (folder / "tvshow.nfo").write_bytes(show("<title>Old</title>"))
    assert not file_sidecar(Sidecar("series", "tvshow.nfo", show("<a/>"), keep=True), video, folder)
    assert tree(folder) == {"tvshow.nfo": show("<title>Old</title>")}


def test_an_empty_nfo_is_filled(folder: Path, video: Path) -> None:
    (folder / "tvshow.nfo").touch()
    assert file_sidecar(Sidecar("series", "tvshow.nfo", show()), video, folder)
    assert tree(folder) == {"tvshow.nfo": show()}


def test_a_seasons_file_lies_in_its_folder_or_nowhere(folder: Path, video: Path) -> None:
    season = Sidecar("season", "season.nfo", b"<season/>")
    assert file_sidecar(season, video, folder)
    assert not file_sidecar(season, folder / "Show - S01E01.mkv", folder)
    assert tree(folder) == {"Season 01/season.nfo": b"<season/>"}


def test_a_picture_that_is_fetched_anew_replaces_that_of_another_format(folder: Path, video: Path) -> None:
    (folder / "poster.png").write_bytes(b"old")
    assert file_sidecar(Sidecar("series", "poster.jpg", b"new"), video, folder)
    assert tree(folder) == {"poster.jpg": b"new"}


def test_an_empty_picture_does_not_count_as_art(tmp_path: Path) -> None:
    (tmp_path / "poster.jpg").touch()
    assert write(tmp_path / "poster.jpg", b"ours", keep=True)


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / "Season 01").mkdir()
    left = tmp_path / "Season 01" / ".anidana-0123456789abcdef"
    left.touch()
    for mine in ("video.mkv", ".hidden", "anidana-x"):
        (tmp_path / mine).touch()
    assert sweep(tmp_path) == [left]
    assert sorted(tree(tmp_path)) == [".hidden", "anidana-x", "video.mkv"]


def test_a_sweep_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / ".anidana-1").touch()
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "link").symlink_to(tmp_path / "outside")
    assert sweep(tmp_path / "library") == []


ON_A_SMALL_DISK = """
import sys
from pathlib import Path
from anidana.core import Sidecar
from anidana.core.errors import DiskFull
from anidana.core.library.place import place
staged, folder = Path(sys.argv[1]), Path(sys.argv[2]) / "Show"
try:
    place(staged, folder / "S01E01.mkv", folder, [Sidecar("episode", ".nfo", b"x")])
except DiskFull:
    print(sorted(path.name for path in folder.rglob("*")))
"""


def test_a_full_disk_leaves_nothing_half_made(tmp_path: Path) -> None:
    disk, staged = tmp_path / "disk", tmp_path / "video.mkv"
    disk.mkdir()
    staged.write_bytes(os.urandom(400_000))
    script = f'mount -t tmpfs -o size=200k tmpfs "{disk}" && exec "$0" -c "$1" "{staged}" "{disk}"'
    run = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, sys.executable, ON_A_SMALL_DISK],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode and ("unshare" in run.stderr or "mount" in run.stderr):
        pytest.skip("no small disk can be mounted here")
    assert run.stdout == "['S01E01.nfo']\n", run.stderr
    assert staged.stat().st_size == 400_000


WRITE_UNTIL_KILLED = """
import sys
from itertools import count
from pathlib import Path
from anidana.core.library.place import place
root = Path(sys.argv[1])
for turn in count():
    staged = root / "staged.mkv"
    staged.write_bytes(bytes([turn % 256]) * 2_000_000)
    print(turn, flush=True)
    place(staged, Path(sys.argv[2]) / f"S01E{turn:02d}.mkv", Path(sys.argv[2]))
"""


def test_a_killed_process_leaves_no_half_file_under_a_library_name(tmp_path: Path, far: Path) -> None:
    for turns in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITE_UNTIL_KILLED, str(tmp_path), str(far)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(turns + 1):
            process.stdout.readline()
        process.kill()
        process.communicate()
        assert all(path.stat().st_size == 2_000_000 for path in far.glob("*.mkv"))
        sweep(far)
        assert list(far.glob(".*")) == []
        for path in far.glob("*.mkv"):
            path.unlink()
