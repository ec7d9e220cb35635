"""Decides whether what was joined is the whole episode: pure, from what was promised and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import Damaged
from ..models import Language, MediaInfo
from .iso639 import code_of

if TYPE_CHECKING:
    from .transfer import Fetched

_PLACEHOLDER_BYTES = {7_975_279: "Streamtape's clip for a wrong token"}


@dataclass(frozen=True, slots=True)
class Joined:
    """A written video as its packets tell it, in seconds.

    `claimed` is the length that the source's own header announced, None where it has none;
    `video` and `audio` are the lengths of the first track of each.
    """

    media: MediaInfo
    seconds: float
    video: float
    audio: float
    claimed: float | None


def check(
    joined: Joined,
    fetched: Fetched,
    *,
    announced_size: int | None = None,
    expected_seconds: float | None = None,
) -> None:
    """Damaged, with a sentence, unless the video is whole.

    That all segments are there and no second is missing inside has been seen while they were
    fetched and joined. `announced_size` is in bytes, from the host.

    `expected_seconds` is what metadata or other episodes say of the length. Less than a third of it, and a
    minute less, is a clip that stands in for the film. No more is asked: metadata are in whole
    minutes, count a double episode as one where the catalogue counts two, and give one length for all;
    among long episodes there is a short one now and then. To refuse these everywhere would cost the owner
    the episode, for no host has a longer one.
    """
    size = fetched.size
    if size in _PLACEHOLDER_BYTES:
        raise Damaged(f"this is {_PLACEHOLDER_BYTES[size]}")
    if announced_size and size < 0.99 * announced_size:
        raise Damaged(f"{size} bytes came of {announced_size} that were announced")
    if not joined.audio:
        raise Damaged("there is no sound in the video")
    if not joined.video:
        raise Damaged("there is no picture in the video")
    for name, seconds in (("picture", joined.video), ("sound", joined.audio)):
        if joined.seconds - seconds > max(5.0, 0.05 * joined.seconds):
            raise Damaged(f"the {name} lasts {seconds:.0f} s of {joined.seconds:.0f}")
    promised = fetched.seconds if fetched.seconds is not None else joined.claimed
    if promised is not None and abs(joined.seconds - promised) > max(1.0, 0.02 * promised, fetched.slack):
        raise Damaged(f"the video lasts {joined.seconds:.1f} s instead of {promised:.1f}")
    if expected_seconds is not None and joined.seconds < expected_seconds / 3 - 60:
        raise Damaged(f"the video lasts {joined.seconds:.0f} s where {expected_seconds:.0f} s are expected")


def contradicts(tags: Sequence[str], language: Language) -> bool:
    """Whether every sound track is tagged, and none with the language that the mirror was listed under.

    Worth a word to the owner and no more: hosts copy tags from wherever the file came from.
    """
    codes = {code_of(tag) for tag in tags}
    return bool(codes) and "" not in codes and code_of(language.audio) not in codes
