"""Tells the media servers what is new, all files of a series at once, and asks whether they saw it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from ..app import App
from ..errors import AnidanaError
from ..hooks import Action
from ..models import Number
from ..news import MediaServer, NewFile, News
from ..store import outbox
from ..store.outbox import Waiting
from ..store.sessions import get_db_session
from .events import Told

log = logging.getLogger(__name__)

CONFIRM_AFTER = (0.2, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds to wait before each look whether the server lists the files."""

Hear: TypeAlias = Callable[[Told], None]
"""Who is told what came of it."""

GATHER, TELL_AGAIN = 10.0, 300.0
"""Seconds that new files are gathered for, and until what was not confirmed is told again."""


@dataclass(frozen=True, slots=True)
class _Batch:
    action: Action
    server: MediaServer
    news: News
    row_ids: list[int]


async def tell_all(app: App, listen: Hear, confirm_after: Sequence[float] = CONFIRM_AFTER) -> list[Told]:
    """Deliver the outbox: each server's series one after another, all servers at once.

    What is not confirmed stays in the outbox and is told again next time.
    """
    async with get_db_session(read_only=True) as session:
        waiting = await outbox.waiting(session)
    batches = _batches(app, waiting)
    by_server = [list(group) for _, group in groupby(batches, key=lambda batch: batch.server.name)]
    told = await asyncio.gather(*(_tell_server(group, listen, confirm_after) for group in by_server))
    return [one for group in told for one in group]


async def keep_telling(app: App, listen: Hear, news: asyncio.Event) -> None:
    """Tell for as long as the service runs: files of a few seconds at once, or what is left after minutes."""
    while True:
        news.clear()
        try:
            await tell_all(app, listen)
        except AnidanaError as error:
            log.warning("the media servers were not told: %s", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), TELL_AGAIN)
            await asyncio.sleep(GATHER)


def _batches(app: App, waiting: Sequence[Waiting]) -> list[_Batch]:
    servers = {server.value().name: server.value() for server in app.settings.media_servers}
    actions = {action.name: action for action in app.plugins.actions}
    library = app.settings.library.anime_directory or Path()
    batches = []
    ordered = sorted(waiting, key=lambda one: (one.row.server, one.series.id, _folder(library, one)))
    for (name, _, folder), group in groupby(
        ordered, key=lambda one: (one.row.server, one.series.id, _folder(library, one))
    ):
        rows = list(group)
        if name not in servers:
            continue  # the server was taken out of the settings; its rows wait for it to come back
        files = tuple(
            NewFile(one.row.path, Number(one.episode.season, one.episode.episode_number)) for one in rows
        )
        series = rows[0].series
        news = News(str(library), folder, series.name, files)
        server = servers[name]
        batches.append(_Batch(actions[server.kind], server, news, [one.row.id for one in rows]))
    return batches


def _folder(library: Path, one: Waiting) -> str:
    """The series' own, or that of a film in a library of films."""
    path = Path(one.row.path)
    return str(library / one.series.folder if path.is_relative_to(library) else path.parent)


async def _tell_server(batches: Sequence[_Batch], listen: Hear, confirm_after: Sequence[float]) -> list[Told]:
    told = []
    for batch in batches:
        error = await _tell(batch, confirm_after)
        async with get_db_session() as session:
            if error:
                await outbox.note_failure(session, batch.row_ids, error)
            else:
                await outbox.confirm(session, batch.row_ids)
        one = Told(batch.server.name, batch.news.title, len(batch.news.files), error)
        listen(one)
        told.append(one)
    return told


async def _tell(batch: _Batch, confirm_after: Sequence[float]) -> str:
    """Tell one server about one series; returns what is wrong, nothing if it lists the files."""
    try:
        await batch.action.tell(batch.server, batch.news)
        for seconds in confirm_after:
            await asyncio.sleep(seconds)
            if await batch.action.confirm(batch.server, batch.news):
                return ""
    except AnidanaError as error:
        log.warning("%s was not told about %s: %s", batch.server.name, batch.news.title, error)
        return str(error)
    except Exception as error:
        log.exception("the action %s crashed", batch.action.name)
        return f"the plugin {batch.action.name} crashed: {type(error).__name__}"
    return f"{batch.server.name} does not list the new files yet"
