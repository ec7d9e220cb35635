"""Addresses of the first page generation: `/anime/stream/<key>/staffel-<n>/episode-<m>`.

Films stand under `/filme/film-<m>`; the site links to the same entries as `/staffel-0/episode-<m>`.
Both read as season 0, and only the first form is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from anidana.core import Gone, Number

_KEY = re.compile(r"\w[\w.%-]*")
_PATH = re.compile(
    rf"/anime/stream/(?P<key>{_KEY.pattern})"
    r"(?:/(?:filme|staffel-(?P<season>[0-9]{1,4}))(?:/(?:film|episode)-(?P<episode>[0-9]{1,5}))?)?/?"
)
_FILMS = re.compile(r"/anime/stream/[^/]+/filme\b")


class Address(NamedTuple):
    """What a link points to: a series, one of its seasons, or one episode."""

    key: str
    season: int | None = None
    episode: int | None = None

    @property
    def number(self) -> Number | None:
        """The episode's number, None if the link is not one to an episode."""
        if self.season is None or self.episode is None:
            return None
        return Number(self.season, self.episode)


@dataclass(frozen=True, slots=True)
class Site:
    """A site of this generation; `url` is its root without a slash, `domains` are all names it goes by."""

    name: str
    url: str
    domains: tuple[str, ...]

    def owns(self, host: str) -> bool:
        """Whether a host name is one of the site's own."""
        return host.lower().removeprefix("www.") in self.domains

    def read(self, link: str) -> Address | None:
        """What a link of this site points to: absolute, relative to the root, or typed without `https://`."""
        link = link.strip()
        if "://" not in link and not link.startswith("/"):
            link = f"https://{link}"
        try:
            parts = urlsplit(urljoin(f"{self.url}/", link))
            host = parts.hostname or ""
        except ValueError:
            return None
        found = _PATH.fullmatch(parts.path)
        if found is None or not self.owns(host) or parts.scheme not in ("http", "https"):
            return None
        season, episode = found["season"], found["episode"]
        if season is None and _FILMS.match(parts.path):
            season = "0"
        return Address(found["key"], _int(season), _int(episode))

    def key(self, slug: str) -> str | None:
        """The slug, if it could be a key."""
        return slug if _KEY.fullmatch(slug) else None

    def series(self, key: str) -> str:
        """The address of a series; Gone if the site cannot have such a key."""
        if self.key(key) is None:
            raise Gone(f"{self.name} has no series {key!r}")
        return f"{self.url}/anime/stream/{key}"

    def season(self, key: str, season: int) -> str:
        """The address of a season's table."""
        return f"{self.series(key)}/staffel-{season}" if season else f"{self.series(key)}/filme"

    def episode(self, key: str, number: Number) -> str:
        """The address of an episode's page."""
        kind = "episode" if number.season else "film"
        return f"{self.season(key, number.season)}/{kind}-{number.episode}"


def _int(text: str | None) -> int | None:
    return None if text is None else int(text)
