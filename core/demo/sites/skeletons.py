"""Fills the page skeletons in `pages/`, which follow recorded pages mark by mark.

A hole is `§name`: `$` and `{}` are left to the scripts that such pages carry.
"""

from __future__ import annotations

import string
from functools import cache
from html import escape
from importlib.resources import files


class Markup(str):
    """Text that is HTML already; everything else is escaped on its way into a page."""

    __slots__ = ()


class _Skeleton(string.Template):
    delimiter = "§"


@cache
def _skeleton(name: str) -> _Skeleton:
    return _Skeleton(files(__package__).joinpath("pages", name).read_text("utf-8"))


def fill(page: str, /, **values: object) -> Markup:
    """The page with its holes filled; KeyError if a value is missing."""
    return Markup(
        _skeleton(page).substitute(
            {
                name: value if isinstance(value, Markup) else escape(str(value))
                for name, value in values.items()
            }
        )
    )


def join(parts: list[Markup]) -> Markup:
    """Several pieces of markup, one after another."""
    return Markup("\n".join(parts))
