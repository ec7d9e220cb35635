"""Kodi: the right folder is scanned, one scan at a time, and only its library is believed."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools

import pytest

from anidana.core import Refused


async def test_a_new_show_is_found_through_its_library(kodi, news) -> None:
    fresh = news("Series (2020)", 1)
    kodi.place(fresh)
    await kodi.tell(fresh)
    assert kodi.fake.scans == ["/media/anime/"]
    assert await kodi.confirm(fresh)


async def test_a_known_show_is_all_that_is_scanned_for_a_new_season(kodi, news) -> None:
    first, second = news("Series (2020)", 1), news("Series (2020)", 1, season=2)
    for fresh in (first, second):
        kodi.place(fresh)
        await kodi.tell(fresh)
    assert kodi.fake.scans == ["/media/anime/", "/media/anime/Series (2020)/"]
    assert await kodi.confirm(second)


async def test_a_scan_that_runs_is_waited_for(kodi, news) -> None:
    fresh = news("Series (2020)", 1)
    kodi.place(fresh)
    kodi.fake.looks = iter([True] * 5)
    await kodi.tell(fresh)
    assert kodi.fake.cancelled == 0
    assert await kodi.confirm(fresh)


async def test_a_scan_that_does_not_end_is_left_alone(kodi, news) -> None:
    kodi.action.patience = 0.02
    kodi.fake.looks = itertools.repeat(True)
    with pytest.raises(Refused, match="still busy with a scan"):
        await kodi.tell(news("Series (2020)", 1))
    assert not kodi.fake.scans


async def test_several_series_at_once_take_turns(kodi, news) -> None:
    batches = [news(f"Series {number}", 1) for number in range(4)]
    for fresh in batches:
        kodi.place(fresh)
    await asyncio.gather(*map(kodi.tell, batches))
    assert kodi.fake.cancelled == 0
    assert all([await kodi.confirm(fresh) for fresh in batches])


async def test_a_scan_cancelled_by_somebody_else_is_not_taken_for_success(kodi, news) -> None:
    fresh = news("Series (2020)", 1)
    kodi.place(fresh)
    kodi.fake.lasts = itertools.repeat(True)
    told = asyncio.create_task(kodi.tell(fresh))
    await kodi.fake.scan_began.wait()
    kodi.fake.cancel()
    await told
    assert not await kodi.confirm(fresh)
    kodi.fake.lasts = (False, True)
    await kodi.tell(fresh)
    assert await kodi.confirm(fresh)


async def test_an_error_that_comes_with_status_200_is_an_error(kodi, news) -> None:
    del kodi.fake.parameters["VideoLibrary.Scan"]
    with pytest.raises(Refused, match=r"does not perform VideoLibrary\.Scan: Method not found"):
        await kodi.tell(news("Series (2020)", 1))


@pytest.mark.parametrize(
    ("source", "warned"),
    [
        ("/media/anime/", False),
        ("/media", False),
        ("multipath://%2fother%2f/%2fmedia%2fanime%2f/", False),
        ("/media/anim/", True),
        ("/media/anime/Series/", True),
        ("multipath://%2fother%2f/", True),
    ],
)
async def test_the_owner_is_warned_of_a_library_outside_every_source(
    kodi, news, caplog, source: str, warned: bool
) -> None:
    kodi.fake.sources = [source]
    await kodi.tell(news("Series (2020)", 1))
    assert ("check media_servers.path_map" in caplog.text) == warned
    assert kodi.fake.scans == ["/media/anime/"]


async def test_folders_for_windows_are_in_its_own_spelling(kodi, news) -> None:
    kodi.server = dataclasses.replace(kodi.server, path_map=(("/srv", "D:\\Media"),))
    kodi.fake.shows = {"D:\\Media\\anime\\Series\\"}
    await kodi.tell(news("Series", 1))
    await kodi.tell(news("Other", 1))
    assert kodi.fake.scans == ["D:\\Media\\anime\\Series\\", "D:\\Media\\anime\\"]
