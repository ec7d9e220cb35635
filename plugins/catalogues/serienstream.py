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
    Steps,
    hookimpl,
)

from ._catalogue import SiteCatalogue
from ._search import ranked, shorter
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


def _ways(words: str) -> Iterator[Steps[list[Hit]]]:
    """Suggestions, then the search page, then both with fewer words."""
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


SERIENSTREAM = SiteCatalogue(SITE, _ways)


@hookimpl
def register_catalogues() -> list[Catalogue]:
    """Offer this one."""
    return [SERIENSTREAM]
