"""aniworld.to: series, seasons and mirrors; which pages to ask for, and when to go another way.

Pages are read by the modules of their generation, which is the first in 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from anidana.core import (
    ENGLISH_DUB,
    ENGLISH_SUB,
    GERMAN_DUB,
    GERMAN_SUB,
    Catalogue,
    Get,
    Hit,
    Link,
    Mirror,
    Number,
    Post,
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
from ._v1_lists import find_titles, read_index, read_series_search, read_site_search

SITE = Site(
    "aniworld",
    "https://aniworld.to",
    ("aniworld.to", "aniworld.cc", "186.2.175.111"),
    "/anime/stream",
    ("filme", "film"),
    {"1": GERMAN_DUB, "2": ENGLISH_SUB, "3": GERMAN_SUB, "4": ENGLISH_DUB},
)

_ROOT = f"{SITE.url}/"
_SCRIPTED = {"X-Requested-With": "XMLHttpRequest"}


class Aniworld:
    """The catalogue aniworld.to."""

    name = SITE.name
    url = SITE.url
    domains = SITE.domains

    def key_of(self, url: str) -> str | None:
        """The key in an address of a series, a season or an episode, under any name of the site."""
        address = SITE.read(url)
        return address.key if address else None

    def search(self, query: str) -> Steps[list[Hit]]:
        """Ask both search endpoints, then with fewer words, then look through the index of all titles."""
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
        """Ask where the site's redirect leads; Gone if it leads back to the site."""
        return resolve(mirror, SITE)

    def newest(self) -> Steps[list[Release]]:
        """Read `/neue-episoden`."""
        page = yield Get(f"{SITE.url}/neue-episoden", referer=_ROOT)
        return read_releases(page, SITE)


def _ways(words: str) -> Iterator[Steps[list[Hit]]]:
    """Every way to search, the best first."""
    yield _series_search(words)
    yield _site_search(words)
    if fewer := shorter(words):
        yield _series_search(fewer, meant=words)
        yield _site_search(fewer, meant=words)
    yield _index(words)


def _series_search(words: str, meant: str = "") -> Steps[list[Hit]]:
    url = f"{SITE.url}/ajax/seriesSearch?keyword={quote(words, safe='')}"
    page = yield Get(url, referer=_ROOT, headers=_SCRIPTED, keep=True)
    return ranked(read_series_search(page, SITE), words, meant)


def _site_search(words: str, meant: str = "") -> Steps[list[Hit]]:
    page = yield Post(f"{SITE.url}/ajax/search", {"keyword": words}, referer=_ROOT, headers=_SCRIPTED)
    return ranked(read_site_search(page, SITE), words, meant)


def _index(words: str) -> Steps[list[Hit]]:
    page = yield Get(f"{SITE.url}/animes-alphabet", referer=_ROOT, keep=True)
    return find_titles(read_index(page, SITE), words, SITE)


@hookimpl
def register_catalogues() -> list[Catalogue]:
    """Offer this one."""
    return [Aniworld()]
