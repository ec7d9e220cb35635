"""The streaming hosts of the practice network, in the order in which they are asked by default."""

from __future__ import annotations

from typing import Protocol

from aiohttp import web

from ...loader import DEFAULT_PROVIDERS
from ...models import Number
from ..faults import Faults
from ..media import Media
from ..serving import Seen, html
from ..story import Upload
from .doodstream import Doodstream
from .filemoon import Filemoon
from .fsst import Fsst
from .gupload import GUpload
from .gxplayer import Gxplayer
from .loadx import LoadX
from .mailru import MailRu
from .mixdrop import MixDrop
from .sibnet import Sibnet
from .speedfiles import SpeedFiles
from .streamtape import Streamtape
from .streamup import StreamUp
from .vidara import Vidara
from .vidmoly import Vidmoly
from .vidsonic import VidSonic
from .vidstack import VidStack
from .vixsrc import VixSrc
from .voe import Voe
from .xfs import HOUSES, Xfs


class Site(Protocol):
    """One site of the practice network. `hosts` are its domains; sub-domains belong to it."""

    name: str
    hosts: tuple[str, ...]

    def number(self, path: str) -> Number | None:
        """The episode that a path is about; one that says none comes again, with query and body."""
        ...

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        ...


class Host(Site, Protocol):
    """A streaming host. `name` is its label at the catalogue."""

    def link(self, upload: Upload) -> str:
        """The page the catalogue links to."""
        ...


class Stranger:
    """A host that no built-in plugin reads: every page answers, none has a player we know."""

    name: str = "Veev"
    hosts: tuple[str, ...] = ("veev.to",)

    def link(self, upload: Upload) -> str:
        """The page the catalogue links to."""
        return f"https://veev.to/e/{upload.code}"

    def number(self, path: str) -> Number | None:
        """Its paths do not say."""
        return None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        return html("<html><head><title>Veev</title></head><body>A player of its own</body></html>")


def open_hosts(media: Media) -> tuple[Host, ...]:
    """Every host there is, serving this media; a stranger last."""
    known: list[Host] = [
        Voe(media),
        Doodstream(media),
        Vidmoly(media),
        Gxplayer(media),
        VidStack(media),
        LoadX(media),
        StreamUp(media),
        Vidara(media),
        GUpload(media),
        VixSrc(media),
        Streamtape(media),
        Filemoon(media),
        MixDrop(media),
        Fsst(media),
        VidSonic(media),
        Sibnet(media),
        SpeedFiles(media),
        MailRu(media),
        *(Xfs(house, media) for house in HOUSES),
    ]
    return (*sorted(known, key=lambda host: DEFAULT_PROVIDERS.index(host.name)), Stranger())
