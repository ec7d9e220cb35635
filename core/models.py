"""The nouns of the house as frozen values; plain data, no I/O.

Words as in docs/architecture.md: a catalogue lists series; a mirror is one offer of one
episode; a provider turns a mirror's link into a stream.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Language:
    """An audio language plus an optional subtitle language, both BCP 47: `de`, `ja+de`, `ja+en`."""

    audio: str
    subtitles: str | None = None

    @classmethod
    def parse(cls, text: str) -> Language:
        """Read `de` or `ja+de`; ValueError for anything else."""
        if not re.fullmatch(r"[a-z]{2,3}(\+[a-z]{2,3})?", text):
            raise ValueError(f"{text!r} is not a language such as 'de' (dub) or 'ja+de' (subtitles)")
        audio, _, subtitles = text.partition("+")
        return cls(audio, subtitles or None)

    @property
    def label(self) -> str:
        """What people call it: `German dub`, `English sub`."""
        name = _LANGUAGE_NAMES.get(self.subtitles or self.audio, self.subtitles or self.audio)
        return f"{name} {'sub' if self.subtitles else 'dub'}"

    def __str__(self) -> str:
        return f"{self.audio}+{self.subtitles}" if self.subtitles else self.audio


_LANGUAGE_NAMES = {"de": "German", "en": "English", "ja": "Japanese"}

GERMAN_DUB = Language("de")
GERMAN_SUB = Language("ja", "de")
ENGLISH_SUB = Language("ja", "en")
ENGLISH_DUB = Language("en")
NO_LANGUAGE = Language("und")
"""Nobody said which; any will do."""


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """Where an episode stands in the catalogue's own counting; season 0 holds films and specials."""

    season: int
    episode: int

    def __str__(self) -> str:
        return f"S{self.season:02d}E{self.episode:02d}"


class Kind(StrEnum):
    """What an entry of a catalogue is; films and specials stand in season 0."""

    EPISODE = "episode"
    MOVIE = "movie"
    OVA = "ova"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True)
class Hit:
    """One series that a catalogue's search found; `key` is its slug there."""

    catalogue: str
    key: str
    title: str
    url: str
    year: int | None = None
    description: str = ""
    cover: str | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """One entry of a season table.

    `title` is in the catalogue's language and may be empty, then `english_title` is all there is.
    `absolute` counts through all seasons. `languages` and `providers` are what the table claims;
    the episode's own page decides. `filed_as` is its number among the specials of the library.
    """

    number: Number
    title: str
    english_title: str = ""
    kind: Kind = Kind.EPISODE
    absolute: int | None = None
    languages: tuple[Language, ...] = ()
    providers: tuple[str, ...] = ()
    filed_as: int | None = None

    @property
    def place(self) -> Number:
        """Its number in the library: the catalogue's, but for specials that are counted otherwise."""
        return self.number if self.filed_as is None else Number(0, self.filed_as)

    @property
    def name(self) -> str:
        """The best title there is, or what people say without one."""
        return self.title or self.english_title or f"Episode {self.number.episode}"


@dataclass(frozen=True, slots=True)
class Series:
    """What a catalogue's series page says; `seasons` are the numbers it links to, 0 for its films.

    `rating` is in stars of five.
    """

    catalogue: str
    key: str
    title: str
    url: str
    seasons: tuple[int, ...]
    alternative_titles: tuple[str, ...] = ()
    year: int | None = None
    end_year: int | None = None
    description: str = ""
    cover: str | None = None
    backdrop: str | None = None
    genres: tuple[str, ...] = ()
    fsk: int | None = None
    imdb: str | None = None
    directors: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    studios: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    rating: float | None = None
    rating_count: int | None = None


@dataclass(frozen=True, slots=True)
class Season:
    """All entries of one season table."""

    number: int
    episodes: tuple[Episode, ...]


@dataclass(frozen=True, slots=True)
class Mirror:
    """One offer of one episode: the provider's label at the catalogue, a language, the catalogue's link.

    `url` may be good for minutes only and is never stored; `page` is where a fresh one can be read.
    """

    provider: str
    language: Language
    url: str = field(repr=False)
    page: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """An episode that a catalogue lists as new; `language` is the one that has come, if it says so."""

    key: str
    number: Number
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A mirror's address at the streaming host, and the page that pointed there."""

    url: str
    referer: str | None = None

    @property
    def host(self) -> str:
        """The host name in lower case, without a leading `www.`; empty if the address has none."""
        try:
            return (urlsplit(self.url).hostname or "").removeprefix("www.")
        except ValueError:
            return ""


@dataclass(frozen=True, slots=True)
class Stream:
    """What can be downloaded: made by a provider, used at once, never stored.

    `headers` are what the media server wants to see besides the User-Agent of the extraction;
    `height` is in pixels, `size` in bytes; links are refused after `expires`. `stand_in` is the size of a
    clip that the host is known to send in place of the film.
    """

    url: str
    kind: Literal["hls", "file", "page"]
    headers: Mapping[str, str] = field(default_factory=dict)
    height: int | None = None
    size: int | None = None
    expires: datetime | None = None
    stand_in: int | None = None

    @classmethod
    def hls(
        cls,
        url: str,
        *,
        referer: str | None = None,
        headers: Mapping[str, str] | None = None,
        height: int | None = None,
        expires: datetime | None = None,
    ) -> Stream:
        """A playlist; `referer` is sent with it and with every segment."""
        sent = {**({"Referer": referer} if referer else {}), **(headers or {})}
        return cls(url, "hls", sent, height, expires=expires)

    @classmethod
    def file(
        cls,
        url: str,
        *,
        referer: str | None = None,
        headers: Mapping[str, str] | None = None,
        height: int | None = None,
        expires: datetime | None = None,
        stand_in: int | None = None,
    ) -> Stream:
        """One file, mostly mp4."""
        sent = {**({"Referer": referer} if referer else {}), **(headers or {})}
        return cls(url, "file", sent, height, expires=expires, stand_in=stand_in)

    @classmethod
    def page(cls, url: str) -> Stream:
        """A page of a site that yt-dlp has an extractor of its own for; nobody else can read it."""
        return cls(url, "page")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One mirror tried. `result` is `ok`, `cancelled` or an error's code; `seconds` is how long it took.

    `retry_after` is the host's own wish, in seconds.
    """

    provider: str
    language: Language
    result: str
    reason: str = ""
    seconds: float = 0.0
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the container says about itself; `seconds` long, one ISO 639 tag (or `und`) per track."""

    container: str
    seconds: float
    size: int
    video_codec: str
    width: int
    height: int
    audio_codec: str
    audio_languages: tuple[str, ...]
    subtitle_languages: tuple[str, ...] = ()
    channels: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the cast, with the name of the part and the address of a picture."""

    name: str
    role: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """What the users of a metadata source think: points of ten, and how many of them voted."""

    points: float
    votes: int | None = None


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """What a metadata source knows about one episode or film, under the catalogue's number.

    `shown_before` is the episode that a special belongs before. `pictures` are as in `SeriesFacts`.
    """

    title: str = ""
    plot: str = ""
    aired: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    minutes: int | None = None
    score: Score | None = None
    directors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    guests: tuple[Person, ...] = ()
    shown_before: Number | None = None
    pictures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeasonFacts:
    """What a metadata source knows about a season, under the catalogue's number."""

    title: str = ""
    plot: str = ""
    premiered: str = ""


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What a metadata source knows about a series; dates are `YYYY-MM-DD`, empty where unknown.

    `ids` maps a provider (`tmdb`, `tvdb`, `imdb`) to its id; `poster` and `fanart` are addresses.
    `pictures` maps what media servers call a picture (`clearlogo`, `season01-poster`, an episode's
    `thumb`) to addresses, best first. `runtime` is in minutes, `trailer` the id of a video at YouTube.
    """

    source: str
    title: str
    original_title: str = ""
    plot: str = ""
    premiered: str = ""
    status: str = ""
    genres: tuple[str, ...] = ()
    studios: tuple[str, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    poster: str | None = None
    fanart: str | None = None
    episodes: Mapping[Number, EpisodeFacts] = field(default_factory=dict)
    tagline: str = ""
    ended: str = ""
    runtime: int | None = None
    certificate: str = ""
    trailer: str = ""
    score: Score | None = None
    tags: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    cast: tuple[Person, ...] = ()
    seasons: Mapping[int, SeasonFacts] = field(default_factory=dict)
    pictures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """Everything that may be written beside one video: input of NFO and artwork writers.

    `more` are further episodes that the same file holds. A `film` lies in a film library, with
    nothing of its series around it. `present` are pictures that are there already, by the names of
    their sidecars without extension (`poster`, `-thumb`): nobody need fetch these.
    """

    series: Series
    episode: Episode
    language: Language
    media: MediaInfo
    facts: SeriesFacts | None = None
    more: tuple[Episode, ...] = ()
    film: bool = False
    present: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file to be filed with an episode.

    `beside="series"`: `name` is a file name in the series folder (`tvshow.nfo`, `poster.jpg`).
    `beside="season"`: in the season's folder (`season.nfo`); not written where seasons have none.
    `beside="episode"`: `name` is what follows the video's stem (`.nfo`, `-thumb.jpg`).
    With `keep`, a file that is already there stays.
    """

    beside: Literal["series", "season", "episode"]
    name: str
    content: bytes = field(repr=False)
    keep: bool = False
