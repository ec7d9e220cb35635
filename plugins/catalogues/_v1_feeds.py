"""Reads what the first page generation announces: new episodes, the calendar, the pages of a genre.

Each entry stands for one language, as on the site: an episode comes again when its dub lands.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from anidana.core import Language, Number, Page, PageChanged

from ._page import Document, cls, languages_of, text_of, whole_number
from ._site import Address, Site

log = logging.getLogger(__name__)

_DATE = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_NUMBER = re.compile(r"S([0-9]{1,4})\s*E([0-9]{1,5})", re.I)
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")


@dataclass(frozen=True, slots=True)
class NewEpisode:
    """An episode that has come in one language; `fresh` is the site's mark `Neu!`."""

    key: str
    title: str
    number: Number
    language: Language
    day: date
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Airing:
    """An episode that is to come in one language.

    `at` is German local time, some ten minutes later than the site aims for, and None for some
    time that day. `number` is None where the card names none.
    """

    key: str
    title: str
    number: Number | None
    language: Language
    at: time | None


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day of the calendar; names of weekdays repeat after seven days, the date does not."""

    weekday: str
    day: date
    airings: tuple[Airing, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A series in a list, with its main genre."""

    key: str
    title: str
    genre: str
    cover: str | None


@dataclass(frozen=True, slots=True)
class CardPage:
    """One page of a genre, of `last` pages."""

    number: int
    last: int
    cards: tuple[Card, ...]


def read_new_episodes(page: Page, site: Site) -> tuple[NewEpisode, ...]:
    """Read `/neue-episoden`, in the site's order."""
    box = Document(page, site).whole(f"//{cls('div', 'newEpisodeList')}", "the list of new episodes")
    episodes: list[NewEpisode] = []
    for link in box.xpath(".//a[@href][.//strong]"):
        address = site.read(link.get("href"))
        number = address.number if address else None
        day = _day(text_of(link))
        if address is None or number is None or day is None:
            log.warning("a line of the list of new episodes cannot be read: %s", text_of(link)[:80])
            continue
        title = text_of(link.find(".//strong"))
        fresh = "Neu!" in text_of(link.getparent())
        for language in languages_of(link.getparent()):
            episodes.append(NewEpisode(address.key, title, number, language, day, fresh))
    if not episodes:
        raise PageChanged("the list of new episodes is empty")
    return tuple(episodes)


def read_calendar(page: Page, site: Site) -> tuple[CalendarDay, ...]:
    """Read `/animekalender`: fifteen days, the first one is today."""
    box = Document(page, site).whole("//*[@id='seriesContainer']", "the calendar")
    days = tuple(
        _calendar_day(section, site) for section in box.xpath(f".//{cls('section', 'calendarList')}")
    )
    if not days:
        raise PageChanged("the calendar is empty")
    return days


def read_cards(page: Page, site: Site) -> CardPage:
    """Read a page of `/genre/<slug>`."""
    document = Document(page, site)
    box = document.whole(f"//{cls('div', 'seriesListContainer')}", "the list of series")
    pager = document.first(f"//{cls('div', 'pagination')}")
    number = last = 1
    if pager is not None:
        pages = [whole_number(text_of(link)) or 0 for link in pager.xpath(".//a")]
        number = whole_number(text_of(next(iter(pager.xpath(f".//{cls('a', 'active')}")), None))) or 1
        last = max([number, *pages])
    cards = tuple(card for link in box.xpath(".//a[@href][.//h3]") if (card := _card(link, page, site)))
    if not cards:
        raise PageChanged("the list of series is empty")
    return CardPage(number, last, cards)


def _calendar_day(section: Any, site: Site) -> CalendarDay:
    heading = text_of(section.find("h3"))
    day = _day(heading)
    if day is None:
        raise PageChanged("a day of the calendar has no date")
    airings: list[Airing] = []
    for link in section.xpath(f".//a[@href][.//{cls('h3', 'seriesTitle')}]"):
        if (address := site.read(link.get("href"))) is not None:
            airings += [_airing(link, address, language) for language in languages_of(link)]
        else:
            log.warning("a card of the calendar cannot be read: %s", text_of(link)[:80])
    return CalendarDay(heading.partition(",")[0], day, tuple(airings))


def _airing(link: Any, address: Address, language: Language) -> Airing:
    small = " ".join(text_of(element) for element in link.xpath(".//small"))
    number = _NUMBER.search(small)
    return Airing(
        address.key,
        text_of(link.find(".//h3")),
        Number(int(number[1]), int(number[2])) if number else None,
        language,
        _time(small),
    )


def _card(link: Any, page: Page, site: Site) -> Card | None:
    address = site.read(link.get("href"))
    if address is None:
        return None
    cover = next(iter(link.xpath(".//img/@data-src")), None)
    return Card(
        address.key,
        text_of(link.find(".//h3")),
        text_of(link.find(".//small")),
        page.join(cover) if cover else None,
    )


def _day(text: str) -> date | None:
    found = _DATE.search(text)
    if found is None:
        return None
    try:
        return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None


def _time(text: str) -> time | None:
    """A time of day; 23:59 is how the site writes that it does not know it."""
    found = _TIME.search(text)
    if found is None or found[0] == "23:59":
        return None
    try:
        return time(int(found[1]), int(found[2]))
    except ValueError:
        return None
