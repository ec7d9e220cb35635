"""A case is recorded from a site: masked, cut, checked, and stored whole or not at all."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path

import pytest
from aiohttp import web

from anidana.core import Get, Gone, Link, NeedsPerson, Page, PageChanged, Refused, Steps, Stream
from anidana.core.demo.serving import html, listening
from anidana.core.errors import ConfigError, Crashed, Held
from anidana.core.fetch import Network
from anidana.core.settings import Network as NetworkSettings
from anidana.core.testkit import check, read_recordings
from anidana.core.testkit.recorder import Recorded, record, store

URL = "https://clips.example/e/abc"
DAY = date(2026, 11, 25)
LINES = "".join(f"<p>line {number}</p>\n" for number in range(200))
PLAYS = (
    f"{LINES}<!-- alice@mail.test from 8.8.4.4 -->\r\n"
    f'<iframe src="/player?session=0123456789abcdef"></iframe>\r\n{LINES}'
)
PLAYER = f'{LINES}<script>a = 1; file = "https://cdn.clips.example/8.8.4.4/a.m3u8"; b = 2;</script>{LINES}'


class Clips:
    """Asks for a page and for the player that it names."""

    name = "Clips"
    domains = ("clips.example",)
    headers = {"Referer": "https://clips.example/"}  # noqa: RUF012
    dice: random.Random | None = None

    def extract(self, link: Link) -> Steps[Stream]:
        page = yield Get(link.url)
        player = yield Get(page.join(between(page, '<iframe src="', '"')))
        url = between(player, 'file = "', '"')
        return Stream.hls(f"{url}?x={self.dice.random()}" if self.dice else url)


def between(page: Page, start: str, end: str) -> str:
    _, found, rest = page.text.partition(start)
    text, closed, _ = rest.partition(end)
    if "removed" in page.text and not found:
        raise Gone("the clip was removed")
    if not found or not closed:
        raise PageChanged("no player")
    return text


Serve = Callable[..., Awaitable[Network]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A network on which every host answers by path."""
    async with AsyncExitStack() as stack:

        async def serve(pages: dict[str, str], status: int = 200) -> Network:
            async def answer(request: web.BaseRequest) -> web.StreamResponse:
                text = pages.get(request.path)
                return html(text, status, {"Set-Cookie": "who=alice"}) if text is not None else html("", 404)

            address = await stack.enter_async_context(listening(answer))
            chosen = NetworkSettings(route_all_to=address, pages_per_second=0)
            return await stack.enter_async_context(Network(chosen))

        yield serve


def again(made: Recorded, folder: Path) -> str:
    """Store the case, read it back, hold the plugin to it; all that was written, as one text."""
    store(made, folder, DAY)
    (case,) = read_recordings(folder)
    check(Clips(), case)
    return "".join(path.read_text() for path in sorted(folder.iterdir()))


async def test_pages_are_cut_and_nobody_is_named(serve: Serve, tmp_path: Path) -> None:
    made = await record(URL, "plays", Clips(), await serve({"/e/abc": PLAYS, "/player": PLAYER}))
    written = again(made, tmp_path)
    for word in ("alice", "8.8.4.4", "0123456789abcdef", "line", "a = 1", "Set-Cookie", "set-cookie"):
        assert word not in written
    assert made.files["plays.html"].startswith('<iframe src="/player?session=masked')
    assert made.case.expected["kind"] == "hls" and "/192.0.2." in made.case.expected["url"]
    assert '"recorded": "2026-11-25"' in written and made.masked == 3 and not made.warnings


async def test_an_error_is_recorded_as_such(serve: Serve, tmp_path: Path) -> None:
    made = await record(URL, "gone", Clips(), await serve({"/e/abc": f"{LINES}<b>removed</b>"}))
    assert made.case.expected == {"error": "gone"} and made.files == {"gone.html": "<b>removed"}
    again(made, tmp_path)


async def test_a_refusal_keeps_its_status_and_its_gate(serve: Serve, tmp_path: Path) -> None:
    network = await serve({"/e/abc": f"<title>Just a moment...</title>{LINES}"}, 403)
    made = await record(URL, "needs_person", Clips(), network)
    assert made.case.expected == {"error": NeedsPerson.code} and not made.warnings
    assert '"status": 403' in again(made, tmp_path)


async def test_a_page_that_the_plugin_does_not_know_stays_whole_and_a_wrong_name_is_said(
    serve: Serve, tmp_path: Path
) -> None:
    made = await record(URL, "plays-2026", Clips(), await serve({"/e/abc": LINES}))
    assert made.files == {"plays-2026.html": LINES} and made.case.expected == {"error": "page_changed"}
    assert "called plays, and the outcome is page_changed" in made.warnings[0]
    again(made, tmp_path)


async def test_an_address_that_differs_each_time_is_kept_as_a_pattern(serve: Serve, tmp_path: Path) -> None:
    clips = Clips()
    clips.dice = random.Random(1)
    made = await record(URL, "plays", clips, await serve({"/e/abc": PLAYS, "/player": PLAYER}))
    assert made.case.expected["url_pattern"].startswith(r"https://cdn\.clips\.example/192\.0\.2\.")
    assert "pattern" in made.warnings[0] and "line" not in "".join(made.files.values())


async def test_what_cannot_be_recorded_is_said_and_not_written(serve: Serve, tmp_path: Path) -> None:
    network = await serve({"/e/abc": PLAYS})
    with pytest.raises(ConfigError):
        await record(URL, "../plays", Clips(), network)

    class Bug(Clips):
        def extract(self, link: Link) -> Steps[Stream]:
            yield Get(link.url)
            raise KeyError("x")

    with pytest.raises(Crashed, match="KeyError"):
        await record(URL, "plays", Bug(), network)

    class Closed(Clips):
        def extract(self, link: Link) -> Steps[Stream]:
            yield Get(link.url)
            raise Refused("come back tomorrow")

    made = await record(URL, "refused", Closed(), network)
    assert made.case.expected == {"error": "refused"}
    dead = Network(NetworkSettings(route_all_to="127.0.0.1:9", pages_per_second=0))
    async with dead:
        with pytest.raises(Refused):
            await record(URL, "plays", Clips(), dead)


async def test_a_case_is_added_and_never_replaced(serve: Serve, tmp_path: Path) -> None:
    network = await serve({"/e/abc": PLAYS, "/player": PLAYER})
    made = await record(URL, "plays", Clips(), network)
    store(made, tmp_path, DAY)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    with pytest.raises(Held, match="plays"):
        store(made, tmp_path, DAY)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before
    store(await record(URL, "plays-1", Clips(), network), tmp_path, DAY)
    cases = read_recordings(tmp_path)
    assert [case.name for case in cases] == ["plays", "plays-1"]
    assert cases[0].answers == cases[1].answers
    (tmp_path / "plays-2.html").write_text("somebody's")
    with pytest.raises(Held, match=r"plays-2\.html"):
        store(await record(URL, "plays-2", Clips(), network), tmp_path, DAY)
    (tmp_path / "cases.json").write_text("{")
    with pytest.raises(ConfigError, match="is not what it should be"):
        store(made, tmp_path, DAY)
