"""Unpacks the scripts of pages that went through the `p,a,c,k,e,d` packer.

Such a script ends in its arguments: the text with every word replaced by a number, the numbers'
radix (10, 34, 36 and 62 were seen), the count of words, and the words, separated by `|`. Only
these are matched, for the function before them comes in many forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_CHARS = 1024 * 1024
"""All that a page's scripts may unpack to; a long word that stands for every letter would fill the memory."""

_ARGUMENTS = re.compile(
    r"""\}\s{0,9}\(\s{0,9}(["'])(?P<text>(?:\\.|(?!\1)[^\\])*+)\1\s{0,9},"""
    r"""\s{0,9}(?P<radix>\d{1,2}|\[\])\s{0,9},\s{0,9}\d{1,6}\s{0,9},"""
    r"""\s{0,9}(["'])(?P<words>(?:\\.|(?!\4)[^\\])*+)\4\.split\(""",
    re.DOTALL,
)
_WORD = re.compile(r"\b[0-9A-Za-z]{1,5}\b", re.ASCII)  # the packer is JavaScript, where ä ends a word
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DIGITS = {digit: value for value, digit in enumerate("0123456789abcdefghijklmnopqrstuvwxyz")}
_DIGITS_62 = _DIGITS | {digit: value for value, digit in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 36)}


def unpack(text: str) -> Iterator[str]:
    """Every packed script of a page, unpacked, in order; what grows without bounds is cut off."""
    room = MOST_CHARS
    for found in _ARGUMENTS.finditer(text):
        radix = 62 if found["radix"] == "[]" else int(found["radix"])
        script = "".join(_pieces(found["text"], radix, found["words"].split("|"), room))
        room -= len(script)
        yield _ESCAPE.sub(r"\1", script)


def _pieces(text: str, radix: int, words: list[str], room: int) -> Iterator[str]:
    end = 0
    for number in _WORD.finditer(text):
        place = _number(number[0], radix)
        word = words[place] if 0 <= place < len(words) and words[place] else number[0]
        if (room := room - len(word)) < 0:
            return
        yield text[end : number.start()]
        yield word
        end = number.end()
    yield text[end:]


def _number(word: str, radix: int) -> int:
    """The value of a number; -1 for what is none in this radix."""
    value = 0
    for letter in word:
        digit = (_DIGITS_62 if radix > 36 else _DIGITS).get(letter, radix)
        if digit >= radix:
            return -1
        value = value * radix + digit
    return value
