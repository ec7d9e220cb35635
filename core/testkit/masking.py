"""Replaces what could point to a person by stable stand-ins: addresses, e-mails, tokens."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

STAND_IN_HOST = "example.org"

_EMAIL = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[A-Za-z]{2,24}\b", re.ASCII)
_IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?!\w|[.-]\w)", re.ASCII)
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:){3,7}(?::?[0-9A-Fa-f]{1,4}){0,4}(?![\w:])", re.ASCII)
_JWT = re.compile(r"\beyJ[\w-]{8,4000}\.eyJ[\w-]{8,4000}\.[\w-]{8,4000}", re.ASCII)
_NAMED = re.compile(
    r"""(?i)\b(?:csrf|xsrf|session|sess|phpsessid|sid|auth|authorization|api_?key|user(?:_?(?:id|name))?|login"""
    r"""|email|remember)(?:[-_]?(?:token|id|key))?["']?\s{0,3}[=:]\s{0,3}["']?([\w.%+/=-]{12,4000})""",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Masked:
    """The text without them; `found` maps what was replaced to its stand-in."""

    text: str
    found: Mapping[str, str]


def mask(text: str) -> Masked:
    """Replace public IP addresses, e-mail addresses, JSON web tokens and session keys.

    The same finding always has the same stand-in, so that pages of one case still fit together;
    masking twice changes nothing.
    """
    found: dict[str, str] = {}
    for match in _JWT.finditer(text):
        found.setdefault(match[0], _letters(match[0]))
    for match in _NAMED.finditer(text):
        if not _stands_in(match[1]):
            found.setdefault(match[1], _letters(match[1]))
    for match in _EMAIL.finditer(text):
        if not match[0].endswith(f"@{STAND_IN_HOST}"):
            found.setdefault(match[0], f"person{_number(match[0])}@{STAND_IN_HOST}")
    for match in (*_IPV4.finditer(text), *_IPV6.finditer(text)):
        if stand_in := _address(match[0]):
            found.setdefault(match[0], stand_in)
    return Masked(replace_all(text, found), found)


def replace_all(text: str, found: Mapping[str, str]) -> str:
    """The text with every finding replaced, longer ones first."""
    for one in sorted(found, key=len, reverse=True):
        text = text.replace(one, found[one])
    return text


def _address(text: str) -> str | None:
    """A stand-in of the ranges for documentation (RFC 5737, RFC 3849); None for what names no machine."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if not address.is_global:
        return None
    return f"192.0.2.{_number(text) % 254 + 1}" if address.version == 4 else f"2001:db8::{_number(text):x}"


def _letters(text: str) -> str:
    """As long as the original, and plainly none: masked00042…"""
    stem = f"masked{_number(text):05d}"
    return (stem + "x" * len(text))[: max(len(text), len(stem))]


def _stands_in(text: str) -> bool:
    return re.match(r"masked\d{5}", text) is not None


def _number(text: str) -> int:
    import zlib

    return zlib.crc32(text.encode()) % 10_000
