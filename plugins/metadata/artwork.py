"""Poster and fanart of a series, from the metadata source or else from the catalogue.

Names that Kodi and Jellyfin both read. Art that is there already stays.
"""

from __future__ import annotations

import logging

from anidana.core import FetchImage, Item, Sidecar, SidecarWriter, SourceError, hookimpl

log = logging.getLogger(__name__)


class Artwork:
    """Files pictures in the series folder."""

    name = "artwork"

    async def sidecars(self, item: Item, fetch_image: FetchImage) -> list[Sidecar]:
        """The first picture of each sort that can be had."""
        facts, series = item.facts, item.series
        wanted = {
            "poster": (facts.poster if facts else None, series.cover),
            "fanart": (facts.fanart if facts else None, series.backdrop),
        }
        files = []
        for sort, urls in wanted.items():
            for url in filter(None, urls):
                try:
                    data = await fetch_image(url)
                except SourceError as error:
                    log.warning("%s: no %s from one address: %s", series.title, sort, error)
                else:
                    files.append(Sidecar("series", f"{sort}.{_extension(data)}", data, keep=True))
                    break
        return files


def _extension(data: bytes) -> str:
    if data.startswith(b"\x89PNG"):
        return "png"
    return "webp" if data.startswith(b"RIFF") else "jpg"


@hookimpl
def register_metadata() -> list[SidecarWriter]:
    """Offer this one."""
    return [Artwork()]
