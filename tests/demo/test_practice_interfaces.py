"""The hosts from gxplayer to VixSrc on the practice network, read by their built-in providers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from anidana.core import Gone, Link, NeedsPerson, NotReady, Provider, Refused, SourceError
from anidana.core.acquire import prove
from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.sites.gupload import GUpload
from anidana.core.demo.sites.gxplayer import Gxplayer
from anidana.core.demo.sites.hosts import Host
from anidana.core.demo.sites.loadx import LoadX
from anidana.core.demo.sites.streamup import StreamUp
from anidana.core.demo.sites.vidara import Vidara
from anidana.core.demo.sites.vidstack import VidStack
from anidana.core.demo.sites.vixsrc import VixSrc
from anidana.core.demo.story import PARADE, ROOT, UPLOADS, Upload
from anidana.core.fetch import Network, Visit
from anidana.core.loader import load
from anidana.core.settings import Network as NetworkSettings

HOSTS: tuple[type[Host], ...] = (Gxplayer, VidStack, LoadX, StreamUp, Vidara, GUpload, VixSrc)
PROVIDERS = {provider.name: provider for provider in load().providers}

every_host = pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)


@pytest.fixture
async def network(practice: PracticeNetwork) -> AsyncIterator[Network]:
    async with Network(NetworkSettings(route_all_to=practice.address, pages_per_second=0)) as it:
        yield it


def at(host: type[Host]) -> tuple[Upload, Link, Provider]:
    """The one file of a host, its link as the catalogue gives it, and who reads it."""
    (upload,) = (one for one in UPLOADS if one.story is PARADE and one.provider == host.name)
    return upload, Link(host.link(upload), f"{ROOT}/"), PROVIDERS[host.name]  # type: ignore[call-arg, arg-type]


async def proved(host: type[Host], visit: Visit) -> prove.Proof:
    _, link, provider = at(host)
    await prove.alive(link, provider, visit)
    return await prove.sample(await prove.extract(link, provider, visit), provider, visit, 1080)


@every_host
async def test_the_provider_finds_a_stream_that_plays(host: type[Host], network: Network) -> None:
    proof = await proved(host, network.visit())
    assert proof.stream.kind == ("file" if host is GUpload else "hls")
    if proof.stream.kind == "hls":
        assert proof.playlist is not None and proof.playlist.seconds == 12.0


@every_host
async def test_the_media_are_refused_without_the_headers_of_the_stream(
    host: type[Host], network: Network
) -> None:
    visit = network.visit()
    stream = (await proved(host, visit)).stream
    async with visit.open(stream.url, {}) as body:
        assert body.status == 403
    async with visit.open(stream.url, {"Referer": "https://aniworld.to/"}) as body:
        assert body.status == 403


@pytest.mark.parametrize("host", [LoadX, StreamUp, Vidara, GUpload, VixSrc], ids=lambda host: host.name)
async def test_a_link_is_bound_to_its_user_agent_and_says_when_it_ends(
    host: type[Host], network: Network
) -> None:
    visit = network.visit()
    stream = (await proved(host, visit)).stream
    assert stream.expires is not None
    async with visit.open(stream.url, {**stream.headers, "User-Agent": "Other/1.0"}) as body:
        assert body.status == 403
    end = str(int(stream.expires.timestamp()))
    assert end in stream.url
    async with visit.open(stream.url.replace(end, str(int(end) + 1)), stream.headers) as body:
        assert body.status == 403


@pytest.mark.parametrize(
    ("host", "faults", "error"),
    [
        *((host, Faults(gone=True), Gone) for host in HOSTS),
        *((host, Faults(gated=True), NeedsPerson) for host in (StreamUp, GUpload)),
        (Gxplayer, Faults(not_ready=True), NotReady),
        *((host, Faults(segments_refused=True), Refused) for host in HOSTS),
    ],
)
@pytest.mark.parametrize("whole", [True, False], ids=["all", "one"])
async def test_trouble_has_its_own_error(
    host: type[Host],
    faults: Faults,
    error: type[SourceError],
    whole: bool,
    practice: PracticeNetwork,
    network: Network,
) -> None:
    number = at(host)[0].episode.number
    practice.faults[host.name if whole else (host.name, replace(number, episode=number.episode + 1))] = faults
    if not whole:
        await proved(host, network.visit())
        practice.faults[host.name, number] = faults
    with pytest.raises(error):
        await proved(host, network.visit())


async def test_the_fragment_reaches_vidstack_only_as_the_question(
    practice: PracticeNetwork, network: Network
) -> None:
    upload, *_ = at(VidStack)
    await proved(VidStack, network.visit())
    page, question, master, *_ = practice.asked("VidStack")
    assert (page.path, page.query, page.number) == ("/", {}, None)
    assert (question.path, dict(question.query)) == ("/api/v1/video", {"id": upload.code})
    assert question.number == master.number == upload.episode.number


@every_host
async def test_a_file_that_is_not_there_is_gone(host: type[Host], network: Network) -> None:
    upload, _, provider = at(host)
    lost = replace(upload, code="0" * 12, id=1)
    with pytest.raises(Gone):
        link = Link(host.link(lost))  # type: ignore[call-arg, arg-type]
        await prove.alive(link, provider, network.visit())
        await prove.extract(link, provider, network.visit())
