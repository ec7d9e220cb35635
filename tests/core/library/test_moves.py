"""Renames on a real disk: nothing overwritten, everything back wherever they stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anidana.core.errors import Held, SetupError
from anidana.core.library.moves import Move, carry_out, put_back
from anidana.core.library.renames import entries, plan

SHOW = PurePosixPath("Show")


def move(old: str, new: str) -> Move:
    return Move(PurePosixPath(old), PurePosixPath(new))


def make(root: Path, *files: str) -> None:
    """Files that hold their own names."""
    for one in files:
        path = root / one
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(one)


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): "" if path.is_dir() else path.read_text() for path in root.rglob("*")
    }


def test_steps_make_folders_and_remove_those_they_empty(tmp_path: Path) -> None:
    make(tmp_path, "Show/Staffel 1/a.mkv", "Show/tvshow.nfo")
    steps = [move("Show/Staffel 1/a.mkv", "Show/Season 01/b.mkv")]
    carry_out(tmp_path, steps, [])
    assert tree(tmp_path) == {
        "Show": "", "Show/tvshow.nfo": "Show/tvshow.nfo", "Show/Season 01": "",
        "Show/Season 01/b.mkv": "Show/Staffel 1/a.mkv",
    }  # fmt: skip
    put_back(tmp_path, steps)
    assert tree(tmp_path) == {
        "Show": "", "Show/tvshow.nfo": "Show/tvshow.nfo", "Show/Staffel 1": "",
        "Show/Staffel 1/a.mkv": "Show/Staffel 1/a.mkv",
    }  # fmt: skip


@pytest.mark.parametrize("taken", ["Show/b.mkv", "Show/b.mkv/a folder"])
def test_nothing_is_overwritten_and_everything_goes_back(tmp_path: Path, taken: str) -> None:
    make(tmp_path, "Show/0.mkv", "Show/a.mkv", taken)
    before = tree(tmp_path)
    steps = [move("Show/0.mkv", "Show/1.mkv"), move("Show/a.mkv", "Show/b.mkv")]
    begun: list[Move] = []
    with pytest.raises(Held, match=r"b\.mkv is there already"):
        carry_out(tmp_path, steps, begun)
    assert (tmp_path / "Show/1.mkv").exists() and begun == steps[:1], "what is not ours is not touched"
    put_back(tmp_path, begun)
    assert tree(tmp_path) == before


def test_a_link_is_renamed_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    make(tmp_path, "target/x.mkv")
    (tmp_path / "one.mkv").symlink_to("target/x.mkv")
    (tmp_path / "broken.mkv").symlink_to("nowhere")
    steps = [move("one.mkv", "two.mkv"), move("broken.mkv", "still broken.mkv")]
    carry_out(tmp_path, steps, [])
    assert (tmp_path / "two.mkv").readlink() == Path("target/x.mkv")
    assert (tmp_path / "still broken.mkv").readlink() == Path("nowhere")
    put_back(tmp_path, steps)
    assert (tmp_path / "one.mkv").is_symlink() and (tmp_path / "target/x.mkv").exists()


def test_a_file_with_both_names_loses_the_new_one_only(tmp_path: Path) -> None:
    # Killed between link and unlink.
    make(tmp_path, "a.mkv")
    os.link(tmp_path / "a.mkv", tmp_path / "b.mkv")
    put_back(tmp_path, [move("a.mkv", "b.mkv")])
    assert tree(tmp_path) == {"a.mkv": "a.mkv"}


def test_what_has_come_under_the_old_name_stays(tmp_path: Path) -> None:
    make(tmp_path, "a.mkv", "b.mkv")
    put_back(tmp_path, [move("a.mkv", "b.mkv")])
    assert tree(tmp_path) == {"a.mkv": "a.mkv", "b.mkv": "b.mkv"}


def test_nothing_is_put_back_while_the_library_is_not_mounted(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"is empty"):
        put_back(tmp_path, [move("a.mkv", "b.mkv")])
    with pytest.raises(SetupError):
        put_back(tmp_path / "gone", [move("a.mkv", "b.mkv")])


def test_a_folder_that_was_made_anew_gives_way_to_the_one_that_had_its_name(tmp_path: Path) -> None:
    make(tmp_path, "Show/S2/a.mkv", "Show/b.mkv")
    before = tree(tmp_path)
    steps = [move("Show/S2", "Show/S1"), move("Show/b.mkv", "Show/S2/new/b.mkv")]
    carry_out(tmp_path, steps, [])
    put_back(tmp_path, steps)
    assert tree(tmp_path) == before


NAMES = [f"{folder}{name}.mkv" for folder in ("", "S1/", "s1/", "S2/") for name in ("a", "A", "b", "c")]


@given(
    renames=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES), max_size=8),
    others=st.sets(st.sampled_from(NAMES), max_size=3),
    folder=st.sampled_from(["Show", "show", "Show (2020)"]),
    data=st.data(),
)
def test_wherever_it_stops_everything_goes_back(
    renames: dict[str, str], others: set[str], folder: str, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as root:
        library = Path(root)
        make(library, "another", *(f"Show/{one}" for one in {*renames, *others}))
        before = tree(library)
        wanted = {PurePosixPath(old): PurePosixPath(new) for old, new in renames.items()}
        made = plan(
            Move(SHOW, PurePosixPath(folder)), entries(library / "Show"), wanted, map(PurePosixPath, others)
        )
        assert tree(library) == before
        count = sum(map(len, made.stages))
        stop = data.draw(st.integers(0, count))
        begun: list[Move] = []
        for stage in made.stages:
            done = max(stop - len(begun), 0)
            begun += stage
            if done < len(stage):
                carry_out(library, stage[:done], [])
                break
            carry_out(library, stage, [])
        if stop == count:
            for old, new in made.paths.items():
                assert (library / new).read_text() == str(old)
            assert not [one for one in tree(library) if "/." in one or one.startswith(".")]
            assert sorted(filter(None, tree(library).values())) == sorted(filter(None, before.values()))
        put_back(library, begun)
        after = tree(library)
        assert {one: text for one, text in after.items() if text} == {
            one: text for one, text in before.items() if text
        }


RENAME_UNTIL_KILLED = """
import sys
from pathlib import Path, PurePosixPath
from anidana.core.library.moves import Move, carry_out
steps = [Move(PurePosixPath(f"Show/{n}.mkv"), PurePosixPath(f"Show/Season 01/{n}.mkv")) for n in range(3000)]
carry_out(Path(sys.argv[1]), steps, [])
"""


def test_a_killed_process_leaves_what_can_be_put_back(tmp_path: Path) -> None:
    make(tmp_path, *(f"Show/{n}.mkv" for n in range(3000)))
    before = tree(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", RENAME_UNTIL_KILLED, str(tmp_path)])
    while not (tmp_path / "Show/Season 01").is_dir() and process.poll() is None:
        pass
    process.kill()
    process.wait()
    assert tree(tmp_path) != before and (tmp_path / "Show/2999.mkv").exists(), "it was killed in the middle"
    put_back(tmp_path, [move(f"Show/{n}.mkv", f"Show/Season 01/{n}.mkv") for n in range(3000)])
    assert tree(tmp_path) == before


ON_A_DISK_THAT_FAILS = """
import sys
from pathlib import Path, PurePosixPath
from anidana.core.errors import AnidanaError
from anidana.core.library.moves import Move, carry_out, put_back
library = Path(sys.argv[1])
steps = [
    Move(PurePosixPath("Show/one/a.mkv"), PurePosixPath("Show/one/b.mkv")),
    Move(PurePosixPath("Show/two/a.mkv"), PurePosixPath("Show/two/new/b.mkv")),
]
def names():
    return sorted(str(one) for one in library.rglob("*.mkv"))
before = names()
try:
    carry_out(library, steps, [])
except AnidanaError as error:
    print(type(error).__name__, error.hint, names() != before, sep="|")
put_back(library, steps)
print(names() == before)
"""


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (
            'mount --bind "$2/Show/two" "$2/Show/two" && mount -o remount,bind,ro "$2/Show/two"',
            "SetupError|mount it for writing|True",
        ),
        # No room for the new folder; the link to a second name has room no more either.
        ('mount -o remount,nr_inodes=7 "$2"', "DiskFull|free some space; the job goes on then|True"),
    ],
)
def test_a_disk_that_fails_in_the_middle_has_everything_back(tmp_path: Path, trouble: str, said: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f"""set -e
    mount -t tmpfs tmpfs "$2"; mkdir -p "$2/Show/one" "$2/Show/two"
    echo a > "$2/Show/one/a.mkv"; echo a > "$2/Show/two/a.mkv"; : > "$2/x"
    {trouble}
    exec "$0" -c "$1" "$2" """
    run = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, sys.executable, ON_A_DISK_THAT_FAILS, str(disk)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode and ("unshare" in run.stderr or "mount" in run.stderr):
        pytest.skip("no disk can be mounted here")
    assert run.stdout.splitlines() == [said, "True"], run.stderr
