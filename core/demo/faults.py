"""What can go wrong on the practice network, as switches that may be flipped while it runs."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from ..models import Number


@dataclass(frozen=True, slots=True)
class Faults:
    """How a site misbehaves; all off by default.

    Any site:
      `dead`             closes the connection without an answer
      `slow`             seconds before each answer
      `server_error`     503 with `Retry-After: 5`
      `blocked`          403 from DDoS-Guard
      `gone`             the site's own page for what is not there (any more)
      `gated`            the site's own gate instead of every page
      `half_page`        every HTML page ends in the middle
    Hosts:
      `not_ready`        still encoding (Doodstream has no such page)
      `segments_refused` pages and playlists as ever, segments and files 403
      `segment_lost`     the third segment of every playlist is 404
      `html_media`       segments and files are HTML labelled as video
      `truncated`        segments and files end half way
      `stalling`         segments and files stop half way and hold the connection
      `placeholder`      another video, four seconds long, instead of the episode
    The catalogues:
      `gated_links`      the gate before links to hosts only, as on the real sites
      `flags_everywhere` season tables show all three languages on every row (aniworld)
      `stale_links`      the links of a page's first showing are good for nothing (serienstream)
    """

    dead: bool = False
    slow: float = 0.0
    server_error: bool = False
    blocked: bool = False
    gone: bool = False
    gated: bool = False
    half_page: bool = False
    not_ready: bool = False
    segments_refused: bool = False
    segment_lost: bool = False
    html_media: bool = False
    truncated: bool = False
    stalling: bool = False
    placeholder: bool = False
    gated_links: bool = False
    flags_everywhere: bool = False
    stale_links: bool = False


Place: TypeAlias = str | tuple[str, Number]
"""A site by its label (`VOE`), or one episode there (`("VOE", Number(1, 2))`), of every series."""

PlaceT = TypeVar("PlaceT", bound=Place)

Switches: TypeAlias = MutableMapping[Place, Faults]
"""Which faults hold where."""


def faults_of(switches: Switches, site: str, number: Number | None) -> Faults:
    """What holds for a request: the episode's own entry, else the site's, else no fault."""
    if number is not None and (site, number) in switches:
        return switches[site, number]
    return switches.get(site, Faults())
