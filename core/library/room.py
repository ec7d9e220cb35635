"""Room on the disks: what one job is going to write, no other counts on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DiskFull
from .folders import disk_errors, free_space, nearest

_PARTS_AND_WHOLE = 2
"""So often an episode lies in staging before it is filed: as it came, and put together."""


@dataclass(slots=True)
class Room:
    """The room that jobs side by side share; `floor` bytes stay free on every disk."""

    floor: int
    claims: list[Claim] = field(default_factory=list)

    @contextmanager
    def claim(self, staging: Path, library: Path) -> Iterator[Claim]:
        """A job's part of the room, for as long as the block runs."""
        one = Claim(self, staging, library)
        self.claims.append(one)
        try:
            yield one
        finally:
            self.claims.remove(one)


@dataclass(slots=True, eq=False)
class Claim:
    """What one job is going to write, to a `staging` folder of its own and to the `library`.

    `size` is what the episode will have, in bytes; 0 while nobody knows. `staged` says that it is
    put together, and its parts are gone.
    """

    room: Room
    staging: Path
    library: Path
    size: int = 0
    staged: bool = False

    def expect(self, size: int) -> None:
        """Count on an episode of `size` bytes; DiskFull if it does not fit in beside what others expect."""
        self.size = size
        others = [claim for claim in self.room.claims if claim is not self]
        for path, due in self._due().values():
            taken = sum(claim._on(path) for claim in others)
            free = free_space(path)
            if free - taken - due < self.room.floor:
                beside = f" beside {taken // 2**20} for downloads under way" if taken else ""
                raise DiskFull(
                    f"{free // 2**20} MiB are free at {path}, {(due + self.room.floor) // 2**20} are"
                    f" needed{beside}",
                    hint="make room, or lower downloads.floor_mib; then: anidana get",
                )

    def _due(self) -> dict[int, tuple[Path, int]]:
        """What is still to be written, by disk: nothing in the library where a rename will do."""
        left = 0 if self.staged else max(0, _PARTS_AND_WHOLE * self.size - _used(self.staging))
        disks = {_disk(self.library): (self.library, self.size)}
        return disks | {_disk(self.staging): (self.staging, left)}

    def _on(self, path: Path) -> int:
        return self._due().get(_disk(path), (path, 0))[1]


def _disk(path: Path) -> int:
    with disk_errors(path):
        return nearest(path).stat().st_dev


def _used(folder: Path) -> int:
    """Bytes that the files in a folder fill by now; sparse ones are longer."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # other jobs go on while we look
            total += path.stat().st_blocks * 512
    return total
