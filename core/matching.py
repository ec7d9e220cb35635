"""What the owner decides about metadata: which series of a source it is, and which episode which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .app import App
from .errors import ConfigError, NotFound
from .metadata.matching import facts_of
from .selector import Selector
from .store import pairs, shelf
from .store.pairs import Paired, State
from .store.sessions import get_db_session
from .store.tables import AnimeSeries, MatchRow

_TARGET = re.compile(r"(?i)(?:s(\d{1,4})e(\d{1,4})|film ?(\d{1,10}))")


@dataclass(frozen=True, slots=True)
class Matched:
    """A series, what it is at a source, and how its episodes are paired there.

    `asked` says whether the source has just answered; `counts` has a number of pairs for each state.
    """

    series: AnimeSeries
    source: str
    match: MatchRow | None
    asked: bool
    counts: dict[State, int]
    episodes: int


async def match(
    app: App, words: str, *, source: str = "tmdb", pin: str | None = None, forget: bool = False
) -> Matched:
    """Ask a source for a series anew, pinned to an id or with what is known forgotten if so wished.

    NotFound for an unknown series, ConfigError for an unknown source or an id that is none. Without an
    answer the pin stands all the same, and `asked` is false.
    """
    _check(app, source)
    if pin is not None and not re.fullmatch(r"[\w-]{1,40}", pin):
        raise ConfigError(f"{pin!r} is no id at {source}")
    async with get_db_session() as session:
        row = await shelf.find_series(session, app.identity(words))
        if forget:
            await pairs.forget(session, row.id, source)
        if pin is not None:
            await pairs.pin(session, row.id, source, pin)
    facts = await facts_of(app, row)
    async with get_db_session(read_only=True) as session:
        known = (await pairs.matches(session, row.id)).get(source)
        listed = await pairs.listed(session, [row.id])
        episodes = await shelf.count_episodes(session, row.id)
    states = [State(one.pair.state) for one in listed if one.pair.source == source]
    counts = {state: states.count(state) for state in State}
    return Matched(row, source, known, facts is not None, counts, episodes)


async def review(app: App, words: str = "", *, every: bool = False) -> list[Paired]:
    """Pairs that wait for the owner, of one series or of all; with `every`, those that do not, too."""
    states = tuple(State) if every else (State.DOUBTFUL,)
    async with get_db_session(read_only=True) as session:
        ids = [(await shelf.find_series(session, app.identity(words))).id] if words else None
        return await pairs.listed(session, ids, states)


async def accept(app: App, selectors: Sequence[Selector]) -> int:
    """Take the pairs of these episodes for right, whatever is found later; returns how many there are."""
    return await _decide(app, selectors, State.CHOSEN)


async def reject(app: App, selectors: Sequence[Selector]) -> int:
    """Take the pairs of these episodes for wrong; the catalogue alone describes them from now on."""
    return await _decide(app, selectors, State.REJECTED)


async def choose(app: App, selector: Selector, target: str, *, source: str = "tmdb") -> str:
    """Say which episode (`S01E05`) or film (`film 1234`) of a source one episode is; returns its key.

    NotFound if the selector means none or several, ConfigError for a target that is none.
    """
    _check(app, source)
    found = _TARGET.fullmatch(target.strip())
    if found is None:
        raise ConfigError(f"{target!r} is no episode", hint="as in S01E05, or film 1234 for a film's id")
    key = f"film {int(found[3])}" if found[3] else f"S{int(found[1]):02d}E{int(found[2]):02d}"
    ids = await _ids(app, [selector])
    if len(ids) != 1:
        raise NotFound(f"{len(ids)} episodes are meant", hint='name one, as in "Title" S01E03')
    async with get_db_session() as session:
        await pairs.choose(session, ids[0], source, key)
    return key


async def reset(app: App, selectors: Sequence[Selector]) -> int:
    """Forget what was decided about these episodes; the next look-up pairs them anew."""
    ids = await _ids(app, selectors)
    async with get_db_session() as session:
        return await pairs.reset(session, ids)


async def _decide(app: App, selectors: Sequence[Selector], state: State) -> int:
    """Of a whole series or season only what waits; what was said before about single ones stands."""
    ids = await _ids(app, selectors)
    async with get_db_session() as session:
        return await pairs.decide(session, ids, state, only_doubtful=len(ids) > 1)


async def _ids(app: App, selectors: Sequence[Selector]) -> list[int]:
    ids: list[int] = []
    async with get_db_session(read_only=True) as session:
        for selector in selectors:
            series = await shelf.find_series(session, app.identity(selector.series))
            rows = await shelf.episodes(session, series_ids=[series.id])
            meant = [row.episode.id for row in rows if selector.picks(row.number, row.episode.absolute)]
            if not meant:
                raise NotFound(f"{series.name} has no such episode", hint=f"anidana show {series.identity}")
            ids += meant
    return list(dict.fromkeys(ids))


def _check(app: App, source: str) -> None:
    names = [one.name for one in app.plugins.sources]
    if source not in names:
        hint = f"there is {', '.join(names) or 'none'}"
        raise ConfigError(f"no metadata source is called {source!r}", hint=hint)
