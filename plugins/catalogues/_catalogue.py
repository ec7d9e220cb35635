"""A catalogue at one of the two sites: which pages it asks for. Only their ways to search differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from anidana.core import Get, Hit, Link, Mirror, Number, Release, Season, Series, Steps

from ._layout import read_mirrors, read_releases, read_season, read_series
from ._links import resolve
from ._search import first_hits, one_line
from ._site import Site

Ways: TypeAlias = Callable[[str], Iterator[Steps[list[Hit]]]]
"""Every way to search for some words, the best first."""


class SiteCatalogue:
    """The catalogue of a site, searched in these ways."""

    def __init__(self, site: Site, ways: Ways) -> None:
        self.name, self.url, self.domains = site.name, site.url, site.domains
        self._site, self._ways = site, ways

    def key_of(self, url: str) -> str | None:
        """The key in an address of a series, a season or an episode, under any name of the site."""
        address = self._site.read(url)
        return address.key if address else None

    def search(self, query: str) -> Steps[list[Hit]]:
        """The hits of the first way to search that finds any."""
        words = one_line(query)
        return (yield from first_hits(list(self._ways(words)))) if words else []

    def series(self, key: str) -> Steps[Series]:
        """Read the series page."""
        page = yield Get(self._site.series(key), referer=f"{self.url}/", keep=True)
        return read_series(page, self._site, key)

    def season(self, key: str, number: int) -> Steps[Season]:
        """Read a season's own page, 0 for the films."""
        page = yield Get(self._site.season(key, number), referer=self._site.series(key), keep=True)
        return read_season(page, self._site, number)

    def mirrors(self, key: str, number: Number) -> Steps[list[Mirror]]:
        """Read the episode's page."""
        page = yield Get(self._site.episode(key, number), referer=self._site.season(key, number.season))
        return list(read_mirrors(page, self._site, number))

    def resolve(self, mirror: Mirror) -> Steps[Link]:
        """Ask where the site's redirect leads, of a stale one on the episode's page anew."""
        return resolve(mirror, self._site)

    def newest(self) -> Steps[list[Release]]:
        """Read `/neue-episoden`."""
        page = yield Get(f"{self.url}/neue-episoden", referer=f"{self.url}/")
        return read_releases(page, self._site)
