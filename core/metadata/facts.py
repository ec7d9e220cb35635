"""Asks the metadata sources about a series; without a key there is nothing to ask."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import AnidanaError, Gone
from ..hooks import Access, Known, MetadataSource
from ..models import Episode, EpisodeFacts, Number, Series, SeriesFacts
from ..settings import MetadataSettings
from .numbering import Pair

log = logging.getLogger(__name__)

MOST_SECONDS = 20.0
"""What a source may take; the episode waits for it."""

_SEASON_PICTURE = re.compile(r"season(\d{2,4})(-\w+)")


@dataclass(frozen=True, slots=True)
class Match:
    """Which series of a source ours is, by the source's id; a `pinned` one was chosen by the owner."""

    id: str
    pinned: bool = False


async def look_up(
    series: Series,
    episodes: Sequence[Episode],
    sources: Sequence[MetadataSource],
    settings: MetadataSettings,
    *,
    matches: Mapping[str, Match] | None = None,
    most_seconds: float = MOST_SECONDS,
) -> tuple[str, Known] | None:
    """The name of the first source with a key that knows it, and what it knows; None if none does.

    `matches` are known by the names of the sources: nobody searches for these again. Metadata never
    costs the owner an episode: whatever a source raises is logged.
    """
    for source in sources:
        key = settings.keys.get(source.name)
        if key is None:
            continue
        url = settings.urls.get(source.name)
        match = (matches or {}).get(source.name, Match(""))
        access = Access(key.get_secret_value(), url, settings.languages, settings.pictures, match.id)
        try:
            async with asyncio.timeout(most_seconds):
                known = await _describe(source, series, episodes, access, match)
        except TimeoutError:
            log.warning("%s: no metadata from %s within %.0f s", series.title, source.name, most_seconds)
        except AnidanaError as error:
            log.warning("%s: no metadata from %s: %s", series.title, source.name, error)
        except Exception:
            log.exception("%s: the metadata source %s crashed", series.title, source.name)
        else:
            if known is not None:
                return source.name, known
    return None


async def _describe(
    source: MetadataSource, series: Series, episodes: Sequence[Episode], access: Access, match: Match
) -> Known | None:
    try:
        return await source.describe(series, episodes, access)
    except Gone:
        if match.pinned or not match.id:
            raise
    return await source.describe(series, episodes, replace(access, id=""))


def under_our_numbers(known: Known, pairs: Iterable[Pair], *, films: Collection[Number] = ()) -> SeriesFacts:
    """What a source knows, under the catalogue's numbers; from sure pairs only.

    `films` have a library of their own; all others stand among the specials, where a film's ids would
    be taken for those of an episode.
    """
    sure = [pair for pair in pairs if pair.sure]
    facts, seasons = known.facts, _same_seasons(sure)
    return replace(
        facts,
        episodes={pair.number: _facts(pair, films) for pair in sure},
        seasons={ours: facts.seasons[theirs] for ours, theirs in seasons.items() if theirs in facts.seasons},
        pictures=dict(_pictures(facts.pictures, seasons)),
    )


def _facts(pair: Pair, films: Collection[Number]) -> EpisodeFacts:
    facts = pair.target.facts
    return facts if pair.target.number or pair.number in films else replace(facts, ids={})


def _same_seasons(pairs: Sequence[Pair]) -> dict[int, int]:
    """The catalogue's seasons that are one of the source's, no more and no less; specials always are."""
    to, of = defaultdict[int, set[int]](set), defaultdict[int, set[int]](set)
    for pair in pairs:
        if pair.target.number and pair.number.season and pair.target.number.season:
            to[pair.number.season].add(pair.target.number.season)
            of[pair.target.number.season].add(pair.number.season)
    same = {ours: theirs for ours, (theirs, *more) in ((s, tuple(t)) for s, t in to.items()) if not more}
    return {0: 0} | {ours: theirs for ours, theirs in same.items() if of[theirs] == {ours}}


def _pictures(
    pictures: Mapping[str, tuple[str, ...]], seasons: Mapping[int, int]
) -> Iterable[tuple[str, tuple[str, ...]]]:
    for name, urls in pictures.items():
        found = _SEASON_PICTURE.fullmatch(name)
        if found is None:
            yield name, urls
            continue
        for ours, theirs in seasons.items():
            if ours and theirs == int(found[1]):
                yield f"season{ours:02d}{found[2]}", urls
