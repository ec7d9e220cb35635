"""Reads what the second page generation finds and lists: search, new episodes."""

from __future__ import annotations

import logging
import re
from typing import Any

from anidana.core import Hit, Number, Page, PageChanged, Release

from ._page import Document, cls, plain, text_of
from ._search import read_json
from ._site import Address, Site
from ._v2_episodes import flags_of, link_in

log = logging.getLogger(__name__)

_NUMBER = re.compile(r"S([0-9]{1,4})\s{0,3}E([0-9]{1,5})", re.I)


def read_suggestions(page: Page, site: Site) -> list[Hit]:
    """Read `/api/search/suggest`: series stand apart from people and genres."""
    answer = read_json(page)
    shows = answer.get("shows") if isinstance(answer, dict) else None
    if not isinstance(shows, list):
        raise PageChanged("the search did not answer with series")
    hits: dict[str, Hit] = {}
    for show in shows:
        url, name = (show.get("url"), show.get("name")) if isinstance(show, dict) else (None, None)
        if isinstance(url, str) and isinstance(name, str) and (address := site.read(url)) and plain(name):
            hits.setdefault(address.key, _hit(site, address, name))
    return list(hits.values())


def read_search_page(page: Page, site: Site) -> list[Hit]:
    """Read `/suche`: cards of series. Its links stand inside links, which parsers undo as they please."""
    groups = Document(page, site).whole(f"//{cls('*', 'results-group')}/..", "the list of series")
    hits: dict[str, Hit] = {}
    for card in groups.xpath(f".//{cls('a', 'show-cover')}[@href]"):
        names = card.xpath(f".//img/@alt | following::{cls('h6', 'show-title')}[1]/@title")
        address = site.read(card.get("href"))
        if address and (name := next(filter(plain, names), "")):
            hits.setdefault(address.key, _hit(site, address, name))
    return list(hits.values())


def _hit(site: Site, address: Address, name: str) -> Hit:
    return Hit(site.name, address.key, plain(name), site.series(address.key))


def read_new_episodes(page: Page, site: Site) -> tuple[Release, ...]:
    """Read `/neue-episoden`, in the site's order; a row may show several languages."""
    table = Document(page, site).whole(f"//{cls('table', 'new-episodes-table')}", "the list of new episodes")
    releases: list[Release] = []
    for row in table.xpath(".//tr[td]"):
        where = _where(row, site)
        if where is None:
            log.warning("a line of the list of new episodes cannot be read: %s", text_of(row)[:80])
            continue
        languages = flags_of(row)
        releases += [Release(*where, language) for language in languages]
    if not releases:
        raise PageChanged("the list of new episodes is empty")
    return tuple(dict.fromkeys(releases))


def _where(row: Any, site: Site) -> tuple[str, Number] | None:
    """The series and number a row is about: by its links, else by a link to the series and `S01E02`."""
    links = [*row.xpath(".//a/@href"), link_in(row), *map(link_in, row.xpath(".//*[@onclick]"))]
    found = [address for link in links if (address := site.read(link))]
    for address in found:
        if address.number is not None:
            return address.key, address.number
    shown = _NUMBER.search(text_of(row))
    return (found[0].key, Number(int(shown[1]), int(shown[2]))) if found and shown else None
