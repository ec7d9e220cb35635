"""Addresses of a site, read in the form of either page generation and written in the site's own.

The first generation has `/anime/stream/<key>/staffel-<n>/episode-<m>`, films under `/filme/film-<m>`;
the second `/serie/<key>/staffel-<n>/episode-<m>`, films as season 0. All of them read alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from anidana.core import Gone, Language, Number

_KEY = re.compile(r"\w[\w.%-]*")
_PATH = re.compile(
    rf"/(?:anime|serie)/(?:stream/)?(?!stream(?:/|$))(?P<key>{_KEY.pattern})"
    r"(?:/(?:(?P<films>filme)|staffel-(?P<season>[0-9]{1,4}))(?:/(?:film|episode)-(?P<episode>[0-9]{1,5}))?)?/?"
)


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
    """A site; `url` is its root without a slash, `domains` are all names it goes by.

    `path` is where its series stand, `films` what it calls the season of films and one of them.
    `languages` are its own numbers of languages.
    """

    name: str
    url: str
    domains: tuple[str, ...]
    path: str
    films: tuple[str, str]
    languages: Mapping[str, Language]

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
        season = "0" if found["films"] else found["season"]
        return Address(found["key"], _int(season), _int(found["episode"]))

    def key(self, slug: str) -> str | None:
        """The slug, if it could be a key."""
        return slug if _KEY.fullmatch(slug) else None

    def series(self, key: str) -> str:
        """The address of a series; Gone if the site cannot have such a key."""
        if self.key(key) is None:
            raise Gone(f"{self.name} has no series {key!r}")
        return f"{self.url}{self.path}/{key}"

    def season(self, key: str, season: int) -> str:
        """The address of a season's table."""
        return f"{self.series(key)}/{f'staffel-{season}' if season else self.films[0]}"

    def episode(self, key: str, number: Number) -> str:
        """The address of an episode's page."""
        kind = "episode" if number.season else self.films[1]
        return f"{self.season(key, number.season)}/{kind}-{number.episode}"


def _int(text: str | None) -> int | None:
    return None if text is None else int(text)
