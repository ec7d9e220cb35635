"""How hosts and catalogues stand, and the owner's word on them: what commands and the API do alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from .app import App
from .errors import NotFound
from .hooks import Provider
from .hosts import HostState
from .loader import Plugins
from .store import hosts as store
from .store.hosts import Kind
from .store.sessions import get_db_session
from .store.tables import now


@dataclass(frozen=True, slots=True)
class Standing:
    """A host or catalogue; `mood` is `off` for one that the owner does not want."""

    state: HostState
    mood: str
    resting_until: datetime | None


async def standings(app: App) -> tuple[list[Standing], list[Standing]]:
    """Every host in the order in which they are asked, and every catalogue that rests."""
    async with get_db_session(read_only=True) as session:
        hosts = await store.states(session, "host")
        sites = await store.states(session, "site")
    off, moment = {name.casefold() for name in app.off()}, now()
    names = [provider.name for provider in app.plugins.providers]
    listed = [_standing(hosts.get(name, HostState(name)), moment, off) for name in names]
    return listed, [_standing(one, moment, set()) for one in sites.values() if one.rests_at(moment)]


def _standing(state: HostState, moment: datetime, off: set[str]) -> Standing:
    mood = "off" if state.name.casefold() in off else state.mood(moment)
    return Standing(state, mood, state.until() if state.rests_at(moment) else None)


def named(plugins: Plugins, names: Sequence[str]) -> list[Provider]:
    """The providers people mean; NotFound with the nearest names otherwise."""
    found = []
    for name in names:
        if (provider := plugins.provider_for(name)) is None:
            known = {one.name.casefold(): one.name for one in plugins.providers}
            near = [known[one] for one in get_close_matches(name.casefold(), known, 3)]
            raise NotFound(f"no host is called {name!r}", candidates=near, hint="anidana hosts list")
        found.append(provider)
    return found


async def change(app: App, names: Sequence[str], to: Callable[[HostState, datetime], HostState]) -> list[str]:
    """Change how hosts or catalogues stand, all that are remembered without names; returns whose."""
    sites, moment = {one.name.casefold(): one.name for one in app.plugins.catalogues}, now()
    known = [name for name in names if name.casefold() not in sites]
    places: list[tuple[Kind, str]] = [
        *(("host", provider.name) for provider in named(app.plugins, known)),
        *(("site", sites[name.casefold()]) for name in names if name.casefold() in sites),
    ]
    async with get_db_session() as session:
        kinds: tuple[Kind, Kind] = ("host", "site")
        if not names:
            places = [(kind, name) for kind in kinds for name in await store.states(session, kind)]
        for kind, name in sorted(places):  # one order, so that nobody waits in a ring
            await store.change(session, kind, name, lambda state: to(state, moment))
    return [name for _, name in places]
