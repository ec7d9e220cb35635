"""Jellyfin: the nearest thing it knows is looked at, and what it lists is believed."""

from __future__ import annotations

import dataclasses

import pytest

from anidana.core import Refused


async def test_a_new_series_is_found_through_its_library(jellyfin, news) -> None:
    fresh = news("Series (2020)", 1)
    jellyfin.place(fresh)
    await jellyfin.tell(fresh)
    assert jellyfin.fake.asked[-1] == "POST /Items/library-1/Refresh"


async def test_a_known_series_is_all_that_is_looked_at(jellyfin, news) -> None:
    jellyfin.fake.series = {"other": "/media/anime/Series", "this": "/media/anime/Series (2020)"}
    await jellyfin.tell(news("Series (2020)", 1))
    assert jellyfin.fake.asked == ["GET /Items", "POST /Items/this/Refresh"]


async def test_a_series_on_a_later_page_is_known(jellyfin, news) -> None:
    jellyfin.fake.series = {str(number): f"/media/anime/Series {number}" for number in range(1200)}
    await jellyfin.tell(news("Series 1199", 1))
    assert jellyfin.fake.asked[-1] == "POST /Items/1199/Refresh"


async def test_the_innermost_library_is_taken(jellyfin, news) -> None:
    jellyfin.fake.libraries = {"a": "/media", "b": "/media/anime/", "c": "/media/ani", "d": "/media/anime/S"}
    await jellyfin.tell(news("Series (2020)", 1))
    assert jellyfin.fake.asked[-1] == "POST /Items/b/Refresh"


@pytest.mark.parametrize("known", [True, False])
async def test_without_an_administrators_key_the_paths_are_reported(jellyfin, news, known: bool) -> None:
    jellyfin.fake.admin = False
    if known:
        jellyfin.fake.series = {"this": "/media/anime/Series (2020)"}
    fresh = news("Series (2020)", 1)
    jellyfin.place(fresh)
    await jellyfin.tell(fresh)
    assert jellyfin.fake.asked[-1] == "POST /Library/Media/Updated"
    assert await jellyfin.confirm(fresh)


async def test_a_folder_outside_every_library_has_all_scanned_and_the_owner_warned(
    jellyfin, news, caplog
) -> None:
    jellyfin.fake.libraries = {"library-1": "/other"}
    await jellyfin.tell(news("Series (2020)", 1))
    assert jellyfin.fake.asked[-1] == "POST /Library/Refresh"
    assert "holds /media/anime/Series (2020): check media_servers.path_map" in caplog.text


async def test_a_scan_that_runs_is_not_cancelled_by_another(jellyfin, news) -> None:
    jellyfin.fake.libraries = {}
    jellyfin.fake.scanning = True
    with pytest.raises(Refused, match="busy with a scan"):
        await jellyfin.tell(news("Series (2020)", 1))
    assert "POST /Library/Refresh" not in jellyfin.fake.asked


async def test_an_episode_known_to_be_missing_is_not_taken_for_the_file(jellyfin, news) -> None:
    jellyfin.fake.series = {"this": "/media/anime/Series (2020)"}
    fresh = news("Series (2020)", 1)
    jellyfin.fake.placeholders = {jellyfin.server.path(fresh.files[0].path)}
    assert not await jellyfin.confirm(fresh)


async def test_paths_for_windows_are_in_its_own_spelling(jellyfin, news) -> None:
    jellyfin.server = dataclasses.replace(jellyfin.server, path_map=(("/srv", "D:\\Media\\"),))
    jellyfin.fake.series = {"this": "D:\\Media\\anime\\Series"}
    await jellyfin.tell(news("Series", 1))
    assert jellyfin.fake.asked[-1] == "POST /Items/this/Refresh"
