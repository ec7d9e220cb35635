"""One file, over one connection or several, and going on with it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from anidana.core.acquire import direct
from anidana.core.acquire.transfer import Expired, Meter
from anidana.core.errors import Damaged, DiskFull, Gone, NeedsPerson, Refused
from anidana.core.fetch import Visit

URL = "http://cdn.example/v/film.mp4?token=1"
TAG = '"v1"'


@pytest.fixture
def film(films: Path) -> bytes:
    return (films / "whole.mp4").read_bytes()


PACE = direct.Pace(window=0.05, silence=0.2, pause=0.01, journal=0.01, tick=0.01)


@pytest.fixture
def fetch(visit: Visit, meter: Meter, tmp_path: Path) -> Any:
    async def run(meter: Meter = meter, connections: int = 1, folder: Path = tmp_path) -> bytes:
        fetched = await direct.fetch(URL, visit, {}, folder, meter, connections=connections, pace=PACE)
        return fetched.tracks[0].pieces[0][0].read_bytes()

    return run


def leave(folder: Path, data: bytes, size: int, validator: str = TAG) -> None:
    """What an earlier run left behind."""
    (folder / "video").write_bytes(data + bytes(size - len(data)))
    version = {"size": size, "etag": validator, "modified": "", "settled": False}
    (folder / "journal.json").write_text(json.dumps({"version": version, "done": [[0, len(data)]]}))


def ranges(cdn: Any) -> list[str | None]:
    return [request.headers.get("Range") for request in cdn.site.asked]


@pytest.mark.parametrize("how", [{}, {"etag": TAG}, {"ranges": False}, {"ranges": False, "length": False}])
async def test_a_file_arrives_as_it_was_sent(
    cdn: Any, fetch: Any, film: bytes, told: Any, how: dict[str, Any]
) -> None:
    cdn.put(URL, film, **how)
    assert await fetch() == film
    assert told.amounts[-1] == (len(film), len(film) if "length" not in how else None)


async def test_a_break_goes_on_with_the_same_file(cdn: Any, fetch: Any, film: bytes) -> None:
    cdn.put(URL, film, etag=TAG, cuts=(300_000,))
    assert await fetch() == film
    first, second = cdn.site.asked
    assert first.headers["Range"] == "bytes=0-"
    assert second.headers["If-Range"] == TAG
    assert int(second.headers["Range"][6:-1]) > 0


async def test_a_host_that_sends_slices_is_asked_for_the_rest(cdn: Any, fetch: Any, film: bytes) -> None:
    cdn.put(URL, film, etag=TAG, slices=300_000)
    assert await fetch() == film
    assert ranges(cdn) == [f"bytes={start}-" for start in (0, 300_000, 600_000, 900_000)]


async def test_a_break_without_parts_starts_again(cdn: Any, fetch: Any, film: bytes) -> None:
    cdn.put(URL, film, ranges=False, etag=TAG, cuts=(300_000,))
    assert await fetch() == film
    assert ranges(cdn) == ["bytes=0-", "bytes=0-"]


@pytest.mark.parametrize("tag", ["", 'W/"v1"'])
async def test_without_a_strong_validator_only_the_same_run_goes_on(
    cdn: Any, fetch: Any, film: bytes, tmp_path: Path, told: Any, tag: str
) -> None:
    cdn.put(URL, film, etag=tag, cuts=(300_000,))
    assert await fetch() == film
    assert ranges(cdn) == ["bytes=0-", "bytes=300000-"]
    assert not (tmp_path / "journal.json").exists()
    assert await fetch() == film
    assert ranges(cdn)[2:] == ["bytes=0-"]


async def test_a_settled_date_is_a_validator_and_a_fresh_one_is_none(
    site: Any, fetch: Any, film: bytes, tmp_path: Path
) -> None:
    sent = "Wed, 25 Nov 2026 10:00:00 GMT"
    for modified, kept in (("Wed, 25 Nov 2026 09:59:59 GMT", False), ("Wed, 25 Nov 2026 09:00:00 GMT", True)):
        headers = {"Content_Range": f"bytes 0-{len(film) - 1}/{len(film)}", "Date": sent}
        site.answer("cdn.example/v/film.mp4", film, 206, Last_Modified=modified, **headers)
        assert await fetch() == film
        assert (tmp_path / "journal.json").exists() is kept


async def test_a_killed_run_is_gone_on_with(cdn: Any, fetch: Any, film: bytes, tmp_path: Path) -> None:
    leave(tmp_path, film[:1000], len(film))
    cdn.put(URL, film, etag=TAG)
    assert await fetch() == film
    assert ranges(cdn) == ["bytes=1000-"]


async def test_another_file_under_the_same_address_is_never_spliced(
    cdn: Any, fetch: Any, film: bytes, tmp_path: Path
) -> None:
    leave(tmp_path, b"\xff" * 1000, len(film))
    cdn.put(URL, film, etag='"v2"')
    assert await fetch() == film


async def test_another_file_is_not_spliced_by_a_host_that_ignores_the_condition_either(
    cdn: Any, fetch: Any, film: bytes, tmp_path: Path
) -> None:
    leave(tmp_path, b"\xff" * 1000, len(film))

    async def careless(request: web.BaseRequest) -> web.Response:
        start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        span = f"bytes {start}-{len(film) - 1}/{len(film)}"
        return web.Response(status=206, body=film[start:], headers={"Content-Range": span, "ETag": '"v2"'})

    cdn.site.answers["cdn.example/v/film.mp4"] = careless
    assert await fetch() == film


async def test_a_file_of_another_size_is_never_spliced(
    cdn: Any, fetch: Any, film: bytes, tmp_path: Path
) -> None:
    leave(tmp_path, b"\xff" * 1000, len(film) + 1)
    cdn.put(URL, film, etag=TAG)
    assert await fetch() == film
    assert ranges(cdn) == ["bytes=1000-", "bytes=0-"]


@pytest.mark.parametrize(
    "note",
    [
        "",
        "{",
        "[]",
        '{"version": 1}',
        '{"version": {"size": 1000, "etag": "x"}}',
        '{"version": {"size": 1000}, "done": [[0, 1000]]}',
        '{"version": {"size": 1001, "etag": "x"}, "done": [[0, 1000]]}',
        '{"version": {"size": 1000, "etag": "x"}, "done": [[0, 1001]]}',
        '{"version": {"size": 1000, "etag": "x"}, "done": [[-1, 1000]]}',
        '{"version": {"size": null, "etag": "x"}, "done": []}',
        '{"version": {"size": 1000, "etag": "x", "more": 1}, "done": [[0, 1000]]}',
    ],
)
async def test_a_broken_journal_means_starting_again(
    cdn: Any, fetch: Any, film: bytes, tmp_path: Path, note: str
) -> None:
    (tmp_path / "video").write_bytes(b"\xff" * 1000)
    (tmp_path / "journal.json").write_text(note)
    cdn.put(URL, film, etag=TAG)
    assert await fetch() == film
    assert ranges(cdn) == ["bytes=0-"]


async def test_a_whole_file_is_not_asked_for_again(cdn: Any, fetch: Any, film: bytes, tmp_path: Path) -> None:
    leave(tmp_path, film, len(film))
    assert await fetch() == film
    assert cdn.site.asked == []


async def test_a_host_that_breaks_off_for_ever_is_refused(cdn: Any, fetch: Any, film: bytes) -> None:
    cdn.put(URL, film, cuts=(100,) * 99)
    with pytest.raises(Refused):
        await fetch()
    assert len(cdn.site.asked) == 4


async def test_an_expired_link_is_refused_at_once(cdn: Any, fetch: Any, film: bytes) -> None:
    cdn.put(URL, film, fails=(403,))
    with pytest.raises(Expired, match="403"):
        await fetch()
    assert len(cdn.site.asked) == 1


async def test_a_file_that_does_not_fit_is_not_begun(
    cdn: Any, fetch: Any, film: bytes, tmp_path: Path, told: Any
) -> None:
    cdn.put(URL, film)
    with pytest.raises(DiskFull):
        await fetch(Meter(tmp_path, 2**62, told))
    assert not (tmp_path / "video").exists()


async def test_a_cancelled_transfer_keeps_what_is_here(
    cdn: Any, fetch: Any, film: bytes, tmp_path: Path, told: Any
) -> None:
    cdn.put(URL, film, etag=TAG, cuts=(700_000,))
    running = asyncio.ensure_future(fetch())
    told.on_progress = running.cancel
    with pytest.raises(asyncio.CancelledError):
        await running
    ((start, stop),) = json.loads((tmp_path / "journal.json").read_text())["done"]
    assert start == 0 < stop < len(film)
    assert (tmp_path / "video").read_bytes()[:stop] == film[:stop]
    told.on_progress = lambda: None
    assert await fetch() == film
    assert ranges(cdn)[-1] == f"bytes={stop}-"


@pytest.mark.parametrize(
    ("content", "fails", "error"),
    [
        ("<html>expired</html>", (), Damaged),
        ("", (), Damaged),
        ("#EXTM3U\n", (), Damaged),
        ("x", (404,), Gone),
        ("x", (403,), Refused),
        ("x", (503,), Refused),
    ],
)
async def test_what_is_no_video_is_no_proof(
    cdn: Any, visit: Visit, content: str, fails: tuple[int, ...], error: type[Exception]
) -> None:
    cdn.put(URL, content, fails=fails, type_="video/mp4")
    with pytest.raises(error):
        await direct.sample(URL, visit, {})


async def test_a_gate_before_the_file_needs_a_person(site: Any, visit: Visit) -> None:
    site.answer("cdn.example/v/film.mp4", "<title>Just a moment...</title>", 403)
    with pytest.raises(NeedsPerson):
        await direct.sample(URL, visit, {})


@pytest.mark.parametrize("ranged", [True, False])
async def test_first_bytes_are_proof_with_and_without_ranges(
    cdn: Any, visit: Visit, film: bytes, ranged: bool
) -> None:
    cdn.put(URL, film, ranges=ranged)
    await direct.sample(URL, visit, {})
    assert cdn.count(URL) == 1


@pytest.mark.parametrize("length", [True, False], ids=["announced", "not announced"])
async def test_a_clip_that_comes_after_the_sample_is_no_film_either(
    cdn: Any, visit: Visit, meter: Meter, film: bytes, tmp_path: Path, length: bool
) -> None:
    cdn.put(URL, film, ranges=False, length=length)
    with pytest.raises(Damaged, match="stands in"):
        await direct.fetch(URL, visit, {}, tmp_path, meter, stand_in=len(film))


async def test_a_clip_of_the_size_that_stands_in_for_films_is_no_proof(cdn: Any, visit: Visit) -> None:
    base = "http://cdn.example/v/"
    cdn.segments(base, ["whole.mp4"])
    size = (cdn.films / "whole.mp4").stat().st_size
    await direct.sample(base + "whole.mp4", visit, {}, stand_in=size + 1)
    with pytest.raises(Damaged, match="stands in"):
        await direct.sample(base + "whole.mp4", visit, {}, stand_in=size)
