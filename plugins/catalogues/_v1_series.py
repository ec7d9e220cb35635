"""Reads the series page of the first page generation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from anidana.core import Page, PageChanged, Series

from ._page import Document, cls, plain, text_of, unescape, whole_number
from ._site import Site

LANGUAGE_MARKS = frozenset({"Ger", "GerSub", "EngSub"})
"""Entries of the genre list that are no genres."""


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """A series page: the series, and what the site says beyond it; `genres` holds the language marks too."""

    series: Series
    site_id: int | None
    main_genre: str
    genres: tuple[str, ...]


def read_series(page: Page, site: Site, key: str) -> SeriesPage:
    """Read a series page; Gone if the site does not know the series."""
    document = Document(page, site)
    heading = document.whole(f"//{cls('div', 'series-title')}//h1", "the series title")
    title = text_of(heading.find("span")) or text_of(heading)
    seasons = read_seasons(document)
    if not title or not seasons:
        raise PageChanged("the series has no title, or no season")
    genres = _texts(document, f"//{cls('div', 'genres')}//a[@itemprop='genre']")
    series = Series(
        site.name,
        key,
        title,
        site.series(key),
        seasons,
        alternative_titles=_names(heading.get("data-alternativetitles", "")),
        year=_year(document, "startDate"),
        end_year=_year(document, "endDate"),
        description=_description(document),
        cover=_address(document, f"//{cls('div', 'seriesCoverBox')}//img/@data-src"),
        backdrop=_backdrop(document),
        genres=tuple(genre for genre in genres if genre not in LANGUAGE_MARKS),
        fsk=whole_number(_attribute(document, f"//{cls('div', 'fsk')}/@data-fsk")),
        imdb=_imdb(document),
        directors=_people(document, "director"),
        actors=_people(document, "actor"),
        studios=_people(document, "creator"),
        countries=_people(document, "countryOfOrigin"),
        rating=_rating(document),
        rating_count=whole_number(text_of(document.first("//*[@itemprop='ratingCount']"))),
    )
    return SeriesPage(
        series,
        whole_number(_attribute(document, f"//{cls('div', 'add-series')}/@data-series-id")),
        plain(_attribute(document, f"//{cls('div', 'genres')}//ul/@data-main-genre")),
        genres,
    )


def read_seasons(document: Document) -> tuple[int, ...]:
    """The seasons that a page links to, 0 for the films; the list must be whole."""
    # Pagers share the box's class, not its id. Its second list holds the shown season's episodes.
    box = document.whole("//div[@id='stream']", "the list of seasons")
    links = (document.site.read(link) for link in box.xpath("./ul[1]//a/@href"))
    return tuple(sorted({link.season for link in links if link and link.season is not None}))


def _texts(document: Document, path: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for item in document.root.xpath(path) if (text := text_of(item))))


def _attribute(document: Document, path: str) -> str:
    return str(document.first(path) or "")


def _address(document: Document, path: str) -> str | None:
    link = _attribute(document, path)
    return document.page.join(link) if link else None


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in unescape(text).split(",") if (name := plain(part))))


def _year(document: Document, which: str) -> int | None:
    """A year; the site writes `Heute` where a series still runs."""
    return whole_number(text_of(document.first(f"//span[@itemprop='{which}']")))


def _description(document: Document) -> str:
    """The full text stands in an attribute, with its line breaks; what is shown is cut."""
    box = document.first(f"//{cls('p', 'seri_des')}")
    if box is None:
        return ""
    lines = unescape(box.get("data-full-description", "")).splitlines()
    return "\n".join(map(plain, lines)).strip() or text_of(box)


def _backdrop(document: Document) -> str | None:
    style = _attribute(document, f"//{cls('div', 'backdrop')}/@style")
    found = re.search(r"url\(['\"]?([^'\")]+)", style)
    return document.page.join(found[1]) if found else None


def _imdb(document: Document) -> str | None:
    found = re.fullmatch(r"tt[0-9]{5,12}", _attribute(document, f"//{cls('a', 'imdb-link')}/@data-imdb"))
    return found[0] if found else None


def _people(document: Document, role: str) -> tuple[str, ...]:
    return _texts(document, f"//{cls('div', 'cast')}//li[@itemprop='{role}']//span[@itemprop='name']")


def _rating(document: Document) -> float | None:
    """Stars of five."""
    found = re.fullmatch(r"[0-9](?:[.,][0-9]+)?", text_of(document.first("//*[@itemprop='ratingValue']")))
    return float(found[0].replace(",", ".")) if found else None
