"""Packs scripts as many hosts do: every word becomes a number into a list of words."""

from __future__ import annotations

import re
import string

_DIGITS = string.digits + string.ascii_lowercase + string.ascii_uppercase
_WORD = re.compile(r"\w+", re.ASCII)
_HEAD = (
    "eval(function(p,a,c,k,e,d){while(c--)if(k[c])"
    r"p=p.replace(new RegExp('\\b'+c.toString(a)+'\\b','g'),k[c]);return p}"
)


def pack(text: str, radix: int = 36) -> str:
    """The script (ASCII, one line) in packed form; `radix` is that of the numbers, 62 at most."""
    places = {word: place for place, word in enumerate(dict.fromkeys(_WORD.findall(text)))}
    numbered = _WORD.sub(lambda word: _number(places[word[0]], radix), text)
    quoted = numbered.replace("\\", "\\\\").replace("'", "\\'")
    return f"{_HEAD}('{quoted}',{radix},{len(places)},'{'|'.join(places)}'.split('|'),0,{{}}))"


def _number(value: int, radix: int) -> str:
    digits = ""
    while True:
        value, rest = divmod(value, radix)
        digits = _DIGITS[rest] + digits
        if not value:
            return digits
