"""What a process that died left behind: its jobs go on, its half-moved files are settled."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from ..app import App
from ..library.place import sweep
from ..store import queue
from ..store.queue import Ticket
from ..store.sessions import get_db_session
from ..store.tables import DownloadQueueItem

log = logging.getLogger(__name__)


def nobody(job_id: int) -> bool:
    """At the start of a process no job runs."""
    return False


async def recover(app: App, is_running: Callable[[int], bool] = nobody, *, clear: bool = True) -> None:
    """Settle every job that nobody works on but the store has as running; call it while holding the lock.

    The destination was written down before the file was moved there: a file of the planned size
    means that only the last entry is missing, anything else that the job waits again.
    """
    async with get_db_session(read_only=True) as session:
        jobs = [job for job in await queue.interrupted(session) if not is_running(job.id)]
    names = [server.value().name for server in app.settings.media_servers]
    roots = [one for one in (app.library(), app.settings.library.films) if one is not None] if jobs else []
    for job in jobs:
        ticket = Ticket(job.id, job.attempt)
        filed = await asyncio.to_thread(_filed, job, roots)
        async with get_db_session() as session:
            if filed:
                await queue.complete(session, ticket, names)
            else:
                await queue.put_back(session, ticket)
        log.info("job %d of an earlier run: %s", job.id, "was filed" if filed else "waits again")
    if not clear:
        return
    async with get_db_session(read_only=True) as session:
        resumable = {f"job-{job_id}" for job_id in await queue.resumable(session)}
    await asyncio.to_thread(_clear, app.staging(), resumable)


def _clear(staging: Path, resumable: set[str]) -> None:
    """Remove what was staged for jobs that nobody will go on with."""
    for folder in staging.glob("job-*"):
        if folder.name not in resumable:
            shutil.rmtree(folder, ignore_errors=True)


def _filed(job: DownloadQueueItem, roots: Sequence[Path]) -> bool:
    if job.file_destination is None:
        return False
    path = Path(job.file_destination)
    for root in roots:
        if path.is_relative_to(root):
            sweep(root / path.relative_to(root).parts[0])
    return path.is_file() and path.stat().st_size == job.file_size
