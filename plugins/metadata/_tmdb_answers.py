"""What TMDB answers, as far as it is read; beyond that see _tmdb_extras.py."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator

from ._tmdb_extras import EntryExtras, Extras, SeasonExtras

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""TMDB says null where it has no text."""


class Show(BaseModel, frozen=True):
    """A series as a search lists it."""

    id: int
    name: Text = ""
    original_name: Text = ""
    first_air_date: Text = ""

    @property
    def year(self) -> int | None:
        """When it began."""
        return int(self.first_air_date[:4]) if self.first_air_date[:4].isdecimal() else None


class Film(BaseModel):
    """A film as a search lists it."""

    id: int
    title: Text = ""
    original_title: Text = ""
    overview: Text = ""
    release_date: Text = ""
    original_language: Text = ""
    poster_path: str | None = None
    backdrop_path: str | None = None


class Named(BaseModel):
    """A genre or a studio."""

    name: Text = ""


class SeasonCount(SeasonExtras):
    """How many episodes a season has."""

    season_number: int
    episode_count: int = 0


class ExternalIds(BaseModel):
    """What other databases call a series."""

    imdb_id: Text = ""
    tvdb_id: int | None = None


class Details(Show, Extras):
    """All that is asked about one series."""

    overview: Text = ""
    original_language: Text = ""
    status: Text = ""
    genres: list[Named] = []
    production_companies: list[Named] = []
    seasons: list[SeasonCount] = []
    external_ids: ExternalIds = ExternalIds()
    poster_path: str | None = None
    backdrop_path: str | None = None


Minutes = Annotated[int | None, BeforeValidator(lambda value: value if value in range(1, 1000) else None)]
"""TMDB says 0 or null where it does not know."""


class Entry(EntryExtras):
    """An episode of a season."""

    id: int
    episode_number: int
    name: Text = ""
    overview: Text = ""
    air_date: Text = ""
    runtime: Minutes = None


class Shows(BaseModel):
    """Series that a search finds."""

    results: list[Show] = []


class ShowsById(BaseModel):
    """Series with an id of another database."""

    tv_results: list[Show] = []


class Title(BaseModel):
    """A title in some country."""

    title: Text = ""


class Titles(BaseModel):
    """What a series is called elsewhere."""

    results: list[Title] = []


class Entries(BaseModel):
    """The episodes of a season."""

    episodes: list[Entry] = []


class Films(BaseModel):
    """Films that a search finds."""

    results: list[Film] = []


class EpisodeGroup(BaseModel):
    """An order of a series' episodes."""

    id: str
    type: int = 0


class Groups(BaseModel):
    """All orders of a series' episodes."""

    results: list[EpisodeGroup] = []


class EpisodeId(BaseModel):
    """An episode in an order."""

    id: int


class Part(BaseModel):
    """A part of an order."""

    order: int = 0
    episodes: list[EpisodeId] = []


class Parts(BaseModel):
    """An order, part by part."""

    groups: list[Part] = []
