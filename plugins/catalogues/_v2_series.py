"""Reads the series page of the second page generation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from anidana.core import Number, Page, PageChanged, Series

from ._page import Document, cls, plain, text_of, whole_number
from ._site import Site

_FSK = re.compile(r"FSK\s{0,3}([0-9]{1,2})\b")
_IMDB = re.compile(r"imdb\.com/title/(tt[0-9]{5,12})")
_RATINGS = re.compile(r"([0-9][0-9.,]{0,12})\s{1,3}Bewertungen")
_COMING = re.compile(r"Episode S([0-9]{1,4})E([0-9]{1,5})\b[^0-9]{1,60}([0-9]{2})\.([0-9]{2})\.([0-9]{4})")


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """A series page: the series, and what the site says beyond it; `coming` is the next episode."""

    series: Series
    site_id: int | None
    trailer: str | None
    coming: tuple[Number, date] | None


def read_series(page: Page, site: Site, key: str) -> SeriesPage:
    """Read a series page; Gone if the site does not know the series."""
    document = Document(page, site)
    head = document.whole(f"//{cls('div', 'show-header-wrapper')}", "the head of the series")
    heading = next(iter(head.xpath(".//h1")), None)
    title, seasons = text_of(heading), read_seasons(document)
    if heading is None or not title or not seasons:
        raise PageChanged("the series has no title, or no season")
    line = next(iter(heading.xpath("./following-sibling::p[1]")), None)
    years = _years(line)
    about = next(iter(head.xpath(".//*[starts-with(@id, 'series-desc-')]")), None)
    series = Series(
        site.name,
        key,
        title,
        site.series(key),
        seasons,
        year=years[0],
        end_year=years[1],
        description=_description(about),
        cover=_picture(page, head, cls("*", "show-cover-mobile")),
        backdrop=_picture(page, head, cls("*", "backdrop-picture")),
        genres=_group(head, "Genre"),
        fsk=whole_number(found[1]) if (found := _FSK.search(text_of(line))) else None,
        imdb=_imdb(line),
        directors=_group(head, "Regisseur"),
        actors=_group(head, "Besetzung"),
        studios=_group(head, "Produzent"),
        countries=_group(head, "Land"),
        rating_count=_rating_count(head),
    )
    site_id = whole_number(about.get("id").removeprefix("series-desc-")) if about is not None else None
    trailer = next(iter(head.xpath(".//button/@data-trailer-url")), None)
    return SeriesPage(series, site_id, trailer, _coming(document))


def read_seasons(document: Document) -> tuple[int, ...]:
    """The seasons that a page links to, 0 for the films; the list must be whole."""
    box = document.whole("//nav[@id='season-nav']", "the list of seasons")
    links = (document.site.read(link) for link in box.xpath(".//a/@href"))
    return tuple(sorted({link.season for link in links if link and link.season is not None}))


def _years(line: Any | None) -> tuple[int | None, int | None]:
    """First and last year; the site writes `NA` where a series still runs."""
    links = [] if line is None else line.xpath(".//a[contains(@href, '/jahr/')]")
    first, last, *_ = [*(whole_number(text_of(link)) for link in links), None, None]
    return first, last


def _description(about: Any | None) -> str:
    if about is None:
        return ""
    text = next(iter(about.xpath(f".//{cls('*', 'description-text')}")), None)
    lines = "" if text is None else str(text.text_content())
    return "\n".join(map(plain, lines.splitlines())).strip()


def _picture(page: Page, head: Any, box: str) -> str | None:
    link = next(iter(head.xpath(f".//{box}//img/@data-src")), None)
    return page.join(link) if link else None


def _group(head: Any, label: str) -> tuple[str, ...]:
    """The links of a group; some are hidden until asked for."""
    path = f".//{cls('li', 'series-group')}[starts-with(normalize-space(strong), '{label}')]//a"
    return tuple(dict.fromkeys(text for link in head.xpath(path) if (text := text_of(link))))


def _imdb(line: Any | None) -> str | None:
    links = [] if line is None else line.xpath(".//a/@href")
    return next((found[1] for link in links if (found := _IMDB.search(link))), None)


def _rating_count(head: Any) -> int | None:
    """How many rated; the site writes `1,063`, and a second time, wrongly, 0."""
    shown = (_RATINGS.search(text_of(span)) for span in head.xpath(".//span[contains(., 'Bewertungen')]"))
    return next((int(re.sub("[.,]", "", found[1])) for found in shown if found), None)


def _coming(document: Document) -> tuple[Number, date] | None:
    texts = document.root.xpath("//small[contains(., 'Episode S')]")
    found = next((found for text in texts if (found := _COMING.search(text_of(text)))), None)
    if found is None:
        return None
    season, episode, day, month, year = map(int, found.groups())
    try:
        return Number(season, episode), date(year, month, day)
    except ValueError:
        return None
