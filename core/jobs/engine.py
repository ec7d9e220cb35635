"""Carries "run job N" to a worker: the only place that knows the queue library.

The row in the store is the truth; what is in here may be lost at any time and is submitted
again. In memory and in this process for now; the same port will carry jobs across machines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from pgqueuer import PgQueuer
from pgqueuer.models import Job
from pgqueuer.types import QueueExecutionMode

Handler = Callable[[int], Awaitable[None]]

_KIND = "download"


class Engine:
    """Runs one handler for submitted jobs, `slots` of them at once, most urgent first."""

    def __init__(self, handler: Handler, slots: int) -> None:
        self._queue = PgQueuer.in_memory()
        self._running: set[asyncio.Task[object]] = set()
        self._stopping = False
        self._handler = handler
        self._queue.entrypoint(_KIND, concurrency_limit=slots)(self._handle)

    async def submit(self, job_id: int, *, priority: int = 0) -> bool:
        """Hand over a job; False if it is there already."""
        ids = await self._queue.qm.queries.enqueue(
            _KIND, str(job_id).encode(), priority=priority, dedupe_key=f"{_KIND}:{job_id}", on_conflict="skip"
        )
        return ids[0] is not None

    async def run_until_idle(self) -> None:
        """Work until nothing is left; cancelling this cancels the running handlers and waits for them."""
        work = asyncio.create_task(
            self._queue.run(
                mode=QueueExecutionMode.drain, batch_size=1, dequeue_timeout=timedelta(seconds=0.1)
            )
        )
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            # The queue would wait for its handlers, and they may take an hour.
            self._stopping = True
            for task in (work, *self._running):
                task.cancel()
            await asyncio.gather(work, *self._running, return_exceptions=True)
            raise
        work.result()

    async def _handle(self, job: Job) -> None:
        if self._stopping:
            return
        # A task of its own, so that stopping reaches the handler and not the library around it.
        task = asyncio.ensure_future(self._handler(int(job.payload or b"0")))
        self._running.add(task)
        try:
            await task
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        finally:
            self._running.discard(task)
