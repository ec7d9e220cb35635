"""A file of ours that is replaced stays for some days; nobody else's is ever replaced."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePath

import pytest

from anidana.core.errors import Held
from anidana.core.library.place import Ours, check_target, place, sweep
from anidana.core.library.recycle import empty, place_for

TODAY = date(2026, 3, 29)
OLD, NEW = b"the old one", b"the better one"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "library").mkdir()
    return tmp_path / "library"


@pytest.fixture
def far(another_disk: Path) -> Iterator[Path]:
    """A library on another disk than the staged file."""
    with tempfile.TemporaryDirectory(dir=another_disk) as root:
        yield Path(root)


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    path = tmp_path / "staging" / "episode.mkv"
    path.parent.mkdir()
    path.write_bytes(NEW)
    return path


def ours(library: Path, *sizes: int) -> Ours:
    return Ours(frozenset(sizes or {len(OLD)}), library / ".recycle", TODAY)


def there(library: Path, content: bytes = OLD) -> Path:
    path = library / "Show" / "Season 01" / "S01E01.mkv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("where", ["library", "far"])
def test_our_own_file_is_replaced_and_kept(staged: Path, where: str, request: pytest.FixtureRequest) -> None:
    library: Path = request.getfixturevalue(where)
    target = there(library)
    check_target(target, ours(library))
    place(staged, target, library / "Show", ours=ours(library))
    assert tree(library) == {
        "Show/Season 01/S01E01.mkv": NEW,
        ".recycle/2026-03-29/Show/Season 01/S01E01.mkv": OLD,
    }
    assert not staged.exists()


@pytest.mark.parametrize("other", [b"theirs, and precious", b""])
def test_a_file_of_another_size_is_not_ours(staged: Path, library: Path, other: bytes) -> None:
    target = there(library, other)
    for act in (
        lambda: check_target(target, ours(library)),
        lambda: place(staged, target, library / "Show", ours=ours(library)),
    ):
        with pytest.raises(Held):
            act()
    assert tree(library) == {"Show/Season 01/S01E01.mkv": other} and staged.exists()


def test_a_link_is_not_ours_whatever_it_leads_to(staged: Path, library: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(OLD)
    target = there(library)
    target.unlink()
    target.symlink_to(tmp_path / "theirs")
    with pytest.raises(Held):
        place(staged, target, library / "Show", ours=ours(library))
    assert target.is_symlink() and (tmp_path / "theirs").read_bytes() == OLD


def test_what_cannot_be_linked_into_the_folder_is_copied(staged: Path, library: Path, far: Path) -> None:
    (library / ".recycle").symlink_to(far)
    place(staged, there(library), library / "Show", ours=ours(library))
    assert tree(library) == {"Show/Season 01/S01E01.mkv": NEW}
    assert tree(far) == {"2026-03-29/Show/Season 01/S01E01.mkv": OLD}


def test_files_of_one_name_are_kept_beside_each_other(staged: Path, library: Path) -> None:
    for content in (b"1", b"2", b"3"):
        target = there(library, content)
        staged.write_bytes(NEW)
        place(staged, target, library / "Show", ours=ours(library, 1))
    kept = {
        name.removeprefix(".recycle/2026-03-29/Show/Season 01/"): data for name, data in tree(library).items()
    }
    del kept["Show/Season 01/S01E01.mkv"]
    assert kept == {"S01E01.mkv": b"1", "S01E01 (2).mkv": b"2", "S01E01 (3).mkv": b"3"}


def test_nothing_is_there_and_nothing_is_recycled(staged: Path, library: Path) -> None:
    place(staged, library / "Show" / "S01E01.mkv", library / "Show", ours=ours(library))
    assert tree(library) == {"Show/S01E01.mkv": NEW}


REPLACE_UNTIL_KILLED = """
import sys
from datetime import date
from itertools import count
from pathlib import Path
from anidana.core.library.place import Ours, place
root, library = Path(sys.argv[1]), Path(sys.argv[2])
ours = Ours(frozenset({1_000_000}), library / ".recycle", date(2026, 3, 29))
for turn in count():
    staged = root / "staged.mkv"
    staged.write_bytes(bytes([turn % 256]) * 1_000_000)
    place(staged, library / "Show" / "S01E01.mkv", library / "Show", ours=ours)
    print(turn, flush=True)
"""


@pytest.mark.parametrize("where", ["library", "far"])
def test_a_killed_process_leaves_the_old_video_or_the_new_one(
    tmp_path: Path, where: str, request: pytest.FixtureRequest
) -> None:
    library: Path = request.getfixturevalue(where)
    for turns in range(1, 5):
        process = subprocess.Popen(
            [sys.executable, "-c", REPLACE_UNTIL_KILLED, str(tmp_path), str(library)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(turns):
            process.stdout.readline()
        process.kill()
        process.communicate()
        sweep(library)
        content = (library / "Show" / "S01E01.mkv").read_bytes()
        assert len(content) == 1_000_000 and len(set(content)) == 1
        assert {path.stat().st_size for path in library.rglob("*.mkv")} == {1_000_000}


def bin_of(library: Path, *days: str) -> Path:
    for day in days:
        (library / ".recycle" / day / "Show").mkdir(parents=True)
        (library / ".recycle" / day / "Show" / "a.mkv").write_bytes(OLD)
    return library / ".recycle"


def test_what_is_older_than_the_owner_wants_goes(library: Path) -> None:
    recycle = bin_of(library, "2026-02-27", "2026-02-26", "2026-03-29", "2099-01-01", "20260101", "mine")
    assert empty(recycle, 30, TODAY) == [recycle / "2026-02-26"]
    assert sorted(path.name for path in recycle.iterdir()) == [
        "2026-02-27", "2026-03-29", "20260101", "2099-01-01", "mine",
    ]  # fmt: skip
    assert empty(recycle, 0, TODAY) == []
    assert empty(library / "nowhere", 30, TODAY) == []


def test_a_link_in_the_folder_is_never_followed(library: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "precious").touch()
    recycle = bin_of(library, "2026-01-01", "2026-01-03")
    (recycle / "2026-01-02").symlink_to(tmp_path / "theirs")
    (recycle / "2026-01-01" / "link").symlink_to(tmp_path / "theirs")
    empty(recycle, 30, TODAY)
    assert (tmp_path / "theirs" / "precious").exists()
    assert [path.name for path in recycle.iterdir()] == ["2026-01-02"]
    bin_of(tmp_path / "theirs", "2026-01-01")
    (library / ".elsewhere").symlink_to(tmp_path / "theirs" / ".recycle")
    assert empty(library / ".elsewhere", 30, TODAY) == []


def test_trouble_in_the_folder_is_logged(library: Path, caplog: pytest.LogCaptureFixture) -> None:
    recycle = bin_of(library)
    recycle.mkdir()
    (recycle / "2026-01-01").touch()
    assert empty(recycle, 30, TODAY) == []
    assert "is not emptied" in caplog.text


def test_the_name_is_that_of_the_library(library: Path) -> None:
    path = place_for(PurePath("Show", "a.mkv"), library / ".recycle", TODAY)
    assert path == library / ".recycle" / "2026-03-29" / "Show" / "a.mkv"
