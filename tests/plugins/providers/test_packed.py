"""Packed scripts, whichever radix and head they come with."""

from __future__ import annotations

import re

import pytest

from anidana.plugins.providers._packed import MOST_CHARS, unpack

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
HEADS = (
    "eval(function(p,a,c,k,e,d){while(c--)if(k[c])p=p.replace(new RegExp('x','g'),k[c]);return p}",
    "eval(function(p,a,c,k,e,d){e=function(c){return c};if(!''.replace(/^/,String)){k=[]}return p}",
)
SCRIPT = """player.setup({sources:[{file:"https://cdn.example/a.m3u8"}],title:'It\\'s "it"'});""" + "".join(
    f"word{number};" for number in range(80)
)


def number(value: int, radix: int) -> str:
    return (number(value // radix, radix) if value >= radix else "") + DIGITS[value % radix]


def pack(script: str, radix: int, head: str = HEADS[0], sign: str | None = None) -> str:
    """The inverse of `unpack`."""
    words = list(dict.fromkeys(re.findall(r"\w+", script)))
    text = re.sub(r"\w+", lambda word: number(words.index(word[0]), radix), script)
    text = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"{head}('{text}',{sign or radix},{len(words)},'{'|'.join(words)}'.split('|'),0,{{}}))"


@pytest.mark.parametrize("head", HEADS, ids=["short", "long"])
@pytest.mark.parametrize("radix", [10, 34, 36, 62])
def test_every_radix_is_undone(radix: int, head: str) -> None:
    assert list(unpack(f"<script>{pack(SCRIPT, radix, head)}</script>")) == [SCRIPT]


def test_brackets_in_place_of_a_radix_mean_62() -> None:
    assert list(unpack(pack(SCRIPT, 62, sign="[]"))) == [SCRIPT]


def test_every_packed_script_of_a_page_comes_out_in_order() -> None:
    assert list(unpack(pack("first()", 36) + "<p>" + pack("second()", 10))) == ["first()", "second()"]


def test_a_word_without_an_entry_stays_itself() -> None:
    assert list(unpack("}('0 1 2 zz',36,3,'a||b'.split('|')))")) == ["a 1 b zz"]


def test_a_word_ends_where_it_does_in_javascript() -> None:
    assert list(unpack("}('0ö1 2é',36,3,'G|tz|Caf'.split('|')))")) == ["Götz Café"]


@pytest.mark.parametrize(
    "text", ["", "}('0',36,1,'a'.split", "eval(function(p,a,c,k,e,d){}", "}('0 1',36,2,'a|b"]
)
def test_what_breaks_off_is_no_script(text: str) -> None:
    assert list(unpack(text)) == []


def test_a_script_that_grows_without_bounds_is_cut_off() -> None:
    bomb = "}('" + "0 " * 500_000 + "',36,1,'" + "x" * 500_000 + "'.split('|')))"
    (script,) = unpack(bomb)
    assert len(script) <= 2 * MOST_CHARS


def test_many_scripts_may_not_grow_more_than_one() -> None:
    bomb = "}('" + "0 " * 1000 + "',36,1,'" + "x" * 3000 + "'.split('|')))"
    assert sum(map(len, unpack(bomb * 20))) <= 2 * MOST_CHARS
