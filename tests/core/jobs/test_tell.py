"""Promises of telling: one round per series and server, nothing lost when nobody listens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from anidana.core import settings
from anidana.core.demo.story import SHELF
from anidana.core.errors import ConfigError, Refused
from anidana.core.jobs.events import Told, ignore
from anidana.core.jobs.tell import tell_all
from anidana.core.news import MediaServer, News
from anidana.core.store import outbox
from anidana.core.store.sessions import get_db_session

KEY = SHELF.series.key
SERVERS = (
    settings.MediaServer(kind="jellyfin", url="http://one:1", path_map={"/": "/media"}),
    settings.MediaServer(kind="jellyfin", url="http://two:2", name="attic"),
)


@dataclass
class Jellyfin:
    """An action that remembers; `answers` are what its rounds end in, by server."""

    name: str = "jellyfin"
    told: list[tuple[str, News]] = field(default_factory=list)
    trouble: dict[str, Exception] = field(default_factory=dict)
    seen_after: int = 1
    looks: int = 0

    async def tell(self, server: MediaServer, news: News) -> None:
        self.told.append((server.name, news))
        if server.name in self.trouble:
            raise self.trouble[server.name]

    async def confirm(self, server: MediaServer, news: News) -> bool:
        self.looks += 1
        return self.looks >= self.seen_after


@pytest.fixture
def action() -> Jellyfin:
    return Jellyfin()


@pytest.fixture
async def filed(house: Any, action: Jellyfin) -> Any:
    """The house with three episodes filed and two servers that are one action's."""
    plugins = replace(house.app.plugins, actions=(action,))
    chosen = house.app.settings.model_copy(update={"media_servers": SERVERS})
    changed = replace(house, app=replace(house.app, plugins=plugins, settings=chosen))
    action.trouble = dict.fromkeys(("jellyfin", "attic"), Refused("asleep"))
    await changed.get(KEY, "S01")
    action.trouble, action.told = {}, []
    return changed


async def tell(house: Any) -> list[Told]:
    return await tell_all(house.app, ignore, confirm_after=(0, 0, 0))


async def left() -> list[tuple[str, int]]:
    async with get_db_session(read_only=True) as session:
        return [(one.row.server, one.row.tries) for one in await outbox.waiting(session)]


async def test_what_was_not_heard_is_told_again_all_files_at_once(filed: Any, action: Jellyfin) -> None:
    assert await left() == [("attic", 1)] * 3 + [("jellyfin", 1)] * 3
    assert [(one.server, one.files, one.error) for one in await tell(filed)] == [
        ("attic", 3, ""),
        ("jellyfin", 3, ""),
    ]
    assert sorted(name for name, _ in action.told) == ["attic", "jellyfin"], "one round per series and server"
    assert await left() == []
    assert await tell(filed) == [], "what is confirmed is not told again"


async def test_the_news_name_library_folder_and_files(filed: Any, action: Jellyfin) -> None:
    await tell(filed)
    news = action.told[0][1]
    assert news.library == str(filed.library)
    assert news.folder == str(filed.library / "Das Regal am Ende der Welt (2024)")
    assert [str(file.number) for file in news.files] == ["S01E01", "S01E02", "S01E03"]
    assert all(file.path.startswith(news.folder) for file in news.files)


async def test_it_looks_until_the_server_lists_the_files(filed: Any, action: Jellyfin) -> None:
    action.looks, action.seen_after = 0, 4
    told = await tell(filed)
    assert {one.error for one in told} == {""} and action.looks == 4 + 1


async def test_a_server_that_does_not_list_them_is_told_again_next_time(filed: Any, action: Jellyfin) -> None:
    action.looks, action.seen_after = 0, 1000
    assert all("does not list the new files yet" in one.error for one in await tell(filed))
    assert len(await left()) == 6


@pytest.mark.parametrize("trouble", [Refused("asleep"), ConfigError("wrong key"), ZeroDivisionError("a bug")])
async def test_trouble_with_one_server_leaves_the_other_and_the_file_alone(
    filed: Any, action: Jellyfin, trouble: Exception
) -> None:
    action.trouble = {"attic": trouble}
    told = {one.server: one.error for one in await tell(filed)}
    assert told["jellyfin"] == "" and told["attic"]
    assert {server for server, _ in await left()} == {"attic"}


async def test_rows_of_a_server_that_was_taken_out_wait_for_it(filed: Any) -> None:
    chosen = filed.app.settings.model_copy(update={"media_servers": SERVERS[:1]})
    fewer = replace(filed, app=replace(filed.app, settings=chosen))
    assert [one.server for one in await tell(fewer)] == ["jellyfin"]
    assert {server for server, _ in await left()} == {"attic"}
