"""NFO files that Kodi and Jellyfin both read: `tvshow.nfo`, `season.nfo`, and one per video.

Tried rules: the file begins with the XML line and numbers an episode as its name does, or Kodi
drops it; a file of several episodes has one root for each, one after the other. A year counts only
as a `premiered` date. One `uniqueid` is the default; with any, both servers pass over `id` and its
like. There is never an `episodeguide`: with one, Kodi's local scraper stops at the first episode it
has no NFO for. What has been watched is the servers' own affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from anidana.core import (
    Episode,
    EpisodeFacts,
    FetchImage,
    Item,
    MediaInfo,
    Number,
    Person,
    Score,
    SeasonFacts,
    SeriesFacts,
    Sidecar,
    SidecarWriter,
    hookimpl,
)

NO_PLOT = "No description yet: no metadata was found. It is looked for again by: anidana nfo"
"""What a series says that neither its catalogue nor a metadata source describes."""

TRAILER = "plugin://plugin.video.youtube/?action=play_video&videoid="
"""Jellyfin knows this add-on's addresses as well as Kodi does."""

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_UNWANTED = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters, and what XML 1.0 has no place for."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DEFAULT_IDS = ("tmdb", "tvdb", "imdb")
_MOST_PEOPLE = 50

_STARS_TO_TEN = 2
"""Jellyfin reads a rating as one of ten, whatever its `max` says."""


class Nfo:
    """Writes all files anew for each episode; those of a series without facts never replace one."""

    name = "nfo"

    async def sidecars(self, item: Item, fetch_image: FetchImage) -> list[Sidecar]:
        """The film's file; or the episode's, its series', and its season's if anything is known of it."""
        if item.film:
            return [Sidecar("episode", ".nfo", movie(item))]
        files = [
            Sidecar("series", "tvshow.nfo", tvshow(item), keep=item.facts is None),
            Sidecar("episode", ".nfo", episodedetails(item)),
        ]
        if (facts := _season_facts(item)) is not None:
            files.append(Sidecar("season", "season.nfo", season(item.episode.place.season, facts)))
        return files


def tvshow(item: Item) -> bytes:
    """What is known about the series, the same for each of its episodes."""
    series, facts = item.series, item.facts or SeriesFacts("", "")
    root = etree.Element("tvshow")
    _add(root, "title", series.title)
    _add(root, "originaltitle", facts.original_title)
    _add(root, "plot", facts.plot or series.description or NO_PLOT)
    _add(root, "tagline", facts.tagline)
    _add_dates(root, facts.premiered, series.year)
    _add(root, "enddate", _date(facts.ended))
    _add(root, "status", facts.status or ("Ended" if series.end_year else ""))
    _add(root, "runtime", facts.runtime)
    _add_about(root, item)
    for number, one in sorted(facts.seasons.items()):
        if text := _clean(one.title):
            etree.SubElement(root, "namedseason", number=str(number)).text = text
    hint = {"imdb": series.imdb} if series.imdb else {}
    _add_ids(root, {**hint, **facts.ids, series.catalogue: series.key})
    return _written(root)


def season(number: int, facts: SeasonFacts) -> bytes:
    """What is known about a season; Kodi reads its name in `tvshow.nfo`, Jellyfin here as well."""
    root = etree.Element("season")
    _add(root, "title", facts.title)
    _add(root, "seasonnumber", number)
    _add(root, "plot", facts.plot)
    _add_dates(root, facts.premiered, None)
    return _written(root)


def episodedetails(item: Item) -> bytes:
    """What is known about the file and each of its episodes."""
    episodes = (item.episode, *item.more)
    return _written(*(_episode(item, episode, len(episodes)) for episode in episodes))


def movie(item: Item) -> bytes:
    """What is known about a film that lies in a film library; its series lends what a film shares."""
    series, episode = item.series, item.episode
    facts = _facts_of(item, episode)
    title = episode.title or facts.title or episode.name
    root = etree.Element("movie")
    _add(root, "title", title)
    _add(root, "originaltitle", episode.english_title if episode.english_title != title else "")
    _add(root, "plot", facts.plot or NO_PLOT)
    _add_dates(root, facts.aired, None)
    _add(root, "runtime", _minutes(item.media, 1))
    _add_about(root, item, facts)
    _add_ids(root, {**facts.ids, series.catalogue: f"{series.key}/{episode.number}"})
    _add_streams(root, item.media)
    return _written(root)


def _episode(item: Item, episode: Episode, in_file: int) -> Any:
    series, number, facts = item.series, episode.number, _facts_of(item, episode)
    title = episode.title or facts.title or episode.name
    root = etree.Element("episodedetails")
    _add(root, "title", title)
    _add(root, "originaltitle", episode.english_title if episode.english_title != title else "")
    _add(root, "showtitle", series.title)
    _add(root, "season", episode.place.season)
    _add(root, "episode", episode.place.episode)
    _add_place(root, facts.shown_before)
    _add(root, "plot", facts.plot)
    _add_dates(root, facts.aired, None, "aired", "premiered")
    _add(root, "runtime", _minutes(item.media, in_file))
    _add_score(root, "tmdb" if item.facts is None else item.facts.source, facts.score)
    _add(root, "mpaa", _certificate(item))
    _add_all(root, "director", facts.directors or series.directors)
    _add_all(root, "credits", facts.writers)
    _add_all(root, "studio", (item.facts and item.facts.studios) or series.studios)
    _add_people(root, facts.guests)
    _add_ids(root, {**facts.ids, series.catalogue: f"{series.key}/{number}"})
    _add_streams(root, item.media)
    return root


def _facts_of(item: Item, episode: Episode) -> EpisodeFacts:
    found = item.facts.episodes.get(episode.number) if item.facts else None
    return found or EpisodeFacts()


def _season_facts(item: Item) -> SeasonFacts | None:
    return item.facts.seasons.get(item.episode.place.season) if item.facts else None


def _minutes(media: MediaInfo, in_file: int) -> int | None:
    return max(1, round(media.seconds / 60 / in_file)) if media.seconds else None


def _date(text: str) -> str:
    """A date that servers read, or nothing."""
    return text if _DATE.fullmatch(text) else ""


def _certificate(item: Item) -> str:
    known = item.facts.certificate if item.facts else ""
    return known or ("" if item.series.fsk is None else f"FSK {item.series.fsk}")


def _add_dates(root: Any, date: str, year: int | None, *tags: str) -> None:
    """The date under each tag, and its year; of a year alone, its first day: servers then show that year."""
    known = _date(date) or (f"{year:04d}-01-01" if year else "")
    for tag in tags or ("premiered",):
        _add(root, tag, known)
    _add(root, "year", known[:4])


def _add_place(root: Any, before: Number | None) -> None:
    """Where a special belongs among the other episodes."""
    if before is not None:
        _add(root, "displayseason", before.season)
        _add(root, "displayepisode", before.episode)


def _add_about(root: Any, item: Item, film: EpisodeFacts | None = None) -> None:
    """What a series' file and a film's share."""
    series, facts = item.series, item.facts or SeriesFacts("", "")
    _add_all(root, "genre", facts.genres or series.genres)
    _add_all(root, "tag", facts.tags)
    _add_all(root, "studio", facts.studios or series.studios)
    _add_all(root, "country", facts.countries or series.countries)
    _add_all(root, "director", (film and film.directors) or series.directors)
    _add_all(root, "credits", film.writers if film else facts.writers)
    _add(root, "mpaa", _certificate(item))
    if film is not None:
        _add_score(root, facts.source, film.score)
    else:
        _add_score(root, facts.source, facts.score, series.catalogue, _stars(item))
        _add(root, "trailer", TRAILER + facts.trailer if facts.trailer else "")
    _add_people(root, (film and film.guests) or facts.cast or tuple(map(Person, series.actors)))


def _stars(item: Item) -> Score | None:
    if not item.series.rating:
        return None
    return Score(item.series.rating * _STARS_TO_TEN, item.series.rating_count)


def _add_score(
    root: Any, source: str, score: Score | None, other: str = "", others: Score | None = None
) -> None:
    """Ratings by their sources; the first is the one that is shown."""
    known = [(name, one) for name, one in ((source, score), (other, others)) if one and 0 < one.points <= 10]
    if not known:
        return
    ratings = etree.SubElement(root, "ratings")
    for number, (name, one) in enumerate(known):
        default = {} if number else {"default": "true"}
        rating = etree.SubElement(ratings, "rating", {"name": _clean(name), "max": "10", **default})
        _add(rating, "value", round(one.points, 1))
        _add(rating, "votes", one.votes)


def _add_people(root: Any, people: Iterable[Person]) -> None:
    for order, person in enumerate(list(people)[:_MOST_PEOPLE]):
        actor = etree.SubElement(root, "actor")
        _add(actor, "name", person.name)
        _add(actor, "role", person.role)
        _add(actor, "order", order)
        _add(actor, "thumb", person.picture)


def _add_ids(root: Any, ids: Mapping[str, str]) -> None:
    known = {source: value for source, value in ids.items() if value}
    default = next((source for source in (*_DEFAULT_IDS, *known) if source in known), "")
    for source, value in known.items():
        attributes = {"type": _clean(source), **({"default": "true"} if source == default else {})}
        etree.SubElement(root, "uniqueid", attributes).text = _clean(value)


def _add_streams(root: Any, media: MediaInfo) -> None:
    if not media.video_codec:  # a file that nobody could read
        return
    streams = etree.SubElement(etree.SubElement(root, "fileinfo"), "streamdetails")
    video = etree.SubElement(streams, "video")
    _add(video, "codec", media.video_codec)
    _add(video, "aspect", f"{media.width / media.height:.6f}" if media.height else "")
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
    for value in dict.fromkeys(values):
        _add(root, tag, value)


def _add(root: Any, tag: str, value: object) -> None:
    """Add a tag; none for what is not known."""
    text = "" if value is None else _clean(str(value))
    if text:
        etree.SubElement(root, tag).text = text


def _clean(text: str) -> str:
    if text.isascii() and text.isprintable():  # most are, and it is asked at a tenth of the price
        return text.strip()
    return _UNWANTED.sub("", text.replace("\r\n", "\n")).strip()


def _written(*roots: Any) -> bytes:
    # One XML line for all: a second one between two roots is more than some readers take.
    texts = [etree.tostring(root, encoding="UTF-8", pretty_print=True) for root in roots]
    return b"".join([_DECLARATION, *texts])


@hookimpl
def register_metadata() -> list[SidecarWriter]:
    """Offer this one."""
    return [Nfo()]
