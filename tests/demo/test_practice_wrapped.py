"""What the hosts that wrap their addresses do on the practice network beyond being played."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING

import av
import pytest

from anidana.core.acquire import prove
from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.sites import filemoon, speedfiles, streamtape, vidsonic
from anidana.core.demo.sites.packing import pack
from anidana.core.demo.story import UPLOADS, Upload
from anidana.core.errors import Damaged, Gone, NeedsPerson
from anidana.core.fetch import Network, Visit
from anidana.core.models import Link
from anidana.core.settings import Network as NetworkSettings
from anidana.plugins.providers._packed import unpack
from anidana.plugins.providers.filemoon import Filemoon, open_sealed
from anidana.plugins.providers.fsst import Fsst
from anidana.plugins.providers.mixdrop import MixDrop
from anidana.plugins.providers.speedfiles import decode as unwrap
from anidana.plugins.providers.streamtape import STAND_IN_BYTES, Streamtape, sums
from anidana.plugins.providers.vidsonic import decode as turn_back

if TYPE_CHECKING:
    from .conftest import Browser

URL = "https://cdn.example/a/b_1.mp4?t=aZ-9_x&e=10800"


def upload(name: str) -> Upload:
    return next(one for one in UPLOADS if one.provider == name)


@pytest.fixture
async def visit(practice: PracticeNetwork) -> AsyncIterator[Visit]:
    async with Network(NetworkSettings(route_all_to=practice.address, pages_per_second=0)) as network:
        yield network.visit()


@pytest.mark.parametrize("radix", [10, 34, 36, 62])
def test_what_is_packed_can_be_unpacked(radix: int) -> None:
    words = " ".join(f"word{number}" for number in range(200))
    script = f"""MDCore.wurl="//cdn/v2.mp4?e=1";var a='it\\'s 1 \\\\ 2';{words};"""
    packed = pack(script, radix)
    assert "MDCore.wurl" not in packed
    assert list(unpack(f"<script>{packed}</script>")) == [script]


@pytest.mark.parametrize("url", [URL, URL + "&x=1", URL + "&x=12"])
def test_what_is_wrapped_can_be_unwrapped(url: str) -> None:
    assert unwrap(speedfiles.wrap(url)) == url
    assert turn_back(vidsonic.turn_round(url)) == url
    assert open_sealed(filemoon.seal({"url": url})) == {"url": url}


@pytest.mark.parametrize("cut", [0, 5, len(URL)])
def test_a_sum_adds_up(cut: int) -> None:
    assert list(sums(streamtape.add_up("botlink", URL, cut, "xyza"))) == [("botlink", URL)]


@pytest.mark.parametrize("kind", ["e", "v"])
async def test_streamtape_writes_two_right_addresses_among_wrong_ones(browser: Browser, kind: str) -> None:
    mine = upload("Streamtape")
    page = (await browser.ask(f"https://streamtape.com/{kind}/{mine.code}")).text
    true = f"//streamtape.com/get_video?id={mine.code}&"
    right = {element for element, value in sums(page) if value.startswith(true)}
    assert right == ({"robotlink", "botlink"} if kind == "e" else {"norobotlink", "captchalink"})
    assert len(list(sums(page))) == 5
    (bait,) = set(re.findall(r">(//streamtape\.com/get_video[^<]+xyza)<", page))
    assert bait not in {value.replace("&", "&amp;") for _, value in sums(page)}


async def test_streamtapes_clip_for_a_wrong_link_is_known_by_its_size(browser: Browser, visit: Visit) -> None:
    page = streamtape.Streamtape.link(upload("Streamtape"))
    stream = await prove.extract(Link(page), Streamtape(), visit)
    wrong = re.sub("token=....", "token=0000", stream.url)
    clip = await browser.ask(wrong, Referer=page)
    assert len(clip.body) == STAND_IN_BYTES == streamtape.STAND_IN_BYTES
    with av.open(io.BytesIO(clip.body)) as container:
        assert container.duration and round(container.duration / 1e6) == 4
    await prove.sample(stream, Streamtape(), visit, 1080)
    with pytest.raises(Damaged, match="stands in for the film"):
        await prove.sample(replace(stream, url=wrong), Streamtape(), visit, 1080)


async def test_filemoon_shows_its_player_in_its_frame_alone(browser: Browser) -> None:
    code = upload("Filemoon").code
    frame, outer = f"https://pqham.com/bkg/{code}", f"https://filemoon.sx/e/{code}"
    assert (await browser.ask(frame, Referer=outer, Sec_Fetch_Dest="iframe")).status == 200
    assert (await browser.ask(frame, Referer=outer)).status == 403
    assert (await browser.ask(frame, Sec_Fetch_Dest="iframe")).status == 403


async def test_byse_seals_its_sources_and_the_best_is_taken(practice: PracticeNetwork, visit: Visit) -> None:
    link = Link(f"https://byse.sx/e/{upload('Filemoon').code}")
    stream = await prove.extract(link, Filemoon(), visit)
    assert stream.height == 360 and stream.expires is not None
    assert "playback" in [seen.path.rpartition("/")[2] for seen in practice.asked("Filemoon")]
    proof = await prove.sample(stream, Filemoon(), visit, 1080)
    assert proof.playlist is not None
    practice.faults["Filemoon"] = Faults(gated=True)
    with pytest.raises(NeedsPerson) as gate:
        await prove.extract(link, Filemoon(), visit)
    assert gate.value.url == link.url
    practice.faults["Filemoon"] = Faults(gone=True)
    with pytest.raises(Gone):
        await prove.extract(link, Filemoon(), visit)


@pytest.mark.parametrize(
    "url", ["https://mixdrop.co/e/{}", "https://mixdrop.co/f/{}", "https://mixdrop.ag/e/{}"]
)
async def test_mixdrop_leads_to_its_player_from_wherever_one_begins(visit: Visit, url: str) -> None:
    stream = await prove.extract(Link(url.format(upload("MixDrop").code)), MixDrop(), visit)
    assert re.fullmatch(
        r"https://a-delivery34\.mxcontent\.net/v2/[0-9a-f]{32}\.mp4\?s=\w+&e=\d+&_t=\d+", stream.url
    )
    assert stream.expires is not None
    await prove.sample(stream, MixDrop(), visit, 1080)


async def test_fssts_best_file_leads_to_another_host(
    practice: PracticeNetwork, browser: Browser, visit: Visit
) -> None:
    mine = upload("Fsst")
    page = f"https://fsst.online/embed/{mine.id}/"
    stream = await prove.extract(Link(page), Fsst(), visit)
    assert stream.height == 360 and stream.url.endswith(f"/{mine.id}.mp4/")
    await prove.sample(stream, Fsst(), visit, 1080)
    assert practice.asked("Fsst")[-1].host == "s18.filevideo1.com"
    lower = re.findall(r"\[180p\]([^,\"]+)", (await browser.ask(page)).text)[0]
    assert (await browser.ask(lower, Referer=page)).status == 200
    assert (await browser.ask(lower)).status == 403


async def test_vidsonics_media_want_the_origin_too(browser: Browser) -> None:
    page = (await browser.ask(f"https://vidsonic.net/e/{upload('VidSonic').code}")).text
    found = re.search(r"const _0x1 = '([0-9a-f|]+)'", page)
    assert found is not None
    url = turn_back(found[1])
    assert url is not None
    headers = {"Referer": "https://vidsonic.net/", "Origin": "https://vidsonic.net"}
    assert (await browser.ask(url, **headers)).status == 200
    for missing in headers:
        assert (await browser.ask(url, **{n: v for n, v in headers.items() if n != missing})).status == 403
