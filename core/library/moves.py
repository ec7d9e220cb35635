"""Renames inside the library, step by step: carried out, or put back wherever they stopped.

Nothing is ever overwritten. Where every new name is free when the first step is done, or its old one
a hidden one of ours, each step can be told from the disk to be done or not: so a list of steps that was
written down first is all that is needed to put things back, in this process or the next.
"""

from __future__ import annotations

import errno
import logging
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import Held
from .folders import check_mounted, disk_errors, sync_path

log = logging.getLogger(__name__)

ASIDE = ".renaming-"
"""What a name begins with on the way to one that is not free yet; unlike our temporary files never swept."""

_NO_LINKS = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.ENOSPC, errno.EDQUOT}
)
"""What a disk says that knows no hard links, or has no room for another one; a rename needs none."""


@dataclass(frozen=True, slots=True)
class Move:
    """One step: a file or folder gets another name; both below the library."""

    old: PurePosixPath
    new: PurePosixPath


def aside(path: PurePosixPath) -> PurePosixPath:
    """A hidden name that nobody has, beside this one."""
    return path.with_name(f"{ASIDE}{secrets.token_hex(8)}")


def carry_out(library: Path, moves: Iterable[Move], begun: list[Move]) -> None:
    """Do the steps in order, and see them on the disk; each is added to `begun` before it is done.

    Held if a name is taken, else what the disk says, as DiskFull or SetupError; then what has begun can
    be put back. Folders that this empties are removed.
    """
    first = len(begun)
    for move in moves:
        old, new = library / move.old, library / move.new
        with disk_errors(new):
            new.parent.mkdir(parents=True, exist_ok=True)
            _refuse(new)
            begun.append(move)
            _rename(old, new)
    done = begun[first:]
    for folder in {move.old.parent for move in done}:
        _remove_empty(library, folder)
    with disk_errors(library):
        _sync_all(library, done)


def put_back(library: Path, moves: Sequence[Move]) -> None:
    """Undo those of the steps that were done, the last first; harmless where none was.

    What has vanished meanwhile, or come under its old name, is left as it is. SetupError if the library is
    not there, or the disk refuses; then it can be tried again.
    """
    if not any(os.path.lexists(library / path) for move in moves for path in (move.old, move.new)):
        check_mounted(library, holds_files=True)
    for move in reversed(moves):
        old, new = library / move.old, library / move.new
        with disk_errors(old):
            if not os.path.lexists(new):
                pass
            elif not os.path.lexists(old):
                old.parent.mkdir(parents=True, exist_ok=True)
                _rename(new, old)
            elif _two_links(old, new):  # it was killed between link and unlink
                new.unlink()
            else:
                log.info("%s and %s are both there and stay", old, new)
        # At once: where a folder was made anew under its old name, that one is to be put back next.
        _remove_empty(library, move.new.parent)
    with disk_errors(library):
        _sync_all(library, moves)


def _rename(old: Path, new: Path) -> None:
    """Rename to a free name; a file by a link, for a rename replaces what came meanwhile."""
    if old.is_symlink() or not old.is_dir():
        try:
            os.link(old, new, follow_symlinks=False)
        except FileExistsError:
            raise _held(new) from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        else:
            old.unlink()
            return
        _refuse(new)
    old.rename(new)


def _refuse(taken: Path) -> None:
    if os.path.lexists(taken):
        raise _held(taken)


def _held(taken: Path) -> Held:
    return Held(f"{taken} is there already", hint="move it away, then try again")


def _two_links(one: Path, other: Path) -> bool:
    """Whether these are two entries of one file, not one that a disk finds under another spelling too."""
    listed = all(path.name in os.listdir(path.parent) for path in (one, other))  # noqa: PTH208
    return listed and os.path.samestat(one.lstat(), other.lstat())


def _remove_empty(library: Path, folder: PurePosixPath) -> None:
    """Remove a folder if nothing is in it, and those above it."""
    while folder.parts:
        try:
            (library / folder).rmdir()
        except OSError:  # not empty, not there any more, or not ours to remove: nothing depends on it
            break
        folder = folder.parent


def _sync_all(library: Path, moves: Iterable[Move]) -> None:
    """See all names on the disk that the steps may have touched."""
    folders = {path.parent for move in moves for path in (move.old, move.new)}
    for folder in {one for each in folders for one in (each, each.parent)}:
        if (library / folder).is_dir():
            sync_path(library / folder)
