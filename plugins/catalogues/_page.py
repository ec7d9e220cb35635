"""Opens a page of a catalogue and says whether it is the one that was asked for, and whole.

A page that was cut off looks to a lenient HTML parser like a short one. So a mark is put behind the
text before it is parsed: an element that still contains the mark had not been closed when the page
ended. This holds for whole pages and for fragments.
"""

from __future__ import annotations

import html
import logging
import re
import unicodedata
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from anidana.core import (
    ENGLISH_DUB,
    ENGLISH_SUB,
    GERMAN_DUB,
    GERMAN_SUB,
    Gone,
    Kind,
    Language,
    NeedsPerson,
    Number,
    Page,
    PageChanged,
    Refused,
    SourceError,
    find_gate,
)

from ._site import Site

log = logging.getLogger(__name__)

FLAGS = {
    "german": GERMAN_DUB,
    "japanese-german": GERMAN_SUB,
    "japanese-english": ENGLISH_SUB,
    "english": ENGLISH_DUB,
    "english-german": Language("en", "de"),
    "english-english": Language("en", "en"),
}
"""Languages by the name of their flag; `alt` and `title` are swapped on some pages."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co"})
"""Control, format (text direction among them), surrogate and private-use characters."""

_JOINERS = frozenset("\u200c\u200d")
"""Format characters that some scripts spell words with."""

_END = "anidana-end"
_LAST_TAGS = re.compile(r"</(?:body|html)\s*>", re.I)
_FLAG = re.compile(r"/([a-z-]+)\.(?:svg|png)(?:\?.*)?$")
_MOMENT = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4}) ([0-9]{2}):([0-9]{2})")
_KINDS = {"ova": Kind.OVA, "movie": Kind.MOVIE, "special": Kind.SPECIAL}
_KIND_LABEL = re.compile(r"\s*\[(OVA|Movie|Special)\]", re.I)
_ABSOLUTE_LABEL = re.compile(r"\s*\[(?:Episode|Folge)\s*([0-9]{1,5})\]", re.I)
_NOTICE = "aus urheberrechtlichen Gründen nicht verfügbar"


class Document:
    """A page's tree. Errors name what was looked for: `the table of episodes is not on the page`."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site
        # libxml2 drops what follows </html>, the mark too; neither tag changes the tree.
        text = _LAST_TAGS.sub("", page.text) + f"<{_END}></{_END}>"
        try:
            self.root = document_fromstring(
                text.encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8")
            )
        except etree.LxmlError:
            self.root = document_fromstring("<p></p>")
        marks = list(self.root.iter(_END))
        self._open: list[Any] | None = list(marks[-1].iterancestors()) if marks else None

    def first(self, path: str) -> Any | None:
        """The first element at an XPath."""
        return next(iter(self.root.xpath(path)), None)

    def whole(self, path: str, what: str) -> Any:
        """The first element at an XPath; the fitting error if it is missing or the page ends inside it."""
        element = self.first(path)
        if element is None:
            raise self.missing(what)
        if self._open is None or element in self._open:
            raise self._cut() or PageChanged(f"{what} has no end")
        return element

    def missing(self, what: str) -> SourceError:
        """What came instead of `what`: a gate, a block, half a page, nothing, or a new layout."""
        host = urlsplit(self.page.url).hostname or ""
        text = self.page.text
        title = plain(self.root.findtext(".//title") or "")
        if (gate := find_gate(text)) is not None:
            return NeedsPerson(f"{host} shows a gate ({gate}) instead of {what}", url=self.page.url)
        if (cut := self._cut()) is not None:
            return cut
        if "ddos-guard" in title.lower():
            return Refused(f"{host}: DDoS-Guard blocks us")
        if self._is_unknown(host):
            return Gone(f"{host} does not know {urlsplit(self.page.url).path}")
        if self._is_foreign(host):
            return Refused(
                f"another page came instead of {host}: the internet provider may block the site",
                hint="use a DNS server that does not block it",
            )
        return PageChanged(f"{what} is not on the page")

    def _cut(self) -> Refused | None:
        text = self.page.text
        if not text.strip():
            return Refused("the page is empty")
        if "<html" in text and "</html" not in text:
            return Refused("the page broke off before its end")
        return None

    def _is_unknown(self, host: str) -> bool:
        """Not found is a 200 with an alert instead of a series, or a redirect to the start page."""
        if self.first(f"//{cls('div', 'series-title')} | //{cls('div', 'show-header-wrapper')}") is not None:
            return False
        alert = self.first(f"//{cls('div', 'messageAlert')}[contains(@class, 'danger')]")
        at_start = urlsplit(self.page.url).path in ("", "/") and not self._is_foreign(host)
        return alert is not None or at_start

    def _is_foreign(self, host: str) -> bool:
        """A notice of the internet provider comes from another host, or does not name the site at all."""
        text = self.page.text
        if not self.site.owns(host) or _NOTICE in text:
            return True
        return "<html" in text and self.site.name not in text.lower()


def cls(tag: str, name: str) -> str:
    """An XPath step for a tag that has this class among others."""
    return f"{tag}[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"


def unescape(text: str) -> str:
    """Text without entities, however often they were escaped."""
    for _ in range(5):
        plainer = html.unescape(text)
        if plainer == text:
            break
        text = plainer
    return text


def plain(text: str) -> str:
    """Text on one line, without entities and without what a terminal obeys or nobody sees."""
    words = " ".join(unescape(text).split())
    seen = (mark for mark in words if unicodedata.category(mark) not in _UNSEEN or mark in _JOINERS)
    return " ".join("".join(seen).split())


def text_of(element: Any | None) -> str:
    """All text of an element on one line; empty without an element."""
    return "" if element is None else plain(str(element.text_content()))


def whole_number(text: str | None) -> int | None:
    """A number that is all there is in the text."""
    found = re.fullmatch(r"\s*([0-9]{1,9})\s*", text or "")
    return int(found[1]) if found else None


def languages_of(element: Any) -> tuple[Language, ...]:
    """The flags below an element; `src` is a placeholder where the real file stands in `data-src`."""
    found: dict[Language, None] = {}
    for image in element.xpath(f".//{cls('img', 'flag')}"):
        file = _FLAG.search(image.get("data-src") or image.get("src") or "")
        if file is not None and (language := language_of(file[1])) is not None:
            found[language] = None
    return tuple(found)


def language_of(flag: str) -> Language | None:
    """The language that the whole name of a flag stands for; None, and a warning, for a new one."""
    if (language := FLAGS.get(flag)) is None:
        log.warning("the flag %s stands for no language we know", flag[:30])
    return language


def read_title(text: str) -> tuple[str, Kind | None, int | None]:
    """A title without its labels, the kind and the absolute number they stand for.

    `Name [OVA]`, `Name [Movie][Part 2]`, `Name [Episode 047]`; other text in brackets belongs to the title.
    """
    text = plain(text)
    kind = _KIND_LABEL.search(text)
    absolute = _ABSOLUTE_LABEL.search(text)
    title = plain(_ABSOLUTE_LABEL.sub(" ", _KIND_LABEL.sub(" ", text)))
    return title, _KINDS[kind[1].lower()] if kind else None, int(absolute[1]) if absolute else None


def read_moment(text: str) -> datetime | None:
    """A date and time in a text, German local time; the sites write the epoch for unknown."""
    found = _MOMENT.search(text)
    if found is None or found[3] == "1970":
        return None
    day, month, year, hour, minute = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute)
    except ValueError:
        return None


def usual_kind(number: Number) -> Kind:
    """What an entry is that nobody labelled."""
    return Kind.EPISODE if number.season else Kind.MOVIE
