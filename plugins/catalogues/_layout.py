"""Reads a page by the generation it is of, which is told by what it looks like and not by its host.

Either site may show either layout: a site moves to the newer one from one day to the next, and old
pages are kept elsewhere.
"""

from __future__ import annotations

import re
from typing import Literal

from anidana.core import Mirror, Number, Page, Release, Season, Series

from . import _v1_episodes, _v1_feeds, _v1_series, _v2_episodes, _v2_feeds, _v2_series
from ._site import Site

_V2 = re.compile(
    r"""class=["'][^"'<>]{0,200}?\b(?:show-header-wrapper|episode-table|new-episodes-table)[\s"']"""
)


def layout(page: Page) -> Literal[1, 2]:
    """The generation of a page; the first for one of neither, as both say alike what came instead."""
    return 2 if _V2.search(page.text) else 1


def read_series(page: Page, site: Site, key: str) -> Series:
    """Read a series page; Gone if the site does not know the series."""
    if layout(page) == 2:
        return _v2_series.read_series(page, site, key).series
    return _v1_series.read_series(page, site, key).series


def read_season(page: Page, site: Site, number: int) -> Season:
    """Read a season's table, which must be whole; Gone if the site shows another season instead."""
    if layout(page) == 2:
        return _v2_episodes.read_season(page, site, number)
    return _v1_episodes.read_season(page, site, number).season


def read_mirrors(page: Page, site: Site, number: Number) -> tuple[Mirror, ...]:
    """Read an episode's page; without links it is announced, or was taken down."""
    if layout(page) == 2:
        return _v2_episodes.read_episode(page, site, number).mirrors
    return _v1_episodes.read_episode(page, site, number).mirrors


def read_releases(page: Page, site: Site) -> list[Release]:
    """Read `/neue-episoden`, newest first."""
    if layout(page) == 2:
        return list(_v2_feeds.read_new_episodes(page, site))
    rows = sorted(_v1_feeds.read_new_episodes(page, site), key=lambda row: row.day, reverse=True)
    return [Release(row.key, row.number, row.language) for row in rows]
