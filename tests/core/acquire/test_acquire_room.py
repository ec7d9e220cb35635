"""A video that will not fit in stops the job before it is fetched; what hosts merely say does not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from anidana.core.acquire.episode import Acquired, acquire
from anidana.core.acquire.transfer import Meter
from anidana.core.errors import DiskFull
from anidana.core.fetch import Visit
from anidana.core.library.room import Claim, Room
from anidana.core.models import Stream
from anidana.core.settings import Downloads

BASE = "http://cdn.example/v/"
NAMES = [f"ts{number}.ts" for number in range(6)]
GIB = 2**30


@pytest.fixture
def floor(tmp_path: Path) -> int:
    """Leaves two GiB to use."""
    return shutil.disk_usage(tmp_path).free - 2 * GIB


@pytest.fixture
def get(offers: Any, shop: Any, visit: Visit, told: Any, tmp_path: Path, floor: int) -> Any:
    async def run(expected: int = 0) -> Acquired:
        staging = tmp_path / "staging"
        return await acquire(
            offers.found,
            catalogue=shop,
            plugins=offers.plugins,
            visit=visit,
            staging=staging,
            settings=Downloads(),
            report=told,
            claim=Claim(Room(floor), staging, tmp_path, expected),
        )

    return run


def master(cdn: Any, helpers: SimpleNamespace, bandwidth: int, seconds: float) -> str:
    cdn.hls(BASE)
    cdn.put(BASE + "index.m3u8", helpers.playlist(NAMES, seconds=seconds))
    cdn.put(BASE + "m.m3u8", f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH={bandwidth}\nindex.m3u8\n")
    return BASE + "m.m3u8"


async def test_a_stream_that_will_not_fit_by_its_bandwidth_is_not_fetched(
    cdn: Any, helpers: SimpleNamespace, offers: Any, get: Any
) -> None:
    offers.add("VOE", Stream.hls(master(cdn, helpers, bandwidth=40_000_000, seconds=60)))
    with pytest.raises(DiskFull, match="are needed"):
        await get()
    assert [cdn.count(BASE + name) for name in NAMES] == [1, 0, 0, 0, 0, 0], "the proof, and no more"


@pytest.mark.parametrize(
    ("bandwidth", "expected"), [(40_000_000_000, 0), (49_000_000, 1000)], ids=["nonsense", "known better"]
)
async def test_a_bandwidth_that_is_wrong_stops_nobody(
    cdn: Any, helpers: SimpleNamespace, offers: Any, get: Any, bandwidth: int, expected: int
) -> None:
    offers.add("VOE", Stream.hls(master(cdn, helpers, bandwidth, seconds=2)))
    assert (await get(expected)).media.seconds == pytest.approx(12, abs=0.3)


async def test_a_file_is_counted_as_it_comes_and_put_together(cdn: Any, offers: Any, get: Any) -> None:
    offers.add("VOE", replace(Stream.file(BASE + "whole.mp4"), size=int(1.2 * GIB)))
    cdn.segments(BASE, ["whole.mp4"])
    with pytest.raises(DiskFull):
        await get()


def test_a_total_is_believed_once_a_part_of_it_has_come(tmp_path: Path, told: Any) -> None:
    with Room(0).claim(tmp_path / "job-1", tmp_path) as claim:
        meter = Meter(tmp_path, 0, told, claim)
        meter.count(1000, 10**12)
        assert claim.size == 0
        meter.count(10**6, 10**7)
        assert claim.size == 10**7
