"""Promises of the download service to those who bring a repository of their own: nothing waits twice."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from anidana.core.jobs import DownloadService
from anidana.core.jobs.items import DownloadItem, DownloadPriority, EpisodeIdentifier
from anidana.core.store.tables import Status


class Kept:
    """A repository in memory, as small as can be."""

    def __init__(self, *items: DownloadItem) -> None:
        self.items = {item.id: item for item in items}
        self.full = False

    async def save_item(self, item: DownloadItem) -> DownloadItem:
        if self.full:
            raise OSError("no room")
        self.items[item.id] = item
        return item

    async def get_all_items(self) -> list[DownloadItem]:
        return list(self.items.values())


class NoAnime:
    """Fetches nothing."""


@dataclass
class Asked:
    """An episode as somebody else writes it."""

    season: int
    episode: int


def make(kept: Kept) -> DownloadService:
    return DownloadService(anime_service=NoAnime(), queue_repository=kept, max_retries=3)  # type: ignore[arg-type]


async def add(service: DownloadService, *numbers: tuple[int, int], key: str = "frieren") -> list[str]:
    episodes = [EpisodeIdentifier(*number) for number in numbers]
    return await service.add_to_queue(key, "Frieren (2023)", "Frieren", episodes)


async def test_what_waits_is_not_queued_again() -> None:
    kept = Kept()
    service = make(kept)
    first = await add(service, (1, 1), (1, 2))
    assert await add(service, (1, 2), (1, 3)) == [id_ for id_ in kept.items if id_ not in first]
    assert [item.key for item in kept.items.values()] == [("frieren", 1, n) for n in (1, 2, 3)]
    assert list(service._pending_by_episode) == [("frieren", 1, n) for n in (1, 2, 3)]


async def test_one_batch_that_names_an_episode_twice_queues_it_once() -> None:
    kept = Kept()
    assert len(await add(make(kept), (1, 1), (1, 1), (1, 1))) == 1 == len(kept.items)


async def test_seasons_and_series_are_told_apart() -> None:
    kept = Kept()
    service = make(kept)
    await add(service, (1, 1), (2, 1))
    await add(service, (1, 1), key="another")
    assert len(kept.items) == 3


async def test_what_is_removed_may_be_queued_again() -> None:
    service = make(kept := Kept())
    (id_,) = await add(service, (1, 1))
    service._remove_from_pending_queue(kept.items[id_])
    assert service._pending_by_episode == {}
    assert len(await add(service, (1, 1))) == 1


async def test_an_item_put_in_by_hand_counts() -> None:
    service = make(kept := Kept())
    item = DownloadItem(serie_id="a", serie_folder="A", serie_name="A", episode=EpisodeIdentifier(1, 1))
    service._add_to_pending_queue(item)
    assert await add(service, (1, 1), key="a") == [] and kept.items == {}


async def test_what_waited_before_a_restart_waits_still_and_what_has_ended_does_not() -> None:
    episodes = {Status.PENDING: 1, Status.PAUSED: 2, Status.COMPLETED: 3, Status.PERMANENTLY_FAILED: 4}
    items = [
        DownloadItem(
            serie_id="a", serie_folder="A", serie_name="A", episode=EpisodeIdentifier(1, n), status=status
        )
        for status, n in episodes.items()
    ]
    service = make(kept := Kept(*items))
    new = await add(service, (1, 1), (1, 2), (1, 3), (1, 4), key="a")
    assert [kept.items[id_].episode.episode for id_ in new] == [3, 4]


async def test_what_could_not_be_kept_is_not_said_to_wait() -> None:
    service = make(kept := Kept())
    kept.full = True
    with pytest.raises(OSError, match="no room"):
        await add(service, (1, 1))
    kept.full = False
    assert len(await add(service, (1, 1))) == 1


async def test_other_people_s_episodes_and_words_for_priorities_are_understood() -> None:
    service = make(kept := Kept())
    await service.add_to_queue("a", "A", "A", [Asked(1, 2)], priority="high")
    (item,) = kept.items.values()
    assert (item.priority, item.episode) == (DownloadPriority.HIGH, EpisodeIdentifier(1, 2))
    with pytest.raises(ValueError, match="urgent"):
        await service.add_to_queue("a", "A", "A", [Asked(1, 3)], priority="urgent")


async def test_what_only_takes_items_in_cannot_be_worked_on() -> None:
    with pytest.raises(TypeError, match="takes items in"):
        await make(Kept()).start_downloads()
