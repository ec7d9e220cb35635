"""Runs the writers of NFO files and artwork; none of them may cost the owner an episode."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable

from ..errors import AnidanaError
from ..hooks import FetchImage, SidecarWriter
from ..models import Item, Sidecar

log = logging.getLogger(__name__)

MOST_BYTES = 10 * 1024 * 1024
MOST_SECONDS = 120.0

_NAMES = {
    "series": re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,59}\.(nfo|jpg|png|webp)"),
    "episode": re.compile(r"(-[A-Za-z0-9_-]{1,23})?\.(nfo|jpg|png|webp)"),
}
"""What a writer may call a file: nothing hidden, no path, and nothing that anybody runs."""


async def sidecars_for(
    item: Item,
    writers: Iterable[SidecarWriter],
    fetch_image: FetchImage,
    *,
    most_seconds: float = MOST_SECONDS,
) -> list[Sidecar]:
    """The files of all writers, each name once: the first writer has it.

    A writer that fails, crashes, takes too long or offers what we do not file costs its files only.
    """
    files: dict[tuple[str, str], Sidecar] = {}
    for writer in writers:
        try:
            async with asyncio.timeout(most_seconds):
                offered = await writer.sidecars(item, fetch_image)
            new = [_check(sidecar) for sidecar in offered]
        except AnidanaError as error:
            log.warning("%s %s: no %s: %s", item.series.title, item.episode.number, writer.name, error)
        except Exception:
            log.exception("%s %s: the writer %s crashed", item.series.title, item.episode.number, writer.name)
        else:
            for sidecar in new:
                files.setdefault((sidecar.beside, sidecar.name.casefold()), sidecar)
    return list(files.values())


def _check(sidecar: Sidecar) -> Sidecar:
    """The sidecar, if it may be filed; ValueError says why not."""
    pattern = _NAMES.get(sidecar.beside)
    if pattern is None or not pattern.fullmatch(sidecar.name):
        raise ValueError(f"{sidecar.name!r} beside {sidecar.beside!r} is no name for a sidecar")
    if not isinstance(sidecar.content, bytes) or not 0 < len(sidecar.content) <= MOST_BYTES:
        raise ValueError(f"{sidecar.name} must hold 1 to {MOST_BYTES} bytes")
    return sidecar
