"""One file over several connections, from hosts that honour parts and hosts that only say so."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from anidana.core.acquire import direct
from anidana.core.acquire.spans import LEAST_BYTES, Copy, Span, Version
from anidana.core.acquire.transfer import Expired, Meter
from anidana.core.errors import Refused
from anidana.core.fetch import Network, Visit
from anidana.core.settings import Network as Settings

URL = "http://cdn.example/v/film.mp4"
OLD, NEW = random.Random(1).randbytes(5_000_000), random.Random(2).randbytes(5_000_000)
PACE = direct.Pace(window=60, silence=60, pause=0.01, journal=0.01, tick=0.01)
HASTY = replace(PACE, window=0.05, silence=0.2)


@dataclass
class Host:
    """Serves a film in parts; `decide` may have another answer for a request that it is shown.

    The first answer breaks no sooner than `patient` others have come, half-way through its body.
    """

    film: bytes = OLD
    tag: str = '"old"'
    decide: Callable[[web.BaseRequest, int], Any] = lambda request, number: None
    patient: int = 0
    half: float = 0.5
    asked: list[tuple[int, int | None]] = field(default_factory=list)
    conditions: list[str | None] = field(default_factory=list)
    delivered: int = 0
    others: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers["Range"])
        assert wanted is not None
        start, last = int(wanted[1]), int(wanted[2]) if wanted[2] else None
        self.asked.append((start, last))
        self.conditions.append(request.headers.get("If-Range"))
        number = len(self.asked)
        if number > self.patient:
            self.others.set()
        other = self.decide(request, number)
        if isinstance(other, web.StreamResponse):
            return other
        stop = len(self.film) if last is None else last + 1
        return await self.send(request, start, self.film[start:stop], wait=number == 1)

    async def send(
        self, request: web.BaseRequest, start: int, body: bytes, *, wait: bool = False
    ) -> web.StreamResponse:
        size = len(self.film)
        response = web.StreamResponse(
            status=206,
            headers={"ETag": self.tag, "Content-Range": f"bytes {start}-{start + len(body) - 1}/{size}"},
        )
        response.content_length = len(body)
        await response.prepare(request)
        half = int(len(body) * self.half) if wait else 0
        for at in range(0, len(body), 65536):
            if wait and at >= half:
                await self.others.wait()
            await response.write(body[at : at + 65536])
            self.delivered += len(body[at : at + 65536])
        await response.write_eof()
        return response


@pytest.fixture
def run(site: Any, visit: Visit, meter: Meter, tmp_path: Path) -> Any:
    async def run(
        host: Host, connections: int = 4, folder: Path = tmp_path, pace: direct.Pace = PACE
    ) -> bytes:
        site.answers["cdn.example/v/film.mp4"] = host.answer
        fetched = await direct.fetch(URL, visit, {}, folder, meter, connections=connections, pace=pace)
        return fetched.tracks[0].pieces[0][0].read_bytes()

    return run


async def test_parts_come_side_by_side_and_each_is_asked_of_the_same_version(run: Any) -> None:
    host = Host(patient=3)
    assert await run(host) == OLD
    assert sorted(start for start, _ in host.asked[:4]) == [0, 1_250_000, 2_500_000, 3_750_000]
    assert host.conditions == [None, *['"old"'] * (len(host.asked) - 1)]


class Held(Host):
    """Stops early in every answer until `others` is set."""

    def __init__(self) -> None:
        super().__init__(half=0.1)
        self.two = asyncio.Semaphore(0)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        start, _, last = request.headers["Range"].removeprefix("bytes=").partition("-")
        self.two.release()
        body = self.film[int(start) : int(last or len(self.film)) + 1]
        return await self.send(request, int(start), body, wait=True)


async def test_a_download_that_holds_every_place_of_a_host_gives_one_up(
    site: Any, meter: Meter, tmp_path: Path
) -> None:
    first, second = Held(), Host(film=NEW)
    site.answers |= {"cdn.example/1": first.answer, "cdn.example/2": second.answer}
    chosen = Settings(route_all_to=site.address, connections_per_host=2)

    async with Network(chosen) as network, asyncio.timeout(20):

        async def get(name: str) -> bytes:
            folder = tmp_path / name
            folder.mkdir()
            url, visit = f"http://cdn.example/{name}", network.visit()
            fetched = await direct.fetch(url, visit, {}, folder, meter, connections=2, pace=PACE)
            return fetched.tracks[0].pieces[0][0].read_bytes()

        holding = asyncio.create_task(get("1"))
        for _ in range(2):
            await first.two.acquire()
        assert await get("2") == NEW
        first.others.set()
        assert await holding == OLD


async def test_a_small_file_is_not_cut_up(run: Any) -> None:
    host = Host(film=OLD[: 2 * LEAST_BYTES - 1])
    assert await run(host) == host.film
    assert host.asked == [(0, None)]


@pytest.mark.parametrize("status", [403, 404, 416, 429, 500, 503])
async def test_a_host_that_gives_one_connection_only_is_met_with_one(run: Any, status: int) -> None:
    host = Host(decide=lambda request, number: web.Response(status=status) if number > 1 else None, patient=4)
    assert await run(host) == OLD
    assert host.delivered == len(OLD)


async def test_a_host_that_asks_to_wait_is_not_asked_before(run: Any) -> None:
    later = {"Retry-After": "600"}
    host = Host(
        decide=lambda request, number: web.Response(status=429, headers=later) if number > 1 else None,
        patient=3,
    )
    assert await run(host) == OLD
    assert len(host.asked) == 4


async def test_connections_come_back_after_a_hiccup(run: Any) -> None:
    host = Host(
        decide=lambda request, number: web.Response(status=503) if number in (2, 3) else None, patient=4
    )
    assert await run(host) == OLD


async def test_the_whole_file_in_place_of_a_part_is_no_part(run: Any) -> None:
    def lie(request: web.BaseRequest, number: int) -> web.Response | None:
        headers = {"ETag": '"old"', "Accept-Ranges": "bytes"}
        return web.Response(body=OLD, headers=headers) if number > 1 else None

    assert await run(Host(decide=lie, patient=4)) == OLD


async def test_another_part_than_asked_for_is_no_part(run: Any) -> None:
    def lie(request: web.BaseRequest, number: int) -> web.Response | None:
        headers = {"ETag": '"old"', "Content-Range": f"bytes 7-{len(OLD) - 1}/{len(OLD)}"}
        return web.Response(status=206, body=OLD[7:], headers=headers) if number > 1 else None

    assert await run(Host(decide=lie, patient=4)) == OLD


@pytest.mark.parametrize("size", [len(OLD), len(OLD) - 1])
@pytest.mark.parametrize("whole", [True, False])
async def test_two_versions_are_never_put_together(run: Any, size: int, whole: bool) -> None:
    new = NEW[:size]

    async def changed(request: web.BaseRequest) -> web.StreamResponse:
        return await Host(new, '"new"').answer(request)

    class Changing(Host):
        async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
            if not self.asked:
                return await super().answer(request)
            self.asked.append((0, None))
            self.others.set()
            if whole and request.headers.get("If-Range") == '"old"':
                return web.Response(body=new, headers={"ETag": '"new"'})
            return await changed(request)

    assert await run(Changing(patient=1)) == new


async def test_nodes_that_disagree_for_good_are_refused_or_one_of_them_is_believed(run: Any) -> None:
    class Nodes(Host):
        async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
            self.asked.append((0, None))
            film, tag = ((OLD, '"old"'), (NEW, '"new"'))[len(self.asked) % 2]
            return await Host(film, tag).answer(request)

    assert await run(Nodes()) in (OLD, NEW)


async def test_a_connection_that_hangs_is_asked_again_elsewhere(run: Any) -> None:
    forever = asyncio.Event()

    class Hanging(Host):
        async def send(
            self, request: web.BaseRequest, start: int, body: bytes, *, wait: bool = False
        ) -> web.StreamResponse:
            if len(self.asked) == 2:
                headers = {
                    "ETag": self.tag,
                    "Content-Range": f"bytes {start}-{start + len(body) - 1}/{len(OLD)}",
                }
                response = web.StreamResponse(status=206, headers=headers)
                await response.prepare(request)
                await response.write(body[:100_000])
                await forever.wait()
            return await super().send(request, start, body, wait=wait)

    assert await run(Hanging(), connections=2, pace=HASTY) == OLD
    forever.set()


async def test_a_run_that_was_killed_is_gone_on_with(run: Any, tmp_path: Path) -> None:
    journal, left = tmp_path / "journal.json", tmp_path / "left"
    host = Host(patient=1000)  # the first answer stops half-way
    running = asyncio.ensure_future(run(host, connections=1))
    while not journal.exists() or not json.loads(journal.read_text())["done"]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    left.mkdir()  # what a kill leaves at this moment; data is always older than the journal that tells of it
    shutil.copy(journal, left)
    done = json.loads((left / "journal.json").read_text())["done"]
    shutil.copy(tmp_path / "video", left)
    host.others.set()
    assert await running == OLD

    again = Host()
    assert await run(again, connections=1, folder=left) == OLD
    edges = [0, *(edge for part in done for edge in part), len(OLD)]
    gaps = [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2) if edges[i] < edges[i + 1]]
    assert [(start, len(OLD) if last is None else last + 1) for start, last in again.asked] == gaps
    assert set(again.conditions) == {'"old"'}


async def test_an_expired_link_keeps_what_is_here(run: Any) -> None:
    class Expiring(Host):
        async def send(
            self, request: web.BaseRequest, start: int, body: bytes, *, wait: bool = False
        ) -> web.StreamResponse:
            return await super().send(request, start, body[: len(body) // 2], wait=wait)

    with pytest.raises(Expired):
        await run(Expiring(decide=lambda request, number: web.Response(status=403) if number > 1 else None))
    again = Host()
    assert await run(again, connections=1) == OLD
    assert again.asked == [(len(OLD) // 2, None)]


async def test_a_host_that_sends_a_byte_at_a_time_is_refused(run: Any) -> None:
    class Mean(Host):
        async def send(
            self, request: web.BaseRequest, start: int, body: bytes, *, wait: bool = False
        ) -> web.StreamResponse:
            return await super().send(request, start, body[:1])

    host = Mean()
    with pytest.raises(Refused):
        await run(host)
    assert len(host.asked) < 20


@given(st.data(), st.integers(1, 40 * LEAST_BYTES))
def test_spans_and_what_is_done_always_make_up_the_file(data: st.DataObject, size: int) -> None:
    copy = Copy(Path("nowhere"), Version(size, '"tag"'), ranged=True, waiting=[Span(0, size)])
    fetched: list[Span] = []
    for _ in range(data.draw(st.integers(0, 20))):
        if (span := copy.take(fetched)) is not None:
            fetched.append(span)
        for span in fetched:
            span.at += data.draw(st.integers(0, span.left))
        if fetched and data.draw(st.booleans()):
            copy.waiting.append(fetched.pop())
    parts = copy.done(fetched) + [(span.at, span.stop) for span in [*fetched, *copy.waiting] if span.left]
    edges = [edge for part in sorted(parts) for edge in part]
    assert edges[0] == 0 and edges[-1] == size
    assert edges[1:-1:2] == edges[2::2]
    assert copy.here(fetched) == sum(stop - start for start, stop in copy.done(fetched))
