"""Languages by the codes and names that playlists and containers know them by: pure."""

from __future__ import annotations

import re

_LANGUAGES = {
    "ar": ("ara", "ara", "arabic", "arabisch", "العربية"),
    "de": ("ger", "deu", "german", "deutsch"),
    "en": ("eng", "eng", "english", "englisch"),
    "es": ("spa", "spa", "spanish", "spanisch", "español"),
    "fr": ("fre", "fra", "french", "französisch", "français"),
    "it": ("ita", "ita", "italian", "italienisch", "italiano"),
    "ja": ("jpn", "jpn", "japanese", "japanisch", "日本語"),
    "ko": ("kor", "kor", "korean", "koreanisch", "한국어"),
    "nl": ("dut", "nld", "dutch", "niederländisch", "nederlands"),
    "pl": ("pol", "pol", "polish", "polnisch", "polski"),
    "pt": ("por", "por", "portuguese", "portugiesisch", "português"),
    "ru": ("rus", "rus", "russian", "russisch", "русский"),
    "tr": ("tur", "tur", "turkish", "türkisch", "türkçe"),
    "zh": ("chi", "zho", "chinese", "chinesisch", "中文"),
}
"""ISO 639-1, then the bibliographic code (Matroska wants it), the terminological one (mp4 does), names."""

_CODES = {name: code for code, names in _LANGUAGES.items() for name in (code, *names)}


def code_of(tag: str) -> str:
    """The shortest code that a language tag stands for (`ger`, `de-AT`); empty for none."""
    word = tag.casefold().replace("_", "-").partition("-")[0].strip()
    if word in _CODES:
        return _CODES[word]
    return word if re.fullmatch("[a-z]{2,3}", word) and word != "und" else ""


def code_in(name: str) -> str:
    """The code of the language that a name speaks of (`Deutsch (Stereo)`); empty for none."""
    words = (word for word in re.findall(r"\w+", name.casefold()) if len(word) > 2 or not word.isascii())
    return next((_CODES[word] for word in words if word in _CODES), "")


def tag_of(code: str, muxer: str) -> str:
    """The three letters that a container wants for a code, by its muxer; itself where we know none."""
    return _LANGUAGES[code][muxer == "mp4"] if code in _LANGUAGES else code
