"""What searching is at both catalogues: several ways, one after the other, and the best hits first."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from anidana.core import Gone, Hit, NeedsPerson, Page, PageChanged, SourceError, Steps, find_gate

from ._page import plain

log = logging.getLogger(__name__)

LIKELY = 80.0
"""From this likeness on, of 100, a title may be what was meant."""

MOST_HITS = 30

_ASIDE = re.compile(r"\s*(?:\([^)]*\)|\[[^\]]*\]|[:–].*|\s-\s.*)")


def one_line(query: str) -> str:
    """What is asked for: words on one line, without halves of characters."""
    return " ".join(query.encode("utf-8", "replace").decode().split())


def first_hits(ways: Sequence[Steps[list[Hit]]]) -> Steps[list[Hit]]:
    """The hits of the first way that finds any.

    A way that is not what it was leads to the next one; its error comes out only if no way
    answered. A site that refuses us, or shows a gate, does so on every way.
    """
    errors: list[SourceError] = []
    for way in ways:
        try:
            if hits := (yield from way):
                return hits
        except (Gone, PageChanged) as error:
            log.info("one way to search failed: %s", error)
            errors.append(error)
    if len(errors) == len(ways):
        raise next((error for error in errors[::-1] if isinstance(error, PageChanged)), errors[-1])
    return []


def read_json(page: Page) -> Any:
    """The JSON of an answer; NeedsPerson if a gate came instead."""
    try:
        return page.json()
    except PageChanged:
        if (gate := find_gate(page.text)) is not None:
            raise NeedsPerson(f"the search shows a gate ({gate})", url=page.url) from None
        raise


def ranked(hits: Sequence[Hit], words: str, meant: str = "") -> list[Hit]:
    """Hits for `words`; if they are fewer than what was `meant`, only the likely ones."""
    return best_first(hits, meant, least=LIKELY) if meant else best_first(hits, words)


def best_first(hits: Sequence[Hit], query: str, *, least: float = 0.0) -> list[Hit]:
    """Hits by the likeness of their titles to the query; equal ones keep the site's order."""
    scored = [(likeness(query, hit.title), hit) for hit in hits]
    scored.sort(key=lambda pair: -pair[0])
    return [hit for score, hit in scored if score >= least][:MOST_HITS]


def shorter(query: str) -> str | None:
    """The query without asides and subtitle, else its first three words: long ones find little."""
    short = plain(_ASIDE.sub(" ", query))
    if not short or short == query:
        short = " ".join(query.split()[:3])
    return short if short != query else None


def likeness(query: str, title: str) -> float:
    """How much a title is what was asked for, of 100."""
    from rapidfuzz import fuzz, utils  # on use: every command loads this module, few search

    return fuzz.WRatio(utils.default_process(query), utils.default_process(title))
