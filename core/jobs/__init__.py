"""Jobs: the life of an episode from wanted to seen by the media servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .downloads import DownloadService

__all__ = ["DownloadService"]


def __getattr__(name: str) -> object:
    # The command line imports events from here, and must not pay for the database.
    if name == "DownloadService":
        from .downloads import DownloadService

        return DownloadService
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
