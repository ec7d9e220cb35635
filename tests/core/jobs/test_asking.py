"""A catalogue is asked as little as will do: copies for a look, what is new before every season."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from anidana.core import following
from anidana.core.demo.faults import Faults
from anidana.core.store import shelf
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import AnimeSeries, now


def paths(house: Any) -> list[str]:
    return [seen.path for seen in house.practice.asked("aniworld")]


async def rows() -> list[AnimeSeries]:
    async with get_db_session(read_only=True) as session:
        return [one.series for one in await shelf.shelf(session)]


async def forget(**values: object) -> None:
    async with get_db_session() as session:
        await session.execute(update(AnimeSeries).values(**values))


async def search(house: Any) -> list[str]:
    return [one.hit.key for one in await following.search(house.app, "regal", site="aniworld")]


async def test_a_second_search_asks_nothing_and_says_the_same(house: Any) -> None:
    first = await search(house)
    house.practice.requests.clear()
    assert await search(house) == first and len(first) > 1
    assert paths(house) == []


async def test_an_old_copy_is_shown_at_once_and_read_anew(house: Any) -> None:
    first = await search(house)
    for file in (house.app.data / "cache" / "pages").iterdir():
        os.utime(file, (time.time() - 3600,) * 2)
    house.practice.requests.clear()
    house.practice.faults["aniworld"] = Faults(slow=0.05)
    assert await search(house) == first
    assert house.app.refreshing  # the answer did not wait
    await asyncio.gather(*house.app.refreshing)
    assert paths(house) == ["/ajax/seriesSearch"]
    ages = [time.time() - file.stat().st_mtime for file in (house.app.data / "cache" / "pages").iterdir()]
    assert min(ages) < 60


async def test_a_search_answers_from_copies_while_the_site_shows_its_gate(house: Any) -> None:
    first = await search(house)
    house.practice.faults["aniworld"] = Faults(gated=True)
    assert await search(house) == first


async def test_what_is_not_found_in_a_copy_is_asked_for(house: Any) -> None:
    assert [one.hit.key for one in await following.search(house.app, "xyzzy", site="aniworld")] == []
    house.practice.requests.clear()
    await following.search(house.app, "xyzzy", site="aniworld")
    assert paths(house) != []


async def test_no_page_with_links_is_kept(house: Any) -> None:
    await house.get("das-regal-am-ende-der-welt S01E01")
    from anidana.core.pages import KeptPages

    kept = KeptPages(house.app.data / "cache" / "pages")
    asked = {f"https://{seen.host}{seen.path}" for seen in house.practice.requests}
    episodes = {url for url in asked if "/episode-" in url or "/redirect/" in url}
    assert episodes and not any(kept.find(url) for url in episodes)


async def test_a_series_that_was_asked_for_today_is_asked_for_only_with_news(house: Any) -> None:
    (row,) = await rows()
    house.practice.requests.clear()
    assert await following.worth_asking(house.app, [row]) == {row.id}  # the practice feed names it
    assert paths(house) == ["/neue-episoden"]
    await forget(key="nobody-has-this")
    assert await following.worth_asking(house.app, await rows()) == set()


async def test_after_a_day_it_is_asked_for_all_the_same(house: Any) -> None:
    await forget(key="nobody-has-this", asked_at=now() - timedelta(hours=25))
    house.practice.requests.clear()
    (row,) = await rows()
    assert await following.worth_asking(house.app, [row]) == {row.id}
    assert paths(house) == []


async def test_where_the_news_cannot_be_read_everything_is_worth_asking(house: Any) -> None:
    house.practice.faults["aniworld"] = Faults(server_error=True)
    warnings: list[str] = []
    (row,) = await rows()
    assert await following.worth_asking(house.app, [row], warnings.append) == {row.id}
    assert len(warnings) == 1 and "aniworld" in warnings[0]


def test_copies_have_a_place_of_their_own(tmp_path: Path) -> None:
    from anidana.core.pages import KeptPages

    assert not (tmp_path / "cache").exists()
    KeptPages(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()  # nothing is made before there is something to keep
