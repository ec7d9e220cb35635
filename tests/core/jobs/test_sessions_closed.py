"""Nothing is left open behind a run: no connection, no file, no server."""

from __future__ import annotations

import gc
import logging
import warnings
from pathlib import Path

import pytest
from pydantic import SecretStr

from anidana.core import following, settings
from anidana.core.app import open_app
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.servers import FakeJellyfin, FakeKodi
from anidana.core.demo.story import SHELF
from anidana.core.jobs import get as jobs
from anidana.core.jobs.events import ignore
from anidana.core.loader import Plugins
from anidana.core.selector import parse


async def run(data: Path, library: Path, plugins: Plugins, practice: PracticeNetwork) -> jobs.Outcome:
    """Open the house with everything that asks others, fetch two episodes, and close it again."""
    async with FakeJellyfin(library) as jellyfin, FakeKodi(library) as kodi:
        chosen = settings.Settings(
            library=settings.Library(anime_directory=library),
            downloads=settings.Downloads(floor_mib=0),
            network=settings.Network(route_all_to=practice.address, pages_per_second=0),
            metadata=settings.MetadataSettings(
                keys={"tmdb": SecretStr("practice")}, urls={"tmdb": practice.tmdb_url}
            ),
            media_servers=(
                settings.MediaServer(kind="jellyfin", url=jellyfin.url, api_key=SecretStr(jellyfin.key)),
                settings.MediaServer(
                    kind="kodi", url=kodi.url, user=kodi.user, password=SecretStr(kodi.password)
                ),
            ),
        )
        async with open_app(data, chosen=chosen, plugins=plugins) as app:
            await following.follow(
                app, await following.look(app, app.plugins.catalogue("aniworld"), SHELF.series.key)
            )
            picked = await jobs.pick(app, parse([SHELF.series.key, "S01E01", "S01E02"]))
            async with app.alone():
                return await jobs.get(app, picked.wanted, ignore)


async def test_a_whole_run_leaves_nothing_open(
    practice: PracticeNetwork, tmp_path: Path, plugins: Plugins, caplog: pytest.LogCaptureFixture
) -> None:
    library = tmp_path / "library"
    library.mkdir()
    gc.collect()  # what others left is not ours
    caplog.clear()
    # An error raised in a `__del__` would end it before it writes to the log.
    with warnings.catch_warnings(record=True) as warned, caplog.at_level(logging.WARNING):
        warnings.simplefilter("always")
        outcome = await run(tmp_path / "data", library, plugins, practice)
        gc.collect()
    assert [str(one.message) for one in warned] == []
    assert [one for one in caplog.records if one.name.partition(".")[0] in ("asyncio", "aiohttp")] == []
    # Nobody was passed over: only what was opened can be left open.
    assert len(outcome.done) == 2 and practice.asked("tmdb")
    assert {(one.server, one.error) for one in outcome.told} == {("jellyfin", ""), ("kodi", "")}
    assert list(library.rglob("poster.*"))
