"""Says why a page holds no stream: by marks in its text, each with the error it stands for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from anidana.core import NeedsPerson, Page, PageChanged, SourceError, find_gate

Mark: TypeAlias = tuple[str, type[SourceError], str]
"""What the page or its address says, in lower case; the error; its sentence, with `{host}` for the name."""


def verdict(page: Page, marks: Iterable[Mark], host: str) -> SourceError:
    """The error for a page without a stream: the first mark that fits, else a gate, else PageChanged.

    Ask only when the stream is missing: pages that play hold such texts in hidden boxes.
    """
    text = f"{page.url}\n{page.text}".lower()
    for mark, error, sentence in marks:
        if mark in text:
            sentence = sentence.replace("{host}", host)
            return NeedsPerson(sentence, url=page.url) if error is NeedsPerson else error(sentence)
    if (gate := find_gate(page.text)) is not None:
        return NeedsPerson(f"{host} shows a gate ({gate})", url=page.url)
    return PageChanged(f"no stream on the page of {host}")
