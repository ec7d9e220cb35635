"""Picture, sound and subtitles from playlists of their own: in sync, in the wanted language."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from anidana.core import settings
from anidana.core.acquire import hls
from anidana.core.acquire.delivery import Proof, deliver
from anidana.core.acquire.join import join
from anidana.core.acquire.playlist import Unsupported
from anidana.core.acquire.tracks import CLOCK_SECONDS, Track
from anidana.core.acquire.transfer import Meter
from anidana.core.errors import Damaged, Refused
from anidana.core.fetch import Network, Visit
from anidana.core.models import GERMAN_DUB, GERMAN_SUB, NO_LANGUAGE, Language, MediaInfo, Stream
from anidana.core.settings import Downloads

BASE = "http://cdn.example/v/"
MASTER = BASE + "master.m3u8"
KEY = bytes(range(16))
START = 1.4 + 4 / 48 + 1.4
"""When the picture begins on the clock of the transport segments, in seconds."""

SECONDS, LATE = 12.0, 0.4
"""How long the film is, and how much later than the picture its sound begins."""

FORMS = ["ts", "m4s", "aac"]


@pytest.fixture(scope="session")
def apart(tmp_path_factory: pytest.TempPathFactory, ffmpeg: Callable[..., None]) -> Path:
    """A folder with one film in three tracks that share a clock, and `whole.ts` with all of them.

    `v` is the picture, `de` and `ja` are tones, `both` is all three; each in six segments, as `.ts`
    and as `.m4s` with `<name>init.mp4`, and `de` as `.aac` without a clock. The playlists are
    `<name>.ts.m3u8` and `<name>.m4s.m3u8`.
    """
    folder = tmp_path_factory.mktemp("apart")
    run = partial(ffmpeg, cwd=folder)
    delays = "".join(f"[{number}:a]asetpts=PTS+{LATE}/TB[{name}];" for number, name in ((1, "de"), (2, "ja")))
    run("-f", "lavfi", "-i", f"testsrc2=s=320x180:r=24:d={SECONDS}",
        "-f", "lavfi", "-i", f"sine=f=440:d={SECONDS}", "-f", "lavfi", "-i", f"sine=f=660:d={SECONDS}",
        "-filter_complex", delays.rstrip(";"), "-map", "0:v", "-map", "[de]", "-map", "[ja]",
        "-c:v", "libx264", "-preset", "ultrafast", "-g", "48", "-keyint_min", "48", "-sc_threshold", "0",
        "-bf", "2", "-c:a", "aac", "-b:a", "64k", "-shortest", "whole.ts")  # fmt: skip
    for name, stream in (("v", "0:v"), ("de", "0:a:0"), ("ja", "0:a:1"), ("both", "0")):
        copy = ("-copyts", "-i", "whole.ts", "-map", stream, "-c", "copy")
        as_hls = ("-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_filename")
        run(*copy, *as_hls, f"{name}%d.ts", f"{name}.ts.m3u8")
        headers = () if name == "v" else ("-bsf:a", "aac_adtstoasc")
        run(*copy, *headers, "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", f"{name}init.mp4",
            *as_hls, f"{name}%d.m4s", f"{name}.m4s.m3u8")  # fmt: skip
    cut = ("-f", "segment", "-segment_time", "2", "-segment_format", "adts")
    run("-copyts", "-i", "whole.ts", "-map", "0:a:0", "-c", "copy", *cut, "de%d.aac")
    return folder


def sound(name: str, uri: str, language: str = "", more: str = "") -> str:
    """A line of a master playlist that offers sound."""
    return _rendition("AUDIO", name, uri, language, more)


def subtitles(name: str, uri: str, language: str = "", more: str = "") -> str:
    """A line of a master playlist that offers subtitles."""
    return _rendition("SUBTITLES", name, uri, language, more)


def _rendition(kind: str, name: str, uri: str, language: str, more: str) -> str:
    told = f',LANGUAGE="{language}"' if language else ""
    return f'#EXT-X-MEDIA:TYPE={kind},GROUP-ID="g",NAME="{name}",URI="{uri}"{told}{more}\n'


@dataclass
class Shelf:
    """The host, with one film on it."""

    cdn: Any
    apart: Path
    lists: dict[str, str] = field(default_factory=dict)

    def list_(self, name: str, text: str) -> str:
        """Put a playlist there; returns its name."""
        self.cdn.put(BASE + name, text)
        self.lists[name] = text
        return name

    def serve(
        self, name: str, form: str, *, change: Callable[[int, bytes], bytes] = lambda _, data: data
    ) -> str:
        """Put one track there, each segment changed; returns its playlist's name."""
        count = 6
        if form == "m4s":
            self.cdn.put(f"{BASE}{name}init.mp4", (self.apart / f"{name}init.mp4").read_bytes())
        for number in range(count):
            data = (self.apart / f"{name}{number}.{form}").read_bytes()
            self.cdn.put(f"{BASE}{name}{number}.{form}", change(number, data))
        like = "ts" if form == "aac" else form
        text = (self.apart / f"{name}.{like}.m3u8").read_text().replace(f".{like}\n", f".{form}\n")
        return self.list_(f"{name}.{form}.m3u8", text)

    def master(self, *renditions: str, picture: str = "v.ts.m3u8") -> str:
        """Put the master playlist there; returns its address."""
        groups = "".join(
            f',{kind}="g"' for kind in ("AUDIO", "SUBTITLES") if any(kind in line for line in renditions)
        )
        lines = "".join(renditions)
        variant = f"#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=320x180{groups}\n{picture}\n"
        self.cdn.put(MASTER, f"#EXTM3U\n{lines}{variant}")
        return MASTER

    def film(self, form: str = "ts", *more: str) -> str:
        """Put picture and German sound there, both apart."""
        picture = self.serve("v", "ts" if form == "aac" else form)
        change = _stamped if form == "aac" else (lambda _, data: data)
        return self.master(
            sound("Deutsch", self.serve("de", form, change=change), "de"), *more, picture=picture
        )


def _stamped(number: int, data: bytes) -> bytes:
    """Packed sound as HLS has it: with a tag that says when it begins."""
    begins = round((START + LATE - 1 / 43 + 2 * number) * 90_000).to_bytes(8, "big")
    frame = b"com.apple.streaming.transportStreamTimestamp\0" + begins
    frame = b"PRIV" + len(frame).to_bytes(4, "big") + b"\0\0" + frame
    return b"ID3\x04\0\0" + bytes([0, 0, 0, len(frame)]) + frame + data


@pytest.fixture
def shelf(cdn: Any, apart: Path) -> Shelf:
    return Shelf(cdn, apart)


@pytest.fixture
def get(visit: Visit, tmp_path: Path, told: Any) -> Any:
    async def run(
        url: str, language: Language = GERMAN_DUB, *, container: str = "mkv", connections: int = 4
    ) -> tuple[Path, MediaInfo]:
        found = await hls.load(url, visit, {}, 1080, language)
        proof = Proof("VOE", Stream.hls(url), visit, {}, found)
        settings = Downloads.model_validate({"container": container, "connections": connections})
        return await deliver(proof, language, staging=tmp_path / "staging", settings=settings, report=told)

    return run


def spans(path: Path) -> dict[str, tuple[float, float]]:
    """When the first packet of each kind is shown, and when the last one ends, in seconds."""
    found = dict[str, tuple[float, float]]()
    with av.open(str(path)) as source:
        for packet in source.demux():
            if packet.size and packet.pts is not None:
                begin = float(packet.pts * packet.time_base)
                end = begin + float((packet.duration or 0) * packet.time_base)
                first, last = found.get(packet.stream.type, (begin, end))
                found[packet.stream.type] = min(first, begin), max(last, end)
    return found


def texts(path: Path) -> list[tuple[float, str]]:
    """The cues of the subtitles and when they are shown."""
    with av.open(str(path)) as source:
        stream = source.streams.subtitles[0]
        skip = 2 if stream.codec_context.name == "mov_text" else 0
        return [
            (round(float(packet.pts * packet.time_base), 1), bytes(packet)[skip:].decode())
            for packet in source.demux(stream)
            if packet.size > skip and packet.pts is not None
        ]


def loudest(path: Path) -> float:
    """The pitch of the sound in hertz, by its crossings of zero."""
    with av.open(str(path)) as source:
        resampler = av.AudioResampler("s16", "mono", 44100)
        data = b"".join(
            bytes(out.planes[0])[: 2 * out.samples]
            for frame in source.decode(audio=0)
            for out in resampler.resample(frame)
        )
    samples = memoryview(data).cast("h")[44100 : 5 * 44100]
    return sum(a < 0 <= b for a, b in pairwise(samples)) / 4


@pytest.mark.parametrize("container", ["mkv", "mp4"])
@pytest.mark.parametrize("form", FORMS)
async def test_picture_and_sound_are_as_far_apart_as_when_they_come_together(
    shelf: Shelf, get: Any, tmp_path: Path, form: str, container: str
) -> None:
    path, media = await get(shelf.film(form), container=container)
    together = join([Track(((shelf.apart / "whole.ts",),))], tmp_path / f"x.{container}", GERMAN_DUB)
    wanted = spans(tmp_path / f"x.{container}")
    for kind, (begin, end) in spans(path).items():
        assert begin == pytest.approx(wanted[kind][0], abs=0.03), kind
        assert end == pytest.approx(wanted[kind][1], abs=0.05), kind
    assert wanted["audio"][0] - wanted["video"][0] == pytest.approx(LATE, abs=0.05)
    assert media.seconds == pytest.approx(together.seconds, abs=0.1)
    assert (media.video_codec, media.audio_codec) == ("h264", "aac")


async def test_packets_of_both_lie_side_by_side_in_the_file(shelf: Shelf, get: Any) -> None:
    path, _ = await get(shelf.film())
    with av.open(str(path)) as source:
        times = [float(packet.dts * packet.time_base) for packet in source.demux() if packet.dts is not None]
    assert max(before - after for before, after in pairwise(times)) < 1.0


@pytest.mark.parametrize(
    ("language", "pitch", "tag"),
    [
        (GERMAN_DUB, 440, "ger"),
        (GERMAN_SUB, 660, "jpn"),
        (Language("ko"), 660, "jpn"),
        (NO_LANGUAGE, 660, "jpn"),
    ],
)
async def test_the_wanted_language_is_taken_or_else_the_default(
    shelf: Shelf, get: Any, language: Language, pitch: float, tag: str
) -> None:
    shelf.serve("v", "ts")
    german = sound("Deutsch", shelf.serve("de", "ts"))
    url = shelf.master(german, sound("Original", shelf.serve("ja", "ts"), "jpn", ",DEFAULT=YES"))
    path, media = await get(url, language)
    assert media.audio_languages == (tag,)
    assert loudest(path) == pytest.approx(pitch, abs=2)
    assert shelf.cdn.count(BASE + ("ja0.ts" if pitch == 440 else "de0.ts")) == 0


async def test_sound_that_comes_with_the_picture_is_not_fetched_twice(
    shelf: Shelf, get: Any, cdn: Any, helpers: SimpleNamespace
) -> None:
    cdn.hls(BASE)
    inside = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="Deutsch",LANGUAGE="de"\n'
    other = sound("Original", shelf.serve("ja", "ts"), "ja")
    _, media = await get(shelf.master(inside, other, picture="index.m3u8"))
    assert media.audio_languages == ("ger",)
    assert cdn.count(BASE + "ja.ts.m3u8") == 0
    assert cdn.count(BASE + "ts0.ts") == 1


async def test_sound_apart_takes_the_place_of_what_comes_with_the_picture(
    shelf: Shelf, get: Any, cdn: Any
) -> None:
    both = shelf.serve("both", "ts")
    path, media = await get(shelf.master(sound("日本語", shelf.serve("ja", "ts")), picture=both), GERMAN_SUB)
    assert media.audio_languages == ("jpn",)
    assert loudest(path) == pytest.approx(660, abs=2)


def encrypt(data: bytes, number: int) -> bytes:
    padder, cipher = PKCS7(128).padder(), Cipher(AES128(KEY), CBC(number.to_bytes(16, "big"))).encryptor()
    return cipher.update(padder.update(data) + padder.finalize()) + cipher.finalize()


async def test_sound_may_be_encrypted_where_the_picture_is_not(shelf: Shelf, get: Any, cdn: Any) -> None:
    url = shelf.film()
    shelf.serve("de", "ts", change=lambda number, data: encrypt(data, number))
    text = (shelf.apart / "de.ts.m3u8").read_text()
    key = '#EXT-X-KEY:METHOD=AES-128,URI="key"\n#EXTINF'
    cdn.put(BASE + "de.ts.m3u8", text.replace("#EXTINF", key, 1))
    cdn.put(BASE + "key", KEY)
    path, _ = await get(url)
    assert loudest(path) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(404, b"", Damaged), (403, b"", Refused), (200, b"<html>gone</html>", Damaged), (200, b"", Damaged)],
)
async def test_a_missing_segment_of_the_sound_costs_the_mirror(
    shelf: Shelf, get: Any, status: int, body: bytes, error: type[Exception]
) -> None:
    url = shelf.film()
    shelf.cdn.put(BASE + "de3.ts", body, fails=(status,) * 9 if status != 200 else ())
    with pytest.raises(error):
        await get(url)


@pytest.mark.parametrize("form", FORMS)
async def test_half_a_segment_of_the_sound_is_damaged(shelf: Shelf, get: Any, form: str) -> None:
    url = shelf.film(form)
    data = (shelf.apart / f"de3.{form}").read_bytes()
    shelf.cdn.put(f"{BASE}de3.{form}", data[: len(data) // 3 // 188 * 188])
    with pytest.raises(Damaged):
        await get(url)


@pytest.mark.parametrize("form", ["ts", "m4s"])
async def test_sound_that_ends_before_the_picture_is_damaged(shelf: Shelf, get: Any, form: str) -> None:
    url = shelf.film(form)
    lines = (shelf.apart / f"de.{form}.m3u8").read_text().splitlines(keepends=True)
    cut = lines.index(f"de3.{form}\n") - 1
    shelf.cdn.put(f"{BASE}de.{form}.m3u8", "".join(lines[:cut]) + "#EXT-X-ENDLIST\n")
    with pytest.raises(Damaged, match="sound lasts"):
        await get(url)


async def test_sound_of_another_clock_is_damaged(shelf: Shelf, get: Any) -> None:
    url = shelf.film()
    text = (shelf.apart / "de.ts.m3u8").read_text()
    shelf.cdn.put(BASE + "de.ts.m3u8", text.replace("#EXTINF:2.020133,\nde0.ts\n", ""))
    with pytest.raises(Damaged, match=r"begin 2\.4 s apart"):
        await get(url)


async def test_sound_that_is_cut_otherwise_is_for_another_program(shelf: Shelf, visit: Visit) -> None:
    url = shelf.film()
    text = (shelf.apart / "de.ts.m3u8").read_text()
    shelf.cdn.put(BASE + "de.ts.m3u8", text.replace("de2.ts\n", "de2.ts\n#EXT-X-DISCONTINUITY\n"))
    with pytest.raises(Unsupported):
        await hls.load(url, visit, {}, 1080)


def repeat(shelf: Shelf, *names: str) -> None:
    """Let these playlists list everything twice, the second time after a discontinuity."""
    for name in names:
        text = shelf.lists[f"{name}.m3u8"].removesuffix("#EXT-X-ENDLIST\n")
        again = text[text.index("#EXTINF") :]
        shelf.cdn.put(f"{BASE}{name}.m3u8", f"{text}#EXT-X-DISCONTINUITY\n{again}#EXT-X-ENDLIST\n")


async def test_pieces_of_both_go_on_together_after_a_discontinuity(
    shelf: Shelf, get: Any, tmp_path: Path
) -> None:
    url = shelf.film()
    repeat(shelf, "v.ts", "de.ts")
    path, media = await get(url)
    assert media.seconds == pytest.approx(2 * SECONDS, abs=0.2)
    with av.open(str(path)) as source:
        times = [
            float(packet.pts * packet.time_base) for packet in source.demux(audio=0) if packet.pts is not None
        ]
    gap = max((b - a, b) for a, b in pairwise(times))
    assert gap == (pytest.approx(LATE, abs=0.1), pytest.approx(SECONDS + LATE, abs=0.1))


async def test_a_killed_transfer_fetches_only_what_is_missing_of_both(
    shelf: Shelf, get: Any, told: Any
) -> None:
    url = shelf.film()
    shelf.cdn.hold(BASE + "de3.ts")
    running = asyncio.ensure_future(get(url, connections=1))
    await shelf.cdn.arrived.acquire()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    names = [f"{name}{number}.ts" for number in range(6) for name in ("v", "de")]
    before = [name for name in names if shelf.cdn.count(BASE + name)]
    assert before == ["v0.ts", "de0.ts", "v1.ts", "de1.ts", "v2.ts", "de2.ts", "v3.ts", "de3.ts"]
    shelf.film()
    await get(url)
    again = {name for name in before if shelf.cdn.count(BASE + name) > 1}
    assert again == {"de3.ts"}


async def test_a_transfer_goes_on_whether_or_not_its_subtitles_are_still_there(
    shelf: Shelf, get: Any, helpers: SimpleNamespace
) -> None:
    names = ("de", "ger")
    lines = [subtitles(name, serve_subtitles(shelf, helpers, vtt(FIRST), name=name), name) for name in names]
    url = shelf.film("ts", *lines)
    shelf.cdn.hold(BASE + "de3.ts")
    running = asyncio.ensure_future(get(url, GERMAN_SUB, connections=1))
    await shelf.cdn.arrived.acquire()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    shelf.film("ts", *lines)
    shelf.cdn.put(BASE + "de.m3u8", "", fails=(404,) * 9)
    _, media = await get(url, GERMAN_SUB)
    assert [shelf.cdn.count(BASE + name) for name in ("v0.ts", "de0.ts", "ger0.vtt")] == [1, 1, 1]
    assert media.subtitle_languages == ("ger",)


async def test_progress_counts_picture_and_sound(shelf: Shelf, get: Any, told: Any) -> None:
    await get(shelf.film())
    size = sum((shelf.apart / f"{name}{n}.ts").stat().st_size for name in ("v", "de") for n in range(6))
    assert told.amounts[-1] == (size, size)


MAP = "X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{}\n"


def vtt(*cues: tuple[str, str, str], begins: float | None = None) -> str:
    """A WebVTT file; `begins` is where its zero lies on the video's clock, in seconds."""
    head = "WEBVTT\n" + (MAP.format(round(begins * 90_000)) if begins is not None else "")
    return head + "".join(f"\n{start} --> {end} line:90%\n{text}\n" for start, end, text in cues)


FIRST = ("00:01.000", "00:02.500", "<c.yellow>Hallo</c> <i>du</i> &amp; ich")
ACROSS = ("00:03.500", "00:05.000", "- Wo?\n- Da.")
LAST = ("00:00:09.000", "00:00:10.000", "Ende")


def serve_subtitles(shelf: Shelf, helpers: SimpleNamespace, *files: str, name: str = "s") -> str:
    names = [f"{name}{number}.vtt" for number in range(len(files))]
    for one, text in zip(names, files, strict=True):
        shelf.cdn.put(BASE + one, text)
    return shelf.list_(f"{name}.m3u8", helpers.playlist(names, seconds=SECONDS / len(files)))


@pytest.mark.parametrize("container", ["mkv", "mp4"])
@pytest.mark.parametrize(
    "begins", [START, START + CLOCK_SECONDS, None], ids=["its clock", "a round later", "from zero"]
)
async def test_subtitles_are_put_into_the_video_in_time(
    shelf: Shelf, get: Any, helpers: SimpleNamespace, container: str, begins: float | None
) -> None:
    files = (vtt(FIRST, ACROSS, begins=begins), vtt(ACROSS, begins=begins), vtt(LAST, begins=begins))
    line = subtitles("Deutsch", serve_subtitles(shelf, helpers, *files), "de")
    path, media = await get(shelf.film("ts", line), GERMAN_SUB, container=container)
    assert media.subtitle_languages == ({"mkv": "ger", "mp4": "deu"}[container],)
    styled = "Hallo <i>du</i> & ich" if container == "mkv" else "Hallo du & ich"
    assert texts(path) == [(1.0, styled), (3.5, "- Wo?\n- Da."), (9.0, "Ende")]
    with av.open(str(path)) as source:
        assert source.streams.subtitles[0].disposition & av.stream.Disposition.default


async def test_subtitles_come_before_all_else_and_are_given_up_at_the_first_fault(
    shelf: Shelf, get: Any, helpers: SimpleNamespace
) -> None:
    line = subtitles("Deutsch", serve_subtitles(shelf, helpers, *[vtt(FIRST)] * 3), "de")
    shelf.cdn.put(BASE + "s1.vtt", "", fails=(404,) * 9)
    await get(shelf.film("ts", line), GERMAN_SUB, connections=1)
    asked = [request.path.rpartition("/")[2] for request in shelf.cdn.site.asked]
    assert [name for name in asked if not name.endswith("m3u8")][:4] == [
        "s0.vtt",
        "s1.vtt",
        "v0.ts",
        "de0.ts",
    ]


async def test_subtitles_may_be_encrypted(shelf: Shelf, get: Any, helpers: SimpleNamespace) -> None:
    line = subtitles("Deutsch", serve_subtitles(shelf, helpers, vtt(FIRST)), "de")
    shelf.cdn.put(BASE + "s0.vtt", encrypt(vtt(FIRST).encode(), 0))
    shelf.cdn.put(BASE + "key", KEY)
    key = '#EXT-X-KEY:METHOD=AES-128,URI="key"\n'
    shelf.cdn.put(BASE + "s.m3u8", helpers.playlist(["s0.vtt"], head=key))
    path, _ = await get(shelf.film("ts", line), GERMAN_SUB)
    assert len(texts(path)) == 1


async def test_subtitles_go_on_with_their_piece_after_a_discontinuity(
    shelf: Shelf, get: Any, helpers: SimpleNamespace
) -> None:
    line = subtitles("Deutsch", serve_subtitles(shelf, helpers, vtt(FIRST, begins=START)), "de")
    url = shelf.film("ts", line)
    repeat(shelf, "v.ts", "de.ts", "s")
    path, _ = await get(url, GERMAN_SUB)
    assert [when for when, _ in texts(path)] == [1.0, pytest.approx(SECONDS + 1, abs=0.1)]


async def test_cues_that_overlap_are_all_seen_in_an_mp4(
    shelf: Shelf, get: Any, helpers: SimpleNamespace
) -> None:
    sign = ("00:01.000", "00:03.000", "Schild")
    later = ("00:02.000", "00:04.000", "Wort")
    line = subtitles("Deutsch", serve_subtitles(shelf, helpers, vtt(FIRST, sign, later)), "de")
    path, _ = await get(shelf.film("ts", line), GERMAN_SUB, container="mp4")
    assert texts(path) == [(1.0, "Hallo du & ich\nSchild"), (2.0, "Wort")]


async def test_subtitles_never_make_the_video_longer(
    shelf: Shelf, get: Any, helpers: SimpleNamespace
) -> None:
    late = ("9999:00:00.000", "9999:00:01.000", "nie")
    line = subtitles("Deutsch", serve_subtitles(shelf, helpers, vtt(FIRST, late)), "de")
    path, media = await get(shelf.film("ts", line), GERMAN_SUB)
    assert media.seconds == pytest.approx(SECONDS, abs=0.2)
    assert len(texts(path)) == 1


async def test_subtitles_in_other_languages_are_not_asked_for(
    shelf: Shelf, get: Any, helpers: SimpleNamespace
) -> None:
    lines = [
        subtitles(name, serve_subtitles(shelf, helpers, vtt(FIRST), name=name), name, more)
        for name, more in (("fr", ""), ("de", ""), ("deu", ",FORCED=YES"))
    ]
    path, media = await get(shelf.film("ts", *lines), GERMAN_SUB)
    assert media.subtitle_languages == ("ger", "ger")
    assert shelf.cdn.count(BASE + "fr.m3u8") == 0
    with av.open(str(path)) as source:
        flags = [stream.disposition for stream in source.streams.subtitles]
    assert flags == [av.stream.Disposition.default, av.stream.Disposition.forced]


@pytest.mark.parametrize(
    "fault",
    [
        "list gone",
        "list is a page",
        "gone",
        "page",
        "refused",
        "no cues",
        "live",
        "fragments",
        "endless",
        "key",
    ],
)
async def test_subtitles_that_fail_never_cost_the_episode(
    shelf: Shelf, get: Any, helpers: SimpleNamespace, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    line = subtitles("Deutsch", serve_subtitles(shelf, helpers, vtt(FIRST), vtt(LAST)), "de")
    put = shelf.cdn.put
    match fault:
        case "list gone":
            put(BASE + "s.m3u8", "", fails=(404,) * 9)
        case "list is a page":
            put(BASE + "s.m3u8", "<html>login</html>")
        case "gone":
            put(BASE + "s1.vtt", "", fails=(404,) * 9)
        case "page":
            put(BASE + "s1.vtt", "<html>login</html>")
        case "refused":
            put(BASE + "s1.vtt", "", fails=(503,) * 99)
        case "no cues":
            serve_subtitles(shelf, helpers, "WEBVTT\n\n1\nnonsense --> 4\n", "WEBVTT")
        case "fragments":
            put(BASE + "s.m3u8", helpers.playlist(["s0.vtt"], head='#EXT-X-MAP:URI="init.mp4"\n'))
        case "endless":
            for name in ("s0.vtt", "s1.vtt"):
                put(BASE + name, "WEBVTT\n" + " " * (hls.MOST_SUBTITLE_BYTES // 2 + 1))
        case "key":
            key = '#EXT-X-KEY:METHOD=AES-128,URI="gone"\n'
            put(BASE + "s.m3u8", helpers.playlist(["s0.vtt"], head=key))
        case "live":
            put(BASE + "s.m3u8", helpers.playlist(["s0.vtt"], end=False))
    with caplog.at_level(logging.WARNING, "anidana.core.acquire"):
        _, media = await get(shelf.film("ts", line), GERMAN_SUB)
    assert media.subtitle_languages == ()
    assert ("are left out" in caplog.text) == (fault != "no cues")


async def test_subtitles_that_hang_are_given_up(
    shelf: Shelf, helpers: SimpleNamespace, visit: Visit, meter: Meter, tmp_path: Path
) -> None:
    line = subtitles("Deutsch", serve_subtitles(shelf, helpers, vtt(FIRST), vtt(LAST)), "de")
    shelf.cdn.hold(BASE + "s0.vtt")
    found = await hls.load(shelf.film("ts", line), visit, {}, 1080, GERMAN_SUB)
    told = list[Path]()
    fetched = await hls.fetch(
        found, visit, {}, tmp_path, connections=4, meter=meter, arrived=told.append, subtitle_seconds=0.01
    )
    paths = [path for track in fetched.tracks for path in track.paths]
    assert sorted(told) == sorted(paths)
    assert not next(fetched.tracks[2].paths).exists()
    assert all(path.exists() for track in fetched.tracks[:2] for path in track.paths)


async def test_subtitles_have_all_the_time_that_a_speed_limit_takes(
    shelf: Shelf, helpers: SimpleNamespace, site: SimpleNamespace, meter: Meter, tmp_path: Path
) -> None:
    line = subtitles("Deutsch", serve_subtitles(shelf, helpers, vtt(FIRST), vtt(LAST)), "de")
    limited = settings.Network(route_all_to=site.address, pages_per_second=0, speed_limit=1000)
    async with Network(limited) as network:
        visit = network.visit()
        found = await hls.load(shelf.film("ts", line), visit, {}, 1080, GERMAN_SUB)
        fetched = await hls.fetch(
            found, visit, {}, tmp_path, connections=4, meter=meter, subtitle_seconds=0.0
        )
    assert all(path.exists() for track in fetched.tracks for path in track.paths)
