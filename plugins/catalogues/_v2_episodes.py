"""Reads the season and episode pages of the second page generation; `_v2_series.py` reads the series.

Seasons and episodes are told by their links. A link to a host carries a token that is good for this
showing of the page only, and an id that stays.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml.html import tostring

from anidana.core import (
    Episode,
    Gone,
    Language,
    Mirror,
    NeedsPerson,
    Number,
    Page,
    PageChanged,
    Season,
    find_gate,
)

from ._page import (
    FLAGS,
    Document,
    cls,
    language_of,
    plain,
    read_moment,
    read_title,
    text_of,
    usual_kind,
)
from ._site import Site
from ._v2_series import read_seasons

log = logging.getLogger(__name__)

PLACEHOLDERS = frozenset({"", "provider", "anbieter"})
"""What stands where the site does not say which host it is."""

_TABLE = f"//{cls('table', 'episode-table')}"
_TARGET = re.compile(r"location(?:\.href)?\s{0,3}=\s{0,3}[\"']([^\"']{1,500})")
_FLAG = re.compile(r"(?:svg|icon)-flag-([a-z-]{1,40})(?![\w-])")
_HEADING = re.compile(r"S([0-9]{1,4})E([0-9]{1,5})\b\s{0,3}:?(.{0,1000})")
_COUNTED = re.compile(r"\s{0,3}[\[(]?\b(?:Episode|Folge) ([0-9]{3,5})\b[\])]?")


@dataclass(frozen=True, slots=True)
class HostLink:
    """One offer on an episode's page: its id, the site's language key and label, host, and link.

    `host` is empty where the site does not name it.
    """

    id: str
    key: str
    label: str
    host: str
    link: str
    flag: str = ""


@dataclass(frozen=True, slots=True)
class EpisodePage:
    """An episode's page; mirrors of hosts without a name stand last."""

    episode: Episode
    links: tuple[HostLink, ...]
    mirrors: tuple[Mirror, ...]
    published: datetime | None


def read_season(page: Page, site: Site, number: int) -> Season:
    """Read a season's table, which must be whole; Gone if the site shows another season instead."""
    document = Document(page, site)
    table = document.whole(_TABLE, "the table of episodes")
    episodes = tuple(_row(row, site) for row in table.xpath(".//tr[td]"))
    linked = _linked(document)
    if ({episode.number.season for episode in episodes} or {one.season for one in linked}) - {number}:
        if number in read_seasons(document):
            raise PageChanged(f"the table of season {number} shows another one")
        raise Gone(f"there is no season {number}")
    # A row without a shortcut may be one that is announced; a shortcut without a row was lost.
    if lost := linked - {episode.number for episode in episodes}:
        raise PageChanged(f"the table lacks {len(lost)} of {len(linked)} episodes")
    if not episodes and document.first("//nav[@id='episode-nav']") is None:
        raise PageChanged("the table of episodes is empty")
    return Season(number, episodes)


def _linked(document: Document) -> set[Number]:
    links = document.root.xpath("//nav[@id='episode-nav']//a/@href")
    return {address.number for link in links if (address := document.site.read(link)) and address.number}


def _row(row: Any, site: Site) -> Episode:
    links = [link_in(row), *row.xpath(".//a/@href")]
    number = next((one.number for link in links if (one := site.read(link)) and one.number), None)
    if number is None:
        raise PageChanged("a line of the table of episodes has no link to an episode")
    if not row.xpath(f".//{cls('td', 'episode-title-cell')}"):
        raise PageChanged("a line of the table of episodes has no title")
    german, english = (
        text_of(next(iter(row.xpath(f".//{cls('*', name)}")), None))
        for name in ("episode-title-ger", "episode-title-eng")
    )
    hosts = (plain(name) for name in row.xpath(f".//{cls('img', 'watch-link')}/@alt"))
    return _episode(
        number,
        german,
        english,
        flags_of(row),
        tuple(dict.fromkeys(host for host in hosts if host.lower() not in PLACEHOLDERS)),
    )


def _episode(
    number: Number, german: str, english: str, languages: tuple[Language, ...], hosts: tuple[str, ...]
) -> Episode:
    title, kind, absolute = read_title(german)
    english, english_kind, english_absolute = read_title(english)
    # Anime carry their absolute number without brackets; `Episode 100` may also be all the name there is.
    counted = _COUNTED.search(english) if english_absolute is None and number.season else None
    if counted is not None and (number.season == 1 or int(counted[1]) > number.episode):
        english_absolute, english = int(counted[1]), plain(_COUNTED.sub(" ", english))
    return Episode(
        number,
        title,
        english,
        english_kind or kind or usual_kind(number),
        absolute if english_absolute is None else english_absolute,
        languages,
        hosts,
    )


def flags_of(element: Any) -> tuple[Language, ...]:
    """The languages of the flags below an element, each by the whole of its code."""
    found: dict[Language, None] = {}
    for flag in element.xpath(f".//{cls('svg', 'watch-language')}"):
        code = _flag(flag)
        if code and (language := language_of(code)) is not None:
            found[language] = None
    return tuple(found)


def _flag(flag: Any) -> str:
    marks = (flag.get("class", ""), *(value for use in flag.iter("use") for value in use.values()))
    return next((found[1] for mark in marks if (found := _FLAG.search(mark))), "")


def link_in(element: Any) -> str:
    """Where a click on an element leads; empty if nowhere."""
    found = _TARGET.search(element.get("onclick", ""))
    return found[1] if found else ""


def read_episode(page: Page, site: Site, number: Number) -> EpisodePage:
    """Read an episode's page; without links it is announced, or was taken down."""
    document = Document(page, site)
    article = document.first("//article[.//h2]")
    if article is None:
        if document.first(_TABLE) is not None:
            raise Gone(f"there is no episode {number}")
        raise document.missing("the episode's title")
    shown, german, english = _heading(document, article)
    if shown is not None and shown != number:
        raise PageChanged(f"the page of {number} shows another episode")
    links = _offers(document)
    mirrors = _mirrors(document, links, number)
    languages = tuple(dict.fromkeys(mirror.language for mirror in mirrors))
    hosts = tuple(dict.fromkeys(link.host for link in links if link.host))
    published = text_of(next(iter(article.xpath(".//*[contains(text(), 'Veröffentlicht am')]")), None))
    return EpisodePage(
        _episode(number, german, english, languages, hosts), links, mirrors, read_moment(published)
    )


def _heading(document: Document, article: Any) -> tuple[Number | None, str, str]:
    """Number, German and English title: `S01E01: Freiheitstag (Freedom Day)`."""
    text = text_of(article.find(".//h2"))
    found = _HEADING.search(text)
    if found is None:
        canonical = document.site.read(str(document.first("//link[@rel='canonical']/@href") or ""))
        return canonical.number if canonical else None, text, ""
    german, english = _split(found[3].strip())
    return Number(int(found[1]), int(found[2])), german, english


def _split(text: str) -> tuple[str, str]:
    """The text and what stands in the parentheses at its end, which may hold others."""
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[place], 0)
        if depth == 0:
            break
    else:
        return text, ""
    return (text[:place].strip(), text[place + 1 : -1].strip()) if text.endswith(")") else (text, "")


def _offers(document: Document) -> tuple[HostLink, ...]:
    """The links to hosts; a page without their box is believed only where nothing speaks against it."""
    boxed = document.first("//*[@id='episode-links']") is not None
    path = "//*[@id='episode-links']" if boxed else "//article[.//h2]"
    box = document.whole(path, "the list of hosts")
    buttons = box.xpath(f".//{cls('button', 'link-box')} | .//*[@data-play-url]")
    if not buttons and (gate := find_gate(tostring(box, encoding="unicode"))) is not None:
        raise NeedsPerson(f"a gate ({gate}) stands before the list of hosts", url=document.page.url)
    if not buttons and box.xpath(".//*[@id='player-iframe'][@src] | .//h5 | .//*[@data-link-id]"):
        raise PageChanged("the page names languages or a player but no hosts")
    return tuple(_host_link(button) for button in buttons)


def _host_link(button: Any) -> HostLink:
    link, key = button.get("data-play-url", ""), button.get("data-language-id", "")
    host = plain(button.get("data-provider-name", ""))
    if not link or not key or "data-provider-name" not in button.attrib:
        raise PageChanged("a line of the list of hosts lacks its link, host or language")
    return HostLink(
        plain(button.get("data-link-id", "")),
        key,
        plain(button.get("data-language-label", "")),
        "" if host.lower() in PLACEHOLDERS else host,
        link,
        next((_flag(flag) for flag in button.iter("svg")), ""),
    )


def _mirrors(document: Document, links: tuple[HostLink, ...], number: Number) -> tuple[Mirror, ...]:
    """The links in a language we know, those of unnamed hosts last."""
    page = document.page
    shown = document.site.read(page.url)
    at = page.url if shown and shown.number == number else ""
    mirrors: dict[Mirror, None] = {}
    for link in sorted(links, key=lambda link: not link.host):
        if (language := _language(link, document.site)) is None:
            log.warning("the language key %r stands for no language we know", link.key[:20])
            continue
        url = f"{page.join(link.link).partition('#')[0]}#{link.id}"
        mirrors[Mirror(link.host or "Provider", language, url, page=at)] = None
    return tuple(mirrors)


def _language(link: HostLink, site: Site) -> Language | None:
    """What the key stands for; only the flag says whose voices go with the subtitles."""
    by_key, by_flag = site.languages.get(link.key), FLAGS.get(link.flag)
    if by_flag and (by_key is None or (by_key.subtitles and by_key.subtitles == by_flag.subtitles)):
        return by_flag
    return by_key
