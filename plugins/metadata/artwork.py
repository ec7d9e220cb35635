"""Pictures of series, seasons, episodes and films: from the metadata source, or else from the catalogue.

Names that Kodi and Jellyfin both read: those of seasons with two digits, in the series' folder.
What is there already stays, and is not fetched.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Literal, TypeAlias

from anidana.core import (
    EpisodeFacts,
    FetchImage,
    Item,
    SeriesFacts,
    Sidecar,
    SidecarWriter,
    SourceError,
    hookimpl,
)

log = logging.getLogger(__name__)

SORTS = ("poster", "fanart", "banner", "clearlogo", "clearart", "landscape")
"""What a series and a film can have."""

Wanted: TypeAlias = tuple[Literal["series", "episode"], str, Iterable[str | None]]
"""Where a picture lies, its name, and its addresses by rank."""


class Artwork:
    """Files pictures in the series' folder and beside the video."""

    name = "artwork"

    async def sidecars(self, item: Item, fetch_image: FetchImage) -> list[Sidecar]:
        """The first picture of each sort that can be had."""
        wanted = [one for one in _wanted(item) if one[1] not in item.present]
        found = await asyncio.gather(*(_first(item, one, fetch_image) for one in wanted))
        return [sidecar for sidecar in found if sidecar is not None]


def season_poster(season: int) -> str:
    """What servers call a season's poster."""
    return f"season{season:02d}-poster" if season else "season-specials-poster"


def _wanted(item: Item) -> list[Wanted]:
    series, facts = item.series, item.facts or SeriesFacts("", "")
    here = facts.episodes.get(item.episode.number) or EpisodeFacts()
    if item.film:
        return [("episode", f"-{sort}", here.pictures.get(sort, ())) for sort in SORTS]
    sorts = (*SORTS, season_poster(item.episode.number.season))
    known: dict[str, tuple[str | None, ...]] = {sort: facts.pictures.get(sort, ()) for sort in sorts}
    known["poster"] += (facts.poster, series.cover)
    known["fanart"] += (facts.fanart, series.backdrop)
    of_series: list[Wanted] = [("series", name, urls) for name, urls in known.items()]
    return [*of_series, ("episode", "-thumb", here.pictures.get("thumb", ()))]


async def _first(item: Item, wanted: Wanted, fetch_image: FetchImage) -> Sidecar | None:
    beside, name, urls = wanted
    for url in dict.fromkeys(filter(None, urls)):
        try:
            data = await fetch_image(url)
        except SourceError as error:
            log.warning("%s: no %s from one address: %s", item.series.title, name.strip("-"), error)
        else:
            return Sidecar(beside, f"{name}.{_extension(data)}", data, keep=True)
    return None


def _extension(data: bytes) -> str:
    if data.startswith(b"\x89PNG"):
        return "png"
    return "webp" if data.startswith(b"RIFF") else "jpg"


@hookimpl
def register_metadata() -> list[SidecarWriter]:
    """Offer this one."""
    return [Artwork()]
