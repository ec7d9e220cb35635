"""Reads what the first page generation finds: two search endpoints, and the index of all titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from anidana.core import Hit, Page, PageChanged

from ._page import Document, plain, text_of
from ._search import LIKELY, MOST_HITS, likeness, read_json
from ._site import Site

_TAG = re.compile(r"</?[a-z]{1,10}>", re.I)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Title:
    """A line of the index of all titles."""

    key: str
    title: str
    alternative_titles: tuple[str, ...]


def read_series_search(page: Page, site: Site) -> list[Hit]:
    """Read `/ajax/seriesSearch`: series only, each with its slug, year and cover."""
    hits: dict[str, Hit] = {}
    for entry in _entries(page):
        link = _text(entry, "link")
        address = site.read(link)
        key = address.key if address else site.key(link.strip("/"))
        if key and (title := _words(entry, "name")):
            year = _YEAR.search(_text(entry, "productionYear"))
            cover = _text(entry, "cover")
            hits.setdefault(
                key,
                Hit(
                    site.name,
                    key,
                    title,
                    site.series(key),
                    int(year[0]) if year else None,
                    _words(entry, "description"),
                    page.join(cover) if cover else None,
                ),
            )
    return list(hits.values())


def read_site_search(page: Page, site: Site) -> list[Hit]:
    """Read `/ajax/search`: series among episodes and forum posts, told apart by their links."""
    hits: dict[str, Hit] = {}
    for entry in _entries(page):
        address = site.read(_text(entry, "link"))
        if address and address.season is None and (title := _words(entry, "title")):
            hit = Hit(
                site.name,
                address.key,
                title,
                site.series(address.key),
                description=_words(entry, "description"),
            )
            hits.setdefault(address.key, hit)
    return list(hits.values())


def read_index(page: Page, site: Site) -> list[Title]:
    """Read `/animes-alphabet`, some 2,400 titles."""
    box = Document(page, site).whole("//*[@id='seriesContainer']", "the index of titles")
    titles: dict[str, Title] = {}
    for link in box.xpath(".//li/a[@href]"):
        address = site.read(link.get("href"))
        if address and (title := text_of(link)):
            others = _quoted(link.get("data-alternative-title", ""))
            titles.setdefault(address.key, Title(address.key, title, others))
    if not titles:
        raise PageChanged("the index of titles is empty")
    return list(titles.values())


def find_titles(titles: Iterable[Title], query: str, site: Site) -> list[Hit]:
    """The series whose title, or one of its alternative titles, is likely what was meant; best first."""
    scored: list[tuple[float, Title]] = []
    for title in titles:
        score = max(likeness(query, name) for name in (title.title, *title.alternative_titles))
        if score >= LIKELY:
            scored.append((score, title))
    scored.sort(key=lambda pair: -pair[0])
    return [Hit(site.name, title.key, title.title, site.series(title.key)) for _, title in scored[:MOST_HITS]]


def _entries(page: Page) -> list[Mapping[str, Any]]:
    """The objects of a JSON list; an empty body is no answer, though the site means `nothing` by it."""
    entries = read_json(page)
    if not isinstance(entries, list):
        raise PageChanged("the search did not answer with a list")
    return [entry for entry in entries if isinstance(entry, dict)]


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return str(value) if isinstance(value, str | int) else ""


def _words(entry: Mapping[str, Any], name: str) -> str:
    return plain(_TAG.sub("", _text(entry, name)))


def _quoted(text: str) -> tuple[str, ...]:
    """Names as the index lists them: `"Name", "Another, with a comma"`, or without the quotes."""
    names = re.findall(r'"([^"]*)"', text) or text.split(",")
    return tuple(dict.fromkeys(name for part in names if (name := plain(part).strip("'"))))
