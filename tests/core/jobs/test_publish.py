"""Promises of what is told of jobs: few words, whole ones, and none too many."""

from __future__ import annotations

import asyncio

from anidana.core.jobs.bus import Bus
from anidana.core.jobs.events import Moved, Staged, Told, Tried
from anidana.core.jobs.items import DownloadItem, EpisodeIdentifier
from anidana.core.jobs.publish import MOST_AT_ONCE, Publisher
from anidana.core.models import GERMAN_DUB, Attempt

ITEM = DownloadItem(
    id="7", serie_id="frieren", serie_folder="Frieren (2023)", serie_name="Frieren", site="aniworld",
    episode=EpisodeIdentifier(1, 3, "Title"),
)  # fmt: skip


async def test_progress_is_told_twice_a_second_at_most_with_speed_and_time_left() -> None:
    bus = Bus()
    publisher = Publisher(bus)
    with bus.listen() as heard:
        for done in range(0, 1000, 10):
            publisher.event(ITEM, Moved(7, "", done, 2_000_000))
        assert not heard.waiting
        publisher._progress["7"].at -= 2.0
        publisher.event(ITEM, Moved(7, "", 1_000_000, 2_000_000))
        publisher.event(ITEM, Moved(7, "", 1_100_000, 2_000_000))
    (message,) = heard.waiting
    assert message.type == "job.progress" and message.subject == ("job", "7")
    assert (message.data["percent"], message.data["bytes"]) == (50.0, 1_000_000)
    assert 400_000 < message.data["speed"] <= 500_000 and message.data["eta"] == 2
    assert (message.data["key"], message.data["folder"]) == ("frieren", "Frieren (2023)")


async def test_a_total_that_is_unknown_is_no_error() -> None:
    bus = Bus()
    publisher = Publisher(bus)
    with bus.listen() as heard:
        publisher.event(ITEM, Moved(7, "", 0, None))
        publisher._progress["7"].at = asyncio.get_running_loop().time() - 1
        publisher.event(ITEM, Moved(7, "", 10, None))
    assert [(one.data["percent"], one.data["eta"]) for one in heard.waiting] == [(None, None)]


async def test_stages_attempts_and_servers_have_messages_and_ends_wait_for_the_store() -> None:
    bus = Bus()
    publisher = Publisher(bus)
    with bus.listen() as heard:
        publisher.event(ITEM, Staged(7, "", "resolving"))
        publisher.event(ITEM, Staged(7, "", "filed", "VOE"))
        publisher.event(ITEM, Tried(7, "", Attempt("VOE", GERMAN_DUB, "gone", "removed", 0.5)))
        publisher.told(Told("kodi", "Frieren", 2))
    assert [one.type for one in heard.waiting] == ["job.changed", "attempt.ended", "mediaserver.changed"]
    assert (heard.waiting[1].data["host"], heard.waiting[1].data["result"]) == ("VOE", "gone")


async def test_a_change_of_many_jobs_is_one_message() -> None:
    bus = Bus()
    publisher = Publisher(bus)
    with bus.listen() as heard:
        publisher.added([ITEM] * (MOST_AT_ONCE + 1))
        publisher.removed([str(n) for n in range(MOST_AT_ONCE + 1)])
        publisher.added([ITEM])
        publisher.removed(["7"])
    types = ["queue.changed", "queue.changed", "job.added", "job.removed"]
    assert [one.type for one in heard.waiting] == types
