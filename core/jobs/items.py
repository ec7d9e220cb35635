"""The download queue as its users see it: items, and who keeps and who fetches them.

The names are the predecessor's, so that what was written against its `DownloadService` still fits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable
from uuid import uuid4

from ..errors import AnidanaError
from ..store.queue_control import Which
from ..store.tables import Status, now
from .events import Listener

Key = tuple[str, int, int]
"""A series' key, a season and an episode: what there is one open item for."""


class DownloadPriority(StrEnum):
    """Where a new item is put: behind all others of its priority."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """As the store has it: 1 high, 0 normal, -1 low."""
        return ("low", "normal", "high").index(self) - 1

    @classmethod
    def of_rank(cls, rank: int) -> DownloadPriority:
        """The other way round."""
        return (cls.LOW, cls.NORMAL, cls.HIGH)[rank + 1]


@dataclass(frozen=True, slots=True)
class EpisodeIdentifier:
    """An episode of a series."""

    season: int
    episode: int
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadItem:
    """One entry of the queue; `serie_id` is the series' key, `site:key` where two sites share one."""

    serie_id: str
    serie_folder: str
    serie_name: str
    episode: EpisodeIdentifier
    id: str = field(default_factory=lambda: str(uuid4()))
    site: str = ""
    status: Status = Status.PENDING
    stage: str = ""
    priority: DownloadPriority = DownloadPriority.NORMAL
    position: int = 0
    retry_count: int = 0
    error_code: str | None = None
    error: str | None = None
    next_try_at: datetime | None = None
    added_at: datetime = field(default_factory=now)
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def key(self) -> Key:
        """What there may be only one open item for."""
        return self.serie_id, self.episode.season, self.episode.episode


class QueueRepository(Protocol):
    """Keeps items: all that taking them in needs, so that a test can bring its own in ten lines."""

    async def save_item(self, item: DownloadItem) -> DownloadItem:
        """Keep an item; returns it as it is kept now, perhaps with another id."""
        ...

    async def get_all_items(self) -> list[DownloadItem]:
        """Every item, in the order of the queue; those that have ended may be left out."""
        ...


@runtime_checkable
class Queue(QueueRepository, Protocol):
    """A repository that the service can run on: many items at once, and changes that no worker undoes.

    Changes return the ids of the items that they reached.
    """

    async def save_items(self, items: Sequence[DownloadItem]) -> list[DownloadItem]:
        """As `save_item`, all or none; NotFound if there is no such episode."""
        ...

    async def add_episodes(
        self, episode_ids: Sequence[int], priority: DownloadPriority
    ) -> list[DownloadItem]:
        """Keep one open item for each episode by its row's id; returns them all."""
        ...

    async def page(
        self, states: Collection[Status], after: tuple[int, int] | None, most: int
    ) -> list[DownloadItem]:
        """So many items in order, behind the position and id of another."""
        ...

    async def get_items(self, ids: Collection[str]) -> list[DownloadItem]:
        """The items with these ids that there are."""
        ...

    async def still_open(self, ids: Collection[str]) -> set[str]:
        """Those of these ids whose items wait, run or are paused."""
        ...

    async def next_item(self, skip: Collection[str], sites_off: Collection[str]) -> DownloadItem | None:
        """The item whose turn it is."""
        ...

    async def reopen_due(self, most_retries: int) -> list[str]:
        """Let failed items wait again whose time has come."""
        ...

    async def pause(self, which: Which) -> list[str]:
        """Put items aside."""
        ...

    async def resume(self, which: Which) -> list[str]:
        """Let paused items wait again."""
        ...

    async def retry(self, which: Which, *, given_up: bool) -> list[str]:
        """Let failed items wait again."""
        ...

    async def call_off(self, which: Which) -> list[str]:
        """End what is open."""
        ...

    async def remove(self, which: Which) -> tuple[list[str], list[str]]:
        """Call off what is open, forget what has ended."""
        ...

    async def clear(self, states: Collection[Status]) -> list[str]:
        """Forget what ended in one of these states."""
        ...

    async def reorder(self, ids: Sequence[str]) -> list[str]:
        """Let items change places among themselves."""
        ...

    async def put_first(self, ids: Sequence[str]) -> list[str]:
        """Put items before all others."""
        ...

    async def prioritise(self, ids: Sequence[str], priority: DownloadPriority) -> list[str]:
        """Put items behind the last one of a priority."""
        ...

    async def give_up_stalled(self, item: DownloadItem, most_retries: int) -> bool:
        """Take a running item back that makes no progress; it counts as a failure."""
        ...

    async def counts(self) -> dict[Status, int]:
        """How many items are in each state."""
        ...

    async def is_stopped(self) -> bool:
        """Whether the owner has stopped the whole queue."""
        ...

    async def set_stopped(self, stopped: bool) -> None:
        """Stop the whole queue, or let it go on, beyond a restart."""
        ...


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing is begun now: a stable word, a sentence, what to do, and until when if that is known."""

    code: str
    text: str
    hint: str = ""
    until: datetime | None = None


class AnimeService(Protocol):
    """Fetches one item to its end; the store then knows what became of it."""

    async def hold(self) -> Hold | None:
        """Why nothing may be begun now, if anything."""
        ...

    async def settle(self, is_running: Callable[[int], bool]) -> None:
        """Settle jobs that the store says run, but nobody works on."""
        ...

    async def sites_off(self) -> set[str]:
        """Sites that are left alone for now."""
        ...

    async def download(self, item: DownloadItem, listen: Listener) -> AnidanaError | None:
        """Fetch it; returns why there is no file. When cancelled, the item waits again."""
        ...

    async def forget(self, ids: Collection[str]) -> None:
        """Remove what was staged for items that nobody wants any more."""
        ...
