"""Asks the metadata sources about a series; without a key there is nothing to ask."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from ..errors import AnidanaError
from ..hooks import Access, MetadataSource
from ..models import Number, Series, SeriesFacts
from ..settings import MetadataSettings

log = logging.getLogger(__name__)

MOST_SECONDS = 20.0
"""What a source may take; the episode waits for it."""


async def look_up(
    series: Series,
    numbers: Sequence[Number],
    sources: Sequence[MetadataSource],
    settings: MetadataSettings,
    *,
    most_seconds: float = MOST_SECONDS,
) -> SeriesFacts | None:
    """What the first source with a key knows; None if none has one, knows it, or answers.

    Metadata never costs the owner an episode: whatever a source raises is logged.
    """
    for source in sources:
        key = settings.keys.get(source.name)
        if key is None:
            continue
        url = settings.urls.get(source.name)
        access = Access(key.get_secret_value(), url, settings.languages, settings.pictures)
        try:
            async with asyncio.timeout(most_seconds):
                facts = await source.describe(series, numbers, access)
        except TimeoutError:
            log.warning("%s: no metadata from %s within %.0f s", series.title, source.name, most_seconds)
        except AnidanaError as error:
            log.warning("%s: no metadata from %s: %s", series.title, source.name, error)
        except Exception:
            log.exception("%s: the metadata source %s crashed", series.title, source.name)
        else:
            if facts is not None:
                return facts
    return None
