"""The installation in figures: flat for dashboards, and as Prometheus wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from . import standing
from .errors import AnidanaError
from .library.folders import free_space
from .service import Service
from .standing import Standing
from .store import figures
from .store.figures import Figures
from .store.sessions import get_db_session
from .store.tables import Status

if TYPE_CHECKING:
    from prometheus_client.core import Metric


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures for a tile; `free_bytes` is none if the disk cannot be asked."""

    status: str
    series: int
    episodes_on_disk: int
    wanted: int
    queued: int
    active: int
    failed: int
    paused: int
    needs_you: int
    free_bytes: int | None
    hosts_good: int
    hosts_total: int
    next_at: datetime | None
    version: str


async def summary(service: Service) -> Summary:
    """The figures as they are now."""
    counted, hosts, free = await _look(service)
    return Summary(
        status=service.health.status,
        series=counted.series,
        episodes_on_disk=counted.on_disk,
        wanted=counted.episodes - counted.on_disk,
        queued=counted.jobs.get(Status.PENDING, 0),
        active=counted.jobs.get(Status.DOWNLOADING, 0),
        failed=sum(counted.jobs.get(one, 0) for one in (Status.FAILED, Status.PERMANENTLY_FAILED)),
        paused=counted.jobs.get(Status.PAUSED, 0),
        needs_you=counted.needs_person,
        free_bytes=free,
        hosts_good=sum(one.mood == "good" for one in hosts),
        hosts_total=sum(one.mood != "off" for one in hosts),
        next_at=service.scheduler.status().next_run,
        version=version("anidana"),
    )


async def metrics(service: Service) -> bytes:
    """The figures in Prometheus' text format; no label holds a title or a person."""
    # Here, for most never ask.
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    counted, hosts, free = await _look(service)
    async with get_db_session(read_only=True) as session:
        attempts = await figures.attempts(session)
        last = await figures.last_scan(session)
    registry = CollectorRegistry(auto_describe=False)

    class Now:
        """What a registry asks."""

        def collect(self) -> Iterator[Metric]:
            """Every figure."""
            yield GaugeMetricFamily("anidana_series", "Followed series.", counted.series)
            yield _gauge("anidana_episodes", "Episodes of followed series.", "status", {
                "on_disk": counted.on_disk, "missing": counted.episodes - counted.on_disk,
            })  # fmt: skip
            jobs = {one.value: counted.jobs.get(one, 0) for one in Status}
            yield _gauge("anidana_jobs", "Jobs of the queue.", "state", jobs)
            tried = CounterMetricFamily("anidana_attempts", "Mirrors tried.", labels=["host", "result"])
            for host, result, number in attempts:
                tried.add_metric([host, result], number)
            yield tried
            up = {one.state.name: int(one.resting_until is None and one.mood != "broken") for one in hosts}
            yield _gauge("anidana_host_up", "Whether a host is asked.", "host", up)
            free_bytes = {} if free is None else {"library": free}
            yield _gauge("anidana_free_bytes", "Room on a disk.", "library", free_bytes)
            done = {} if last is None else {"rescan": last.timestamp()}
            name = "anidana_task_last_success_timestamp_seconds"
            yield _gauge(name, "When a task last went well.", "task", done)
            checks = {one.name: int(one.weight) for one in service.health.findings}
            yield _gauge("anidana_check", "0 well, 1 notice, 2 warning, 3 error.", "check", checks)
            yield _gauge("anidana_build_info", "This version.", "version", {version("anidana"): 1})

    registry.register(Now())
    return await asyncio.to_thread(generate_latest, registry)


def _gauge(name: str, meaning: str, label: str, values: dict[str, float] | dict[str, int]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    gauge = GaugeMetricFamily(name, meaning, labels=[label])
    for key, value in values.items():
        gauge.add_metric([key], value)
    return gauge


async def _look(service: Service) -> tuple[Figures, list[Standing], int | None]:
    async with get_db_session(read_only=True) as session:
        counted = await figures.count(session)
    hosts, _ = await standing.standings(service.app)
    free = None
    with suppress(AnidanaError):
        folder = service.app.settings.library.anime_directory or service.app.data
        free = await asyncio.to_thread(free_space, folder)
    return counted, hosts, free
