"""Runs the web until the process is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from ..errors import SetupError
from ..jobs.bus import Bus
from ..service import open_service
from .assembly import make_web

STOP_SECONDS = 5
"""What open requests get to end; event streams are ended at once."""

TERMINATED = 143


async def serve(data: Path) -> None:
    """Serve until SIGTERM or SIGINT; a second one ends the process at once, as a power cut would.

    Errors as in `open_service`, SetupError if the port is taken.
    """
    async with open_service(data) as service:
        settings = service.app.settings.server
        with _listening(settings.host, settings.port) as listener:
            config = uvicorn.Config(
                make_web(service),
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=STOP_SECONDS,
                server_header=False,
                proxy_headers=False,  # ours are within, see assembly
            )
            await Server(config, service.bus).serve(sockets=[listener])


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise SetupError(
            f"{host}:{port} cannot be listened on: {error.strerror}", hint="set server.port to another"
        ) from error
    with listener:
        yield listener


class Server(uvicorn.Server):
    """The server, which lets those who listen to events go before it waits for open requests to end."""

    def __init__(self, config: uvicorn.Config, bus: Bus) -> None:
        super().__init__(config)
        self._bus = bus

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on the first signal, end the process on the second; none is raised again afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        if self.should_exit:
            os._exit(TERMINATED)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking connections, and wait for those that are open."""
        self._bus.publish("system.stopping", {})
        await self._bus.close()
        await super().shutdown(sockets)
