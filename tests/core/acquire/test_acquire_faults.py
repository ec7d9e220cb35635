"""What a host may do to a transfer besides breaking it off: pack it, refuse the rest, keep the key."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from anidana.core.acquire import direct, hls
from anidana.core.acquire.join import join
from anidana.core.acquire.transfer import Meter
from anidana.core.errors import Damaged
from anidana.core.fetch import Visit
from anidana.core.models import GERMAN_DUB

BASE = "http://cdn.example/v/"
URL = BASE + "film.mp4"
NAMES = [f"ts{number}.ts" for number in range(6)]


@pytest.fixture
def film(films: Path) -> bytes:
    return (films / "whole.mp4").read_bytes()


async def test_a_video_that_comes_packed_is_unpacked_whatever_its_length(
    site: Any, visit: Visit, meter: Meter, film: bytes, tmp_path: Path
) -> None:
    site.answer("cdn.example/v/film.mp4", gzip.compress(film), Content_Encoding="gzip")
    fetched = await direct.fetch(URL, visit, {}, tmp_path, meter, connections=4)
    assert fetched.tracks[0].pieces[0][0].read_bytes() == film


async def test_a_host_that_has_no_rest_for_us_leaves_no_file(
    site: Any, visit: Visit, meter: Meter, film: bytes, tmp_path: Path
) -> None:
    version = {"size": len(film), "etag": '"v1"', "modified": "", "settled": False}
    (tmp_path / "video").write_bytes(film)
    (tmp_path / "journal.json").write_text(json.dumps({"version": version, "done": [[0, len(film) - 90]]}))
    size = {"Content_Range": f"bytes */{len(film) - 90}"}
    site.answer("cdn.example/v/film.mp4", status=416, **size)
    with pytest.raises(Damaged, match="416"):
        await direct.fetch(URL, visit, {}, tmp_path, meter)
    assert [request.headers["Range"] for request in site.asked] == [f"bytes={len(film) - 90}-"]


async def test_a_file_that_breaks_off_where_nothing_was_announced_is_seen_when_it_is_joined(
    cdn: Any, visit: Visit, meter: Meter, film: bytes, tmp_path: Path
) -> None:
    cdn.put(URL, film[: len(film) // 2], ranges=False, length=False)
    fetched = await direct.fetch(URL, visit, {}, tmp_path, meter)
    assert fetched.size == len(film) // 2, "nobody could tell so far"
    with pytest.raises(Damaged, match="breaks off"):
        join(fetched.tracks, tmp_path / "x.mkv", GERMAN_DUB)


async def test_chunks_that_break_off_are_fetched_anew(
    site: Any, visit: Visit, meter: Meter, film: bytes, tmp_path: Path
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(film[:300_000])
        if len(site.asked) == 1:
            assert request.transport is not None
            request.transport.close()
            return response
        await response.write(film[300_000:])
        await response.write_eof()
        return response

    site.answers["cdn.example/v/film.mp4"] = answer
    fetched = await direct.fetch(URL, visit, {}, tmp_path, meter)
    assert fetched.tracks[0].pieces[0][0].read_bytes() == film
    assert [request.headers["Range"] for request in site.asked] == ["bytes=0-", "bytes=0-"]


@pytest.mark.parametrize("type_", ["text/html", "video/mp4"])
async def test_a_web_page_is_no_video_whatever_it_is_called(cdn: Any, visit: Visit, type_: str) -> None:
    cdn.put(URL, "<!DOCTYPE html><title>Not found</title>", type_=type_)
    with pytest.raises(Damaged, match="a web page"):
        await direct.sample(URL, visit, {})


async def test_a_video_is_one_even_where_the_host_calls_it_a_page(
    cdn: Any, visit: Visit, film: bytes
) -> None:
    cdn.put(URL, film, type_="text/html")
    await direct.sample(URL, visit, {})


async def test_a_key_that_is_gone_fails_before_any_segment(
    cdn: Any, visit: Visit, meter: Meter, helpers: Any, tmp_path: Path
) -> None:
    cdn.segments(BASE, NAMES)
    head = '#EXT-X-KEY:METHOD=AES-128,URI="key"\n'
    cdn.put(BASE + "index.m3u8", helpers.playlist(NAMES, head=head))
    found = await hls.load(BASE + "index.m3u8", visit, {}, 1080)
    with pytest.raises(Damaged, match="404 when asked for the key"):
        await hls.fetch(found, visit, {}, tmp_path, connections=4, meter=meter)
    assert sum(cdn.count(BASE + name) for name in NAMES) == 0


async def test_what_a_killed_run_left_of_a_segment_counts_for_nothing(
    cdn: Any, visit: Visit, meter: Meter, films: Path, tmp_path: Path
) -> None:
    found = await hls.load(cdn.hls(BASE), visit, {}, 1080)
    for number in (0, 1):
        (tmp_path / f"{number:05d}").write_bytes((films / NAMES[number]).read_bytes())
    (tmp_path / "00002.part3").write_bytes((films / NAMES[2]).read_bytes()[:9000])
    fetched = await hls.fetch(found, visit, {}, tmp_path, connections=2, meter=meter)
    whole = [(films / name).read_bytes() for name in NAMES]
    assert [path.read_bytes() for path in fetched.tracks[0].pieces[0]] == whole
    assert [cdn.count(BASE + name) for name in NAMES] == [0, 0, 1, 1, 1, 1]
