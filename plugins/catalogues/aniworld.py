"""aniworld.to: series, seasons and mirrors; which pages to ask for, and when to go another way.

Pages are read by the modules of their generation, `_v1_*.py`. Links to hosts are plain redirects.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from anidana.core import (
    Catalogue,
    Get,
    Gone,
    Hit,
    Link,
    Mirror,
    NeedsPerson,
    Number,
    Page,
    PageChanged,
    Post,
    Season,
    Series,
    SourceError,
    Steps,
    find_gate,
    hookimpl,
)

from ._v1_episodes import read_episode, read_season
from ._v1_lists import (
    LIKELY,
    best_first,
    find_titles,
    read_index,
    read_series_search,
    read_site_search,
    shorter,
)
from ._v1_series import read_series
from ._v1_site import Site

log = logging.getLogger(__name__)

SITE = Site("aniworld", "https://aniworld.to", ("aniworld.to", "aniworld.cc", "186.2.175.111"))

_ROOT = f"{SITE.url}/"
_SCRIPTED = {"X-Requested-With": "XMLHttpRequest"}
_MOST_HOPS = 3


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
        """Ask both search endpoints, then with fewer words, then look through the index of all titles.

        A way that is not what it was leads to the next one; its error comes out only if no way
        answered. A site that refuses us, or shows a gate, does so on every way.
        """
        words = " ".join(query.encode("utf-8", "replace").decode().split())
        if not words:
            return []
        errors: list[SourceError] = []
        ways = list(_ways(words))
        for way in ways:
            try:
                if hits := (yield from way):
                    return hits
            except (Gone, PageChanged) as error:
                log.info("aniworld: one way to search failed: %s", error)
                errors.append(error)
        if len(errors) == len(ways):
            raise next((error for error in errors[::-1] if isinstance(error, PageChanged)), errors[-1])
        return []

    def series(self, key: str) -> Steps[Series]:
        """Read the series page."""
        page = yield Get(SITE.series(key), referer=_ROOT)
        return read_series(page, SITE, key).series

    def season(self, key: str, number: int) -> Steps[Season]:
        """Read a season's own page, 0 for the films."""
        page = yield Get(SITE.season(key, number), referer=SITE.series(key))
        return read_season(page, SITE, number).season

    def mirrors(self, key: str, number: Number) -> Steps[list[Mirror]]:
        """Read the episode's page."""
        page = yield Get(SITE.episode(key, number), referer=SITE.season(key, number.season))
        return list(read_episode(page, SITE, number).mirrors)

    def resolve(self, mirror: Mirror) -> Steps[Link]:
        """Ask where the site's redirect leads; Gone if it leads back to the site."""
        url = mirror.url
        for _ in range(_MOST_HOPS):
            page = yield Get(url, referer=_ROOT, follow=False)
            url = _target(page)
            parts = urlsplit(url)
            if not SITE.owns(parts.hostname or ""):
                return Link(url, _ROOT)
            if not parts.path.startswith("/redirect/"):
                break
        if parts.path in ("", "/") or SITE.read(url):
            raise Gone("the site has no such link any more")
        raise PageChanged(f"the link leads to {parts.path[:60]} of the site")


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
    page = yield Get(url, referer=_ROOT, headers=_SCRIPTED)
    return _ranked(read_series_search(page, SITE), words, meant)


def _site_search(words: str, meant: str = "") -> Steps[list[Hit]]:
    page = yield Post(f"{SITE.url}/ajax/search", {"keyword": words}, referer=_ROOT, headers=_SCRIPTED)
    return _ranked(read_site_search(page, SITE), words, meant)


def _index(words: str) -> Steps[list[Hit]]:
    page = yield Get(f"{SITE.url}/animes-alphabet", referer=_ROOT)
    return find_titles(read_index(page, SITE), words, SITE)


def _ranked(hits: list[Hit], words: str, meant: str) -> list[Hit]:
    """The site's own answer as it is, that to fewer words only where it is likely."""
    return best_first(hits, meant, least=LIKELY) if meant else best_first(hits, words)


def _target(page: Page) -> str:
    """Where a redirect leads; without one it is a gate, or a page we do not know."""
    target = page.headers.get("location", "")
    if not 300 <= page.status < 400 or not target:
        if (gate := find_gate(page.text)) is not None:
            raise NeedsPerson(f"a gate ({gate}) stands before the host", url=page.url)
        raise PageChanged("the link does not lead to a host")
    url = page.join(target)
    if urlsplit(url).scheme not in ("http", "https") or not url.isprintable():
        raise PageChanged("the redirect does not lead to a web address")
    return url


@hookimpl
def register_catalogues() -> list[Catalogue]:
    """Offer this one."""
    return [Aniworld()]
