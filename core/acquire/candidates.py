"""Which mirrors are asked, and in which order: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from ..hooks import Provider
from ..loader import Plugins
from ..models import Language, Mirror


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mirror worth asking; `provider` is None where only its link can tell which host it is.

    One whose host is `resting`, or was silent just now, is asked only after every other of its language has
    failed.
    """

    mirror: Mirror
    provider: Provider | None
    resting: bool = False

    @property
    def name(self) -> str:
        """What people call the host."""
        return self.provider.name if self.provider is not None else self.mirror.provider


def candidates(
    mirrors: Iterable[Mirror],
    plugins: Plugins,
    languages: Sequence[Language],
    *,
    off: Collection[str] = (),
    resting: Collection[str] = (),
) -> list[Candidate]:
    """Mirrors in a wanted language, never in another, in the order in which they are asked.

    By rank of language, then by the order of `plugins.providers`; a label that no plugin knows
    comes last among its language, but before hosts that rest. `off` and `resting` are names of providers.
    """
    left_out = {name.casefold() for name in off}
    order = {provider.name: place for place, provider in enumerate(plugins.providers)}
    found = [
        replace(one, resting=one.name in resting)
        for mirror in dict.fromkeys(mirrors)
        if mirror.language in languages
        for one in (Candidate(mirror, plugins.provider_for(mirror.provider)),)
    ]

    def rank(candidate: Candidate) -> tuple[int, bool, int]:
        language = languages.index(candidate.mirror.language)
        return language, candidate.resting, order.get(candidate.name, len(order))

    return sorted((one for one in found if one.name.casefold() not in left_out), key=rank)
