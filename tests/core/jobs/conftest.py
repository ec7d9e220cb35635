"""The whole house on the practice network, with one series followed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from anidana.core import following, settings
from anidana.core.app import App, open_app
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF
from anidana.core.jobs import get as jobs
from anidana.core.jobs.events import Event, Listener, ignore
from anidana.core.loader import Plugins, load
from anidana.core.selector import parse
from anidana.core.store import shelf
from anidana.core.store.sessions import get_db_session
from anidana.core.store.shelf import EpisodeRow


@dataclass
class House:
    """An open app on the practice network, and short ways to use it."""

    app: App
    practice: PracticeNetwork
    library: Path
    events: list[Event] = field(default_factory=list)
    listener: Listener = ignore

    def hear(self, event: Event) -> None:
        self.events.append(event)
        self.listener(event)

    async def get(self, *words: str, **more: Any) -> jobs.Outcome:
        picked = await jobs.pick(self.app, parse(words))
        async with self.app.alone():
            return await jobs.get(self.app, picked.wanted, self.hear, **more)

    async def rows(self) -> dict[str, EpisodeRow]:
        async with get_db_session(read_only=True) as session:
            return {str(row.number): row for row in await shelf.episodes(session)}

    def videos(self) -> list[str]:
        return sorted(path.stem for path in self.library.rglob("*.mkv"))

    def stray(self) -> list[Path]:
        """What should not be in a library: hidden files, and files of none of our kinds."""
        return [
            path
            for path in self.library.rglob("*")
            if path.is_file() and (path.name.startswith(".") or path.suffix not in (".mkv", ".nfo", ".jpg"))
        ]


Open: TypeAlias = Callable[..., Awaitable[House]]


@pytest.fixture
def plugins() -> Plugins:
    return load()


@pytest.fixture
async def house(
    practice: PracticeNetwork, tmp_path: Path, plugins: Plugins, request: pytest.FixtureRequest
) -> AsyncIterator[House]:
    """The house; sections of settings are given by `@pytest.mark.parametrize("house", …, indirect=True)`."""
    library = tmp_path / "library"
    library.mkdir()
    sections = dict(getattr(request, "param", {}))
    downloads = {"floor_mib": 0, **sections.pop("downloads", {})}
    chosen = settings.Settings(
        library=settings.Library(anime_directory=library, **sections.pop("library", {})),
        downloads=settings.Downloads(**downloads),
        network=settings.Network(route_all_to=practice.address, pages_per_second=0),
        **sections,
    )
    async with open_app(tmp_path / "data", chosen=chosen, plugins=plugins) as app:
        listing = await following.look(app, app.plugins.catalogue("aniworld"), SHELF.series.key)
        await following.follow(app, listing)
        yield House(app, practice, library)
