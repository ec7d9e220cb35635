"""The one way out: limits, address rule, cookies, and what each kind of trouble is called."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from anidana.core import Blocked, Gone, NeedsPerson, Page, Post, Refused, settings
from anidana.core.fetch import MOST_PAGE_BYTES, MOST_REDIRECTS, Network, refusal
from anidana.core.pace import BURST, MOST_TURN_BYTES
from anidana.core.steps import Get

URL = "https://clips.example/e/1"


async def test_a_page_comes_with_its_final_address_and_headers(network: Network, site: Any) -> None:
    site.answer("clips.example/e/1", status=302, Location="//mirror.example/x?y=1")
    site.answer(
        "mirror.example/x",
        "<p>Grüße</p>".encode("latin-1"),
        Content_Type="text/html; charset=latin-1",
        X_A="b",
    )
    page = await network.visit().page(Get(URL, referer="https://catalogue.example/"))
    assert (page.url, page.status, page.text) == ("https://mirror.example/x?y=1", 200, "<p>Grüße</p>")
    assert page.headers["x-a"] == "b"
    first, last = site.asked
    assert first.headers["Referer"] == "https://catalogue.example/"
    assert first.headers["User-Agent"] == last.headers["User-Agent"] == network.visit().user_agent


@pytest.mark.parametrize("charset", ["nonsense", "utf-8"])
async def test_text_that_is_not_in_its_encoding_is_still_text(
    network: Network, site: Any, charset: str
) -> None:
    site.answer("clips.example/e/1", b"a\xffb", Content_Type=f"text/html; charset={charset}")
    assert (await network.visit().page(Get(URL))).text == "a\ufffdb"


async def test_cookies_stay_with_their_site_and_their_visit(network: Network, site: Any) -> None:
    site.answer("clips.example/e/1", Set_Cookie="session=abc; Path=/")
    site.answer("clips.example/e/2")
    site.answer("other.example/")
    visit = network.visit()
    for url in (URL, "https://clips.example/e/2", "https://other.example/"):
        await visit.page(Get(url))
    await network.visit().page(Get("https://clips.example/e/2"))
    assert [request.headers.get("Cookie") for request in site.asked] == [None, "session=abc", None, None]


@pytest.mark.parametrize(("location", "end"), [("/v", "/v#abc123"), ("/v#other", "/v#other")])
async def test_a_fragment_is_kept_and_never_sent(
    network: Network, site: Any, location: str, end: str
) -> None:
    site.answer("clips.example/", status=302, Location=location)
    site.answer("clips.example/v")
    page = await network.visit().page(Get("https://clips.example/#abc123"))
    assert page.url == f"https://clips.example{end}"
    assert [request.path_qs for request in site.asked] == ["/", "/v"]


async def test_a_cookie_set_by_a_redirect_is_there_after_it(network: Network, site: Any) -> None:
    site.answer("clips.example/e/1", status=302, Location="/e/2", Set_Cookie="seen=1")
    site.answer("clips.example/e/2")
    await network.visit().page(Get(URL))
    assert site.asked[1].headers["Cookie"] == "seen=1"


async def test_json_is_sent_as_such(network: Network, site: Any) -> None:
    seen: list[tuple[str, object]] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        seen.append((request.headers["Content-Type"], json.loads(await request.read())))
        return web.Response(text="ok")

    site.answers["clips.example/api"] = answer
    await network.visit().page(Post("https://clips.example/api", json={"filecode": "x", "n": [1]}))
    assert seen == [("application/json", {"filecode": "x", "n": [1]})]


async def test_a_form_is_sent_and_not_sent_again_after_see_other(network: Network, site: Any) -> None:
    bodies: list[str] = []

    async def take(request: web.BaseRequest) -> web.StreamResponse:
        bodies.append((await request.read()).decode())
        return web.Response(status=303, headers={"Location": "/done"})

    site.answers["clips.example/dl"] = take
    site.answer("clips.example/done", "yes")
    page = await network.visit().page(Post("https://clips.example/dl", {"op": "embed"}))
    assert (page.text, bodies) == ("yes", ["op=embed"])
    assert [request.method for request in site.asked] == ["POST", "GET"]


async def test_a_redirect_can_be_the_answer(network: Network, site: Any) -> None:
    site.answer("clips.example/e/1", status=302, Location="https://host.example/e/9")
    page = await network.visit().page(Get(URL, follow=False))
    assert (page.status, page.headers["location"]) == (302, "https://host.example/e/9")
    assert len(site.asked) == 1


@pytest.mark.parametrize("hops", [MOST_REDIRECTS, MOST_REDIRECTS + 1])
async def test_redirects_are_followed_so_far_and_no_further(network: Network, site: Any, hops: int) -> None:
    for hop in range(hops):
        site.answer(f"clips.example/{hop}", status=302, Location=f"/{hop + 1}")
    site.answer(f"clips.example/{hops}", "end")
    if hops <= MOST_REDIRECTS:
        assert (await network.visit().page(Get("https://clips.example/0"))).text == "end"
    else:
        with pytest.raises(Refused, match="redirects more than"):
            await network.visit().page(Get("https://clips.example/0"))
    assert len(site.asked) == MOST_REDIRECTS + 1


IMPOSSIBLE = [
    "file:///etc/passwd",
    "ftp://clips.example/a",
    "data:text/html,x",
    "javascript:alert(1)",
    "http://",
    "http://[::1",
    "http://clips.example:99999/",
    "http://clips.example:port/",
    "http://clips.example:0/",
    "http://clips.example/\x0b",
]


@pytest.mark.parametrize("url", [*IMPOSSIBLE, "", "clips.example/e/1"])
async def test_an_address_that_is_not_for_us_is_blocked(site: Any, url: str) -> None:
    async with Network(settings.Network(route_all_to=site.address)) as network:
        with pytest.raises(Blocked):
            await network.visit().page(Get(url))
    assert not site.asked


@pytest.mark.parametrize("url", [url for url in IMPOSSIBLE if url.isprintable()])
async def test_a_redirect_to_such_an_address_is_blocked(network: Network, site: Any, url: str) -> None:
    site.answer("clips.example/e/1", status=302, Location=url)
    with pytest.raises(Blocked):
        await network.visit().page(Get(URL))
    assert len(site.asked) == 1


async def test_a_header_cannot_smuggle_another(network: Network, site: Any) -> None:
    with pytest.raises(Blocked):
        await network.visit().page(Get(URL, referer="https://x.example/\r\nX-Evil: 1"))
    assert not site.asked


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "2130706433",
        "127.1",
        "0177.0.0.1",
        "0x7f000001",
        "169.254.169.254",
    ],
)
async def test_without_a_route_no_spelling_of_a_private_address_is_reached(site: Any, host: str) -> None:
    port = site.address.rpartition(":")[2]
    async with Network(settings.Network(pages_per_second=0)) as network:
        with pytest.raises(Blocked):
            await network.visit().page(Get(f"http://{host}:{port}/"))
    assert not site.asked


async def test_the_route_opens_one_door_only(site: Any) -> None:
    async with Network(settings.Network(route_all_to="127.0.0.1:1")) as network:
        with pytest.raises(Refused, match="does not take connections"):
            await network.visit().page(Get(f"http://{site.address}/"))
    assert not site.asked


async def test_a_page_may_be_so_long_and_no_longer(network: Network, site: Any) -> None:
    site.answer("clips.example/fits", b"x" * MOST_PAGE_BYTES)
    site.answer("clips.example/long", b"x" * (MOST_PAGE_BYTES + 1))
    assert len((await network.visit().page(Get("https://clips.example/fits"))).text) == MOST_PAGE_BYTES
    with pytest.raises(Blocked, match="more than"):
        await network.visit().page(Get("https://clips.example/long"))


async def test_a_gzip_bomb_is_left_unexploded(network: Network, site: Any) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    assert len(bomb) < MOST_PAGE_BYTES
    site.answer("clips.example/e/1", bomb, Content_Encoding="gzip")
    with pytest.raises(Blocked, match="more than"):
        await network.visit().page(Get(URL))


async def test_a_bomb_in_place_of_a_video_goes_off_in_small_bits(network: Network, site: Any) -> None:
    size = 64 * 1024 * 1024
    site.answer("cdn.example/v.ts", gzip.compress(bytes(size)), Content_Encoding="gzip")
    async with network.visit().open("https://cdn.example/v.ts") as body:
        sizes = [len(chunk) async for chunk in body.chunks()]
    assert sum(sizes) == size
    assert max(sizes) <= MOST_TURN_BYTES


async def test_broken_gzip_is_a_broken_answer(network: Network, site: Any) -> None:
    site.answer("clips.example/e/1", b"no gzip at all", Content_Encoding="gzip")
    with pytest.raises(Refused, match="broke off"):
        await network.visit().page(Get(URL))


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, "", Gone),
        (410, "", Gone),
        (400, "", Refused),
        (401, "", Refused),
        (403, "Forbidden", Refused),
        (403, "<title>Just a moment...</title>", NeedsPerson),
        (503, '<div class="cf-turnstile"></div>', NeedsPerson),
        (429, "", Refused),
        (451, "", Refused),
        (500, "", Refused),
        (502, "", Refused),
    ],
)
async def test_a_status_means_an_error(
    network: Network, site: Any, status: int, body: str, error: type[Exception]
) -> None:
    site.answer("clips.example/e/1", body, status)
    with pytest.raises(error, match=f"clips.example answered {status}") as caught:
        await network.visit().page(Get(URL))
    if isinstance(caught.value, NeedsPerson):
        assert caught.value.url == URL


async def test_a_plugin_may_take_a_status_as_an_answer(network: Network, site: Any) -> None:
    assert (await network.visit().page(Get(URL, accept=(404,)))).status == 404
    with pytest.raises(Gone):
        await network.visit().page(Get(URL, accept=(410,)))


async def test_ddos_guard_is_named(network: Network, site: Any) -> None:
    site.answer("clips.example/e/1", status=403, Server="ddos-guard")
    with pytest.raises(Refused, match="DDoS-Guard"):
        await network.visit().page(Get(URL))


@pytest.mark.parametrize("status", [429, 503])
async def test_a_wish_to_wait_is_passed_on(network: Network, site: Any, status: int) -> None:
    site.answer("clips.example/e/1", status=status, Retry_After="17")
    with pytest.raises(Refused) as caught:
        await network.visit().page(Get(URL))
    assert caught.value.retry_after == 17


@pytest.mark.parametrize("wish", ["0", "-5", "901", "9" * 400, "soon", "²", "", formatdate(0, usegmt=True)])
def test_a_senseless_wish_to_wait_is_none(wish: str) -> None:
    error = refusal(Page(URL, 503, "", {"retry-after": wish}))
    assert isinstance(error, Refused) and error.retry_after is None


def test_a_wish_to_wait_may_be_a_date() -> None:
    error = refusal(Page(URL, 429, "", {"retry-after": formatdate(time.time() + 600, usegmt=True)}))
    assert isinstance(error, Refused)
    assert error.retry_after is not None and 0 < error.retry_after <= 600


@pytest.mark.parametrize("where", ["/e/1?token=secret#secret", "/long?token=secret", "/moved?token=secret"])
async def test_no_text_of_an_error_holds_a_query_or_a_password(
    network: Network, site: Any, where: str
) -> None:
    site.answer("clips.example/e/1", "<title>Just a moment...</title>", 403)
    site.answer("clips.example/long", b"x" * (MOST_PAGE_BYTES + 1))
    site.answer("clips.example/moved", status=302, Location="file:///x?token=secret")
    with pytest.raises((NeedsPerson, Blocked)) as caught:
        await network.visit().page(Get(f"https://user:secret@clips.example{where}"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "path", ["/a%2fb~c/%7E?t=a%2Bb+c/d=&x=[1]&e=1", "/hls2/x_,l,n,.urlset/m.m3u8?t=A-_/+=&s=1"]
)
async def test_a_signed_link_is_asked_for_letter_by_letter(network: Network, site: Any, path: str) -> None:
    with pytest.raises(Gone):
        await network.visit().page(Get(f"https://cdn.example{path}"))
    assert site.asked[0].raw_path == path


async def break_off(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"half")
    assert request.transport is not None
    request.transport.close()
    return response


async def hang_up(request: web.BaseRequest) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


@pytest.mark.parametrize(
    ("fault", "what"), [(break_off, "broke off"), (hang_up, "hangs up without an answer")]
)
async def test_an_answer_that_breaks_off_is_refused(
    network: Network, site: Any, fault: Any, what: str
) -> None:
    site.answers["clips.example/e/1"] = fault
    with pytest.raises(Refused, match=rf"https://clips\.example/e/1 {what}"):
        await network.visit().page(Get(URL))


async def test_an_open_answer_says_what_is_coming(network: Network, site: Any) -> None:
    site.answer("cdn.example/plain", b"12345")
    site.answer("cdn.example/packed", gzip.compress(b"12345"), Content_Encoding="gzip")
    visit = network.visit()
    async with visit.open("https://cdn.example/plain", {"Range": "bytes=0-"}) as body:
        assert (body.status, body.length, await body.read(5)) == (200, 5, b"12345")
    async with visit.open("https://cdn.example/packed") as body:
        assert (body.length, await body.read(5)) == (None, b"12345")
    assert site.asked[0].headers["Range"] == "bytes=0-"


async def test_what_goes_wrong_while_reading_is_not_taken_for_the_network(
    network: Network, site: Any
) -> None:
    site.answer("cdn.example/a", b"12345")
    with pytest.raises(KeyError):
        async with network.visit().open("https://cdn.example/a") as body:
            async for _ in body.chunks():
                raise KeyError("ours")


async def test_a_network_that_is_not_open_says_so() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await Network(settings.Network()).visit().page(Get(URL))


async def test_one_site_may_be_asked_so_often_and_another_meanwhile(site: Any) -> None:
    slow = settings.Network(route_all_to=site.address, pages_per_second=0.001)
    for place in ("clips.example/e/1", "other.example/"):
        site.answer(place)
    async with Network(slow) as network:
        for _ in range(BURST):
            await network.visit().page(Get(URL))
        waiting = asyncio.create_task(network.visit().page(Get(URL)))
        await network.visit().page(Get("https://other.example/"))
        assert not waiting.done()
        waiting.cancel()
    assert len(site.asked) == BURST + 1


async def test_no_more_than_two_pages_of_a_site_are_asked_for_at_once(site: Any) -> None:
    held, arrived = asyncio.Event(), asyncio.Semaphore(0)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        arrived.release()
        await held.wait()
        return web.Response(text="ok")

    site.answers["clips.example/e/1"] = answer
    async with Network(settings.Network(route_all_to=site.address, pages_per_second=1000)) as network:
        pages = [asyncio.create_task(network.visit().page(Get(URL))) for _ in range(4)]
        for _ in range(2):
            await arrived.acquire()
        await asyncio.sleep(0.02)
        assert len(site.asked) == 2
        held.set()
        await asyncio.gather(*pages)
    assert len(site.asked) == 4


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("https://clips.example/2", True),
        ("https://other.example/2", False),
        ("http://clips.example/2", False),
    ],
)
async def test_a_password_does_not_follow_a_redirect_to_another_site(
    network: Network, site: Any, where: str, kept: bool
) -> None:
    site.answer("clips.example/e/1", status=302, Location=where)
    site.answer(where.partition("://")[2])
    secret = {"Authorization": "Bearer x", "cookie": "session=x", "Referer": "https://clips.example/"}
    async with network.visit().open(URL, secret) as body:
        assert body.status == 200
    last = site.asked[-1].headers
    assert ("Authorization" in last, "Cookie" in last, "Referer" in last) == (kept, kept, True)
