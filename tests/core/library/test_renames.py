"""The plan of a rename: what goes along, what is left alone and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import pytest

from anidana.core.errors import SetupError
from anidana.core.library.moves import Move
from anidana.core.library.renames import Plan, entries, plan

SHOW = PurePosixPath("Show")


def paths(names: Iterable[str]) -> list[PurePosixPath]:
    return [PurePosixPath(one) for one in names]


def planned(
    there: Iterable[str], wanted: Mapping[str, str], known: Iterable[str] = (), folder: str = "Show"
) -> Plan:
    files = paths(there)
    folders = {parent for one in files for parent in one.parents if parent.parts}
    return plan(
        Move(SHOW, PurePosixPath(folder)),
        sorted({*files, *folders}),
        {PurePosixPath(old): PurePosixPath(new) for old, new in wanted.items()},
        paths(known),
    )


def steps(made: Plan) -> list[str]:
    return [f"{move.old} > {move.new}" for stage in made.stages for move in stage]


def left(made: Plan) -> dict[str, str]:
    return {str(one.path): one.why for one in made.left}


def test_sidecars_follow_their_video_and_no_other() -> None:
    there = ["a.mkv", "a.nfo", "a-thumb.jpg", "a.de.srt", "a-b.mkv", "a-b.nfo", "ab.nfo", "tvshow.nfo", "a"]
    made = planned(there, {"a.mkv": "x.mkv"}, known=["a-b.mkv"])
    (file,) = made.renamed
    assert sorted(one.new.name for one in file.sidecars) == ["x-thumb.jpg", "x.de.srt", "x.nfo"]
    assert len(steps(made)) == 4
    assert made.paths == {
        SHOW / "a.mkv": SHOW / "x.mkv", SHOW / "a-b.mkv": SHOW / "a-b.mkv"
    }  # fmt: skip
    both = planned(there, {"a.mkv": "x.mkv", "a-b.mkv": "y.mkv"})
    assert "Show/a-b.nfo > Show/y.nfo" in steps(both) and len(steps(both)) == 6


def test_a_season_folder_goes_as_it_is_if_all_its_episodes_do() -> None:
    there = ["Staffel 1/a.mkv", "Staffel 1/b.mkv", "Staffel 1/season.nfo", "Staffel 1/extras/c.jpg"]
    wanted = {"Staffel 1/a.mkv": "Season 01/a.mkv", "Staffel 1/b.mkv": "Season 01/B.mkv"}
    assert steps(planned(there, {**wanted, "Staffel 1/b.mkv": "Season 01/x.mkv"})) == [
        "Show/Staffel 1 > Show/Season 01",
        "Show/Season 01/b.mkv > Show/Season 01/x.mkv",
    ]
    (first, second, third) = steps(planned(there, wanted))
    assert first == "Show/Staffel 1 > Show/Season 01"
    hidden = second.partition(" > ")[2]
    assert third == f"{hidden} > Show/Season 01/B.mkv"


@pytest.mark.parametrize(
    "there", [["Staffel 1/a.mkv", "Staffel 1/other.mkv"], ["Staffel 1/a.mkv", "Season 01/other.mkv"]]
)
def test_a_season_folder_that_others_need_stays(there: list[str]) -> None:
    made = planned(there, {"Staffel 1/a.mkv": "Season 01/a.mkv"})
    assert steps(made) == ["Show/Staffel 1/a.mkv > Show/Season 01/a.mkv"]
    assert set(left(made).values()) == {"no episode is known to be in it"}


def test_a_folder_that_is_there_in_another_spelling_is_used() -> None:
    made = planned(["season 01/b.mkv", "a.mkv"], {"a.mkv": "Season 01/a.mkv"}, known=["season 01/b.mkv"])
    assert steps(made) == ["Show/a.mkv > Show/season 01/a.mkv"]


@pytest.mark.parametrize("new", ["A.mkv", "a\u0308.mkv", "\u00e4.mkv"])
def test_a_name_that_differs_by_case_or_accents_only_goes_by_way_of_another(new: str) -> None:
    old = {"A.mkv": "a.mkv", "a\u0308.mkv": "\u00e4.mkv", "\u00e4.mkv": "a\u0308.mkv"}[new]
    made = planned([old], {old: new})
    ((away,), (back,)) = made.stages
    assert away.old == SHOW / old and away.new == back.old and back.new == SHOW / new
    assert away.new.name.startswith(".")


def test_files_may_change_places() -> None:
    made = planned(["a.mkv", "b.mkv", "c.mkv"], {"a.mkv": "b.mkv", "b.mkv": "a.mkv", "c.mkv": "d.mkv"})
    assert [len(stage) for stage in made.stages] == [3, 2] and not made.left
    assert made.paths[SHOW / "a.mkv"] == SHOW / "b.mkv"


@pytest.mark.parametrize(
    ("there", "wanted", "alone"),
    [
        (["a.mkv", "b.mkv"], {"a.mkv": "b.mkv"}, {"a.mkv"}),
        (["a.mkv", "B.mkv"], {"a.mkv": "b.mkv"}, {"a.mkv"}),
        (["a.mkv", "a.nfo", "b.nfo"], {"a.mkv": "b.mkv"}, {"a.mkv"}),
        (["a.mkv", "b.mkv"], {"a.mkv": "c.mkv", "b.mkv": "C.mkv"}, {"b.mkv"}),
        (["a.mkv", "b.mkv"], {"a.mkv": "b.mkv", "b.mkv": "b.mkv"}, {"a.mkv"}),
        # What stays keeps the next one from its name.
        (["a.mkv", "b.mkv", "c.txt"], {"a.mkv": "b.mkv", "b.mkv": "c.txt"}, {"a.mkv", "b.mkv"}),
    ],
)
def test_a_name_that_is_taken_is_left_to_who_has_it(
    there: list[str], wanted: dict[str, str], alone: set[str]
) -> None:
    made = planned(there, wanted)
    assert {one.removeprefix("Show/") for one, why in left(made).items() if "taken" in why} == alone
    moved = {str(move.old) for stage in made.stages for move in stage}
    assert not moved & {f"Show/{one}" for one in alone}


def test_what_is_not_there_or_not_known_is_said() -> None:
    made = planned(["b.mkv", "notes.txt"], {"a.mkv": "x.mkv"})
    assert left(made) == {
        "Show/a.mkv": "it is not there",
        "Show/b.mkv": "no episode is known to be in it",
    }
    assert not made.changes


def test_the_folder_goes_first_and_all_paths_follow_it() -> None:
    made = planned(["a.mkv", "b.mkv"], {"a.mkv": "x.mkv"}, ["b.mkv"], folder="Show (2020)")
    assert steps(made) == ["Show > Show (2020)", "Show (2020)/a.mkv > Show (2020)/x.mkv"]
    assert made.paths[SHOW / "b.mkv"] == PurePosixPath("Show (2020)/b.mkv")
    assert [len(stage) for stage in planned([], {}, folder="show").stages] == [], "there is no folder yet"
    assert [len(stage) for stage in planned(["b.mkv"], {}, folder="show").stages] == [1, 1]


def test_a_thousand_episodes_are_planned_in_one_go() -> None:
    there = [f"S{n:04d}{suffix}" for n in range(1000) for suffix in (".mkv", ".nfo", "-thumb.jpg")]
    made = planned(there, {f"S{n:04d}.mkv": f"E{n:04d}.mkv" for n in range(1000)})
    assert len(made.renamed) == 1000 and len(made.stages[0]) == 3000


def test_hidden_files_and_what_links_lead_to_are_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "show/Season 01").mkdir(parents=True)
    (tmp_path / "show/Season 01/a.mkv").touch()
    (tmp_path / "show/.hidden").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b.mkv").touch()
    (tmp_path / "show/out").symlink_to(tmp_path / "elsewhere")
    assert [str(one) for one in entries(tmp_path / "show")] == ["Season 01", "Season 01/a.mkv", "out"]
    assert entries(tmp_path / "gone") == []
    (tmp_path / "file").touch()
    with pytest.raises(SetupError):
        entries(tmp_path / "file")
