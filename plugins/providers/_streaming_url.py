"""Reads the answer that the interfaces of StreamUp and Vidara have in common."""

from __future__ import annotations

from typing import Any

from anidana.core import Gone, PageChanged, Stream

from ._address import ADDRESS
from ._expiry import expiry


def parse_answer(answer: Any, root: str, host: str) -> Stream:
    """The stream of an answer with a `streaming_url`; Gone where it has none."""
    match answer:
        case {"streaming_url": str(url)} if ADDRESS.fullmatch(url := "".join(url.split())):
            return Stream.hls(url, referer=root, headers={"Origin": root.rstrip("/")}, expires=expiry(url))
        case dict():
            raise Gone(f"{host} does not have the file")
    raise PageChanged(f"{host} answers in a way we do not know")
