"""Finds the plugins, puts them in order, and says which were left out and why.

A built-in that is broken stops the start; anybody else's is left out with its name and reason,
and the rest goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Any

import pluggy

from . import hooks
from .errors import ConfigError
from .hooks import GROUP, Action, Catalogue, MetadataSource, Provider, Recogniser, SidecarWriter
from .steps import Page

log = logging.getLogger(__name__)

DEFAULT_PROVIDERS = (
    *("VOE", "Doodstream", "Vidmoly", "Vidoza", "Streamtape", "Luluvdo", "Filemoon", "MixDrop", "VidHide"),
    *("StreamWish", "UQload", "SuperVideo", "DropLoad", "gxplayer", "VidStack", "LoadX", "StreamUp"),
    *("Vidara", "GUpload", "SaveFiles", "VixSrc", "Vidora", "Fastream", "Fsst", "VidSonic", "Sibnet"),
    "SpeedFiles",
    "yt-dlp",
)
"""Who is asked first. A provider that is not listed comes after these, by name, but before the last resort.

SpeedFiles is dead; yt-dlp, the last resort, starts a program for every try.
"""

LAST_RESORT = DEFAULT_PROVIDERS[-1]

BUILT_IN = "anidana"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A plugin that does not take part: its entry point, its distribution, and why."""

    name: str
    origin: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin that takes part, the names of what it offers, and those of built-ins whose place it takes."""

    name: str
    origin: str
    offers: tuple[str, ...]
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plugins:
    """All that was offered. `providers` are in the order in which they are asked.

    `domains` are the owner's additions to those of the providers, by name in lower case.
    """

    providers: tuple[Provider, ...] = ()
    catalogues: tuple[Catalogue, ...] = ()
    sources: tuple[MetadataSource, ...] = ()
    writers: tuple[SidecarWriter, ...] = ()
    actions: tuple[Action, ...] = ()
    loaded: tuple[Loaded, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    domains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def provider_for(self, label: str, host: str = "") -> Provider | None:
        """The provider a catalogue's label names, else the one that knows the host."""
        label = label.strip().casefold()
        for provider in self.providers:
            if label in (name.casefold() for name in labels(provider)):
                return provider
        # The owner's word first: a domain may have gone from one host to another.
        for provider in self.providers:
            for name in labels(provider):
                if host and knows(self.domains.get(name.casefold(), ()), host):
                    return provider
        return next((p for p in self.providers if host and knows(p.domains, host)), None)

    def recognise(self, page: Page) -> Provider | None:
        """The provider that takes a page for one of its host's."""
        for provider in self.providers:
            try:
                if isinstance(provider, Recogniser) and provider.recognises(page):
                    return provider
            except Exception:
                log.exception("%s failed to look at a page", provider.name)
        return None

    def catalogue(self, name: str) -> Catalogue:
        """The catalogue of that name; ConfigError if none is loaded."""
        for catalogue in self.catalogues:
            if catalogue.name == name:
                return catalogue
        raise ConfigError(f"no catalogue plugin is called {name!r}", hint="anidana plugin list")


def knows(domains: Iterable[str], host: str) -> bool:
    """Whether a host name is one of the domains or below one; `voe.sx.evil.test` is not below `voe.sx`."""
    host = host.casefold().rstrip(".")
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _host(domain: str) -> str:
    """A domain as `Link.host` has it."""
    return domain.strip().casefold().removeprefix("www.")


def labels(provider: Provider) -> tuple[str, ...]:
    """Every name that catalogues have for a provider, its own first."""
    return provider.name, *getattr(provider, "labels", ())


def in_order(providers: Iterable[Provider], order: Sequence[str] = ()) -> tuple[Provider, ...]:
    """Sort providers: the owner's order, DEFAULT_PROVIDERS, all others by name, then the last resort."""
    ranks: dict[str, int] = {}
    for name in (*order, *DEFAULT_PROVIDERS):
        ranks.setdefault(name.casefold(), len(ranks))
    others = len(ranks)
    if LAST_RESORT not in map(str.casefold, order):
        ranks[LAST_RESORT] = others + 1

    def rank(provider: Provider) -> tuple[int, str]:
        place = min(ranks.get(name.casefold(), others) for name in labels(provider))
        return place, provider.name.casefold()

    return tuple(sorted(providers, key=rank))


def load(
    order: Sequence[str] = (),
    points: Iterable[EntryPoint] | None = None,
    domains: Mapping[str, tuple[str, ...]] | None = None,
) -> Plugins:
    """Load every plugin that is installed; `order` and `domains` are the owner's, as in the settings.

    Raises ConfigError if a built-in plugin is broken.
    """
    found = entry_points(group=GROUP) if points is None else points
    # Built-ins first, so that a name they use cannot be taken from them.
    in_turn = sorted(found, key=lambda point: (_origin(point) != BUILT_IN, point.name))
    offers = _Offers()
    loaded: list[Loaded] = []
    left_out: list[LeftOut] = []
    for point in in_turn:
        origin = _origin(point)
        try:
            loaded.append(Loaded(point.name, origin, *offers.take(point)))
        except (Exception, SystemExit) as error:
            if origin == BUILT_IN:
                raise ConfigError(f"the built-in plugin {point.name!r} does not load: {error}") from error
            reason = str(error) or type(error).__name__
            log.warning("plugin %s (%s) is left out: %s", point.name, origin, reason)
            left_out.append(LeftOut(point.name, origin, reason))
    return Plugins(
        in_order(offers.providers, order),
        tuple(offers.catalogues),
        tuple(offers.sources),
        tuple(sorted(offers.writers, key=lambda writer: writer.name)),
        tuple(offers.actions),
        tuple(loaded),
        tuple(left_out),
        {name.casefold(): tuple(map(_host, more)) for name, more in (domains or {}).items()},
    )


class _Offers:
    """What has been accepted so far; a plugin is taken whole or not at all."""

    def __init__(self) -> None:
        self.providers: list[Provider] = []
        self.catalogues: list[Catalogue] = []
        self.sources: list[MetadataSource] = []
        self.writers: list[SidecarWriter] = []
        self.actions: list[Action] = []
        self._manager = pluggy.PluginManager("anidana")
        self._manager.add_hookspecs(hooks)
        self._built_in: list[Any] = []

    def take(self, point: EntryPoint) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Import one plugin, call its hooks, accept what they return; returns names offered and replaced."""
        module = point.load()
        self._manager.register(module, point.name)
        try:  # one plugin at a time, so that what one of them raises is its own affair
            self._manager.check_pending()
            new = list(self._offered(self._manager.hook))
        finally:
            self._manager.unregister(module)
        if not new:
            raise TypeError("it offers nothing")
        old = [one for shelf, offer in new for one in shelf if self._gives_way(one, offer)]
        for count, (shelf, offer) in enumerate(new):
            known = [
                *(one for one in shelf if one not in old),
                *(other for place, other in new[:count] if place is shelf),
            ]
            taken = {name.casefold() for other in known for name in labels(other)}
            for name in labels(offer):
                if name.casefold() in taken:
                    raise ValueError(f"the name {name!r} is taken")
        for shelf, offer in new:
            shelf[:] = [one for one in shelf if one not in old] + [offer]
            if _origin(point) == BUILT_IN:
                self._built_in.append(offer)
        return tuple(offer.name for _, offer in new), tuple(one.name for one in old)

    def _gives_way(self, one: Any, offer: Any) -> bool:
        """Whether a built-in is what an offer says that it replaces; anybody else's keeps its name."""
        wanted = getattr(offer, "replaces", "").casefold()
        return one in self._built_in and one.name.casefold() == wanted

    def _offered(self, hook: Any) -> Iterator[tuple[list[Any], Any]]:
        """Every offer of the plugin that is registered, checked, with the shelf it goes to."""
        for offer in _call(hook.register_providers):
            yield self.providers, _check(offer, Provider)
        for offer in _call(hook.register_catalogues):
            yield self.catalogues, _check(offer, Catalogue)
        for offer in _call(hook.register_metadata):
            if isinstance(offer, MetadataSource):
                yield self.sources, _check(offer, MetadataSource)
            else:
                yield self.writers, _check(offer, SidecarWriter)
        for offer in _call(hook.register_actions):
            yield self.actions, _check(offer, Action)


def _call(hook: Callable[[], list[Any]]) -> list[Any]:
    offers: list[Any] = []
    for answer in hook():
        if not isinstance(answer, list):
            raise TypeError(f"a hook returned {type(answer).__name__}, not a list")
        offers.extend(answer)
    return offers


def _check(offer: Any, protocol: type) -> Any:
    """The offer, if it looks like what the hook promises; TypeError says what is missing."""
    if isinstance(offer, type) or not isinstance(offer, protocol):
        what = offer.__name__ if isinstance(offer, type) else type(offer).__name__
        missing = sorted(name for name in _members(protocol) if not hasattr(offer, name))
        raise TypeError(
            f"{what} is not a {protocol.__name__}: "
            + (f"it lacks {', '.join(missing)}" if missing else "an instance is wanted, not a class")
        )
    name: Any = getattr(offer, "name", None)
    if not isinstance(name, str) or not name.strip():
        raise TypeError(f"a {protocol.__name__} needs a name")
    domains: Any = getattr(offer, "domains", ())
    if not isinstance(domains, tuple) or not all(isinstance(domain, str) for domain in domains):
        raise TypeError(f"{name}: domains must be a tuple of host names")
    more: Any = getattr(offer, "labels", ())
    if not isinstance(more, tuple) or not all(isinstance(label, str) for label in more):
        raise TypeError(f"{name}: labels must be a tuple of names")
    replaces: Any = getattr(offer, "replaces", name)
    if not isinstance(replaces, str) or replaces.casefold() != name.casefold():
        raise TypeError(f"{name}: replaces must be its own name, {name!r}")
    if not isinstance(getattr(offer, "headers", {}), Mapping):
        raise TypeError(f"{name}: headers must map names to values")
    return offer


def _members(protocol: type) -> set[str]:
    return {name for name in (*protocol.__dict__, *protocol.__annotations__) if not name.startswith("_")}


def _origin(point: EntryPoint) -> str:
    return _name_of(point.dist) if point.dist is not None else "unknown"


@lru_cache(maxsize=64)
def _name_of(dist: Distribution) -> str:
    """A distribution's name, which is read from its files anew each time it is asked for."""
    return dist.name
