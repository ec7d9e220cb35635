"""Reads the season and episode pages of the first page generation; `_v1_series.py` reads the series.

Seasons and episodes are told by their links, languages by flag files and language keys; both were
found to be right where texts were not.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml.html import tostring

from anidana.core import (
    Episode,
    Gone,
    Mirror,
    NeedsPerson,
    Number,
    Page,
    PageChanged,
    Season,
    find_gate,
)

from ._page import (
    Document,
    cls,
    languages_of,
    plain,
    read_moment,
    read_title,
    text_of,
    usual_kind,
    whole_number,
)
from ._site import Site
from ._v1_series import read_seasons

log = logging.getLogger(__name__)

_TABLE = f"//{cls('table', 'seasonEpisodesList')}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a season table, with the episode's id at the site and its link."""

    episode: Episode
    site_id: int | None
    link: str


@dataclass(frozen=True, slots=True)
class SeasonPage:
    """A season table; 0 is the films."""

    number: int
    rows: tuple[Row, ...]

    @property
    def season(self) -> Season:
        """The table as the core knows it."""
        return Season(self.number, tuple(row.episode for row in self.rows))


@dataclass(frozen=True, slots=True)
class HostLink:
    """One offer on an episode's page: the site's language key, the host's name, the redirect's link."""

    key: str
    host: str
    link: str


@dataclass(frozen=True, slots=True)
class EpisodePage:
    """An episode's page; `languages` are the titles of its language keys, `published` is Berlin time."""

    episode: Episode
    site_id: int | None
    languages: dict[str, str]
    links: tuple[HostLink, ...]
    mirrors: tuple[Mirror, ...]
    published: datetime | None


def read_season(page: Page, site: Site, number: int) -> SeasonPage:
    """Read a season's table, which must be whole; Gone if the site shows another season instead."""
    document = Document(page, site)
    table = document.whole(_TABLE, "the table of episodes")
    rows = tuple(_row(tr, site) for tr in table.xpath(".//tr[td]"))
    shown: set[int | None] = {row.episode.number.season for row in rows}
    if (shown or {whole_number(table.get("data-season-id"))}) != {number}:
        if number in read_seasons(document):
            raise PageChanged(f"the table of season {number} shows another one")
        raise Gone(f"there is no season {number}")
    _check_count(document, len({row.episode.number for row in rows}))
    return SeasonPage(number, rows)


def read_episode(page: Page, site: Site, number: Number) -> EpisodePage:
    """Read an episode's page; without links it is announced, or was taken down."""
    document = Document(page, site)
    heading = document.first(f"//{cls('div', 'hosterSiteTitle')}")
    if heading is None:
        if document.first(_TABLE) is not None:
            raise Gone(f"there is no episode {number}")
        raise document.missing("the episode's title")
    shown = tuple(whole_number(heading.get(name)) for name in ("data-season", "data-episode"))
    if None not in shown and shown != (number.season, number.episode):
        raise PageChanged(f"the page of {number} shows another episode")
    title, _, absolute = read_title(text_of(_below(heading, "episodeGermanTitle")))
    english, kind, english_absolute = read_title(text_of(_below(heading, "episodeEnglishTitle")))
    keys, links = _offers(document)
    mirrors = _mirrors(document, links)
    episode = Episode(
        number,
        title,
        english,
        kind or usual_kind(number),
        absolute if english_absolute is None else english_absolute,
        tuple(dict.fromkeys(mirror.language for mirror in mirrors)),
        tuple(dict.fromkeys(mirror.provider for mirror in mirrors)),
    )
    return EpisodePage(
        episode, whole_number(heading.get("data-episode-id")), keys, links, mirrors, _published(document)
    )


def _check_count(document: Document, count: int) -> None:
    """The table must have a line for each of the shortcuts; an empty one needs them as a witness."""
    boxes = document.root.xpath("//div[@id='stream']/ul")
    if len(boxes) > 1 and (announced := len(boxes[1].xpath(".//a"))) != count:
        raise PageChanged(f"the table has {count} of {announced} episodes")
    if len(boxes) < 2 and not count:
        raise PageChanged("the table of episodes is empty")


def _row(tr: Any, site: Site) -> Row:
    link = next(iter(tr.xpath(".//a/@href")), "")
    address = site.read(link)
    if address is None or address.number is None:
        raise PageChanged("a line of the table of episodes has no link to an episode")
    cell = _below(tr, "seasonEpisodeTitle", "td")
    if cell is None:
        raise PageChanged("a line of the table of episodes has no title")
    title, kind, absolute = read_title(text_of(cell.find(".//strong")))
    english, english_kind, english_absolute = read_title(text_of(cell.find(".//span")))
    episode = Episode(
        address.number,
        title,
        english,
        english_kind or kind or usual_kind(address.number),
        absolute if english_absolute is None else english_absolute,
        languages_of(tr),
        tuple(dict.fromkeys(plain(name) for name in tr.xpath(f".//{cls('i', 'icon')}/@title"))),
    )
    return Row(episode, whole_number(tr.get("data-episode-id")), link)


def _offers(document: Document) -> tuple[dict[str, str], tuple[HostLink, ...]]:
    """Titles of the languages and the links to hosts.

    A page without the box of hosts is believed only where the rest of the episode's part is whole.
    """
    path = f"//{cls('div', 'hosterSiteVideo')}"
    if document.first(path) is None:
        path = f"//{cls('div', 'hosterSiteTitle')}/.."
    box = document.whole(path, "the list of hosts")
    flags = box.xpath(f".//{cls('div', 'changeLanguageBox')}//img[@data-lang-key]")
    lines = box.xpath("./ul/li[@data-link-id or @data-link-target or .//a]")
    keys = {flag.get("data-lang-key"): plain(flag.get("title", "")) for flag in flags}
    if not lines and (gate := find_gate(tostring(box, encoding="unicode"))) is not None:
        raise NeedsPerson(f"a gate ({gate}) stands before the list of hosts", url=document.page.url)
    if keys and not lines:
        raise PageChanged("the page names languages but no hosts")
    return keys, tuple(_host_link(line) for line in lines)


def _host_link(line: Any) -> HostLink:
    link = line.get("data-link-target") or next(iter(line.xpath(".//a/@href")), "")
    icon = plain(next(iter(line.xpath(f".//{cls('i', 'icon')}/@title")), ""))
    host = text_of(line.find(".//h4")) or icon.removeprefix("Hoster ")
    key = line.get("data-lang-key", "")
    if not (link and host and key):
        raise PageChanged("a line of the list of hosts lacks its link, host or language")
    return HostLink(key, host, link)


def _mirrors(document: Document, links: tuple[HostLink, ...]) -> tuple[Mirror, ...]:
    """The links in a language we know; a new key must not pass for a language it is not."""
    known = document.site.languages
    for key in {link.key for link in links} - known.keys():
        log.warning("the language key %r stands for no language we know", key[:20])
    return tuple(
        dict.fromkeys(
            Mirror(link.host, known[link.key], document.page.join(link.link))
            for link in links
            if link.key in known
        )
    )


def _published(document: Document) -> datetime | None:
    """When the site got the episode."""
    return read_moment(text_of(document.first("//div[contains(text(), 'Veröffentlicht bei uns')]/strong")))


def _below(element: Any, name: str, tag: str = "*") -> Any | None:
    return next(iter(element.xpath(f".//{cls(tag, name)}")), None)
