"""serienstream.to, once s.to: series, seasons and mirrors.

Pages are read by the modules of their generation, which is the second since early 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from anidana.core import (
    ENGLISH_DUB,
    GERMAN_DUB,
    Catalogue,
    Get,
    Hit,
    Language,
    Link,
    Mirror,
    Number,
    Release,
    Season,
    Series,
    Steps,
    hookimpl,
)

from ._layout import read_mirrors, read_releases, read_season, read_series
from ._links import resolve
from ._search import first_hits, one_line, ranked, shorter
from ._site import Site
from ._v2_feeds import read_search_page, read_suggestions

SITE = Site(
    "serienstream",
    "https://serienstream.to",
    ("serienstream.to", "s.to", "serienstream.cx", "186.2.175.5"),
    "/serie",
    ("staffel-0", "episode"),
    {"1": GERMAN_DUB, "2": ENGLISH_DUB, "3": Language("en", "de")},
)

_ROOT = f"{SITE.url}/"


class Serienstream:
    """The catalogue serienstream.to."""

    name = SITE.name
    url = SITE.url
    domains = SITE.domains

    def key_of(self, url: str) -> str | None:
        """The key in an address of a series, a season or an episode, under any name of the site."""
        address = SITE.read(url)
        return address.key if address else None

    def search(self, query: str) -> Steps[list[Hit]]:
        """Ask for suggestions, then the search page, then both with fewer words."""
        words = one_line(query)
        return (yield from first_hits(list(_ways(words)))) if words else []

    def series(self, key: str) -> Steps[Series]:
        """Read the series page."""
        page = yield Get(SITE.series(key), referer=_ROOT, keep=True)
        return read_series(page, SITE, key)

    def season(self, key: str, number: int) -> Steps[Season]:
        """Read a season's own page, 0 for the films."""
        page = yield Get(SITE.season(key, number), referer=SITE.series(key), keep=True)
        return read_season(page, SITE, number)

    def mirrors(self, key: str, number: Number) -> Steps[list[Mirror]]:
        """Read the episode's page."""
        page = yield Get(SITE.episode(key, number), referer=SITE.season(key, number.season))
        return list(read_mirrors(page, SITE, number))

    def resolve(self, mirror: Mirror) -> Steps[Link]:
        """Ask where the site's redirect leads, of a stale one on the episode's page anew."""
        return resolve(mirror, SITE)

    def newest(self) -> Steps[list[Release]]:
        """Read `/neue-episoden`."""
        page = yield Get(f"{SITE.url}/neue-episoden", referer=_ROOT)
        return read_releases(page, SITE)


def _ways(words: str) -> Iterator[Steps[list[Hit]]]:
    """Every way to search, the best first."""
    yield _suggestions(words)
    yield _search_page(words)
    if fewer := shorter(words):
        yield _suggestions(fewer, meant=words)
        yield _search_page(fewer, meant=words)


def _suggestions(words: str, meant: str = "") -> Steps[list[Hit]]:
    page = yield Get(f"{SITE.url}/api/search/suggest?term={quote(words, safe='')}", referer=_ROOT, keep=True)
    return ranked(read_suggestions(page, SITE), words, meant)


def _search_page(words: str, meant: str = "") -> Steps[list[Hit]]:
    page = yield Get(f"{SITE.url}/suche?term={quote(words, safe='')}&tab=shows", referer=_ROOT, keep=True)
    return ranked(read_search_page(page, SITE), words, meant)


@hookimpl
def register_catalogues() -> list[Catalogue]:
    """Offer this one."""
    return [Serienstream()]
