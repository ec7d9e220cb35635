"""Asks catalogues, and leaves one alone that has put a gate before its pages."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TypeVar

from .driver import drive
from .errors import NeedsPerson, Refused, SourceError
from .hooks import Catalogue
from .hosts import HostState, after_asking
from .steps import Perform, Steps
from .store import hosts
from .store.sessions import get_db_session
from .store.tables import now

T = TypeVar("T")


async def ask(catalogue: Catalogue, steps: Steps[T], perform: Perform) -> T:
    """Run a catalogue's generator; a gate puts the site to rest, an answer ends the rest.

    While it rests it is not asked: NeedsPerson or Refused says until when, and why.
    """
    async with get_db_session(read_only=True) as session:
        state = (await hosts.states(session, "site")).get(catalogue.name, HostState(catalogue.name))
    if state.rests_at(now()):
        steps.close()
        raise _resting(state)
    try:
        answer = await drive(steps, perform)
    except SourceError as error:
        await note(catalogue, error)
        raise
    if state.until() is not None:
        await note(catalogue, None)
    return answer


async def note(catalogue: Catalogue, error: SourceError | None) -> None:
    """Let the site's state follow from an error, or from an answer."""
    change = partial(after_asking, error=error, now=now())
    async with get_db_session() as session:
        await hosts.change(session, "site", catalogue.name, change)


def _resting(state: HostState) -> SourceError:
    text = f"{state.name} rests {until(state.until())}: {state.last_reason}"
    hint = f"wait, or: anidana hosts wake {state.name}"
    return NeedsPerson(text, url=state.url, hint=hint) if state.url else Refused(text, hint=hint)


def until(end: datetime | None) -> str:
    """The end of a rest for people, in the machine's own time."""
    if end is None:
        return "no longer"
    local, today = end.astimezone(), now().astimezone().date()
    return f"until {local:%H:%M}" if local.date() == today else f"until {local:%d %b %H:%M}"
