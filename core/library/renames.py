"""What has to be renamed in a series' folder so that it is called as the templates say.

The plan is pure: it is made from names only, and says of every video that stays as it is why.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from .folders import disk_errors
from .moves import Move, aside
from .naming import folded
from .reading import EXTENSIONS
from .walk import MOST_DEPTH

_Steps: TypeAlias = tuple[list[Move], list[Move]]
"""Those to names that are free, then those to names that were taken before."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """A video and what goes with it, each as it is called now and will be; below the library."""

    video: Move
    sidecars: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """Something that stays as it is, and why; below the library."""

    path: PurePosixPath
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is renamed in one series' folder.

    `stages` are the steps in their order; each stage is written down before its first step, for only then
    can it be told from the disk what was done. `paths` says where each known video lies afterwards,
    whether it is renamed itself or its folder is.
    """

    folder: Move
    renamed: tuple[Renamed, ...] = ()
    left: tuple[Left, ...] = ()
    stages: tuple[tuple[Move, ...], ...] = ()
    paths: Mapping[PurePosixPath, PurePosixPath] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.stages) or self.folder.old != self.folder.new


def entries(folder: Path) -> list[PurePosixPath]:
    """Everything in a series' folder, relative to it and not hidden; folders end nowhere special.

    Links are not followed. Empty if there is no such folder; SetupError if one cannot be read.
    """
    found: list[PurePosixPath] = []

    def look(inside: Path, depth: int) -> None:
        with os.scandir(inside) as listed:
            for entry in sorted(listed, key=lambda one: one.name):
                if entry.name.startswith("."):
                    continue
                found.append(PurePosixPath(entry.path).relative_to(folder))
                if depth > 1 and entry.is_dir(follow_symlinks=False):
                    look(Path(entry.path), depth - 1)

    with disk_errors(folder):
        if os.path.lexists(folder):
            look(folder, MOST_DEPTH)
    return found


def plan(
    folder: Move,
    there: Sequence[PurePosixPath],
    wanted: Mapping[PurePosixPath, PurePosixPath],
    known: Iterable[PurePosixPath] = (),
    left: Sequence[Left] = (),
) -> Plan:
    """Plan the renames in a series' folder, whose own move is given.

    `there` is what lies in it, `wanted` says what some of its videos should be called, `known` are all
    videos that belong to an episode; all of them relative to the folder.
    """
    known, present = {*known, *wanted}, set(there)
    listed = _by_folder(there)
    groups = {
        old: _group(old, new, listed[old.parent], known) for old, new in wanted.items() if old in present
    }
    seasons = _whole_folders(there, groups)
    now = {one: _within(one, seasons) for one in there}
    targets, taken = _without_taken(
        {old: {now[one]: new for one, new in group.items()} for old, group in groups.items()},
        list(now.values()),
    )
    renames = {old: new for group in targets.values() for old, new in group.items() if old != new}
    paths = {old: renames.get(now[old], now[old]) for old in known & present}
    placed = known.union(*groups.values())
    why = dict.fromkeys(wanted.keys() - present, "it is not there") | taken
    why |= {one: "no episode is known to be in it" for one in there if _is_video(one) and one not in placed}
    return Plan(
        folder,
        tuple(
            _renamed(folder, {one: targets[old][now[one]] for one in groups[old]})
            for old in targets
            if targets[old][now[old]] != old
        ),
        (*left, *(Left(folder.old / old, reason) for old, reason in why.items())),
        _stages(
            _steps({folder.old: folder.new} if folder.old != folder.new and there else {}, ()),
            _below(folder.new, _steps(seasons, there)),
            _below(folder.new, _steps(renames, now.values())),
        ),
        {folder.old / old: folder.new / new for old, new in paths.items()},
    )


def _by_folder(there: Iterable[PurePosixPath]) -> dict[PurePosixPath, list[str]]:
    """The names in each folder, sorted."""
    listed: dict[PurePosixPath, list[str]] = defaultdict(list)
    for one in there:
        listed[one.parent].append(one.name)
    return {folder: sorted(names) for folder, names in listed.items()}


def _is_video(path: PurePosixPath) -> bool:
    return path.suffix.casefold().removeprefix(".") in EXTENSIONS


def _group(
    old: PurePosixPath, new: PurePosixPath, listed: Sequence[str], known: Container[PurePosixPath]
) -> dict[PurePosixPath, PurePosixPath]:
    """A video with its sidecars: what lies beside it and begins with its name, and with no longer one."""
    group, longer = {old: new}, [old.stem]
    for name in islice(listed, bisect_left(listed, old.stem), None):
        if not name.startswith(old.stem):
            break
        path = old.with_name(name)
        if path in known:
            longer.append(path.stem)
        elif max((stem for stem in longer if _goes_with(name, stem)), key=len, default="") == old.stem:
            group[path] = new.with_name(new.stem + name[len(old.stem) :])
    return group


def _goes_with(name: str, stem: str) -> bool:
    return name.startswith(stem) and name[len(stem) : len(stem) + 1] in (".", "-")


def _whole_folders(
    there: Sequence[PurePosixPath], groups: Mapping[PurePosixPath, Mapping[PurePosixPath, PurePosixPath]]
) -> dict[PurePosixPath, PurePosixPath]:
    """Season folders that get another name as they are, so that everything in them goes along."""
    targets: dict[PurePosixPath, set[PurePosixPath]] = defaultdict(set)
    for one in there:
        if _is_video(one):
            targets[one.parent].add(groups[one][one].parent if one in groups else one.parent)
    found: dict[PurePosixPath, PurePosixPath] = {}
    taken: dict[str, set[PurePosixPath]] = defaultdict(set)
    for one in there:
        if len(one.parts) == 1:
            taken[folded(one.name)].add(one)
    for old, (new, *others) in targets.items():
        if others or new == old or not len(old.parts) == len(new.parts) == 1:
            continue
        if taken[folded(new.name)] <= {old}:
            found[old] = new
            taken[folded(new.name)].add(old)
    return found


def _within(path: PurePosixPath, seasons: Mapping[PurePosixPath, PurePosixPath]) -> PurePosixPath:
    """Where something lies once the season folders have their names."""
    top = PurePosixPath(path.parts[0])
    return seasons[top].joinpath(*path.parts[1:]) if top in seasons else path


def _without_taken(
    groups: Mapping[PurePosixPath, Mapping[PurePosixPath, PurePosixPath]], there: Sequence[PurePosixPath]
) -> tuple[dict[PurePosixPath, dict[PurePosixPath, PurePosixPath]], dict[PurePosixPath, str]]:
    """Leave out what would get a name that another file has or gets, until nothing does.

    A folder that is there in another spelling is used as it is.
    """
    spelled = {folded(str(one)): one for path in there for one in path.parents}
    # What keeps its name comes first: it has the older right to it.
    groups = dict(sorted(groups.items(), key=lambda one: any(old != new for old, new in one[1].items())))
    kept = {
        video: {
            old: spelled.get(folded(str(new.parent)), new.parent) / new.name for old, new in group.items()
        }
        for video, group in groups.items()
    }
    taken: dict[PurePosixPath, str] = {}
    while True:
        leaving = {old for group in kept.values() for old in group}
        owners = {folded(str(one)): one for one in there if one not in leaving}
        for video, group in kept.items():
            for new in group.values():
                if owners.setdefault(folded(str(new)), video) != video:
                    taken[video] = f"its name is taken: {new}"
        if not (dropped := kept.keys() & taken.keys()):
            return kept, taken
        for video in dropped:
            del kept[video]


def _steps(renames: Mapping[PurePosixPath, PurePosixPath], there: Iterable[PurePosixPath]) -> _Steps:
    """The renames in an order in which every name is free; where one is not yet, by way of another."""
    occupied = {folded(str(one)) for one in (*there, *renames)}
    blocked = {old: aside(new) for old, new in renames.items() if folded(str(new)) in occupied}
    away = [Move(old, hidden) for old, hidden in blocked.items()]
    direct = [Move(old, new) for old, new in renames.items() if old not in blocked]
    return [*away, *direct], [Move(hidden, renames[old]) for old, hidden in blocked.items()]


def _below(folder: PurePosixPath, steps: _Steps) -> _Steps:
    first, second = ([Move(folder / one.old, folder / one.new) for one in moves] for moves in steps)
    return first, second


def _stages(*parts: _Steps) -> tuple[tuple[Move, ...], ...]:
    """A stage begins where a name was taken before: that it is taken says nothing of a step to it."""
    stages: list[list[Move]] = [[]]
    for first, second in parts:
        stages[-1] += first
        if second:
            stages.append(list(second))
    return tuple(tuple(stage) for stage in stages if stage)


def _renamed(folder: Move, group: Mapping[PurePosixPath, PurePosixPath]) -> Renamed:
    video, *sidecars = (Move(folder.old / old, folder.new / new) for old, new in group.items())
    return Renamed(video, tuple(sidecars))
