"""The whole way: mirrors in, one verified file out."""

from __future__ import annotations

import asyncio
import contextlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from aiohttp import web

from anidana.core.acquire.candidates import Candidate
from anidana.core.acquire.episode import Acquired, acquire, expired
from anidana.core.acquire.media import probe
from anidana.core.errors import DiskFull, Gone, NoStream, SetupError
from anidana.core.fetch import Visit
from anidana.core.models import ENGLISH_SUB, GERMAN_DUB, GERMAN_SUB, Link, Mirror, Stream
from anidana.core.settings import Downloads
from anidana.core.steps import Steps

BASE = "http://cdn.example/v/"
NAMES = [f"ts{number}.ts" for number in range(6)]


@pytest.fixture
def get(offers: Any, shop: Any, visit: Visit, told: Any, tmp_path: Path) -> Any:
    """Acquires what `offers` holds; one host after the other unless `lead_seconds` says otherwise."""

    async def run(staging: Path = tmp_path / "staging", **settings: Any) -> Acquired:
        more = {"floor_mib": 0, "lead_seconds": 30, **settings}
        return await acquire(
            offers.found,
            catalogue=shop,
            plugins=offers.plugins,
            visit=visit,
            staging=staging,
            settings=Downloads(**more),
            report=told,
        )

    return run


def results(told: Any) -> list[tuple[str, str]]:
    return [(attempt.provider, attempt.result) for attempt in told.attempts]


@pytest.mark.parametrize("container", ["mkv", "mp4"])
@pytest.mark.parametrize("kind", ["hls", "file"])
async def test_one_whole_file_is_left_and_nothing_else(
    cdn: Any, offers: Any, get: Any, told: Any, tmp_path: Path, kind: str, container: str
) -> None:
    cdn.segments(BASE, ["late.mp4"])
    offers.add("VOE", Stream.hls(cdn.hls(BASE)) if kind == "hls" else Stream.file(BASE + "late.mp4"))
    got = await get(container=container)
    assert got.path == tmp_path / "staging" / f"episode.{container}"
    assert list(got.path.parent.iterdir()) == [got.path]
    assert got.media == probe(got.path)
    assert got.media.seconds == pytest.approx(12, abs=0.2)
    assert (got.provider, got.language) == ("VOE", GERMAN_DUB)
    assert got.media.audio_languages[0] in ("ger", "deu")
    assert told.stages == ["resolving", "downloading", "verifying"]
    assert list(got.attempts) == told.attempts
    assert [(a.result, a.reason) for a in got.attempts] == [("ok", "")]


async def test_what_yt_dlp_has_to_fetch_is_verified_like_all_else(
    cdn: Any, offers: Any, get: Any, helpers: SimpleNamespace
) -> None:
    cdn.hls(BASE)
    cipherless = '#EXT-X-DEFINE:NAME="unused",VALUE="x"\n'
    cdn.put(BASE + "index.m3u8", helpers.playlist(NAMES, head=cipherless))
    offers.add("VOE", Stream.hls(BASE + "index.m3u8"))
    got = await get()
    assert got.media.seconds == pytest.approx(12, abs=0.3)
    assert list(got.path.parent.iterdir()) == [got.path]


async def test_the_next_mirror_takes_over_where_one_fails(cdn: Any, offers: Any, get: Any, told: Any) -> None:
    offers.add("Dead", None, alive=404)
    offers.add("Removed", Gone("the video was removed"))
    offers.add("Stingy", Stream.hls(cdn.hls("http://stingy.example/v/", fails=(403,) * 99)))
    offers.add("Broken", Stream.hls(cdn.hls("http://broken.example/v/")))
    cdn.put("http://broken.example/v/ts4.ts", "<html>")
    offers.add("Good", Stream.hls(cdn.hls(BASE)))
    offers.add("Spare", AssertionError("must not be asked"))
    got = await get()
    assert got.provider == "Good"
    assert results(told) == [
        ("Dead", "gone"),
        ("Removed", "gone"),
        ("Stingy", "refused"),
        ("Broken", "damaged"),
        ("Good", "ok"),
    ]
    assert told.attempts[3].reason == "segment 5 is a web page"


async def test_a_mirror_that_lost_the_race_is_asked_again_when_the_winner_fails(
    cdn: Any, offers: Any, get: Any, told: Any
) -> None:
    cdn.hold("http://slow.example/v/index.m3u8")
    offers.add("Slow", Stream.hls("http://slow.example/v/index.m3u8"))
    offers.add("Quick", Stream.hls(cdn.hls("http://quick.example/v/")))
    cdn.put("http://quick.example/v/ts5.ts", "<html>")

    def hurry() -> None:
        cdn.hls("http://slow.example/v/")

    told.on_progress = hurry
    got = await get(lead_seconds=0, connections=1)
    assert got.provider == "Slow"
    assert results(told) == [("Slow", "cancelled"), ("Quick", "damaged"), ("Slow", "ok")]


async def test_a_lower_language_is_taken_only_when_the_better_one_is_exhausted(
    cdn: Any, offers: Any, get: Any, told: Any
) -> None:
    offers.add("VOE", Stream.hls(cdn.hls("http://voe.example/v/")), GERMAN_DUB)
    cdn.put("http://voe.example/v/ts5.ts", "<html>")
    offers.add("Doodstream", Gone("removed"), GERMAN_DUB)
    offers.add("VOE", Stream.hls(cdn.hls(BASE)), GERMAN_SUB)
    offers.add("VOE", AssertionError("must not be asked"), ENGLISH_SUB)
    got = await get(lead_seconds=0)
    assert got.language == GERMAN_SUB
    assert got.media.audio_languages == ("jpn",)
    tried = [str(attempt.language) for attempt in told.attempts if attempt.result != "cancelled"]
    assert tried == ["de", "de", "ja+de"]


async def test_no_stream_says_what_every_mirror_said(cdn: Any, offers: Any, get: Any, told: Any) -> None:
    offers.add("VOE", Gone("the video was removed"))
    offers.add("Doodstream", None, alive=503)
    with pytest.raises(NoStream, match=r"VOE: the video was removed; Doodstream: .*503") as caught:
        await get()
    assert list(caught.value.attempts) == told.attempts
    assert len(told.attempts) == 2


async def test_no_candidates_are_no_stream(get: Any) -> None:
    with pytest.raises(NoStream, match="wanted language") as caught:
        await get()
    assert caught.value.attempts == ()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("silent.mp4", "no sound"),
        ("cut.mp4", "breaks off before its end"),
        ("no-index.mp4", "no picture|cannot be read"),
        ("playlist.mp4", "a playlist"),
        ("page.mp4", "a web page"),
        ("zero.mp4", "nothing"),
    ],
)
async def test_a_damaged_file_is_refused_and_forgotten(
    cdn: Any, offers: Any, get: Any, films: Path, tmp_path: Path, told: Any, name: str, sentence: str
) -> None:
    whole = (films / "whole.mp4").read_bytes()
    late = (films / "late.mp4").read_bytes()
    content = {
        "silent.mp4": (films / "silent.mp4").read_bytes(),
        "cut.mp4": whole[: len(whole) // 2],
        "no-index.mp4": late[: late.rfind(b"moov") - 4],
        "playlist.mp4": b"#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "page.mp4": b"<html>" + whole,
        "zero.mp4": b"",
    }[name]
    cdn.put(BASE + name, content, type_="video/mp4")
    offers.add("VOE", Stream.file(BASE + name))
    with pytest.raises(NoStream):
        await get()
    assert results(told) == [("VOE", "damaged")]
    assert re.search(sentence, told.attempts[0].reason)
    assert not [path for path in (tmp_path / "staging").rglob("*") if path.is_file()]


@pytest.mark.parametrize("names", [NAMES[:2] + NAMES[3:], [*NAMES[:3], NAMES[1], *NAMES[3:]]])
async def test_a_playlist_that_leaves_out_or_repeats_is_refused(
    cdn: Any, offers: Any, get: Any, told: Any, names: list[str]
) -> None:
    offers.add("VOE", Stream.hls(cdn.hls(BASE, names)))
    with pytest.raises(NoStream):
        await get()
    assert results(told) == [("VOE", "damaged")]


async def test_a_playlist_that_promises_more_than_comes_is_refused(
    cdn: Any, offers: Any, get: Any, told: Any, helpers: SimpleNamespace
) -> None:
    cdn.hls(BASE)
    cdn.put(BASE + "index.m3u8", helpers.playlist(NAMES, seconds=2.5))
    offers.add("VOE", Stream.hls(BASE + "index.m3u8"))
    with pytest.raises(NoStream, match="instead of 15"):
        await get()


async def test_a_killed_run_goes_on_with_the_same_mirror_only(
    cdn: Any, offers: Any, get: Any, told: Any
) -> None:
    offers.add("VOE", Stream.hls(cdn.hls(BASE)))
    cdn.hold(BASE + NAMES[4])
    running = asyncio.ensure_future(get(connections=1))
    await cdn.arrived.acquire()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    cdn.hls(BASE)
    before = {name: cdn.count(BASE + name) for name in NAMES}
    # The same paths at another host: another video, for all we know.
    first = offers.found.pop()
    offers.add("Doodstream", Stream.hls(cdn.hls("http://other.example/v/")))
    cdn.put("http://other.example/v/ts5.ts", "<html>")
    offers.found.append(first)
    got = await get()
    assert got.provider == "VOE"
    assert cdn.count("http://other.example/v/ts1.ts") == 1
    # The proof looks at the first segment; the transfer wants only what is missing.
    assert [cdn.count(BASE + name) - before[name] for name in NAMES] == [1, 0, 0, 0, 1, 1]


def cdn_bytes(cdn: Any) -> list[bytes]:
    return [(cdn.films / name).read_bytes() for name in NAMES]


async def test_a_full_disk_pauses_with_everything_kept(
    cdn: Any, offers: Any, get: Any, tmp_path: Path, told: Any
) -> None:
    offers.add("VOE", Stream.hls(cdn.hls(BASE)))
    offers.add("Spare", AssertionError("must not be asked"))
    last = tmp_path / "staging" / "parts"

    def fill() -> None:
        folder = next(last.iterdir())
        if not (folder / "joined.mkv").is_symlink():
            (folder / "joined.mkv").symlink_to("/dev/full")

    told.on_progress = fill
    with pytest.raises(DiskFull, match="no room"):
        await get()
    kept = [path for path in last.rglob("0*") if path.is_file() and path.suffix != ".part"]
    assert kept and all(path.read_bytes() in cdn_bytes(cdn) for path in kept)
    assert told.attempts == []


async def test_the_floor_is_kept_free(cdn: Any, offers: Any, get: Any) -> None:
    offers.add("VOE", Stream.hls(cdn.hls(BASE)))
    with pytest.raises(DiskFull):
        await get(floor_mib=2**40)


async def test_a_staging_folder_that_cannot_be_made_is_named(
    cdn: Any, offers: Any, get: Any, tmp_path: Path
) -> None:
    offers.add("VOE", Stream.hls(cdn.hls(BASE)))
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="file/staging"):
        await get(tmp_path / "file" / "staging")


class Renewing:
    """A host whose every link is good for so many segments."""

    name = "VOE"
    domains = ("voe.example",)
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, cdn: Any, playlist: str, good_for: int) -> None:
        self.links = 0
        self._left = 0
        self._good_for = good_for
        for name in NAMES:
            cdn.segments(BASE, [name])
            cdn.site.answers[f"cdn.example/v/{name}"] = self._limited(
                cdn.site.answers[f"cdn.example/v/{name}"]
            )
        cdn.put(BASE + "index.m3u8", playlist)

    def _limited(self, answer: Any) -> Any:
        async def limited(request: web.BaseRequest) -> web.StreamResponse:
            if not self._left:
                return web.Response(status=403)
            self._left -= 1
            return await answer(request)  # type: ignore[no-any-return]

        return limited

    def extract(self, link: Link) -> Steps[Stream]:
        yield from ()
        self.links += 1
        self._left = self._good_for
        return Stream.hls(f"{BASE}index.m3u8?t={self.links}")


async def test_a_link_that_expires_is_extracted_again_and_no_segment_comes_twice(
    cdn: Any, offers: Any, get: Any, told: Any, helpers: SimpleNamespace
) -> None:
    voe = Renewing(cdn, helpers.playlist(NAMES), good_for=4)
    offers.hosts.append(voe)
    cdn.put("http://voe.example/e/1", "<html>player</html>")
    offers.found.append(Candidate(Mirror("VOE", GERMAN_DUB, "http://voe.example/e/1"), voe))
    got = await get(connections=1)
    assert got.media.seconds == pytest.approx(12, abs=0.2)
    assert voe.links == 2
    assert results(told) == [("VOE", "ok")]
    asked = [cdn.count(BASE + name) for name in NAMES]
    assert asked == [3, 1, 1, 2, 1, 1]  # the first is sampled for each link, the fourth was refused once


async def test_a_link_that_says_it_has_expired_is_extracted_again_before_it_is_refused(
    cdn: Any, offers: Any, get: Any, told: Any
) -> None:
    ends = iter([datetime.now(UTC) + timedelta(seconds=2), datetime.now(UTC) + timedelta(hours=1)])
    served, links = cdn.hls(BASE), list[Stream]()

    class Brief:
        name, domains = "VOE", ("voe.example",)
        headers: ClassVar[dict[str, str]] = {}

        def extract(self, link: Link) -> Steps[Stream]:
            yield from ()
            links.append(Stream.hls(served, expires=next(ends)))
            return links[-1]

    known = offers.add("VOE", None)
    offers.found[:] = [Candidate(known.mirror, Brief())]
    await get()
    assert len(links) == 2
    assert results(told) == [("VOE", "ok")]
    assert cdn.count(f"{BASE}ts5.ts") == 1
    assert told.stages == ["resolving", "resolving", "downloading", "verifying"]


@pytest.mark.parametrize("end", [None, datetime.max, datetime.max.replace(tzinfo=UTC)])
def test_a_link_without_an_end_is_good(end: datetime | None) -> None:
    assert not expired(Stream.hls("https://cdn.example/x", expires=end))
    assert expired(Stream.hls("https://cdn.example/x", expires=datetime.min))


async def test_a_fresh_link_to_another_quality_is_never_spliced(
    cdn: Any, offers: Any, get: Any, helpers: SimpleNamespace
) -> None:
    voe = Renewing(cdn, helpers.playlist(NAMES), good_for=4)
    extract = voe.extract

    def another(link: Link) -> Steps[Stream]:
        if voe.links:  # the same names and lengths, other pictures
            cdn.segments(BASE, NAMES[1:])
            cdn.put(BASE + NAMES[0], (cdn.films / NAMES[1]).read_bytes())
        return (yield from extract(link))

    voe.extract = another  # type: ignore[method-assign]
    offers.hosts.append(voe)
    cdn.put("http://voe.example/e/1", "<html>player</html>")
    offers.found.append(Candidate(Mirror("VOE", GERMAN_DUB, "http://voe.example/e/1"), voe))
    with contextlib.suppress(NoStream):  # the film begins with its second segment twice
        await get(connections=1)
    assert [cdn.count(BASE + name) for name in NAMES[1:3]] == [2, 2]


async def test_a_host_whose_fresh_links_bring_nothing_is_left(
    cdn: Any, offers: Any, get: Any, told: Any, helpers: SimpleNamespace
) -> None:
    voe = Renewing(cdn, helpers.playlist(NAMES), good_for=1)  # the sample, and no more
    offers.hosts.append(voe)
    cdn.put("http://voe.example/e/1", "<html>player</html>")
    offers.found.append(Candidate(Mirror("VOE", GERMAN_DUB, "http://voe.example/e/1"), voe))
    offers.add("Spare", Stream.hls(cdn.hls("http://spare.example/v/")))
    got = await get(connections=1)
    assert got.provider == "Spare"
    assert results(told) == [("VOE", "refused"), ("Spare", "ok")]
    assert voe.links == 1
