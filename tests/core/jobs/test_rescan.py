"""A scheduled run on the practice network: new episodes are found, told and queued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import delete

from anidana.core.jobs.bus import Bus
from anidana.core.jobs.rescan import rescan, work
from anidana.core.store import figures
from anidana.core.store.queue import enqueue
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import DownloadQueueItem, Episode, Status


@dataclass
class Taken:
    """A queue that only remembers."""

    ids: list[int] = field(default_factory=list)

    async def __call__(self, ids: Sequence[int]) -> Sequence[int]:
        self.ids += ids
        return ids


async def test_what_is_new_at_the_catalogue_is_found_told_and_queued(house: object) -> None:
    async with get_db_session() as session:
        before = await figures.missing(session)
        await session.execute(delete(Episode).where(Episode.id == before[-1]))
    bus, taken = Bus(), Taken()
    with bus.listen() as heard:
        done = await rescan(house.app, bus)  # type: ignore[attr-defined]
    assert (done.series, done.failed) == (1, 0)
    types = [message.type for message in heard.waiting]
    assert types == ["scan.started", "scan.progress"]
    async with get_db_session(read_only=True) as session:
        assert await figures.last_scan(session) is not None
    download = work(house.app, bus, taken).download_missing  # type: ignore[attr-defined]
    assert download is not None
    assert await download() == {"queued": len(taken.ids)} and len(taken.ids) >= len(before) - 1


@pytest.mark.parametrize(
    ("status", "wanted"),
    [(Status.PENDING, False), (Status.PAUSED, False), (Status.PERMANENTLY_FAILED, False),
     (Status.FAILED, True), (Status.COMPLETED, True)],
)  # fmt: skip
async def test_what_waits_or_was_given_up_is_not_queued_by_itself(
    house: object, status: Status, wanted: bool
) -> None:
    async with get_db_session() as session:
        first = (await figures.missing(session))[0]
        (job_id,) = await enqueue(session, [first])
        (await session.get_one(DownloadQueueItem, job_id)).status = status
    async with get_db_session(read_only=True) as session:
        assert (first in await figures.missing(session)) is wanted
