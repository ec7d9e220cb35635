"""The XFileSharing family on the practice network, as the built-in providers read it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from anidana.core.acquire.prove import alive, extract, sample
from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.sites.packing import pack
from anidana.core.demo.sites.xfs import HOUSES, House
from anidana.core.demo.story import UPLOADS, Upload
from anidana.core.errors import Gone, NeedsPerson, NotReady, Refused
from anidana.core.fetch import Network, Visit
from anidana.core.loader import DEFAULT_PROVIDERS, load
from anidana.core.models import Link
from anidana.core.settings import Network as NetworkSettings
from anidana.plugins.providers._packed import unpack

if TYPE_CHECKING:
    from .conftest import Browser

PROVIDERS = {provider.name: provider for provider in load().providers}
BY_NAME = {house.name: house for house in HOUSES}

every_house = pytest.mark.parametrize("house", HOUSES, ids=BY_NAME)


def upload_at(house: House) -> Upload:
    return next(one for one in UPLOADS if one.provider == house.name)


def link_to(house: House) -> Link:
    return Link(house.link.format(code=upload_at(house).code), "https://aniworld.to/")


@pytest.fixture
async def network(practice: PracticeNetwork) -> AsyncIterator[Network]:
    async with Network(NetworkSettings(route_all_to=practice.address, pages_per_second=0)) as network:
        yield network


@pytest.fixture
async def visit(network: Network) -> Visit:
    return network.visit()


async def player(browser: Browser, house: House) -> str:
    """The text of the page with the player, its script unpacked; asked for as the page says."""
    upload = upload_at(house)
    if house.splash:
        form = {"op": "embed", "file_code": upload.code, "auto": "1"}
        page = await browser.ask(f"https://{house.hosts[0]}/dl", "POST", form=form)
    else:
        page = await browser.ask(f"https://{house.hosts[0]}/e/{upload.code}")
    return "\n".join([page.text, *unpack(page.text)])


def test_the_family_is_all_of_it_and_in_order() -> None:
    assert list(BY_NAME) == [name for name in DEFAULT_PROVIDERS if name in BY_NAME]
    assert len(HOUSES) == 10


@every_house
def test_the_pages_are_at_domains_of_the_provider(house: House) -> None:
    assert set(house.hosts) <= set(PROVIDERS[house.name].domains)


@every_house
async def test_the_stream_that_the_provider_finds_plays(house: House, visit: Visit) -> None:
    provider, link = PROVIDERS[house.name], link_to(house)
    await alive(link, provider, visit)
    stream = await extract(link, provider, visit)
    proof = await sample(stream, provider, visit, 1080)
    assert (proof.playlist is None) == (stream.kind == "file") == (house.name in ("Vidoza", "UQload"))
    if proof.playlist is not None:
        assert sum(segment.seconds for segment in proof.playlist.segments) == 12.0


@pytest.mark.parametrize("name", ["Luluvdo", "DropLoad", "SaveFiles", "Vidora", "Fastream"])
async def test_the_stream_says_how_long_its_link_is_good_for(name: str, visit: Visit) -> None:
    house = BY_NAME[name]
    stream = await extract(link_to(house), PROVIDERS[name], visit)
    assert stream.expires is not None
    left = stream.expires - datetime.now(UTC)
    assert timedelta() <= timedelta(seconds=house.seconds) - left < timedelta(minutes=5)


@every_house
@pytest.mark.parametrize(
    ("faults", "error"),
    [(Faults(gone=True), Gone), (Faults(gated=True), NeedsPerson), (Faults(not_ready=True), NotReady)],
    ids=["gone", "gated", "not_ready"],
)
async def test_the_provider_says_why_there_is_no_stream(
    house: House, practice: PracticeNetwork, visit: Visit, faults: Faults, error: type[Exception]
) -> None:
    practice.faults[house.name] = faults
    with pytest.raises(error):
        await extract(link_to(house), PROVIDERS[house.name], visit)


@every_house
async def test_a_file_nobody_uploaded_is_gone(house: House, visit: Visit) -> None:
    with pytest.raises(Gone):
        await extract(Link(house.link.format(code="0" * 12)), PROVIDERS[house.name], visit)


@every_house
async def test_video_wants_the_headers_and_the_user_agent_of_the_page(house: House, network: Network) -> None:
    provider = PROVIDERS[house.name]
    stream = await extract(link_to(house), provider, network.visit())
    root = f"https://{house.hosts[0]}"
    strangers = [{}, {"Referer": "https://aniworld.to/"}, {**stream.headers, "User-Agent": "Other/1.0"}]
    if house.wants_origin:
        strangers += [{"Referer": f"{root}/"}, {"Referer": f"{root}/", "Origin": "https://aniworld.to"}]
    visit = network.visit()
    for headers in strangers:
        async with visit.open(stream.url, headers) as body:
            assert body.status == 403, headers
    async with visit.open(stream.url, stream.headers) as body:
        assert body.status == 200


@every_house
async def test_an_address_that_was_tampered_with_is_refused(house: House, visit: Visit) -> None:
    stream = await extract(link_to(house), PROVIDERS[house.name], visit)
    letter = re.search(r"(?<=[?&]t=)\w|(?<=/stream/)\w|(?<=[0-9a-z]{59})\w", stream.url)
    assert letter is not None
    other = "1" if letter[0] == "0" else "0"
    url = stream.url[: letter.start()] + other + stream.url[letter.end() :]
    async with visit.open(url, stream.headers) as body:
        assert body.status == 403


@every_house
async def test_a_playable_page_holds_words_of_pages_that_are_not(house: House, browser: Browser) -> None:
    text = await player(browser, house)
    assert "File not found" in text and "g-recaptcha" in text and "challenge-platform/scripts/jsd" in text
    assert (house.packed is None) == ("eval(function(p,a,c,k,e,d)" not in text)


async def test_vidhide_and_streamwish_offer_three_lists_of_which_two_play(
    browser: Browser, visit: Visit
) -> None:
    for house in (BY_NAME["VidHide"], BY_NAME["StreamWish"]):
        links = dict(re.findall(r'"(hls\d)":"([^"]+)"', await player(browser, house)))
        assert list(links) == ["hls3", "hls4", "hls2"]
        headers = {
            "Referer": f"https://{house.hosts[0]}/",
            "Origin": f"https://{house.hosts[0]}",
            "User-Agent": browser.agent,
        }
        answers = {}
        for kind, url in links.items():
            url = f"https://{house.hosts[0]}{url}" if url.startswith("/") else url
            async with visit.open(url, headers) as body:
                answers[kind] = body.status
        assert answers == {"hls2": 200, "hls3": 403, "hls4": 200}


async def test_supervideo_plays_below_e_only(practice: PracticeNetwork, visit: Visit) -> None:
    house = BY_NAME["SuperVideo"]
    await extract(link_to(house), PROVIDERS["SuperVideo"], visit)
    code = upload_at(house).code
    assert [seen.path for seen in practice.asked("SuperVideo")] == [f"/{code}", f"/e/{code}"]


async def test_a_player_of_supervideo_without_a_film_is_asked_about_on_the_watch_page(
    practice: PracticeNetwork, visit: Visit
) -> None:
    practice.faults["SuperVideo"] = Faults(gone=True)
    code = upload_at(BY_NAME["SuperVideo"]).code
    with pytest.raises(Gone):
        await extract(Link(f"https://supervideo.cc/e/{code}"), PROVIDERS["SuperVideo"], visit)
    assert [seen.path for seen in practice.asked("SuperVideo")] == [f"/e/{code}", f"/{code}"]


async def test_the_form_of_dropload_is_sent_unless_a_captcha_is_in_it(
    practice: PracticeNetwork, visit: Visit
) -> None:
    house = BY_NAME["DropLoad"]
    await extract(link_to(house), PROVIDERS["DropLoad"], visit)
    page, sent = practice.asked("DropLoad")
    assert (page.method, sent.method, sent.path) == ("GET", "POST", "/dl")
    practice.requests.clear()
    practice.faults["DropLoad"] = Faults(gated=True)
    with pytest.raises(NeedsPerson):
        await extract(link_to(house), PROVIDERS["DropLoad"], visit)
    assert [seen.method for seen in practice.asked("DropLoad")] == ["GET"]


async def test_cloudflare_stands_before_the_link_itself(practice: PracticeNetwork, visit: Visit) -> None:
    for name in ("Luluvdo", "SuperVideo"):
        practice.faults[name] = Faults(gated=True)
        with pytest.raises(NeedsPerson):
            await alive(link_to(BY_NAME[name]), PROVIDERS[name], visit)


async def test_segments_may_be_refused_where_playlists_are_not(
    practice: PracticeNetwork, visit: Visit
) -> None:
    practice.faults["VidHide"] = Faults(segments_refused=True)
    provider = PROVIDERS["VidHide"]
    stream = await extract(link_to(BY_NAME["VidHide"]), provider, visit)
    with pytest.raises(Refused):
        await sample(stream, provider, visit, 1080)


@pytest.mark.parametrize("radix", [10, 36, 62])
def test_what_is_packed_comes_out_as_it_was(radix: int) -> None:
    script = "".join(f"word{number}+'it\\'s \"ä\" 0{number}';" for number in range(80))
    assert list(unpack(f"<script>{pack(script, radix)}</script>")) == [script]


def test_a_packed_script_holds_no_word_where_it_stood() -> None:
    packed = pack('setup({file:"https://cdn.example/a.m3u8"})')
    assert "https" in packed and "https://" not in packed
