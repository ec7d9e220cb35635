"""Decides whether what was joined is the whole episode: pure, from what was promised and measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import Damaged
from ..models import MediaInfo

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
    fetched and joined. `announced_size` is in bytes, from the host; `expected_seconds` is what somebody
    else knows of the length, of which a clip that stands in for the film falls short.
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
    if expected_seconds is not None and joined.seconds < 0.95 * expected_seconds:
        raise Damaged(f"the video lasts {joined.seconds:.0f} s where {expected_seconds:.0f} s are expected")
