"""What it takes to believe a mirror: its link answers, its host resolves, and video really comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlsplit

from ..driver import drive
from ..errors import AnidanaError, Crashed, Gone, NeedsPerson, Refused, SourceError
from ..fetch import MOST_PAGE_BYTES, Visit, refusal
from ..hooks import Catalogue, Provider
from ..loader import Plugins
from ..models import NO_LANGUAGE, Language, Link, Stream
from ..steps import Get, Page, Perform, Request
from . import direct, hls
from .candidates import Candidate
from .delivery import Proof
from .playlist import Unsupported

T = TypeVar("T")

MOST_SECONDS = 60.0


async def prove(
    candidate: Candidate,
    heard: Callable[[], object] = lambda: None,
    *,
    catalogue: Catalogue,
    plugins: Plugins,
    visit: Visit,
    most_height: int,
    off: Collection[str] = (),
) -> Proof:
    """Follow a mirror to its stream and see that the stream comes.

    `visit` is the one that read the catalogue; the host gets a visit of its own. `heard` is called
    whenever something has been answered. Raises Damaged or
    a SourceError that says which step failed; Unsupported if no plugin that is not `off` knows the host;
    Shut if the catalogue itself is gated.
    """
    try:
        async with asyncio.timeout(MOST_SECONDS):
            link = _expect(await _resolve(catalogue, candidate, visit), Link)
            heard()
            at_host = visit.network.visit()
            provider = candidate.provider
            if provider is None:
                provider, link = await provider_of(link, plugins, at_host)
            if provider is None or provider.name.casefold() in {name.casefold() for name in off}:
                raise Unsupported(f"no plugin is there for {link.host}")
            stream = await _read(link, provider, at_host, heard)
            heard()
            return await sample(stream, provider, at_host, most_height, candidate.mirror.language)
    except TimeoutError:
        raise Refused(f"no proof within {MOST_SECONDS:.0f} s") from None


class Shut(AnidanaError):
    """The catalogue's own `gate` stands before every link of it: no mirror can be tried."""

    def __init__(self, gate: NeedsPerson) -> None:
        super().__init__(str(gate))
        self.gate = gate


class NoLink(SourceError):
    """The catalogue did not say where the mirror is; its host is not to blame."""

    code = "no_link"


async def _resolve(catalogue: Catalogue, candidate: Candidate, visit: Visit) -> Link:
    try:
        return await drive(catalogue.resolve(candidate.mirror), visit.page)
    except NeedsPerson as gate:
        raise Shut(gate) from gate
    except Gone:
        raise
    except SourceError as error:
        raise NoLink(str(error)) from error


async def provider_of(link: Link, plugins: Plugins, visit: Visit) -> tuple[Provider | None, Link]:
    """Whose link it is, where no label says so: by its domain, by where it leads to, by the page there.

    The link that comes back is the one that the provider can read: behind a redirect, where that leads to.
    """
    known = plugins.provider_for("", link.host)
    if known is not None or not link.host:
        return known, link
    page = await visit.page(Get(link.url, referer=link.referer))
    final = Link(page.url, link.referer)
    return plugins.provider_for("", final.host) or plugins.recognise(page), final


async def _read(link: Link, provider: Provider, visit: Visit, heard: Callable[[], object]) -> Stream:
    """The stream of a link that is alive: both are looked for at once, and a dead link has the first word."""
    looking = asyncio.create_task(alive(link, provider, visit))
    reading = asyncio.create_task(extract(link, provider, visit))
    try:
        await asyncio.wait({looking, reading}, return_when=asyncio.FIRST_COMPLETED)
        if not looking.done() and isinstance(reading.exception(), Gone):
            return await reading  # HEAD was refused, and asking again by GET would say no more
        here = await looking
        heard()
        return await (reading if here == link else extract(here, provider, visit))
    finally:
        for task in (looking, reading):
            task.cancel()
        await asyncio.gather(looking, reading, return_exceptions=True)


async def alive(link: Link, provider: Provider, visit: Visit) -> Link:
    """Ask whether the link answers at all, by HEAD and, as many hosts refuse that, by GET.

    The link that comes back is at the host that it has moved to: providers ask interfaces beside it.
    Gone, Refused or NeedsPerson for any answer of 400 and above, Refused for none; a status that the
    provider knows a way around is an answer.
    """
    fine = getattr(provider, "accept", ())
    headers = merged(provider.headers, {"Referer": link.referer} if link.referer else {})
    async with visit.open(link.url, headers, method="HEAD") as body:
        if body.status < 400 or body.status in fine:
            return _moved(link, body.url)
    async with visit.open(link.url, headers) as body:
        if body.status >= 400 and body.status not in fine:
            text = (await body.read(MOST_PAGE_BYTES)).decode("utf-8", "replace")
            raise refusal(Page(body.url, body.status, text, body.headers))
        return _moved(link, body.url)


def _moved(link: Link, url: str) -> Link:
    """The link as it is at another host; itself where a redirect changes more than the host."""
    return Link(url, link.referer) if urlsplit(url)[2:] == urlsplit(link.url)[2:] else link


async def extract(link: Link, provider: Provider, visit: Visit) -> Stream:
    """Let the provider turn the link into a stream; its header hints go with every page."""
    stream = _expect(await drive(provider.extract(link), _hinted(visit.page, provider.headers)), Stream)
    if stream.kind not in ("hls", "file", "page"):
        raise Crashed(f"the plugin returned a stream of the kind {str(stream.kind)[:20]!r}")
    return stream


async def sample(
    stream: Stream,
    provider: Provider,
    visit: Visit,
    most_height: int,
    language: Language = NO_LANGUAGE,
) -> Proof:
    """See the stream's first segment or bytes arrive; errors as in `hls`, `direct` and `ytdlp`."""
    # Compression would hide the length, and gains nothing on video.
    headers = merged({"Accept-Encoding": "identity"}, provider.headers, stream.headers)
    proof = Proof(provider.name, stream, visit, headers)
    if stream.kind == "file":
        await direct.sample(stream.url, visit, headers, stand_in=stream.stand_in)
        return proof
    if stream.kind == "page":
        from . import ytdlp  # rarely needed

        await ytdlp.look(stream.url, visit, headers, most_height)
        return proof
    try:
        playlist = await hls.load(stream.url, visit, headers, most_height, language)
    except Unsupported:
        return proof  # the playlist has answered: all that can be seen without the other program
    head = await hls.sample(playlist, visit, headers)
    return replace(proof, playlist=playlist, mark=head)


def merged(*headers: Mapping[str, str]) -> dict[str, str]:
    """Headers put together, whatever the case of their names; later ones win."""
    return {name.title(): value for group in headers for name, value in group.items()}


def _hinted(perform: Perform, hints: Mapping[str, str]) -> Perform:
    def with_hints(request: Request):  # type: ignore[no-untyped-def]
        return perform(replace(request, headers=merged(hints, request.headers)))

    return with_hints


def _expect(value: object, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise Crashed(f"the plugin returned {type(value).__name__}, not a {kind.__name__}")
    return value
