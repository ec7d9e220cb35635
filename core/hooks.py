"""The hook specifications: what a plugin can offer, and what an offer must look like.

Hooks only collect. They are called once at start, do no I/O and return objects; the work is
done by the methods of those objects. A plugin is a module with `@hookimpl` functions, named in
the entry-point group `anidana.plugins`; built-in ones come the same way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

import pluggy

from .models import (
    Episode,
    EpisodeFacts,
    Hit,
    Item,
    Link,
    Mirror,
    Number,
    Release,
    Season,
    Series,
    SeriesFacts,
    Sidecar,
    Stream,
)
from .news import MediaServer, News
from .steps import Page, Steps

GROUP = "anidana.plugins"

hookspec = pluggy.HookspecMarker("anidana")
hookimpl = pluggy.HookimplMarker("anidana")


@runtime_checkable
class Provider(Protocol):
    """A streaming host: turns a link into a stream.

    `name` is the catalogue's label for the host; an attribute `labels` may list others. `domains`
    are host names it is known by, data that goes stale and never a reason to refuse a link.
    `headers` are hints for requests to the host, mostly a Referer. An attribute `accept` may list statuses
    of 400 and above at which a link is not given up, for `extract` knows another way. An attribute
    `replaces`, equal to `name`, takes the place of the built-in provider of that name.
    """

    name: str

    @property
    def domains(self) -> tuple[str, ...]:
        """Host names; an attribute will do."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by name; an attribute will do."""
        ...

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the pages it takes and return the stream; one of our SourceErrors says why not."""
        ...


@runtime_checkable
class Recogniser(Protocol):
    """What a provider may do besides: tell its host's pages from others', whatever their address."""

    def recognises(self, page: Page) -> bool:
        """Whether the page is this host's: asked where neither label nor domain says whose it is."""
        ...


@runtime_checkable
class Catalogue(Protocol):
    """A site that lists series, their episodes and, per language, mirrors.

    `url` is the site's root. `key` is the site's slug of a series, taken from its links.
    """

    name: str
    url: str

    @property
    def domains(self) -> tuple[str, ...]:
        """Host names; an attribute will do."""
        ...

    def key_of(self, url: str) -> str | None:
        """The key in an address of this site, None for any other address."""
        ...

    def search(self, query: str) -> Steps[list[Hit]]:
        """Series that fit the words, best first; an empty list if there are none."""
        ...

    def series(self, key: str) -> Steps[Series]:
        """The series page; Gone if the site does not know the key."""
        ...

    def season(self, key: str, number: int) -> Steps[Season]:
        """One season's table; 0 for films and specials."""
        ...

    def mirrors(self, key: str, number: Number) -> Steps[list[Mirror]]:
        """What the episode's page offers; an empty list if it is announced but not out."""
        ...

    def resolve(self, mirror: Mirror) -> Steps[Link]:
        """Follow the catalogue's own link to the streaming host."""
        ...


@runtime_checkable
class Feed(Protocol):
    """What a catalogue may do besides: list in one page what is new on the whole site."""

    def newest(self) -> Steps[list[Release]]:
        """The newest entries, newest first; one for each language that came."""
        ...


@dataclass(frozen=True, slots=True)
class Access:
    """What a metadata source may use: its key, another address than its own, languages by rank.

    `pictures` is the size that the owner wants: `small`, `large` or `original`. `id` is the source's own
    of the series, where it was found before or chosen by the owner; then nothing is searched.
    """

    key: str = field(repr=False)
    url: str | None = None
    languages: tuple[str, ...] = ("de", "en")
    pictures: str = "large"
    id: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One episode or film as a metadata source lists it; `id` is the source's, a film has no `number`.

    `english_title` and `titles`, those in other languages, are what it is known by; placeholders are
    none. `absolute` counts through all seasons.
    """

    id: str
    number: Number | None = None
    english_title: str = ""
    titles: tuple[str, ...] = ()
    absolute: int | None = None
    facts: EpisodeFacts = EpisodeFacts()  # noqa: RUF009 - frozen

    @property
    def key(self) -> str:
        """What no other of the series is called: `S01E05`, `film 1234`."""
        return f"film {self.id}" if self.number is None else str(self.number)


@dataclass(frozen=True, slots=True)
class Known:
    """What a metadata source knows: the series, and all that it lists of it under its own numbers.

    Seasons in the facts are the source's, too, and no episodes are in them: numbering.py pairs them.
    `id` is the source's own of the series.
    """

    id: str
    facts: SeriesFacts
    listed: tuple[Listed, ...] = ()


@runtime_checkable
class MetadataSource(Protocol):
    """A database that knows series better than the catalogue does."""

    name: str

    async def describe(self, series: Series, episodes: Sequence[Episode], access: Access) -> Known | None:
        """What it knows about the series and its films among these episodes; None without a sure match.

        Gone if it has no series of the id in `access`.
        """
        ...


FetchImage: TypeAlias = Callable[[str], Awaitable[bytes]]
"""Download one picture: JPEG, PNG or WebP bytes that were checked; SourceError if there is none."""


@runtime_checkable
class SidecarWriter(Protocol):
    """Makes the files that lie beside a video; the core decides where and writes them."""

    name: str

    async def sidecars(self, item: Item, fetch_image: FetchImage) -> list[Sidecar]:
        """The files for this episode and its series."""
        ...


@runtime_checkable
class Action(Protocol):
    """Tells a media server about new files. `name` is the `kind` of servers it knows."""

    name: str

    async def tell(self, server: MediaServer, news: News) -> None:
        """Ask the server to look at the files; Refused if it does not answer or will not."""
        ...

    async def confirm(self, server: MediaServer, news: News) -> bool:
        """Whether the server lists every file of the news by now."""
        ...


@hookspec
def register_providers() -> list[Provider]:
    """Streaming hosts this plugin can read."""
    return []


@hookspec
def register_catalogues() -> list[Catalogue]:
    """Sites this plugin can read series from."""
    return []


@hookspec
def register_metadata() -> list[MetadataSource | SidecarWriter]:
    """Metadata sources and sidecar writers of this plugin; writers run in order of their names."""
    return []


@hookspec
def register_actions() -> list[Action]:
    """Media servers this plugin can tell about new files."""
    return []
