"""Which video of the library is which episode: pure, on what was read and what the catalogue lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from .reading import Reading
from .walk import Video, plain

Place: TypeAlias = tuple[int, int]
"""Season and episode, as a plain pair: there may be 200,000 of them."""


class Shelved(NamedTuple):
    """A video, and what its name tells."""

    video: Video
    reading: Reading | None


@dataclass(slots=True)
class Placed:
    """The videos of one series by episode, and those that need a look; paths are below the library.

    `doubles` are the files of one episode where there are several, the one that counts first;
    `unlisted` tell an episode that the catalogue does not list, `unread` tell none.
    """

    found: dict[Place, str] = field(default_factory=dict)
    doubles: list[tuple[Place, list[str]]] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def place(files: Iterable[Shelved], listed: Mapping[Place, int | None], had: Mapping[Place, str]) -> Placed:
    """Find the episode of each video of a series.

    `listed` are the catalogue's episodes with their absolute numbers, `had` the paths that the store
    knows. Of several files for one episode the known one counts, else the largest.
    """
    placed = Placed()
    by_absolute = {absolute: key for key, absolute in listed.items() if absolute is not None and key[0]}
    if not by_absolute:
        by_absolute = dict(enumerate(sorted(key for key in listed if key[0]), 1))
    claims: dict[Place, list[Video]] = defaultdict(list)
    for video, reading in files:
        if reading is None:
            placed.unread.append(video.path)
        elif places := _places(reading, listed, by_absolute):
            for key in places:
                claims[key].append(video)
        else:
            placed.unlisted.append(video.path)
    for key, videos in claims.items():
        if len(videos) > 1:
            known = had.get(key)
            videos.sort(key=lambda video: (video.path != known, -video.size, video.path))
            placed.doubles.append((key, [video.path for video in videos]))
        placed.found[key] = videos[0].path
    placed.doubles.sort()
    return placed


def _places(
    reading: Reading, listed: Mapping[Place, int | None], by_absolute: Mapping[int, Place]
) -> list[Place]:
    """The listed episodes that a name means: by its season, else by counting through all of them."""
    season, first, last = reading
    numbers = range(first, last + 1)
    if season is not None and (here := [(season, one) for one in numbers if (season, one) in listed]):
        return here
    through = [by_absolute[one] for one in numbers if one in by_absolute]
    # `Season 2/Show - 063`: a season's folder, and a number that goes on from the one before it.
    return [key for key in through if season is None or key[0] == season]


@dataclass(slots=True)
class Shelves:
    """Whose the library's folders are.

    `seconds` maps a folder to the one that its series is kept in; `strangers` belong to no series.
    """

    owners: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, str] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)


def owners(folders: Iterable[str], series: Sequence[tuple[int, str]]) -> Shelves:
    """Say whose each folder is, for series given by id and folder.

    Names that differ in case or in how their letters are put together are one name; if there are two such
    folders, the one that is spelled as it was stored is the series' own.
    """
    shelves = Shelves()
    exact = {folder: id_ for id_, folder in series}
    folders = set(folders)
    alike = {plain(folder): (id_, folder) for id_, folder in series}
    for folder in sorted(folders):
        if folder in exact:
            shelves.owners[folder] = exact[folder]
        elif (near := alike.get(plain(folder))) is None:
            shelves.strangers.append(folder)
        elif near[1] in folders or near[0] in shelves.owners.values():
            shelves.seconds[folder] = near[1]
        else:
            shelves.owners[folder] = near[0]
    return shelves
