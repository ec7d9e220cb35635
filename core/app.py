"""The assembly: opens everything a command or the service needs, and closes it again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from . import loader, logs, settings
from .driver import drive
from .errors import ConfigError, Held, SetupError
from .fetch import Network
from .hooks import Catalogue
from .library.folders import check_library, staging_root
from .library.naming import check_templates
from .loader import Plugins
from .settings import Settings
from .steps import Steps
from .store.sessions import open_store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class App:
    """What is open while the program runs."""

    data: Path
    settings: Settings
    plugins: Plugins
    network: Network

    def library(self) -> Path:
        """The library's root, which can be written; SetupError with the remedy otherwise."""
        return check_library(self.settings.library.anime_directory)

    def staging(self) -> Path:
        """Where unfinished downloads lie."""
        return staging_root(self.settings.downloads.staging, self.library(), self.data)

    def catalogue(self) -> Catalogue:
        """The site that new series are looked for at."""
        if not self.plugins.catalogues:
            raise ConfigError("no catalogue plugin is installed", hint="anidana plugin list")
        return self.plugins.catalogues[0]

    async def ask(self, steps: Steps[T]) -> T:
        """Run a plugin's generator in a visit of its own."""
        return await drive(steps, self.network.visit().page)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold the data folder's lock: one process at a time fetches or scans; Held otherwise."""
        lock = FileLock(self.data / "anidana.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise Held(
                f"another anidana works on {self.data}", hint="wait for it to end, then try again"
            ) from None
        except OSError as error:
            raise SetupError(f"{lock.lock_file} cannot be used: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()


@asynccontextmanager
async def open_app(
    data: Path, *, chosen: Settings | None = None, plugins: Plugins | None = None
) -> AsyncIterator[App]:
    """Open the house on a data folder; settings are read from there unless they are handed in."""
    chosen = chosen or settings.read(data / "config.json")
    logs.set_up(data / "logs", chosen.logging.level, chosen.secrets())
    plugins = plugins or loader.load(chosen.providers.order, domains=chosen.providers.domains)
    check_templates(chosen.library.naming)
    check_servers(chosen.media_servers, plugins)
    secret = chosen.store.database_url
    url = secret.get_secret_value() if secret else data / "anidana.db"
    async with open_store(url), Network(chosen.network) as network:
        yield App(data, chosen, plugins, network)


def check_servers(servers: Sequence[settings.MediaServer], plugins: Plugins) -> None:
    """ConfigError for a media server that no plugin knows, or two of one name."""
    kinds = [action.name for action in plugins.actions]
    names: set[str] = set()
    for server in servers:
        if server.kind not in kinds:
            raise ConfigError(
                f"media_servers: no plugin knows the kind {server.kind!r}", hint=f"one of {', '.join(kinds)}"
            )
        name = server.value().name
        if name in names:
            raise ConfigError(f"media_servers: two servers are called {name!r}", hint="give each a name")
        names.add(name)
