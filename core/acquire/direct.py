"""Fetches a plain file, over several connections where the host lets us choose parts.

Programs that resume by length alone have spliced two different files and reported success
(measured with three of them); here every part must be of the version that the first one was of,
and only a strong validator, confirmed by If-Range, lets a later run go on.
"""

from __future__ import annotations

import asyncio
import math
import os
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from ..errors import Damaged, Refused, SourceError
from ..fetch import Body, Visit, refusal
from ..steps import Page
from .magic import ENOUGH_BYTES, container_of, describe
from .spans import LEAST_BYTES, Copy, Span, Version
from .transfer import (
    MOST_PATIENCE_SECONDS,
    MOST_VIDEO_BYTES,
    Fetched,
    Meter,
    content_range,
    head_of,
    tries,
    turned_away,
)

BLOCK_BYTES = 256 * 1024
"""What a connection holds in memory before it is written."""


async def sample(url: str, visit: Visit, headers: Mapping[str, str], *, stand_in: int | None = None) -> None:
    """See that the first bytes arrive and look like video; Gone, Refused or Damaged if not.

    `stand_in` is the size of a clip that the host sends in place of a film it does not want to give.
    """
    async with visit.open(url, {**headers, "Range": "bytes=0-"}) as body:
        head = await head_of(body, ENOUGH_BYTES)
        if body.status not in (200, 206):
            raise refusal(Page(body.url, body.status, head.decode("utf-8", "replace"), body.headers))
        if stand_in is not None:
            _check_size(_offer(body)[1], stand_in)
    if container_of(head) is None:
        raise Damaged(f"the host sends {describe(head)}")


def _check_size(size: int | None, stand_in: int | None) -> None:
    if size is not None and size == stand_in:
        raise Damaged("the host sends a clip that stands in for the film")


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait for what, in seconds.

    A response is given up that in a `window` brings less than a tenth of what others do, or nothing at
    first for `silence`; a host that refuses one more connection is asked again after `pause`, doubled
    each time.
    """

    window: float = 1.5
    silence: float = 5.0
    pause: float = 0.5
    journal: float = 0.5
    tick: float = 0.1


async def fetch(
    url: str,
    visit: Visit,
    headers: Mapping[str, str],
    folder: Path,
    meter: Meter,
    *,
    connections: int = 1,
    pace: Pace | None = None,
    stand_in: int | None = None,
) -> Fetched:
    """Bring the file into `folder`, going on with what an earlier run left there of the same version.

    Its size is as the server announced; where nothing was announced, only a look into the file
    can tell whether it is whole. At most `connections` are open at once, fewer where the host wants
    fewer, one where it does not let us choose parts. `stand_in` as in `sample`: a link may be good for one
    request only.
    """
    copy, pace = Copy.found(folder), pace or Pace()
    transfer = _Transfer(url, visit, headers, meter, copy, connections, pace, stand_in)
    async for attempt in tries():
        with attempt:
            await transfer.go_on()
    _check_size(transfer.copy.video.stat().st_size, stand_in)
    return Fetched.one(transfer.copy.video)


class _Changed(Refused):
    """The host sends another version of the file: nothing of the one that is here can be gone on with."""


class _Elsewhere(Refused):
    """The host sends the right file, and not the part that we asked for."""


@dataclass(slots=True, eq=False)
class _Request:
    """A span being fetched: `end` is what was asked for, `came` how many bytes have arrived.

    It `began` when it had a place at the host. The bytes up to `seen` came before the running window, in
    which a stall is looked for.
    """

    span: Span
    end: int | None
    began: float
    came: int = 0
    seen: int = 0
    accepted: bool = False
    stalled: bool = False
    gives_way: bool = False


@dataclass(slots=True)
class _Transfer:
    """What the connections of one file share.

    At most `allowed` of them are open, and from `retry_at` on one more, the `trial`. `confirmed` says
    that an answer of this try was of our version.
    """

    url: str
    visit: Visit
    headers: Mapping[str, str]
    meter: Meter
    copy: Copy
    connections: int
    pace: Pace
    stand_in: int | None
    trial: _Request | None = None
    allowed: int = 0
    pause: float = 0.0
    retry_at: float = 0.0
    confirmed: bool = False
    looked_at: float = 0.0
    typical: float = 0.0
    live: dict[asyncio.Task[None], _Request] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def go_on(self) -> None:
        """Fetch what is missing; what was fetched stays for the next try, unless the file changed."""
        self.pause, self.retry_at, self.confirmed = self.pace.pause, 0.0, False
        self.allowed = min(self.allowed or self.connections, self.connections)
        journal = asyncio.create_task(self._keep_journal())
        try:
            await self._work()
        except _Changed:
            # Nodes of one host may disagree for good; a single answer cannot disagree with itself.
            self.connections = 1 if self.confirmed else self.connections
            await self._stop(journal)
            self.copy.forget()
            raise
        finally:
            await self._stop(journal)
            await self._save()

    async def _work(self) -> None:
        while self.live or self.copy.waiting:
            self._launch()
            self.news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.pace.tick):
                    await self.news.wait()
            for task in [task for task in self.live if task.done()]:
                self._settle(task)
            self._give_up_stalled()
            self._give_way()

    async def _stop(self, journal: asyncio.Task[None]) -> None:
        tasks = [journal, *self.live]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.copy.waiting += [request.span for request in self.live.values() if request.span.left]
        self.live.clear()

    def _launch(self) -> None:
        """Open as many connections as there may be; all spans are cut before the first is asked for."""
        parts = self.confirmed and self.copy.ranged
        most = self.allowed if parts else 1
        more = parts and len(self.live) == most < self.connections and time.monotonic() >= self.retry_at
        while len(self.live) < most + more and (span := self.copy.take(self._spans)) is not None:
            request = _Request(span, span.stop, math.inf)
            task = asyncio.create_task(self._fetch(request))
            task.add_done_callback(lambda _: self.news.set())
            self.live[task] = request
            if more:
                self.allowed, self.retry_at, self.trial = len(self.live), float("inf"), request
                return

    @property
    def _spans(self) -> list[Span]:
        return [request.span for request in self.live.values()]

    async def _fetch(self, request: _Request) -> None:
        async with self.visit.network.pace.connection(self.url, self.visit):
            span, version = request.span, self.copy.version
            whole = version.size if version is not None else None
            request.began, request.end = time.monotonic(), span.stop
            last = "" if span.stop is None or span.stop == whole else str(span.stop - 1)
            asked = {**self.headers, "Range": f"bytes={span.at}-{last}"}
            if version is not None and version.validator:
                asked["If-Range"] = version.validator
            async with self.visit.open(self.url, asked) as body:
                self._accept(request, body)
                self.news.set()
                await self._pour(request, body)

    def _accept(self, request: _Request, body: Body) -> None:
        """See that this is our part of our version, or the beginning of what is to be our version."""
        (start, size, ranged), ours = _offer(body), self.copy.version
        version = _version(body, size)
        _check_size(size, self.stand_in)
        if start == 0 and not self.confirmed and (ours is None or ours.became(version)):
            if size is not None and size > MOST_VIDEO_BYTES:
                raise Damaged(f"the host announces {size} bytes")
            self.meter.expect(size or 0)
            request.span, request.end = self.copy.begin(version, ranged=ranged), size
        elif ours is None:
            raise Damaged("the host sends another part than we asked for")
        elif ours.became(version):
            raise _Changed("the host sends another version of the file")
        elif start != request.span.at:
            raise _Elsewhere("the host sends another part than we asked for")
        elif not self.confirmed:
            self.meter.expect(size or 0)
        request.accepted = self.confirmed = True

    async def _pour(self, request: _Request, body: Body) -> None:
        """Write the body where it belongs, up to where the span ends by now: others may take of it."""
        span, block = request.span, bytearray()

        async def flush() -> None:
            at, data = span.at, bytes(block if span.stop is None else block[: span.left])
            if data:
                await _to_its_end(lambda: _put(self.copy.video, at, data))
                span.at += len(data)
                del block[: len(data)]  # what is left belongs to another, or to us again if that one fails
                version = self.copy.version
                self.meter.count(self.copy.here(self._spans), version.size if version else None)

        try:
            async with aclosing(body.chunks()) as chunks:
                async for chunk in chunks:
                    request.came += len(chunk)
                    block += chunk
                    if len(block) >= BLOCK_BYTES or (span.stop is not None and len(block) >= span.left):
                        await flush()
                    if not span.left and (request.end != span.stop or block):
                        return  # else the body is read to its end, which keeps the connection alive
                    if request.came >= LEAST_BYTES:
                        self._proved(request)
        finally:
            await flush()  # a transfer that breaks off can go on from here

    def _proved(self, request: _Request) -> None:
        """A connection that was opened to see whether the host gives one more has delivered."""
        if request is self.trial:
            self.trial, self.pause, self.retry_at = None, self.pace.pause, time.monotonic()

    def _settle(self, task: asyncio.Task[None]) -> None:
        """Decide what the end of a request means: go on, go on with fewer, or raise."""
        request = self.live.pop(task)
        if request.gives_way and task.cancelled():
            self.copy.waiting += [request.span] if request.span.left else []
            return None
        span, error = request.span, None if task.cancelled() else task.exception()
        if error is None and not request.stalled and span.stop is None:
            span.stop = span.at  # nothing was announced: the end is wherever it is
        if not span.left:
            return self._proved(request)
        error = error or Refused(
            "the host stalls" if request.stalled else "the file broke off before its end"
        )
        if not isinstance(error, SourceError | Damaged) or isinstance(error, _Changed):
            raise error
        if isinstance(error, Damaged) and request.accepted:
            raise error
        if not self.copy.ranged:
            self.copy.forget()
            raise error
        self.copy.waiting.append(span)
        if request.came >= LEAST_BYTES:
            return None
        if not self.live:
            raise _Changed(str(error)) if isinstance(error, _Elsewhere) else error
        wished = error.retry_after if isinstance(error, Refused) else None
        self.allowed, self.retry_at = len(self.live), time.monotonic() + (wished or self.pause)
        self.pause = min(2 * self.pause, MOST_PATIENCE_SECONDS)
        return self._give_back()

    def _give_back(self) -> None:
        """Let answers that were asked for more than they are to bring take back what no one else brought."""
        for span in sorted(self.copy.waiting, key=lambda span: span.at):
            for request in self.live.values():
                if (
                    request.span.stop == span.at
                    and request.end is not None
                    and request.end >= (span.stop or 0)
                ):
                    request.span.stop = span.stop
                    self.copy.waiting.remove(span)
                    break

    def _give_up_stalled(self) -> None:
        """Break off answers that lag behind all others; if all of them hang, it is the line."""
        now = time.monotonic()
        waits = self.visit.network.pace.limits_speed  # where bytes wait for their turn, silence tells nothing
        if not self.copy.ranged or waits or now - self.looked_at < self.pace.window:
            return
        self.looked_at = now
        brought = {task: request.came - request.seen for task, request in self.live.items()}
        for request in self.live.values():
            request.seen = request.came
        if moving := [amount for amount in brought.values() if amount]:
            self.typical = statistics.median(moving)
        elif len(brought) > 1:
            return
        for task, amount in brought.items():
            request = self.live[task]
            patience = self.pace.window if request.came else self.pace.silence
            if amount < self.typical / 10 and now - request.began > patience:
                request.stalled = task.cancel()

    def _give_way(self) -> None:
        """Break off one answer where another download waits for a place and has fewer: spans last long."""
        if self.copy.ranged and self.visit.network.pace.crowds(self.url, self.visit):
            task, request = max(self.live.items(), key=lambda one: (one[1].began < math.inf, one[1].began))
            if not any(one.gives_way for one in self.live.values()):
                request.gives_way = task.cancel()

    async def _keep_journal(self) -> None:
        while True:
            await asyncio.sleep(self.pace.journal)
            await self._save()

    async def _save(self) -> None:
        if self.copy.journaled:
            done = self.copy.done(self._spans)
            await _to_its_end(lambda: self.copy.save(done))


def _offer(body: Body) -> tuple[int, int | None, bool]:
    """Where the body starts in the file, the file's size if known, and whether we may choose parts."""
    packed = "content-encoding" in body.headers
    if body.status == 200:
        size = body.length
        return 0, size, size is not None and body.headers.get("accept-ranges", "").lower() == "bytes"
    if body.status != 206:
        raise turned_away(body, "the video")
    start, _, total = content_range(body)
    return (start, None, False) if packed else (start, total, True)


def _version(body: Body, size: int | None) -> Version:
    headers = body.headers
    etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
    try:
        sent = parsedate_to_datetime(headers.get("date", ""))
        settled = sent - parsedate_to_datetime(modified) >= timedelta(minutes=1)
    except (ValueError, TypeError):
        settled = False
    return Version(size, etag, modified, settled)


def _put(path: Path, at: int, data: bytes) -> None:
    with path.open("rb+", buffering=0) as file:
        while data:
            written = os.pwrite(file.fileno(), data, at)
            at, data = at + written, data[written:]


async def _to_its_end(work: Callable[[], None]) -> None:
    """Do it on a thread; when this returns, or is cancelled, the thread has ended."""
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        await asyncio.shield(task)
    finally:
        await asyncio.gather(task, return_exceptions=True)
