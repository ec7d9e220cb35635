"""Follows a catalogue's own link to the streaming host: `/redirect/<id>`, or `/r?t=<token>`.

A token is good for one showing of its page. What outlives it is the link's id, which a mirror keeps as
the fragment of its address: with it the same link is found again on a fresh page.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from anidana.core import Get, Gone, Link, Mirror, NeedsPerson, Page, PageChanged, Steps, find_gate

from ._layout import read_mirrors
from ._site import Site

_MOST_HOPS = 3


def resolve(mirror: Mirror, site: Site) -> Steps[Link]:
    """Ask where the site's redirect leads; Gone if it leads back to the site.

    A link whose mirror names its page is looked up there once more before it is given up.
    """
    try:
        return (yield from _follow(mirror, site))
    except (Gone, PageChanged):
        address = site.read(mirror.page) if mirror.page else None
        if address is None or address.number is None:
            raise
    page = yield Get(mirror.page, referer=site.season(address.key, address.number.season))
    offers = read_mirrors(page, site, address.number)
    again = next((offer for offer in offers if _identity(offer) == _identity(mirror)), None)
    if again is None:
        raise Gone("the site does not offer this link any more")
    return (yield from _follow(again, site))


def _identity(mirror: Mirror) -> tuple[object, ...]:
    return mirror.provider, mirror.language, urlsplit(mirror.url).fragment


def _follow(mirror: Mirror, site: Site) -> Steps[Link]:
    url, root = mirror.url, f"{site.url}/"
    for _ in range(_MOST_HOPS):
        page = yield Get(url, referer=mirror.page or root, follow=False)
        url = _target(page, mirror.page or page.url)
        parts = urlsplit(url)
        if not site.owns(parts.hostname or ""):
            return Link(url, root)
        if not parts.path.startswith("/redirect/") and parts.path != "/r":
            break
    if parts.path in ("", "/") or site.read(url):
        raise Gone("the site has no such link any more")
    raise PageChanged(f"the link leads to {parts.path[:60]} of the site")


def _target(page: Page, shown: str) -> str:
    """Where a redirect leads; without one it is a gate, to be seen at `shown`, or a page we do not know."""
    target = page.headers.get("location", "")
    if not 300 <= page.status < 400 or not target:
        if (gate := find_gate(page.text)) is not None:
            raise NeedsPerson(f"a gate ({gate}) stands before the host", url=shown)
        raise PageChanged("the link does not lead to a host")
    url = page.join(target)
    if urlsplit(url).scheme not in ("http", "https") or not url.isprintable():
        raise PageChanged("the redirect does not lead to a web address")
    return url
