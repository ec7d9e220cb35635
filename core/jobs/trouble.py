"""What is wrong for every job at once, for a while: a site that is down, a disk that is full."""

from __future__ import annotations

import asyncio

from ..errors import AnidanaError

LASTS = 60.0
"""Seconds until it is tried again whether the trouble is over."""


class Trouble:
    """Errors by what they are about, a site's name or `disk`; each is forgotten after a minute.

    Measured by the loop's clock, which no change of the time of day moves.
    """

    def __init__(self, lasts: float = LASTS) -> None:
        self._lasts = lasts
        self._errors: dict[str, tuple[AnidanaError, float]] = {}

    def __setitem__(self, about: str, error: AnidanaError) -> None:
        self._errors[about] = error, asyncio.get_running_loop().time() + self._lasts

    def get(self, about: str) -> AnidanaError | None:
        """What is wrong with it still."""
        error, end = self._errors.get(about, (None, 0.0))
        return error if asyncio.get_running_loop().time() < end else None

    def now(self) -> set[str]:
        """What there is trouble with."""
        return {about for about in self._errors if self.get(about) is not None}
