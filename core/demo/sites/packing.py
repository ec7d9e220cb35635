"""Packs scripts as pages carry them: every word a number, the words in a list behind the text."""

from __future__ import annotations

import re

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORD = re.compile(r"\w+", re.ASCII)
_HEAD = (
    "eval(function(p,a,c,k,e,d){while(c--)if(k[c])"
    "p=p.replace(new RegExp('\\\\b'+c.toString(a)+'\\\\b','g'),k[c]);return p}"
)


def pack(script: str, radix: int = 36) -> str:
    """One line that unpacks to the script, which must be one line itself; `radix` is 2 to 62."""
    words = {word: place for place, word in enumerate(dict.fromkeys(_WORD.findall(script)))}
    text = _WORD.sub(lambda word: _number(words[word[0]], radix), script)
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"{_HEAD}('{quoted}',{radix},{len(words)},'{'|'.join(words)}'.split('|')))"


def _number(value: int, radix: int) -> str:
    rest, digit = divmod(value, radix)
    return (_number(rest, radix) if rest else "") + _DIGITS[digit]
