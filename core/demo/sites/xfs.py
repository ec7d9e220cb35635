"""The hosts of the XFileSharing family on the practice network, each a row of `HOUSES`.

The rows follow recorded pages. StreamWish, the form of DropLoad, and the pages of Luluvdo and Fastream
that play are as other programs read them.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from urllib.parse import parse_qs

from aiohttp import web

from ...models import Number
from ..faults import Faults
from ..media import SECONDS, Media
from ..serving import Seen, html
from ..story import UPLOADS, Upload, stable, upload_by_id, upload_in
from .delivery import agent_of, clip_of, comes_from, deliver, deliver_hls, forbidden, is_signed, sign
from .packing import pack
from .skeletons import Markup, fill, join
from .voe import file_name

_HOUR = 3600
_DIRECT = re.compile(r"/stream/(\w{22})/\w+/(\d{10})/(\d{1,18})/[^/]+")
_TOKEN = re.compile(r"(?<!\w)([0-9a-z]{24})([0-9a-z]{36})(?!\w)")


@dataclass(frozen=True, slots=True)
class House:
    """What tells a host of the family from the others.

    `hosts` are the domains of its pages; all redirect to the first. `link` and `source` are where the
    catalogue leads to and where the video lies, `player` is the script that names the latter.
    """

    name: str
    hosts: tuple[str, ...]
    link: str
    cdn: str
    source: str
    images: str
    style: str
    title: str = "Watch {name}"
    player: str = "xfs_jwplayer.js"
    packed: int | None = 36
    """The radix; None for a script in plain text."""
    seconds: int = 12 * _HOUR
    heights: tuple[int, ...] = (360,)
    wants_origin: bool = False
    dead: str = "xfs_not_found.html"
    challenged: bool = False
    """Its gate is Cloudflare's, before every page; the others have a captcha in a form of their own."""
    splash: bool = False
    """Has that form, without captcha, before the player too."""
    embed_only: bool = False
    """Plays below `/e/` only. There a file that is gone has a player without a film."""


HOUSES = (
    House(
        name="Vidoza",
        hosts=("videzz.net", "vidoza.net"),
        link="https://vidoza.net/embed-{code}.html",
        cdn="str27.vidoza.net",
        source="https://{cdn}/{token}/v.mp4",
        images="str27.vidoza.net",
        style="/css/main.css",
        player="xfs_pdata.js",
        packed=None,
    ),
    House(
        name="Luluvdo",
        hosts=("luluvdo.com", "lulustream.com"),
        link="https://lulustream.com/e/{code}",
        cdn="h1gdnnp1dr11.tnmr.org",
        source="https://{cdn}/hls2/02/02416/{code}_h/master.m3u8?t={t}&s={s}&e={e}&f={f}&i=0.3&sp=0",
        images="img.lulucdn.com",
        style="/static/css/style.css?10",
        title="{name} - Lulustream.mp4",
        seconds=8 * _HOUR,
        wants_origin=True,
        dead="xfs_no_such_file.html",
        challenged=True,
    ),
    House(
        name="VidHide",
        hosts=("filelions.to", "vidhide.com"),
        link="https://filelions.to/v/{code}",
        cdn="jdou5wo6ffta.acek-cdn.com",
        source="https://{cdn}/hls2/01/05594/{code}_n/master.m3u8?t={t}&s={s}&e={e}&f={f}&i=0.4&sp=500",
        images="pixibay.cc",
        style="/static/css/style.css?",
        player="xfs_links.js",
        seconds=36 * _HOUR,
        wants_origin=True,
        dead="xfs_deleted.html",
    ),
    House(
        name="StreamWish",
        hosts=("streamwish.to", "streamwish.com"),
        link="https://streamwish.to/e/{code}",
        cdn="pr4ct1c.premilkyway.com",
        source="https://{cdn}/hls2/01/05594/{code}_n/master.m3u8?t={t}&s={s}&e={e}&f={f}&i=0.4&sp=500",
        images="img.streamwish.to",
        style="/static/css/style.css?",
        player="xfs_links.js",
        packed=62,
        seconds=36 * _HOUR,
        wants_origin=True,
        dead="xfs_locked.html",
    ),
    House(
        name="UQload",
        hosts=("uqload.cx", "uqload.net"),
        link="https://uqload.net/embed-{code}.html",
        cdn="m60.uqload.cx",
        source="https://{cdn}/{token}/v.mp4",
        images="m60.uqload.cx",
        style="https://uqload.cx/css/main.css?v=13",
        player="xfs_clappr.js",
        packed=None,
    ),
    House(
        name="SuperVideo",
        hosts=("supervideo.cc", "supervideo.tv"),
        link="https://supervideo.cc/{code}",
        cdn="hfs308.serversicuro.cc",
        source="https://{cdn}/hls/,{token},.urlset/master.m3u8",
        images="img.supervideo.cc",
        style="https://supervideo.cc/assets/css/style.css?v=130",
        challenged=True,
        embed_only=True,
    ),
    House(
        name="DropLoad",
        hosts=("dropload.io", "dropload.tv"),
        link="https://dropload.io/{code}",
        cdn="ds16.dropcdn.io",
        source="https://{cdn}/hls2/02/00314/{code}_h/master.m3u8"
        "?t={t}&s={s}&e={e}&f={f}&srv=ds3&i=0.0&sp=0&ii=127.0.0.1&p1=ds3&p2=ds3",
        images="img.dropcdn.io",
        style="https://dropload.io/assets2/css/style.css?v=2",
        title="Dropload - {name}",
        seconds=4 * _HOUR,
        splash=True,
    ),
    House(
        name="SaveFiles",
        hosts=("savefiles.com", "streamhls.to"),
        link="https://streamhls.to/e/{code}",
        cdn="s3.savefiles.com",
        source="https://{cdn}/hls2/01/00133/,{code}_n,.urlset/master.m3u8"
        "?t={t}&s={s}&e={e}&v={f}&srv=s1&i=0.0&sp=0",
        images="img.savefiles.com",
        style="https://savefiles.com/css2/style.css?v=16",
        packed=None,
        wants_origin=True,
        dead="xfs_deleted.html",
    ),
    House(
        name="Vidora",
        hosts=("vidora.stream",),
        link="https://vidora.stream/{code}",
        cdn="cdn.dmovies.top",
        source="https://{cdn}/hls2/03/00000/{code}_,h,x,.urlset/master.m3u8"
        "?t={t}&s={s}&e={e}&v={f}&srv=maxcdn&i=0.3&sp=5000&fr={code}",
        images="maxcdn.streamsb.club",
        style="https://vidora.stream/css2/style.css?27",
        player="xfs_playerjs.js",
        heights=(360, 180),
        wants_origin=True,
    ),
    House(
        name="Fastream",
        hosts=("fastream.to",),
        link="https://fastream.to/embed-{code}.html",
        cdn="s1.fastream.to",
        source="https://{cdn}/hls2/01/00001/{code}_n/master.m3u8?t={t}&s={s}&e={e}&f={f}&srv=s1&i=0.4&sp=0",
        images="img.fastream.to",
        style="https://fastream.to/css2/style.css?",
        title="Fastream",
        dead="xfs_no_such_file.html",
    ),
)
"""The family, in the order in which it is asked by default."""


class Xfs:
    """One host of the family."""

    def __init__(self, house: House, media: Media) -> None:
        self.name = house.name
        self.hosts = (*house.hosts, house.cdn)
        self._house = house
        self._media = media

    def link(self, upload: Upload) -> str:
        """The page the catalogue links to."""
        return self._house.link.format(code=upload.code)

    def number(self, path: str) -> Number | None:
        """The episode that a path is about; `/dl` does not say."""
        upload = self._upload(path)
        return upload.episode.number if upload else None

    async def answer(self, request: web.BaseRequest, seen: Seen, faults: Faults) -> web.StreamResponse:
        """Answer one request."""
        upload = self._upload(seen.path)
        if seen.host == self._house.cdn or seen.path.startswith("/stream/"):
            if upload is None or not self._may_have(upload, seen):
                return forbidden()
            return await self._deliver(request, seen, upload, faults)
        if seen.host != self._house.hosts[0]:
            return web.Response(
                status=301, headers={"Location": f"https://{self._house.hosts[0]}{seen.path}"}
            )
        if self._house.challenged and faults.gated:
            return html(fill("challenge.html", host=seen.host), 403, {"cf-mitigated": "challenge"})
        if sent := seen.method == "POST" and seen.path == "/dl":
            upload = self._sent(seen)
        return html(self._page(upload, seen, faults, sent=sent))

    def _upload(self, path: str) -> Upload | None:
        """The file behind a path; where video lies, not every path holds its code."""
        if direct := _DIRECT.fullmatch(path):
            upload = upload_by_id(int(direct[3]))
        elif token := _TOKEN.search(path):
            upload = _BY_NAME.get(token[1])
        else:
            return upload_in(path, self.name)
        return upload if upload and upload.provider == self.name else None

    def _sent(self, seen: Seen) -> Upload | None:
        form = parse_qs(seen.body.decode("utf-8", "replace"))
        code = form.get("file_code", [""])[0]
        return upload_in(code, self.name) if form.get("op") == ["embed"] else None

    def _page(self, upload: Upload | None, seen: Seen, faults: Faults, *, sent: bool) -> Markup:
        house, code = self._house, upload.code if upload else seen.path.rpartition("/")[2]
        embedded = seen.path.startswith("/e/")
        if faults.gated:
            body = fill("xfs_form.html", code=code, widget=fill("xfs_turnstile.html"))
        elif upload is None or faults.gone:
            body = self._player(None, seen) if house.embed_only and embedded else fill(house.dead, code=code)
        elif faults.not_ready:
            body = fill("xfs_not_ready.html")
        elif house.embed_only and not embedded:
            body = fill("xfs_embed_only.html")
        elif house.splash and not sent:
            body = fill("xfs_form.html", code=code, widget="")
        else:
            body = join([self._player(upload, seen), fill("xfs_report.html")])
        name = file_name(upload).removesuffix(".mp4").replace(".", " ") if upload else ""
        return fill(
            "xfs_page.html", title=house.title.format(name=name), name=name, style=house.style, body=body
        )

    def _player(self, upload: Upload | None, seen: Seen) -> Markup:
        """A player, without a film where there is none."""
        house = self._house
        signed = _signature(upload, seen, house) if upload else {"code": seen.path.rpartition("/")[2]}
        script = fill(
            house.player,
            **{"f": "0", "s": "0"} | signed,
            source=Markup(house.source.format(cdn=house.cdn, **signed) if upload else ""),
            cdn=house.cdn,
            images=house.images,
            host=house.name,
            home=house.hosts[0],
            name=file_name(upload) if upload else "",
            duration=SECONDS,
        )
        if house.packed:
            script = Markup(pack(" ".join(script.split()), house.packed))
        return fill("xfs_player.html", script=script)

    def _may_have(self, upload: Upload, seen: Seen) -> bool:
        """Whether the request comes from the page, by the program that read the page, in time."""
        origins = {f"https://{host}" for host in self._house.hosts}
        if not comes_from(seen, self.hosts):
            return False
        if self._house.wants_origin and seen.headers.get("origin") not in origins:
            return False
        if direct := _DIRECT.fullmatch(seen.path):
            return direct[1] == _ticket(upload, seen, direct[2]) and time.time() <= int(direct[2])
        if token := _TOKEN.search(seen.path):
            return token[0] == _token(upload, seen)
        return is_signed(upload, seen)

    async def _deliver(
        self, request: web.BaseRequest, seen: Seen, upload: Upload, faults: Faults
    ) -> web.StreamResponse:
        clip = clip_of(upload, self._media, faults)
        if seen.path.endswith(".mp4"):
            return await deliver(request, clip.mp4, "video/mp4", faults)
        return await deliver_hls(request, seen, clip, self._house.heights, faults)


def _signature(upload: Upload, seen: Seen, house: House) -> dict[str, str]:
    """Everything an address of the video may hold: a query, a token, or a ticket and when it ends."""
    query = sign(upload, seen, house.seconds)
    end = str(int(query["s"]) + house.seconds)
    return {
        **query,
        "code": upload.code,
        "token": _token(upload, seen),
        "ticket": _ticket(upload, seen, end),
        "end": end,
    }


def _name(upload: Upload) -> str:
    return stable("name", upload.code, length=24)


def _token(upload: Upload, seen: Seen) -> str:
    """Sixty letters: which file it is, and who may have it."""
    return _name(upload) + stable("token", upload.code, agent_of(seen), length=36)


def _ticket(upload: Upload, seen: Seen, end: str) -> str:
    return stable("ticket", upload.code, agent_of(seen), end, length=22)


_BY_NAME = {_name(upload): upload for upload in UPLOADS}
