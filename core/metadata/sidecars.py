"""Runs the writers of NFO files and artwork; none of them may cost the owner an episode."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import AnidanaError, Damaged
from ..hooks import FetchImage, SidecarWriter
from ..models import Item, Sidecar
from ..settings import MetadataSettings

log = logging.getLogger(__name__)

MOST_BYTES = 10 * 1024 * 1024
MOST_SECONDS = 120.0

FRAME = "frame"
"""What the owner calls the picture out of the video, to switch it off."""

_FRAME_WIDTHS = {"small": 480, "large": 1280, "original": 3840}
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
"""Extensions that media servers take for pictures."""

_NAMES = {
    "series": re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,59}\.(nfo|jpg|png|webp)"),
    "season": re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,59}\.(nfo|jpg|png|webp)"),
    "episode": re.compile(r"(-[A-Za-z0-9_-]{1,23})?\.(nfo|jpg|png|webp)"),
}
"""What a writer may call a file: nothing hidden, no path, and nothing that anybody runs."""


async def describe(
    item: Item,
    video: Path,
    writers: Iterable[SidecarWriter],
    settings: MetadataSettings,
    fetch_image: FetchImage,
) -> list[Sidecar]:
    """The files of the writers that the owner wants, and a frame of an episode that has no picture else."""
    used = [writer for writer in writers if writer.name not in settings.off]
    files = await sidecars_for(item, used, fetch_image)
    pictured = "-thumb" in item.present or any(Path(file.name).stem == "-thumb" for file in files)
    if pictured or item.film or FRAME in settings.off:
        return files
    from ..acquire import media  # not before it is needed: it takes a tenth of a second

    try:
        frame = await asyncio.to_thread(media.frame, video, _FRAME_WIDTHS[settings.pictures])
    except (Damaged, OSError) as error:
        log.warning("%s %s: no frame: %s", item.series.title, item.episode.number, error)
        return files
    return [*files, Sidecar("episode", "-thumb.jpg", frame, keep=True)]


def pictures_there(target: Path, folder: Path) -> frozenset[str]:
    """Pictures beside a video and in its series' folder, as `Item.present` has them; no empty ones."""
    stems = set()
    for place in {target.parent, folder}:
        if not place.is_dir():
            continue
        with os.scandir(place) as entries:
            for entry in entries:
                stem, extension = os.path.splitext(entry.name)  # noqa: PTH122 - of thousands of names
                if extension.lower() in PICTURES and entry.is_file() and entry.stat().st_size:
                    stems.add(stem)
    beside = {stem.removeprefix(target.stem) for stem in stems if stem.startswith(f"{target.stem}-")}
    return frozenset(stems | beside)


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
