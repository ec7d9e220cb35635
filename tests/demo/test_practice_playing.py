"""What the providers make of their hosts on the practice network: a stream that plays, or the reason."""

from __future__ import annotations

import pytest

from anidana.core.acquire import prove
from anidana.core.demo.faults import Faults
from anidana.core.demo.media import Clip, Media
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.sites.hosts import Host, open_hosts
from anidana.core.demo.story import ROOT, UPLOADS
from anidana.core.errors import AnidanaError, Damaged, Gone, NeedsPerson, NotReady, Refused
from anidana.core.fetch import Network, Visit
from anidana.core.loader import load
from anidana.core.models import Link, Stream
from anidana.core.settings import Network as NetworkSettings

PROVIDERS = {provider.name: provider for provider in load().providers}
HOSTS = {host.name: host for host in open_hosts(Media({}, Clip(b"", {}), {})) if host.name in PROVIDERS}
GATED = ("VOE", "Doodstream", "Vidmoly", "Streamtape", "Filemoon")
SLOW = ("VOE", "Vidmoly", "Filemoon")
"""Hosts that have a page for what they are still working on."""

ANY_PROGRAM = {"gxplayer", "VidStack", "yt-dlp"}
"""Hosts whose media servers look at the Referer alone, or at nothing."""

every_host = pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)


def link(host: Host) -> Link:
    upload = next(one for one in UPLOADS if one.provider == host.name)
    return Link(host.link(upload), f"{ROOT}/")


def open_network(practice: PracticeNetwork, agent: str = "Mozilla/5.0 (practice)") -> Network:
    return Network(NetworkSettings(route_all_to=practice.address, pages_per_second=0, user_agent=agent))


async def play(link: Link, name: str, visit: Visit) -> Stream:
    """The stream behind a link, after all that is asked of it before it is fetched."""
    provider = PROVIDERS[name]
    await prove.alive(link, provider, visit)
    stream = await prove.extract(link, provider, visit)
    await prove.sample(stream, provider, visit, 1080)
    return stream


async def trouble(practice: PracticeNetwork, host: Host) -> type[AnidanaError]:
    async with open_network(practice) as network:
        with pytest.raises(AnidanaError) as caught:
            await play(link(host), host.name, network.visit())
    return caught.type


@every_host
async def test_its_provider_finds_a_stream_that_plays(practice: PracticeNetwork, host: Host) -> None:
    async with open_network(practice) as network:
        assert await play(link(host), host.name, network.visit())


@pytest.mark.parametrize("name", sorted(HOSTS.keys() - ANY_PROGRAM))
async def test_a_stream_is_given_to_the_program_that_read_the_page(
    practice: PracticeNetwork, name: str
) -> None:
    async with open_network(practice) as network, open_network(practice, "Other/1.0") as other:
        stream = await play(link(HOSTS[name]), name, network.visit())
        with pytest.raises((Refused, Damaged)):
            await prove.sample(stream, PROVIDERS[name], other.visit(), 1080)


@every_host
async def test_what_is_gone_is_gone(practice: PracticeNetwork, host: Host) -> None:
    practice.faults[host.name] = Faults(gone=True)
    assert await trouble(practice, host) is Gone


@pytest.mark.parametrize("name", GATED)
async def test_a_gate_is_for_a_person(practice: PracticeNetwork, name: str) -> None:
    practice.faults[name] = Faults(gated=True)
    assert await trouble(practice, HOSTS[name]) is NeedsPerson


@pytest.mark.parametrize("name", SLOW)
async def test_what_is_still_being_encoded_is_for_later(practice: PracticeNetwork, name: str) -> None:
    practice.faults[name] = Faults(not_ready=True)
    assert await trouble(practice, HOSTS[name]) is NotReady
