"""The service: everything that runs while `anidana serve` does, opened once and closed in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import config, legacy
from .app import App, alone, open_app
from .errors import AnidanaError
from .health import Health
from .jobs import notify, renames, rescan
from .jobs.adding import Adding
from .jobs.bus import Bus
from .jobs.downloads import DownloadService
from .jobs.fetcher import Fetcher
from .jobs.notify import NotificationService
from .jobs.publish import Publisher
from .jobs.scheduler import Scheduler
from .jobs.stored_queue import StoredQueue
from .jobs.tell import keep_telling
from .metadata.images import ImageDownloader
from .settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """What the web and the workers share."""

    app: App
    bus: Bus
    adding: Adding
    downloads: DownloadService
    health: Health
    scheduler: Scheduler
    notifications: NotificationService


@asynccontextmanager
async def open_service(data: Path, *, chosen: Settings | None = None) -> AsyncIterator[Service]:
    """Open the service on a data folder, which is ours alone until it is closed; Held if it is another's."""
    with alone(data):
        async with open_app(data, chosen=chosen) as app:
            await renames.settle()
            await _take_over(app)
            bus = Bus()
            adding = Adding(app, bus)
            async with (
                downloading(app, bus) as downloads,
                watching(app, bus, queue=downloads.add_episodes) as (health, scheduler, notifications),
            ):
                await adding.start()
                try:
                    yield Service(app, bus, adding, downloads, health, scheduler, notifications)
                finally:
                    await adding.stop()


async def _take_over(app: App) -> None:
    """What the predecessor left is taken over at the first start that has a library."""
    if app.settings.library.anime_directory is not None:
        try:
            await legacy.import_once(app)
        except AnidanaError as error:
            log.warning("what an earlier program left was not read: %s", error)


@asynccontextmanager
async def downloading(app: App, bus: Bus) -> AsyncIterator[DownloadService]:
    """Work on the queue and tell the media servers while the block runs; needs the lock (`App.alone`)."""
    wishes, publisher = app.settings.downloads, Publisher(bus)
    async with ImageDownloader(app.network) as images:
        fetcher = Fetcher(app, images)
        downloads = DownloadService(
            fetcher, StoredQueue(), wishes.most_retries, slots=wishes.slots, publisher=publisher
        )
        telling = asyncio.create_task(keep_telling(app, publisher.told, fetcher.filed))
        try:
            async with downloads.running():
                yield downloads
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            await fetcher.close()


@asynccontextmanager
async def watching(
    app: App, bus: Bus, *, queue: rescan.Enqueue | None = None
) -> AsyncIterator[tuple[Health, Scheduler, NotificationService]]:
    """Check the health, follow the plan and tell people while the block runs.

    `queue` takes the ids of missing episodes.
    """
    read = partial(config.read, app.data / "config.json")
    health = Health(app, bus)
    scheduler = Scheduler(rescan.work(app, bus, queue), bus, app.settings.scheduler, lambda: read().scheduler)
    notifications = NotificationService(
        bus, app.settings.notifications, lambda: read().notifications, notify.send,
        servers=bool(app.settings.media_servers),
    )  # fmt: skip
    notifications.start()
    health.start()
    await scheduler.start()
    try:
        yield health, scheduler, notifications
    finally:
        await scheduler.stop()
        await health.stop()
        await notifications.stop()
