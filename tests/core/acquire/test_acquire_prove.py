"""From a mirror to a stream that is seen to come."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from aiohttp import web

from anidana.core.acquire.candidates import Candidate
from anidana.core.acquire.delivery import Proof
from anidana.core.acquire.playlist import Unsupported
from anidana.core.acquire.prove import NoLink, merged, prove
from anidana.core.errors import Crashed, Damaged, Gone, NeedsPerson, PageChanged, Refused, SourceError
from anidana.core.fetch import Visit
from anidana.core.loader import Plugins
from anidana.core.models import GERMAN_DUB, Link, Mirror, Stream
from anidana.core.steps import Get, Page, Steps

BASE = "http://cdn.example/v/"


@pytest.fixture
def run(offers: Any, shop: Any, visit: Visit) -> Any:
    async def prove_it(candidate: Candidate, **more: Any) -> Proof:
        plugins = more.pop("plugins", offers.plugins)
        return await prove(
            candidate,
            catalogue=more.pop("catalogue", shop),
            plugins=plugins,
            visit=visit,
            most_height=1080,
            **more,
        )

    return prove_it


async def test_a_stream_is_believed_when_its_first_segment_comes(cdn: Any, offers: Any, run: Any) -> None:
    stream = Stream.hls(cdn.hls(BASE), referer="http://voe.example/")
    proof = await run(offers.add("VOE", stream))
    assert (proof.provider, proof.stream) == ("VOE", stream)
    assert proof.playlist is not None
    assert [cdn.count(f"{BASE}ts{number}.ts") for number in range(3)] == [1, 0, 0]


async def test_a_file_is_believed_when_its_first_bytes_come(
    cdn: Any, offers: Any, run: Any, films: Any
) -> None:
    cdn.segments(BASE, ["whole.mp4"])
    proof = await run(offers.add("VOE", Stream.file(BASE + "whole.mp4")))
    assert proof.playlist is None
    assert cdn.count(BASE + "whole.mp4") == 1


async def test_a_playlist_whose_segments_are_refused_is_no_proof(cdn: Any, offers: Any, run: Any) -> None:
    url = cdn.hls(BASE, fails=(403,) * 99)
    with pytest.raises(Refused, match="403"):
        await run(offers.add("VOE", Stream.hls(url)))


async def test_a_segment_that_is_a_web_page_is_no_proof(cdn: Any, offers: Any, run: Any) -> None:
    url = cdn.hls(BASE)
    cdn.put(BASE + "ts0.ts", "<html>")
    with pytest.raises(Damaged):
        await run(offers.add("VOE", Stream.hls(url)))


async def test_what_only_yt_dlp_can_fetch_is_proven_by_its_playlist(
    cdn: Any, offers: Any, run: Any, helpers: SimpleNamespace
) -> None:
    cdn.put(BASE + "live.m3u8", helpers.playlist(["a.ts"], end=False))
    proof = await run(offers.add("VOE", Stream.hls(BASE + "live.m3u8")))
    assert (proof.stream.kind, proof.playlist) == ("hls", None)


@pytest.mark.parametrize(
    ("status", "error"), [(404, Gone), (410, Gone), (403, Refused), (429, Refused), (503, Refused)]
)
async def test_a_link_that_does_not_answer_is_not_extracted(
    offers: Any, run: Any, status: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await run(offers.add("VOE", AssertionError("must not be asked"), alive=status))


async def test_a_link_that_its_provider_knows_a_way_around_is_extracted(
    cdn: Any, offers: Any, run: Any
) -> None:
    candidate = offers.add("VOE", Stream.hls(cdn.hls(BASE)), alive=404)
    candidate.provider.accept = (404,)
    assert (await run(candidate)).playlist is not None


async def test_a_host_that_refuses_head_is_asked_by_get(cdn: Any, offers: Any, run: Any) -> None:
    candidate = offers.add("VOE", Stream.hls(cdn.hls(BASE)))
    cdn.put(candidate.mirror.url, "<html>", fails=(405,))
    assert (await run(candidate)).playlist is not None
    assert (cdn.count(candidate.mirror.url, "HEAD"), cdn.count(candidate.mirror.url)) == (1, 1)


async def test_a_gate_before_the_link_is_shown_to_a_person(site: Any, offers: Any, run: Any) -> None:
    candidate = offers.add("VOE", None)
    site.answer("voe.example/e/de", "<title>Just a moment...</title>", 403)
    with pytest.raises(NeedsPerson) as caught:
        await run(candidate)
    assert caught.value.url == candidate.mirror.url


async def test_an_unknown_label_is_matched_by_the_link_s_host(cdn: Any, offers: Any, run: Any) -> None:
    known = offers.add("VOE", Stream.hls(cdn.hls(BASE)))
    proof = await run(Candidate(Mirror("Anbieter", GERMAN_DUB, known.mirror.url), None))
    assert proof.provider == "VOE"


async def test_a_host_that_nobody_knows_is_unsupported(cdn: Any, offers: Any, run: Any) -> None:
    cdn.put("http://other.example/e/1", "<title>Other</title>", type_="text/html")
    with pytest.raises(Unsupported, match=r"other\.example"):
        await run(Candidate(Mirror("Anbieter", GERMAN_DUB, "http://other.example/e/1"), None))


async def test_a_link_that_the_catalogue_refuses_is_no_fault_of_the_host(offers: Any, run: Any) -> None:
    class Closed:
        name, url, domains = "shop", "http://shop.example", ("shop.example",)

        def resolve(self, mirror: Mirror) -> Steps[Link]:
            yield from ()
            raise Refused("the shop is closed")

    with pytest.raises(NoLink, match="closed"):
        await run(offers.add("VOE", None), catalogue=Closed())


async def test_a_link_is_read_while_it_is_asked_whether_it_is_alive(cdn: Any, offers: Any, run: Any) -> None:
    known = offers.add("VOE", None)
    url, read = cdn.hls(BASE), asyncio.Event()
    page = cdn.site.answers["voe.example/e/de"]

    class Reading:
        name, domains = "VOE", ("voe.example",)
        headers: ClassVar[dict[str, str]] = {}

        def extract(self, link: Link) -> Steps[Stream]:
            yield Get(link.url)
            return Stream.hls(url)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "HEAD":
            await read.wait()
        else:
            read.set()
        return await page(request)  # type: ignore[no-any-return]

    cdn.site.answers["voe.example/e/de"] = answer
    async with asyncio.timeout(10):
        assert (await run(Candidate(known.mirror, Reading()))).stream.url == url


async def test_a_link_that_is_gone_is_not_asked_again_by_get(cdn: Any, offers: Any, run: Any) -> None:
    cdn.hold("http://voe.example/e/de")
    known = offers.add("Other", Gone("removed"))
    candidate = Candidate(Mirror("Other", GERMAN_DUB, "http://voe.example/e/de"), known.provider)
    async with asyncio.timeout(10):
        with pytest.raises(Gone, match="removed"):
            await run(candidate)


async def test_a_dead_link_has_the_first_word(cdn: Any, offers: Any, run: Any) -> None:
    with pytest.raises(Gone, match="404"):
        await run(offers.add("VOE", PageChanged("no player"), alive=404))


async def test_a_placeholder_is_told_by_where_its_link_leads_to(cdn: Any, offers: Any, run: Any) -> None:
    known = offers.add("VOE", Stream.hls(cdn.hls(BASE)))

    async def hop(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": known.mirror.url})

    cdn.site.answers["unheard-of.example/e/1"] = hop
    proof = await run(Candidate(Mirror("Provider", GERMAN_DUB, "http://unheard-of.example/e/1"), None))
    assert proof.provider == "VOE"


async def test_a_placeholder_s_provider_is_given_the_link_that_it_can_read(
    cdn: Any, offers: Any, run: Any
) -> None:
    known = offers.add("VOE", Stream.hls(cdn.hls(BASE)))
    given: list[str] = []
    extract = known.provider.extract

    def watched(link: Link) -> Steps[Stream]:
        given.append(link.url)
        return extract(link)  # type: ignore[no-any-return]

    async def hop(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": known.mirror.url})

    known.provider.extract = watched
    cdn.site.answers["unheard-of.example/e/1"] = hop
    await run(Candidate(Mirror("Provider", GERMAN_DUB, "http://unheard-of.example/e/1"), None))
    assert given == [known.mirror.url]


@pytest.mark.parametrize(
    ("leads_to", "given"), [("voe.example/e/de", "voe.example/e/de"), ("voe.example/", "old.example/e/de")]
)
async def test_a_link_is_read_at_the_host_that_it_has_moved_to(
    cdn: Any, offers: Any, run: Any, leads_to: str, given: str
) -> None:
    known = offers.add("VOE", Stream.hls(cdn.hls(BASE)))
    cdn.put("http://voe.example/", "<html>")
    links: list[str] = []
    extract = known.provider.extract

    def watched(link: Link) -> Steps[Stream]:
        links.append(link.url)
        return extract(link)  # type: ignore[no-any-return]

    async def hop(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=301, headers={"Location": f"http://{leads_to}"})

    known.provider.extract = watched
    cdn.site.answers["old.example/e/de"] = hop
    await run(Candidate(Mirror("VOE", GERMAN_DUB, "http://old.example/e/de"), known.provider))
    assert links[-1] == f"http://{given}"


async def test_a_placeholder_is_told_by_the_page_itself(
    cdn: Any, offers: Any, run: Any, helpers: SimpleNamespace
) -> None:
    class Knowing(helpers.Host):  # type: ignore[misc, name-defined]
        def recognises(self, page: Page) -> bool:
            return "made by clips" in page.text

    offers.hosts.append(Knowing("Clips", ("clips.example",), outcome=Stream.hls(cdn.hls(BASE))))
    cdn.put("http://unheard-of.example/e/1", "<!-- made by clips -->", type_="text/html")
    proof = await run(Candidate(Mirror("Provider", GERMAN_DUB, "http://unheard-of.example/e/1"), None))
    assert proof.provider == "Clips"


async def test_a_host_that_is_off_is_not_asked_by_way_of_its_link(cdn: Any, offers: Any, run: Any) -> None:
    known = offers.add("VOE", Stream.hls(cdn.hls(BASE)))
    with pytest.raises(Unsupported):
        await run(Candidate(Mirror("Anbieter", GERMAN_DUB, known.mirror.url), None), off=["voe"])


@pytest.mark.parametrize("error", [Gone("removed"), PageChanged("no player"), NeedsPerson("captcha")])
async def test_the_provider_s_own_words_come_out(offers: Any, run: Any, error: SourceError) -> None:
    with pytest.raises(type(error), match=str(error)):
        await run(offers.add("VOE", error))


@pytest.mark.parametrize(
    "outcome", [KeyError("x"), None, "http://cdn.example/x", Stream("http://x.example/", "dash")]
)  # type: ignore[arg-type]
async def test_a_plugin_s_bug_is_a_crash(offers: Any, run: Any, outcome: object) -> None:
    with pytest.raises(Crashed):
        await run(offers.add("VOE", outcome))


async def test_hints_of_the_provider_go_with_everything_and_the_stream_s_win(
    cdn: Any, offers: Any, run: Any
) -> None:
    url = cdn.hls(BASE)

    class Hinting:
        name, domains = "VOE", ("voe.example",)
        headers: ClassVar = {"referer": "http://hint.example/", "X-Hint": "1"}

        def extract(self, link: Any) -> Any:
            yield Get(link.url)
            return Stream(url, "hls", {"REFERER": "http://voe.example/"})

    cdn.put("http://voe.example/e/1", "<html>")
    candidate = Candidate(Mirror("VOE", GERMAN_DUB, "http://voe.example/e/1"), Hinting())
    proof = await run(candidate, plugins=Plugins())
    sent = {f"{request.method} {request.path}": request.headers for request in cdn.site.asked}
    assert sent["HEAD /e/1"]["Referer"] == "http://shop.example/"
    assert sent["GET /e/1"]["Referer"] == "http://hint.example/"
    assert sent["GET /v/ts0.ts"]["Referer"] == "http://voe.example/"
    assert {headers["X-Hint"] for headers in sent.values()} == {"1"}
    assert proof.headers["Referer"] == "http://voe.example/"


async def test_the_host_s_cookies_go_on_to_the_stream_but_the_catalogue_never_sees_them(
    cdn: Any, site: Any, offers: Any, run: Any, visit: Visit
) -> None:
    candidate = offers.add("VOE", Stream.hls(cdn.hls("http://voe.example/v/")))
    site.answer("voe.example/e/de", "<html>", Set_Cookie="id=1; Path=/")
    await run(candidate)
    sent = {request.path: request.headers.get("Cookie") for request in site.asked}
    assert sent["/v/ts0.ts"] == "id=1"
    async with visit.open(candidate.mirror.url):
        pass
    assert site.asked[-1].headers.get("Cookie") is None


def test_headers_are_merged_whatever_their_case() -> None:
    assert merged({"referer": "a", "Origin": "o"}, {"REFERER": "b"}) == {"Referer": "b", "Origin": "o"}
