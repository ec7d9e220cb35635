"""Walks the library's folders: all of them, or only those that have changed since the last time.

A folder's time of change tells of files that came, went or got another name; a file that is
overwritten in place does not show, which is why folders are read again by turns. Nothing is
written, and a folder that cannot be read is never taken for an empty one.
"""

from __future__ import annotations

import os
import stat
import time
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..errors import SetupError
from .folders import disk_errors
from .reading import EXTENSIONS, is_extra

MOST_DEPTH = 4
"""Levels of folders below the library that are looked at, the series' own among them."""

COARSE_NS = 2_000_000_000
"""A folder changed so shortly before it was read may change again within one tick (exFAT: 2 s)."""

_BESIDE = frozenset({
    "nfo", "jpg", "jpeg", "png", "webp", "tbn", "srt", "ass", "ssa", "vtt", "sub", "idx", "txt",
})  # fmt: skip
"""What most entries of a library are, passed over before anything else is asked."""

_PASSED_OVER = frozenset({
    "extras", "featurettes", "trailers", "samples", "sample", "scenes", "clips", "shorts", "interviews",
    "subs", "subtitles", "backdrops", "theme-music", "extrafanart", "extrathumbs", "behind the scenes",
    "deleted scenes", "lost+found", "@eadir", "$recycle.bin", "system volume information",
})  # fmt: skip
"""Folders whose videos are no episodes, and what file systems make by themselves."""


class Listing(NamedTuple):
    """A folder as it was read: time of change in nanoseconds (0: read it again), names of videos, folders."""

    mtime_ns: int
    videos: list[str]
    folders: list[str]


class Video(NamedTuple):
    """A video: its folder below the library, its name, bytes, and when it was changed in nanoseconds."""

    folder: str
    name: str
    size: int
    mtime_ns: int

    @property
    def path(self) -> str:
        """Folder and name, below the library."""
        return joined(self.folder, self.name)


@dataclass(slots=True)
class Look:
    """What a walk found; paths are below the library, "" is the library itself.

    `gone` are known folders that are no longer there; `closed` may not be read, and what is known
    of them and below stays; `astray` are links that lead out or in a circle; `garbled` have names
    that are no text.
    """

    listed: dict[str, Listing] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)
    garbled: list[str] = field(default_factory=list)


def joined(folder: str, name: str) -> str:
    """A path below the library."""
    return f"{folder}/{name}" if folder else name


def walk(root: Path) -> Look:
    """Read every folder. Raises as `look` does."""
    return look(root, {})


def look(root: Path, known: Mapping[str, int], *, top: str = "", again: Collection[str] = ()) -> Look:
    """Read the folders at and below `top` whose time of change is not the one that is known.

    `again` are read whatever their time says. Raises SetupError if the library is not there, goes
    away meanwhile, or its disk fails.
    """
    with disk_errors(root):
        before = root.stat()
        found = Look()
        _compare(str(root), known, top, again, found)
        after = root.stat()
    if (before.st_dev, before.st_ino) != (after.st_dev, after.st_ino):
        raise SetupError(f"the library {root} changed while it was read", hint="is it being mounted?")
    return found


def is_unchanged(root: str, known: Mapping[str, int]) -> bool:
    """Whether every known folder has the time of change that is known; looks at nothing else."""
    look_at = os.stat
    try:
        return bool(known) and all(
            look_at(f"{root}/{path}").st_mtime_ns == mtime for path, mtime in known.items()
        )
    except OSError:
        return False


def videos(root: Path, folder: str, listing: Listing) -> Iterator[Video]:
    """The videos of a folder that hold anything, with their sizes; extras and what is gone by now are not."""
    for name in listing.videos:
        if is_extra(name.rpartition(".")[0]):
            continue
        try:
            status = os.stat(f"{root}/{joined(folder, name)}")  # noqa: PTH116 - 50,000 of them
        except FileNotFoundError:
            continue
        if status.st_size and stat.S_ISREG(status.st_mode):
            yield Video(folder, name, status.st_size, status.st_mtime_ns)


def spelling(root: Path, folder: str) -> str:
    """A folder's name as the disk has it, which may differ in case or in how letters are put together."""
    with disk_errors(root):
        names = os.listdir(root)  # noqa: PTH208
    if folder in names:
        return folder
    return next((name for name in sorted(names) if plain(name) == plain(folder)), folder)


def plain(name: str) -> str:
    """A name as a disk that ignores case and composition would compare it."""
    return unicodedata.normalize("NFC", name).casefold()


def _compare(root: str, known: Mapping[str, int], top: str, again: Collection[str], found: Look) -> None:
    fresh = time.time_ns() - COARSE_NS
    if top not in known:
        _descend(root, top, fresh, found)
    gone, listed = set[str](), found.listed
    for path in sorted(known):  # parents come before what is in them
        parent, _, name = path.rpartition("/")
        here = listed.get(parent) if path else None
        if path and (parent in gone or (here is not None and name not in here.folders)):
            gone.add(path)
            continue
        if path in listed or any(path == one or path.startswith(one + "/") for one in found.closed):
            continue
        try:
            changed = os.stat(f"{root}/{path}").st_mtime_ns != known[path]  # noqa: PTH116
        except FileNotFoundError:
            gone.add(path)
            continue
        if changed or path in again:
            if not _list(root, path, fresh, found):
                gone.add(path)
                continue
            for child in listed[path].folders if path in listed else ():
                if (below := joined(path, child)) not in known:
                    _descend(root, below, fresh, found)
    found.gone = sorted(gone)


def _descend(root: str, path: str, fresh: int, found: Look) -> None:
    waiting = [path]
    while waiting:
        path = waiting.pop()
        if _list(root, path, fresh, found) and path in found.listed:
            waiting += [joined(path, name) for name in found.listed[path].folders]


def _list(root: str, path: str, fresh: int, found: Look) -> bool:
    """Read one folder; False if it is not there. One that may not be read is noted in `closed`."""
    place = f"{root}/{path}" if path else root
    deepest = path.count("/") + 2 > MOST_DEPTH if path else False
    names, folders = list[str](), list[str]()
    try:
        mtime = os.stat(place).st_mtime_ns  # noqa: PTH116 - before reading: a change meanwhile is seen next time
        with os.scandir(place) as entries:
            for entry in entries:
                name = entry.name
                extension = name[name.rfind(".") + 1 :]
                if extension in _BESIDE or name[0] == ".":
                    continue
                if entry.is_symlink() and not _stays(place, name, root):
                    found.astray.append(joined(path, name))
                elif not name.isascii() and not _is_text(name):
                    found.garbled.append(joined(path, name).encode("utf-8", "replace").decode())
                elif entry.is_dir():
                    if not deepest and name.lower() not in _PASSED_OVER:
                        folders.append(name)
                elif extension in EXTENSIONS or extension.lower() in EXTENSIONS:
                    names.append(name)
    except (FileNotFoundError, NotADirectoryError):
        if not path:
            raise
        return False
    except PermissionError:
        if not path:
            raise
        found.closed.append(path)
        return True
    found.listed[path] = Listing(mtime if mtime < fresh else 0, names, folders)
    return True


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _stays(place: str, name: str, root: str) -> bool:
    """Whether a link leads to something in the library that is not above it."""
    target, here = os.path.realpath(f"{place}/{name}"), os.path.realpath(place)
    inside = target.startswith(os.path.realpath(root) + "/")
    return inside and not (here + "/").startswith(target + "/") and os.path.lexists(target)
