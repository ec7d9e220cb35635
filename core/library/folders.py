"""The folders we work in: whether the library is ready, where downloads wait, how much room is left."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import AnidanaError, DiskFull, SetupError

TEMPORARY = ".anidana-"
"""What the name of every unfinished file of ours in the library begins with; media servers skip dots."""


def check_library(path: Path | None, *, for_writing: bool = True) -> Path:
    """The library as an absolute path, after a file has really been written to it and removed.

    Not `for_writing`, it only has to be there. Raises SetupError with path, owner and remedy if it is not
    set, not there or not writable.
    """
    if path is None:
        raise SetupError("no library is set", hint="set ANIME_DIRECTORY, or library.anime_directory")
    library = path.expanduser().absolute()
    # os.path, unlike Path, takes what may not be looked at for absent instead of raising.
    if not os.path.isdir(library):  # noqa: PTH112
        what = "is no folder" if os.path.exists(library) else "does not exist, or cannot be reached"  # noqa: PTH110
        raise SetupError(
            f"the library {library} {what}; {_owner(library)}",
            hint=f"create it (mkdir -p {library}), mount it, or set ANIME_DIRECTORY to another folder",
        )
    if not for_writing:
        return library
    with disk_errors(library):
        probe = temporary_in(library)
        probe.touch(exist_ok=False)
        probe.unlink()
    return library


def check_mounted(library: Path, holds_files: bool) -> None:
    """SetupError if a library of which we know files shows none: an unmounted disk leaves an empty folder.

    Hidden entries do not count, nor does what a file system makes by itself.
    """
    with disk_errors(library):
        empty = all(path.name.startswith(".") or path.name == "lost+found" for path in library.iterdir())
    if holds_files and empty:
        raise SetupError(
            f"the library {library} is empty, but held files before",
            hint="is it mounted? if you emptied it yourself, make a folder in it",
        )


def staging_root(setting: Path | None, library: Path, data: Path) -> Path:
    """The folder of unfinished downloads, made if need be.

    The owner's, else `.anidana` beside the library if files can be moved from there without being
    copied, else `staging` in the data folder; in it a folder named after the data folder, for two
    installations may have libraries side by side. SetupError if it cannot be made.
    """
    own = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:8]
    if setting is None and _moves(beside := library.parent / ".anidana", library):
        staging = beside / own
    else:
        staging = (setting.expanduser().absolute() if setting else data / "staging") / own
    with disk_errors(staging):
        staging.mkdir(parents=True, exist_ok=True)
    return staging


def free_space(path: Path) -> int:
    """Bytes that we may still write on the disk of a path, which need not exist yet."""
    with disk_errors(path):
        return shutil.disk_usage(nearest(path)).free


def temporary_in(folder: Path) -> Path:
    """A name nobody has, for a file that is not finished."""
    return folder / f"{TEMPORARY}{secrets.token_hex(8)}"


def sync_path(path: Path) -> None:
    """See a file or folder on the disk; errors as in `sync`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def sync(descriptor: int) -> None:
    """See an open file on the disk, where the disk can say so; OSError if it fails."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.ENOTSUP, errno.EINVAL):  # some network mounts cannot
            raise


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk says about a path into DiskFull or SetupError, with owner and remedy."""
    try:
        yield
    except OSError as error:
        raise explain(error, path) from error


def explain(error: OSError, path: Path) -> AnidanaError:
    """The error of ours that stands for one of the disk's."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"no room is left on the disk of {path}", hint="free some space; the job goes on then"
        )
    said = f"{path}: {error.strerror or error}; {_owner(path)}"
    if error.errno == errno.EROFS:
        return SetupError(said, hint="mount it for writing")
    if error.errno in (errno.EACCES, errno.EPERM):
        there, we = nearest(path.absolute()), os.geteuid()
        ours = there.stat().st_uid == we
        return SetupError(
            said,
            hint=f"chmod u+rwx '{there}'" if ours else f"let {_user(we)} read and write in '{there}'",
        )
    return SetupError(said)


def _moves(staging: Path, library: Path) -> bool:
    """Whether a file can be renamed from one folder into the other; equal devices do not say so.

    Two mounts of one disk have the same device number and still refuse (EXDEV).
    """
    try:
        staging.mkdir(exist_ok=True)
        probe, arrived = temporary_in(staging), temporary_in(library)
        probe.touch(exist_ok=False)
        try:
            probe.rename(arrived)
        finally:
            probe.unlink(missing_ok=True)
            arrived.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next((one for one in (path, *path.parents) if os.path.exists(one)), Path("/"))  # noqa: PTH110


def _owner(path: Path) -> str:
    """Whose the path is, or the nearest folder above that exists."""
    there = nearest(path.absolute())
    return f"{there} belongs to {_user(there.stat().st_uid)}"


def _user(uid: int) -> str:
    import pwd  # not on Windows

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
