"""Tells people what has happened: fed by the bus, one message per series and time, sent through apprise.

An episode is ready once a media server lists it, or once it is filed where there is none.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..models import Number
from ..settings import Notifications
from .bus import Bus, Message

log = logging.getLogger(__name__)

SEND_SECONDS, STOP_SECONDS = 30.0, 3.0
MOST_LINES = 5

Kind: TypeAlias = Literal["ready", "failed", "needs_person", "disk"]


@dataclass(frozen=True, slots=True)
class Note:
    """A message to people; `high` asks for high priority where a service knows such a thing."""

    title: str
    text: str
    high: bool = False


Send: TypeAlias = Callable[[Mapping[str, str], Note], Awaitable[Mapping[str, str]]]
"""Sends a note to addresses by name; returns what went wrong by name, never an address."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to an episode, or to several of which only the count is known."""

    number: Number | None = None
    reason: str = ""
    count: int = 1


class NotificationService:
    """Collects what happens, and sends it when its time is over; `read` gives the settings after a change.

    `servers` says whether there is a media server whose word makes an episode ready.
    """

    def __init__(
        self,
        bus: Bus,
        settings: Notifications,
        read: Callable[[], Notifications],
        send: Send,
        *,
        servers: bool,
    ) -> None:
        self._bus, self._read, self._send, self._servers = bus, read, send, servers
        self.settings = settings
        self._groups = defaultdict[tuple[Kind, str], list[Happening]](list)
        self._timers: dict[tuple[Kind, str], asyncio.TimerHandle] = {}
        self._filed = defaultdict[str, list[Number]](list)
        self._held = False
        self._tasks = set[asyncio.Task[object]]()
        self._listening: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Send what is collected, within seconds, and end."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        for key in list(self._timers):
            self._timers[key].cancel()
            self._flush(key)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()

    async def notify(self, note: Note) -> Mapping[str, str]:
        """Send a note to everybody now; returns what went wrong by target."""
        addresses = {name: one.get_secret_value() for name, one in self.settings.targets.items()}
        wrong = await self._send({name: url for name, url in addresses.items() if url}, note)
        for name, said in wrong.items():
            log.warning("the notification %r did not reach %s: %s", note.title, name, said)
        return wrong

    def notify_download_failed(self, series: str, number: Number, reason: str) -> None:
        """Every host failed on an episode: a message of high priority."""
        self._collect("failed", series, Happening(number, reason))

    async def _listen(self) -> None:
        while True:
            with self._bus.listen() as subscription:
                async for message in subscription:
                    try:
                        self._hear(message)
                    except Exception:  # one message that is not as expected; the next may be
                        log.exception("the message %s was not understood", message.type)
            await asyncio.sleep(1.0)  # we were too slow, or the bus is closed

    def _hear(self, message: Message) -> None:
        data = message.data
        match message.type:
            case "settings.changed" if "notifications" in data.get("sections", ()):
                self.settings = self._read()
            case "job.changed":
                self._hear_job(data)
            case "mediaserver.changed" if not data.get("error") and data.get("files"):
                for happening in self._seen(str(data["series"]), int(data["files"])):
                    self._collect("ready", str(data["series"]), happening)
            case "queue.changed" if "hold" in data:
                hold = data["hold"] or {}
                self._hear_disk(hold.get("code") == "disk_full", str(hold.get("text", "")))

    def _hear_job(self, data: Mapping[str, Any]) -> None:
        state, code = data.get("state"), data.get("code")
        if state not in ("completed", "failed", "permanently_failed"):
            return
        series, number = str(data["name"]), Number(int(data["season"]), int(data["episode"]))
        again = state == "failed" and int(data.get("retry_count") or 0) > 1
        if state == "completed" and self._servers:
            self._filed[series].append(number)
        elif state == "completed":
            self._collect("ready", series, Happening(number))
        elif code == "no_stream" and not again:
            self.notify_download_failed(series, number, str(data.get("reason") or ""))
        elif code == "needs_person" and not again:
            self._collect("needs_person", series, Happening(number, str(data.get("reason") or "")))

    def _seen(self, series: str, files: int) -> list[Happening]:
        """What a server's word on a series means: episodes filed since; a second server's, nothing.

        What was filed before a restart is known by its count only.
        """
        if (filed := self._filed.get(series)) is None:
            self._filed[series] = []
            return [Happening(count=files)]
        self._filed[series] = []
        return [Happening(number) for number in filed]

    def _hear_disk(self, full: bool, text: str) -> None:
        if full and not self._held:
            self._collect("disk", "", Happening(reason=text))
        self._held = full

    def _collect(self, kind: Kind, series: str, happening: Happening) -> None:
        if kind not in self.settings.events or not self.settings.targets:
            return
        key = (kind, series)
        self._groups[key].append(happening)
        if key not in self._timers:
            seconds = 0.0 if kind == "disk" else self.settings.group_minutes * 60
            self._timers[key] = asyncio.get_running_loop().call_later(seconds, self._flush, key)

    def _flush(self, key: tuple[Kind, str]) -> None:
        self._timers.pop(key, None)
        task = asyncio.create_task(self._deliver(compose(*key, self._groups.pop(key))))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, note: Note) -> None:
        try:
            await self.notify(note)
        except Exception:
            log.exception("the notification %r was not sent", note.title)


def compose(kind: Kind, series: str, happenings: Sequence[Happening]) -> Note:
    """One message about everything of a kind that happened to a series."""
    numbers = sorted({one.number for one in happenings if one.number is not None})
    count = len(numbers) + sum(one.count for one in happenings if one.number is None)
    what = f"{series} {numbers[0]}" if count == len(numbers) == 1 else f"{series}: {count} episodes"
    reasons = {one.number: one.reason for one in happenings if one.reason}
    lines = [f"{number}: {reason}" if number else reason for number, reason in reasons.items()]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"and {len(lines) - MOST_LINES} more"]
    text = "\n".join(lines) or spans(numbers) or what
    match kind:
        case "ready":
            return Note(f"{what} ready", text)
        case "failed":
            return Note(f"{what} failed at every host", text, high=True)
        case "needs_person":
            return Note(f"{what}: a person is needed", text)
    return Note("The disk is full: downloads wait", text, high=True)


def spans(numbers: Sequence[Number]) -> str:
    """Numbers in order, as people write them: `S01E01–E12, S02E01`."""
    runs: list[list[Number]] = []
    for number in numbers:
        last = runs[-1][-1] if runs else None
        if last is not None and (last.season, last.episode + 1) == (number.season, number.episode):
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        str(run[0]) if len(run) == 1 else f"{run[0]}–E{run[-1].episode:02d}" for run in runs
    )  # fmt: skip


async def send(targets: Mapping[str, str], note: Note) -> Mapping[str, str]:
    """Send through apprise, to all at once."""
    answers = await asyncio.gather(*(_send_one(url, note) for url in targets.values()))
    return {name: said for name, said in zip(targets, answers, strict=True) if said}


async def _send_one(url: str, note: Note) -> str:
    """What went wrong; apprise itself stays silent, for its log would name the address."""
    apprise = await asyncio.to_thread(_apprise)
    sender = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Anidana", app_desc="Anidana"))
    plugin = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if plugin is None:
        return "apprise does not understand the address"
    if note.high and "priority" in plugin.template_args and "priority=" not in url:
        mark = "&" if "?" in url else "?"
        plugin = apprise.Apprise.instantiate(f"{url}{mark}priority=high", suppress_exceptions=True) or plugin
    sender.add(plugin)
    kind = apprise.NotifyType.FAILURE if note.high else apprise.NotifyType.INFO
    try:
        async with asyncio.timeout(SEND_SECONDS):
            sent = await sender.async_notify(
                title=note.title, body=note.text, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
            )
    except TimeoutError:
        return "it does not answer"
    except Exception as error:  # noqa: BLE001 - plugins of 170 services; their words may hold the address
        return f"apprise failed: {type(error).__name__}"
    return "" if sent else "it was not delivered"


def _apprise() -> Any:
    """Import what takes a quarter of a second, its modules for every service too, off the event loop."""
    import apprise

    apprise.Apprise.instantiate("json://localhost")
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    return apprise
