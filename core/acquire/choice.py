"""What is taken of a master playlist: one quality, one sound, the subtitles that are wanted; pure."""

from __future__ import annotations

from ..models import Language
from .iso639 import code_of
from .playlist import Rendition, Variant

MOST_SUBTITLES = 8

_PICTURES = (("avc1", "avc3"), ("hvc1", "hev1"), ("vp09", "vp9", "av01"))
"""What players at home play, by how many of them do: every one plays H.264, a browser no HEVC."""

_UNKNOWN, _NO_PICTURE = len(_PICTURES), len(_PICTURES) + 1
_NO_PICTURES = ("mp4a", "mp3", "ac-3", "ec-3", "ac-4", "opus", "flac", "alac", "vorb", "dts", "stpp", "wvtt")


def best(variants: tuple[Variant, ...], most_height: int) -> Variant:
    """The tallest that is not too tall, by codec and then bandwidth where several are as tall.

    What nobody may be able to play is taken only if there is nothing else; the smallest if all are
    too tall.
    """
    playable = [variant for variant in variants if _rank(variant) < _UNKNOWN] or variants
    told = [variant for variant in playable if variant.height]
    fitting = [variant for variant in told if variant.height <= most_height]
    if fitting or not told:
        return max(fitting or playable, key=lambda one: (one.height, *_merit(one)))
    return max(told, key=lambda one: (-one.height, *_merit(one)))


def _merit(variant: Variant) -> tuple[int, int, float]:
    return -_rank(variant), variant.bandwidth, variant.frame_rate


def _rank(variant: Variant) -> int:
    codecs = [codec.strip().lower() for codec in variant.codecs.split(",") if codec.strip()]
    pictures = [codec for codec in codecs if not codec.startswith(_NO_PICTURES)]
    if not pictures:  # many lists name no codec, and those are H.264
        return _NO_PICTURE if codecs and not variant.height else 0
    return next((rank for rank, known in enumerate(_PICTURES) if pictures[0].startswith(known)), _UNKNOWN)


def sound_for(variant: Variant, language: Language) -> Rendition | None:
    """The sound to take in place of what comes with the picture; None if that is it.

    In the wanted language, else the default, else the first.
    """
    offered = [one for one in variant.renditions if one.kind == "audio"]
    wanted = code_of(language.audio)
    fitting = [one for one in offered if wanted and one.code == wanted] or offered
    if not fitting:
        return None
    chosen = min(fitting, key=lambda one: (one.described, not one.default))
    return chosen if chosen.url not in ("", variant.url) else None


def subtitles_for(variant: Variant, language: Language) -> tuple[Rendition, ...]:
    """Subtitles in the wanted language, or in that of the dub, whole ones before forced ones.

    Those that do not say their language might be it; without a wish, all are wanted.
    """
    wanted = code_of(language.subtitles or language.audio)
    fitting = [
        one
        for one in variant.renditions
        if one.kind == "subtitles" and one.url and (not wanted or one.code in (wanted, ""))
    ]
    return tuple(sorted(fitting, key=lambda one: (one.code != wanted, one.forced))[:MOST_SUBTITLES])
