"""What media servers are told: where they are, and which files are new; plain data, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath

from .models import Number


@dataclass(frozen=True, slots=True)
class MediaServer:
    """A Jellyfin or Kodi from the settings; `kind` is the name of the action that knows it.

    `path_map` turns our folder into the server's: the first prefix that fits is replaced.
    """

    kind: str
    name: str
    url: str
    api_key: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    path_map: tuple[tuple[str, str], ...] = ()

    def path(self, ours: str) -> str:
        """One of our paths as the server sees it."""
        for mine, theirs in self.path_map:
            root = mine.rstrip("/")
            if ours == root or ours.startswith(root + "/"):
                rest = ours[len(root) :]
                # A server on Windows compares whole paths, in its own spelling.
                return theirs.rstrip("/\\") + (rest.replace("/", "\\") if "\\" in theirs else rest)
        return ours


@dataclass(frozen=True, slots=True)
class NewFile:
    """A video that has just been filed, by its absolute path."""

    path: str
    number: Number


@dataclass(frozen=True, slots=True)
class News:
    """What a media server should look at: the new files of one series, all at once."""

    library: str
    folder: str
    title: str
    files: tuple[NewFile, ...]

    @property
    def is_film(self) -> bool:
        """Whether it is a film in a library of films, which lies apart from that of the series."""
        return PurePath(self.library) not in PurePath(self.folder).parents
