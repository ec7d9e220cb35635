"""What becomes of a job that ends without a file."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

from ..errors import AnidanaError, DiskFull, Held, NoStream, NotOut, SetupError, SourceError
from ..logs import DOWNLOAD_ERRORS
from ..store import queue
from ..store.sessions import get_db_session

if TYPE_CHECKING:
    from .episode import Job


async def note_failure(job: Job, error: AnidanaError) -> None:
    """Write down why there is no file, and keep or drop what was staged as settings say."""
    most, ticket = job.run.app.settings.downloads.most_retries, job.ticket
    async with get_db_session() as session:
        if isinstance(error, DiskFull):
            job.run.trouble["disk"] = error
        if waits := job.run.patient and error in map(job.run.trouble.get, ("disk", job.series.site)):
            await queue.put_back(session, ticket, code_of(error), str(error))
        elif isinstance(error, DiskFull | SetupError | Held):  # the owner mends it, then it goes on
            await queue.pause(session, ticket, code_of(error), str(error))
        else:
            counts = isinstance(error, NoStream) and not job.passed_over
            await queue.fail(session, ticket, code_of(error), str(error), counts=counts, most_retries=most)
    if isinstance(error, NoStream):
        number = job.row.number
        tried = [f"{a.provider} {a.language}: {a.reason or a.result}" for a in error.attempts]
        DOWNLOAD_ERRORS.error(
            "All download providers failed for S%02dE%03d (%s); tried=%s",
            number.season, number.episode, job.series.key, tried,
        )  # fmt: skip
    if not (waits or job.run.app.settings.downloads.keep_staged or isinstance(error, SetupError)):
        await asyncio.to_thread(shutil.rmtree, job.staging(), ignore_errors=True)
    job.stage(
        "put_back" if waits else "paused" if isinstance(error, DiskFull | SetupError | Held) else "failed",
        str(error),
    )


def code_of(error: AnidanaError) -> str:
    """A stable word for an error."""
    if isinstance(error, SourceError):
        return error.code
    return _CODES.get(type(error), "failed")


_CODES: dict[type[AnidanaError], str] = {
    NoStream: "no_stream",
    NotOut: "not_out",
    DiskFull: "disk_full",
    SetupError: "setup",
    Held: "held",
}
