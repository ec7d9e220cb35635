"""A stream whose address is known becomes one verified file, or none."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from anidana.core.acquire.media import probe
from anidana.core.acquire.stream import fetch_stream
from anidana.core.errors import ConfigError, Damaged, Gone, Held
from anidana.core.fetch import Network
from anidana.core.models import MediaInfo
from anidana.core.settings import Downloads

BASE = "http://cdn.example/v/"
NAMES = [f"ts{number}.ts" for number in range(6)]


@pytest.fixture
def fetch(network: Network, told: Any) -> Any:
    async def run(url: str, target: Path, **how: Any) -> MediaInfo:
        settings = Downloads(floor_mib=0, connections=how.pop("connections", 4))
        return await fetch_stream(url, target, network, settings, told, **how)

    return run


@pytest.mark.parametrize("container", ["mkv", "mp4"])
async def test_one_file_of_the_named_kind_is_left_and_nothing_else(
    cdn: Any, fetch: Any, tmp_path: Path, told: Any, container: str
) -> None:
    target = tmp_path / f"a.{container}"
    media = await fetch(cdn.hls(BASE), target, headers={"Referer": "http://host.example/"})
    assert list(tmp_path.iterdir()) == [target]
    assert probe(target) == media
    assert media.seconds == pytest.approx(12, abs=0.2)
    assert told.stages == ["resolving", "downloading", "verifying"]
    assert {request.headers["Referer"] for request in cdn.site.asked} == {"http://host.example/"}


@pytest.mark.parametrize("name", ["whole.mp4", "index.m3u8"])
async def test_what_an_address_is_shows_in_what_comes(
    cdn: Any, fetch: Any, films: Path, tmp_path: Path, name: str
) -> None:
    cdn.hls(BASE)
    cdn.segments(BASE, ["whole.mp4"])
    cdn.site.answers["cdn.example/v/stream"] = cdn.site.answers[f"cdn.example/v/{name}"]
    media = await fetch(BASE + "stream", tmp_path / "a.mkv")
    assert media.seconds == pytest.approx(12, abs=0.2)


async def test_a_file_that_is_there_is_never_replaced(cdn: Any, fetch: Any, tmp_path: Path) -> None:
    (tmp_path / "a.mkv").write_text("mine")
    with pytest.raises(Held):
        await fetch(cdn.hls(BASE), tmp_path / "a.mkv")
    assert (tmp_path / "a.mkv").read_text() == "mine"
    assert not cdn.site.asked


async def test_a_name_that_says_no_container_is_refused(cdn: Any, fetch: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not end in"):
        await fetch(cdn.hls(BASE), tmp_path / "a.avi")


async def test_two_runs_never_work_on_one_file(cdn: Any, fetch: Any, tmp_path: Path) -> None:
    (tmp_path / ".a.mkv.parts").mkdir()
    with FileLock(tmp_path / ".a.mkv.parts" / "lock"), pytest.raises(Held, match="another run"):
        await fetch(cdn.hls(BASE), tmp_path / "a.mkv")


async def test_a_run_that_was_broken_off_is_gone_on_with(cdn: Any, fetch: Any, tmp_path: Path) -> None:
    url = cdn.hls(BASE)
    cdn.hold(BASE + NAMES[4])
    running = asyncio.ensure_future(fetch(url, tmp_path / "a.mkv", connections=1))
    await cdn.arrived.acquire()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not (tmp_path / "a.mkv").exists()
    cdn.hls(BASE)
    await fetch(url, tmp_path / "a.mkv")
    assert [cdn.count(BASE + name) for name in NAMES] == [1, 1, 1, 1, 2, 1]
    assert list(tmp_path.iterdir()) == [tmp_path / "a.mkv"]


async def test_a_stream_with_a_hole_leaves_no_file(cdn: Any, fetch: Any, tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="missing"):
        await fetch(cdn.hls(BASE, NAMES[:2] + NAMES[3:]), tmp_path / "a.mkv")
    assert not (tmp_path / "a.mkv").exists()


async def test_a_hole_ends_the_transfer_before_everything_has_come(
    cdn: Any, fetch: Any, tmp_path: Path
) -> None:
    # The join sees it in the first segments; the last one would never come.
    url = cdn.hls(BASE, [NAMES[0], NAMES[3], NAMES[4], NAMES[5]])
    cdn.hold(BASE + NAMES[5])
    with pytest.raises(Damaged, match="missing"):
        await asyncio.wait_for(fetch(url, tmp_path / "a.mkv"), 30)


async def test_parts_of_one_video_never_get_into_another_that_is_listed_alike(
    cdn: Any, fetch: Any, tmp_path: Path
) -> None:
    ours, others = (f"{BASE}{letter * 24}1/" for letter in "ab")
    url = cdn.hls(ours)
    cdn.hold(ours + NAMES[4])
    running = asyncio.ensure_future(fetch(url, tmp_path / "a.mkv", connections=1))
    await cdn.arrived.acquire()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await fetch(cdn.hls(others), tmp_path / "a.mkv")
    assert [cdn.count(others + name) for name in NAMES] == [1] * 6


async def test_a_run_that_brought_nothing_leaves_nothing(cdn: Any, fetch: Any, tmp_path: Path) -> None:
    cdn.put(BASE + "index.m3u8", "", fails=(404,))
    with pytest.raises(Gone):
        await fetch(BASE + "index.m3u8", tmp_path / "a.mkv")
    assert not list(tmp_path.iterdir())


async def test_a_request_that_is_made_again_is_not_worth_a_word(
    cdn: Any, fetch: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await fetch(cdn.hls(BASE, fails=(503,)), tmp_path / "a.mkv")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
