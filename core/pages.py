"""Keeps catalogue pages for days: an old copy is shown at once, and read anew behind its back."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from .errors import AnidanaError
from .steps import Get, Page, Perform, Request

log = logging.getLogger(__name__)

FRESH_SECONDS = 15 * 60.0
LONGEST_SECONDS = 7 * 24 * 3600.0
MOST_BYTES = 64 * 1024 * 1024


class NotKept(AnidanaError):
    """There is no copy of a page that was asked for."""


class KeptPages:
    """Copies of pages in a folder, one file each; what cannot be read or written counts as not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, url: str) -> tuple[Page, float] | None:
        """The copy of a page and its age in seconds; None if there is none, or it is too old."""
        try:
            file = self._file(url)
            age = abs(time.time() - file.stat().st_mtime)  # the clock may have been wrong then
            said = json.loads(zlib.decompress(file.read_bytes()))
            page = Page(str(said["url"]), int(said["status"]), str(said["text"]), dict(said["headers"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
            log.info("a kept page cannot be read: %s", error)
            return None
        return (page, age) if age <= LONGEST_SECONDS else None

    def keep(self, url: str, page: Page) -> None:
        """Write a copy, whole or not at all; the oldest ones make room."""
        kept = {**asdict(page), "headers": {}}  # nothing reads them, and cookies are nobody's business
        file = self._file(url)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            staged = file.with_suffix(".new")
            staged.write_bytes(zlib.compress(json.dumps(kept).encode(), 1))
            staged.replace(file)
            self._make_room()
        except OSError as error:
            log.info("a page cannot be kept: %s", error)

    def _file(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode('utf-8', 'replace')).hexdigest()[:32]}.page"

    def _make_room(self) -> None:
        found = [(file.stat().st_mtime, file.stat().st_size, file) for file in self._folder.iterdir()]
        total = 0
        for _, size, file in sorted(found, reverse=True):
            total += size
            if total > MOST_BYTES:
                file.unlink(missing_ok=True)


class Recorder:
    """Performs requests and remembers the answers that a plugin says may be kept."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform
        self._answers: dict[str, Page] = {}

    async def __call__(self, request: Request) -> Page:
        """Perform a request."""
        page = await self._perform(request)
        if isinstance(request, Get) and request.keep:
            self._answers[request.url] = page
        return page

    @property
    def answers(self) -> Iterable[tuple[str, Page]]:
        """What may be kept, by the address that was asked for."""
        return self._answers.items()


class Copies:
    """Performs requests from copies alone; `age` is that of the oldest one that was used, in seconds."""

    def __init__(self, kept: KeptPages) -> None:
        self._kept = kept
        self.age = 0.0

    async def __call__(self, request: Request) -> Page:
        """Give the copy of a page; NotKept if there is none."""
        found = self._kept.find(request.url) if isinstance(request, Get) and request.keep else None
        if found is None:
            raise NotKept(request.url)
        page, age = found
        self.age = max(self.age, age)
        return page
