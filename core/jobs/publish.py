"""What happens to jobs as messages on the bus: the one place where events become messages.

| type | subject | data |
| --- | --- | --- |
| `job.added`, `job.changed` | job, its id | `job_data` |
| `job.removed` | job, its id | `id` |
| `job.progress` | job, its id | `job_data`, `bytes`, `total`, `percent`, `speed` (bytes/s), `eta` (s) |
| `attempt.ended` | job, its id | `job_data`, `host`, `language`, `result`, `reason`, `seconds` |
| `episode.changed` | episode, `key S01E01` | `site`, `key`, `season`, `episode`, `status` |
| `series.changed` | series, `site:key` | `site`, `key`, `folder`, `name` |
| `mediaserver.changed` | mediaserver, its name | `server`, `series`, `files`, `error` |
| `queue.changed` | none | `count` of jobs that changed at once: read the list again; `hold`; `stopped` |
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ..store.tables import Status
from .bus import Bus
from .events import Event, Moved, Staged, Told, Tried
from .items import DownloadItem, Hold

MOST_AT_ONCE = 20
"""A change of more jobs than this is one message: nobody follows so many one by one."""

PER_JOB, IN_ALL = 0.5, 0.1
"""Seconds between two messages on the progress of one job, and of all that run."""

_ENDS = ("filed", "failed", "paused", "waiting")


@dataclass(slots=True)
class _Progress:
    at: float
    done: int
    speed: float = 0.0


class Publisher:
    """Turns what happens to jobs into messages."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._progress: dict[str, _Progress] = {}

    def added(self, items: Sequence[DownloadItem]) -> None:
        """Jobs came into the queue."""
        self._jobs("job.added", items)

    def changed(self, items: Sequence[DownloadItem]) -> None:
        """Jobs are in another state or place."""
        self._jobs("job.changed", items)
        for item in items:
            if item.status != Status.DOWNLOADING:
                self._progress.pop(item.id, None)

    def removed(self, ids: Collection[str]) -> None:
        """Jobs are gone."""
        if len(ids) > MOST_AT_ONCE:
            self._bus.publish("queue.changed", {"count": len(ids)})
            return
        for id_ in ids:
            self._bus.publish("job.removed", {"id": id_}, ("job", id_))

    def filed(self, item: DownloadItem) -> None:
        """An episode is in the library now."""
        about = {"site": item.site, "key": item.serie_id}
        number = f"{item.serie_id} S{item.episode.season:02d}E{item.episode.episode:02d}"
        episode = {"season": item.episode.season, "episode": item.episode.episode, "status": "on_disk"}
        self._bus.publish("episode.changed", {**about, **episode}, ("episode", number))
        series = {**about, "folder": item.serie_folder, "name": item.serie_name}
        self._bus.publish("series.changed", series, ("series", f"{item.site}:{item.serie_id}"))

    def told(self, told: Told) -> None:
        """A media server was told about files."""
        data = {"server": told.server, "series": told.series, "files": told.files, "error": told.error}
        self._bus.publish("mediaserver.changed", data, ("mediaserver", told.server))

    def queue(self, hold: Hold | None, *, stopped: bool) -> None:
        """The queue as a whole is held up, or goes on."""
        held = {"code": hold.code, "text": hold.text, "hint": hold.hint} if hold else None
        self._bus.publish("queue.changed", {"hold": held, "stopped": stopped})

    def event(self, item: DownloadItem, event: Event) -> None:
        """Something happened to a job that runs; its end is told by `changed`, once the store knows."""
        match event:
            case Staged(stage=stage) if stage not in _ENDS or stage == "waiting":
                data = {**job_data(item), "stage": stage, "state": Status.DOWNLOADING.value}
                self._bus.publish("job.changed", data, ("job", item.id))
            case Moved(done=done, total=total):
                self._moved(item, done, total)
            case Tried(attempt=attempt):
                tried = {
                    "host": attempt.provider, "language": str(attempt.language), "result": attempt.result,
                    "reason": attempt.reason, "seconds": round(attempt.seconds, 3),
                }  # fmt: skip
                self._bus.publish("attempt.ended", {**job_data(item), **tried}, ("job", item.id))
            case Told():
                self.told(event)

    def _moved(self, item: DownloadItem, done: int, total: int | None) -> None:
        moment = asyncio.get_running_loop().time()
        before = self._progress.setdefault(item.id, _Progress(moment, done))
        passed = moment - before.at
        if passed < max(PER_JOB, IN_ALL * len(self._progress)):
            return
        speed = max(done - before.done, 0) / passed
        self._progress[item.id] = _Progress(moment, done, speed)
        moved = {
            "bytes": done, "total": total, "percent": round(100 * done / total, 1) if total else None,
            "speed": round(speed), "eta": round((total - done) / speed) if total and speed else None,
        }  # fmt: skip
        self._bus.publish("job.progress", {**job_data(item), **moved}, ("job", item.id))

    def _jobs(self, type_: str, items: Sequence[DownloadItem]) -> None:
        if len(items) > MOST_AT_ONCE:
            self._bus.publish("queue.changed", {"count": len(items)})
            return
        for item in items:
            self._bus.publish(type_, job_data(item), ("job", item.id))


def job_data(item: DownloadItem) -> dict[str, Any]:
    """A job as messages and the API show it."""
    return {
        "id": item.id, "site": item.site, "key": item.serie_id, "folder": item.serie_folder,
        "name": item.serie_name, "season": item.episode.season, "episode": item.episode.episode,
        "title": item.episode.title, "state": item.status.value, "stage": item.stage,
        "priority": item.priority.value, "position": item.position, "retry_count": item.retry_count,
        "code": item.error_code, "reason": item.error,
        "next_try_at": item.next_try_at.isoformat() if item.next_try_at else None,
    }  # fmt: skip
