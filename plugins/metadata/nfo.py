"""NFO files that Kodi and Jellyfin both read: `tvshow.nfo` and one per episode.

Tried rules: the file begins with the XML line and numbers an episode as its name does, or Kodi
drops it. A year counts only as a `premiered` date. One `uniqueid` is the default. There is never an
`episodeguide`: with one, Kodi's local scraper stops at the first episode it has no NFO for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from anidana.core import EpisodeFacts, FetchImage, Item, MediaInfo, Sidecar, SidecarWriter, hookimpl

_UNWANTED = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters, and what XML 1.0 has no place for."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DEFAULT_IDS = ("tmdb", "tvdb", "imdb")

_STARS_TO_TEN = 2
"""Jellyfin reads a rating as one of ten, whatever its `max` says."""


class Nfo:
    """Writes both files anew for each episode; a `tvshow.nfo` without facts never replaces one."""

    name = "nfo"

    async def sidecars(self, item: Item, fetch_image: FetchImage) -> list[Sidecar]:
        """The two files."""
        return [
            Sidecar("series", "tvshow.nfo", tvshow(item), keep=item.facts is None),
            Sidecar("episode", ".nfo", episodedetails(item)),
        ]


def tvshow(item: Item) -> bytes:
    """What is known about the series, the same for each of its episodes."""
    series, facts = item.series, item.facts
    root = etree.Element("tvshow")
    _add(root, "title", series.title)
    _add(root, "originaltitle", facts and facts.original_title)
    _add(root, "plot", (facts and facts.plot) or series.description)
    premiered = _premiered(facts.premiered if facts else "", series.year)
    _add(root, "premiered", premiered)
    _add(root, "year", premiered[:4])
    _add(root, "status", (facts and facts.status) or ("Ended" if series.end_year else ""))
    _add_all(root, "genre", (facts and facts.genres) or series.genres)
    _add_all(root, "studio", (facts and facts.studios) or series.studios)
    _add_all(root, "country", series.countries)
    _add_all(root, "director", series.directors)
    _add(root, "mpaa", None if series.fsk is None else f"FSK {series.fsk}")
    _add_rating(root, series.catalogue, series.rating, series.rating_count)
    for order, name in enumerate(series.actors):
        actor = etree.SubElement(root, "actor")
        _add(actor, "name", name)
        _add(actor, "order", order)
    hint = {"imdb": series.imdb} if series.imdb else {}
    _add_ids(root, {**hint, **(facts.ids if facts else {}), series.catalogue: series.key})
    return _written(root)


def episodedetails(item: Item) -> bytes:
    """What is known about the episode and its file."""
    series, episode, number = item.series, item.episode, item.episode.number
    facts = item.facts.episodes.get(number) if item.facts else None
    facts = facts or EpisodeFacts()
    title = episode.title or facts.title or episode.name
    root = etree.Element("episodedetails")
    _add(root, "title", title)
    _add(root, "originaltitle", episode.english_title if episode.english_title != title else "")
    _add(root, "showtitle", series.title)
    _add(root, "season", number.season)
    _add(root, "episode", number.episode)
    _add(root, "plot", facts.plot)
    _add(root, "aired", _premiered(facts.aired, None))
    _add(root, "runtime", max(1, round(item.media.seconds / 60)))
    _add_ids(root, {**facts.ids, series.catalogue: f"{series.key}/{number}"})
    _add_streams(root, item.media)
    return _written(root)


def _premiered(date: str, year: int | None) -> str:
    """A date that servers read; of a year alone, its first day: they then show the right year."""
    if _DATE.fullmatch(date):
        return date
    return f"{year:04d}-01-01" if year else ""


def _add_rating(root: Any, source: str, stars: float | None, votes: int | None) -> None:
    if stars:
        ratings = etree.SubElement(root, "ratings")
        rating = etree.SubElement(ratings, "rating", name=_clean(source), max="10", default="true")
        _add(rating, "value", round(stars * _STARS_TO_TEN, 1))
        _add(rating, "votes", votes)


def _add_ids(root: Any, ids: Mapping[str, str]) -> None:
    known = {source: value for source, value in ids.items() if value}
    default = next((source for source in (*_DEFAULT_IDS, *known) if source in known), "")
    for source, value in known.items():
        attributes = {"type": _clean(source), **({"default": "true"} if source == default else {})}
        etree.SubElement(root, "uniqueid", attributes).text = _clean(value)


def _add_streams(root: Any, media: MediaInfo) -> None:
    streams = etree.SubElement(etree.SubElement(root, "fileinfo"), "streamdetails")
    video = etree.SubElement(streams, "video")
    _add(video, "codec", media.video_codec)
    _add(video, "width", media.width)
    _add(video, "height", media.height)
    _add(video, "durationinseconds", round(media.seconds))
    for language in media.audio_languages:
        audio = etree.SubElement(streams, "audio")
        _add(audio, "codec", media.audio_codec)
        _add(audio, "language", language if language != "und" else "")
        _add(audio, "channels", media.channels or None)
    for language in media.subtitle_languages:
        _add(etree.SubElement(streams, "subtitle"), "language", language if language != "und" else "")


def _add_all(root: Any, tag: str, values: Iterable[str]) -> None:
    for value in values:
        _add(root, tag, value)


def _add(root: Any, tag: str, value: object) -> None:
    """Add a tag; none for what is not known."""
    text = "" if value is None else _clean(str(value))
    if text:
        etree.SubElement(root, tag).text = text


def _clean(text: str) -> str:
    return _UNWANTED.sub("", text.replace("\r\n", "\n")).strip()


def _written(root: Any) -> bytes:
    written: bytes = etree.tostring(
        root, encoding="UTF-8", xml_declaration=True, standalone=True, pretty_print=True
    )
    return written


@hookimpl
def register_metadata() -> list[SidecarWriter]:
    """Offer this one."""
    return [Nfo()]
