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
    Post,
    Steps,
    hookimpl,
)

from ._catalogue import SiteCatalogue
from ._search import ranked, shorter
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


def _ways(words: str) -> Iterator[Steps[list[Hit]]]:
    """Both search endpoints, then with fewer words, then the index of all titles."""
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


ANIWORLD = SiteCatalogue(SITE, _ways)


@hookimpl
def register_catalogues() -> list[Catalogue]:
    """Offer this one."""
    return [ANIWORLD]
