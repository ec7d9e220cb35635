"""The last step of a download: the finished file into the library, whole or not at all.

A file gets its library name in one step, after its bytes and before its folder are on the disk.
What a killed run leaves has a name of its own, begins with a dot, and `sweep` removes it.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..errors import Damaged, Held, SetupError
from ..metadata import nfo
from ..models import Sidecar
from .folders import TEMPORARY, disk_errors, sync, sync_path, temporary_in
from .recycle import place_for

log = logging.getLogger(__name__)

_PICTURES = frozenset({".jpg", ".png", ".webp"})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""What file systems say that know no hard links (exFAT, FUSE, network mounts), or no more of them."""


@dataclass(frozen=True, slots=True)
class Ours:
    """A file of ours that may be in the way: known by its size in bytes, and kept in the folder `recycle`.

    That folder lies in the library itself.
    """

    sizes: frozenset[int]
    recycle: Path
    today: date

    def knows(self, path: Path) -> bool:
        """Whether it is this one, and no link."""
        return _size(path) in self.sizes and not path.is_symlink()


def place(
    staged: Path, target: Path, folder: Path, sidecars: Sequence[Sidecar] = (), ours: Ours | None = None
) -> None:
    """File a staged video, and what belongs beside it or in its series' `folder`.

    The video comes last, so that a media server that looks finds the rest. A file that is there
    under its name is replaced if it is `ours`, in one step, after it got a second name in the recycle
    folder; any other stays.

    Raises Held if a file is in the way, DiskFull, or SetupError with owner and remedy.
    """
    with disk_errors(target):
        _refuse_foreign(target, ours)
        if not folder.parent.is_dir():
            raise SetupError(f"the library {folder.parent} is not there", hint="is it mounted?")
        _make(target.parent)
        for sidecar in sidecars:
            file_sidecar(sidecar, target, folder)
        _move(staged, target, ours)


def file_sidecar(sidecar: Sidecar, target: Path, folder: Path) -> bool:
    """Write what belongs beside a video, or in the folder of its season or series; says whether it did.

    What others wrote into an NFO stays in it; one that cannot be read is kept as `.nfo.bak`, unless
    there is one already. Raises SetupError for a name that is none, OSError as the disk does.
    """
    if sidecar.beside == "season" and target.parent == folder:
        return False
    beside = folder if sidecar.beside == "series" else target.parent
    name = target.stem + sidecar.name if sidecar.beside == "episode" else sidecar.name
    if (path := beside / name).parent != beside:
        raise SetupError(f"{sidecar.name!r} is not the name of a file")
    if path.suffix == ".nfo" and not sidecar.keep:
        return _write_nfo(path, sidecar.content)
    written = write(path, sidecar.content, keep=sidecar.keep)
    if written and path.suffix in _PICTURES:  # of two formats, servers would show any
        for other in {*_alternatives(path)} - {path}:
            other.unlink(missing_ok=True)
    return written


def _write_nfo(path: Path, content: bytes) -> bool:
    try:
        size = path.stat().st_size
        if size == len(content) and path.read_bytes() == content:
            return False
        with path.open("rb") as file:
            there = file.read(min(size, nfo.MOST_BYTES) + 1)
    except FileNotFoundError:
        return write(path, content)
    try:
        merged = nfo.merge(there, content) if there.strip() else content
    except Damaged as error:
        backup = path.with_name(f"{path.name}.bak")
        log.warning("%s cannot be read: %s; it is kept as %s", path, error, backup.name)
        if not os.path.lexists(backup):
            path.rename(backup)
        merged = content
    return write(path, merged)


def check_target(target: Path, ours: Ours | None = None) -> None:
    """See before anything is fetched that a file can be put there; errors as in `place`."""
    with disk_errors(target):
        _refuse_foreign(target, ours)
        folder = next(one for one in target.parents if one.exists())
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def write(path: Path, content: bytes, *, keep: bool = False) -> bool:
    """Write a small file in one step; says whether anything was written.

    The same bytes are not written again. With `keep` a file that is there stays, and so does a
    picture of that name in another format.
    """
    if keep and any(_size(one) for one in _alternatives(path)):
        return False
    if _size(path) == len(content) and path.read_bytes() == content:
        return False
    temporary = temporary_in(path.parent)
    try:
        # Not `tempfile`: its files are for our eyes only, and the media server runs as another user.
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            sync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_path(path.parent)
    return True


def sweep(folder: Path) -> list[Path]:
    """Remove what a killed run left in a library or a folder of it; only while nobody is filing."""
    removed = []
    with disk_errors(folder):
        for parent, _, files in os.walk(folder):
            for name in files:
                if name.startswith(TEMPORARY):
                    removed.append(Path(parent, name))
                    removed[-1].unlink()
    return removed


def _move(staged: Path, target: Path, ours: Ours | None) -> None:
    """Give a file its library name, by way of a copy where the library is on another disk."""
    sync_path(staged)
    try:
        _name(staged, target, ours)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(staged, target, ours)
    sync_path(target.parent)
    staged.unlink(missing_ok=True)


def _copy(file: Path, target: Path, ours: Ours | None = None) -> None:
    temporary = temporary_in(target.parent)
    try:
        shutil.copyfile(file, temporary)
        sync_path(temporary)
        if _size(temporary) != _size(file):
            raise SetupError(f"{target.parent} did not keep all of {file}")
        _name(temporary, target, ours)
    finally:
        temporary.unlink(missing_ok=True)


def _name(file: Path, target: Path, ours: Ours | None = None) -> None:
    """Give a file another name on its disk; by a link, for a rename replaces what came meanwhile."""
    try:
        os.link(file, target)
    except FileExistsError:
        if ours is None or not ours.knows(target):
            raise _held(target) from None
        _replace(file, target, ours)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _refuse_foreign(target, ours)
        if ours is not None and ours.knows(target):
            _replace(file, target, ours)
        else:
            file.replace(target)


def _replace(file: Path, target: Path, ours: Ours) -> None:
    """Keep our old file, then put the new one there; by a link, so that the name never leads nowhere."""
    kept = place_for(target.relative_to(ours.recycle.parent), ours.recycle, ours.today)
    _make(kept.parent)
    try:
        os.link(target, kept)
    except OSError as error:
        if error.errno not in {*_NO_LINKS, errno.EXDEV}:
            raise
        _copy(target, kept)
    sync_path(kept.parent)
    try:
        file.replace(target)
    except OSError:
        kept.unlink()
        raise


def _refuse_foreign(target: Path, ours: Ours | None) -> None:
    if os.path.lexists(target) and not (ours is not None and ours.knows(target)):
        raise _held(target)


def _held(target: Path) -> Held:
    return Held(
        f"{target} is there already, and not ours",
        hint="move it away, or scan the library so that it counts",
    )


def _alternatives(path: Path) -> list[Path]:
    if path.suffix not in _PICTURES:
        return [path]
    return [path.with_suffix(suffix) for suffix in _PICTURES]


def _size(path: Path) -> int | None:
    """Bytes of a plain file; None if there is none."""
    return path.stat().st_size if path.is_file() else None


def _make(folder: Path) -> None:
    """Make a folder and those above it, each noted on the disk."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_path(folder.parent)
