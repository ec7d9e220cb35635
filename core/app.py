"""The assembly: opens everything a command or the service needs, and closes it again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from . import config, loader, logs, settings, sites
from .driver import drive
from .errors import AnidanaError, ConfigError, Held, SetupError, SourceError
from .fetch import Network
from .hooks import Catalogue
from .jobs import renames
from .library.folders import check_library, staging_root
from .library.naming import check_templates
from .loader import Plugins
from .pages import FRESH_SECONDS, Copies, KeptPages, NotKept, Recorder
from .settings import Settings
from .steps import Steps
from .store.sessions import open_store

log = logging.getLogger(__name__)

T = TypeVar("T")

REFRESH_SECONDS = 10.0
"""How long the end waits for pages that are being read anew."""


@dataclass(frozen=True, slots=True)
class App:
    """What is open while the program runs."""

    data: Path
    settings: Settings
    plugins: Plugins
    network: Network
    kept: KeptPages
    refreshing: set[asyncio.Task[None]] = field(default_factory=set)

    def library(self, *, for_writing: bool = True) -> Path:
        """The library's root, which can be written unless nobody wants to; SetupError with the remedy."""
        return check_library(self.settings.library.anime_directory, for_writing=for_writing)

    def staging(self) -> Path:
        """Where unfinished downloads lie."""
        return staging_root(self.settings.downloads.staging, self.library(), self.data)

    def catalogues(self, site: str = "") -> tuple[Catalogue, ...]:
        """The sites that series are looked for at: all of them, or the one of that name."""
        if site:
            return (self.plugins.catalogue(site),)
        if not self.plugins.catalogues:
            raise ConfigError("no catalogue plugin is installed", hint="anidana plugin list")
        return self.plugins.catalogues

    def identity(self, words: str) -> str:
        """`site:key` of an address at a catalogue; other words as they are."""
        found = ((one.name, one.key_of(words)) for one in self.plugins.catalogues)
        return next((f"{name}:{key}" for name, key in found if key), words)

    def off(self) -> tuple[str, ...]:
        """The hosts that are never asked, by their own names, whichever the owner has for them."""
        named = ((name, self.plugins.provider_for(name)) for name in self.settings.providers.off)
        return tuple(name if provider is None else provider.name for name, provider in named)

    async def ask(self, catalogue: Catalogue, steps: Steps[T]) -> T:
        """Run a catalogue's generator in a visit of its own; errors as in `sites.ask`."""
        recorder = Recorder(self.network.visit().page)
        answer = await sites.ask(catalogue, steps, recorder)
        for url, page in recorder.answers:
            await asyncio.to_thread(self.kept.keep, url, page)
        return answer

    async def glance(self, catalogue: Catalogue, make: Callable[[], Steps[T]]) -> T:
        """As `ask`, but copies will do, up to a week old: for a look, not for what is stored.

        Where one is older than 15 minutes, the site is asked anew while the answer is out already.
        """
        copies = Copies(self.kept)
        try:
            answer = await drive(make(), copies)
        except (NotKept, SourceError):
            return await self.ask(catalogue, make())
        if copies.age > FRESH_SECONDS:
            task = asyncio.create_task(self._refresh(catalogue, make()))
            self.refreshing.add(task)
            task.add_done_callback(self.refreshing.discard)
        return answer

    async def _refresh(self, catalogue: Catalogue, steps: Steps[object]) -> None:
        try:
            await self.ask(catalogue, steps)
        except AnidanaError as error:
            log.info("%s was not read anew: %s", catalogue.name, error)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """As `alone`, for this data folder; a rename that a process was killed in is put back first."""
        with alone(self.data):
            await renames.settle()
            yield


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Hold a data folder's lock: one process at a time fetches or scans; Held otherwise."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = FileLock(data / "anidana.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise Held(f"another anidana works on {data}", hint="wait for it to end, then try again") from None
    except OSError as error:
        raise SetupError(f"the data folder {data} cannot be used: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


@asynccontextmanager
async def open_app(
    data: Path, *, chosen: Settings | None = None, plugins: Plugins | None = None
) -> AsyncIterator[App]:
    """Open the house on a data folder; settings are read from there unless they are handed in."""
    chosen = chosen or config.read(data / "config.json")
    logs.set_up(data / "logs", chosen.logging.level, chosen.secrets())
    plugins = plugins or loader.load(chosen.providers.order, domains=chosen.providers.domains)
    for sentence in unknown_hosts(chosen.providers, plugins):
        log.warning(sentence)
    check_templates(chosen.library.naming)
    check_servers(chosen.media_servers, plugins)
    secret = chosen.store.database_url
    url = secret.get_secret_value() if secret else data / "anidana.db"
    async with open_store(url), Network(chosen.network) as network:
        app = App(data, chosen, plugins, network, KeptPages(data / "cache" / "pages"))
        try:
            yield app
            if app.refreshing:
                await asyncio.wait(app.refreshing, timeout=REFRESH_SECONDS)
        finally:
            for task in app.refreshing:
                task.cancel()
            await asyncio.gather(*app.refreshing, return_exceptions=True)


def unknown_hosts(chosen: settings.Providers, plugins: Plugins) -> list[str]:
    """A sentence for every name in the settings that no plugin's host goes by."""
    known = {label.casefold(): label for one in plugins.providers for label in loader.labels(one)}
    sentences = []
    for key in ("order", "off", "domains"):
        for name in getattr(chosen, key):
            if name.casefold() not in known:
                near = get_close_matches(name.casefold(), known, 1)
                more = f"; the nearest is {known[near[0]]}" if near else ""
                sentences.append(f"setting providers.{key}: no host is called {name!r}{more}")
    return sentences


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
