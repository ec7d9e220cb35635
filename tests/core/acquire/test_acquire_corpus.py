"""A corpus of whole and damaged files, judged the way a job judges them: joined, then checked."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from anidana.core.acquire import verify
from anidana.core.acquire.join import join
from anidana.core.acquire.tracks import Track
from anidana.core.acquire.transfer import Fetched
from anidana.core.errors import Damaged
from anidana.core.models import GERMAN_DUB

SEGMENTS = [f"ts{number}.ts" for number in range(6)]
SECONDS = 12.0
COPY = ("-i", "ts.m3u8", "-c", "copy")
X264 = ("-c:v", "libx264", "-preset", "ultrafast")
GOOD = {
    "rotated.mp4": ("-display_rotation", "90", "-i", "late.mp4", "-c", "copy"),
    "vfr.mkv": ("-i", "whole.mp4", "-vf", "select='not(mod(n,5))+lt(n,60)'", "-fps_mode", "vfr", *X264,
                "-c:a", "copy"),
    "opus.mkv": ("-i", "whole.mp4", "-c:v", "copy", "-c:a", "libopus"),
    "opus.mp4": ("-i", "whole.mp4", "-c:v", "copy", "-c:a", "libopus"),
    "mp3.mp4": ("-i", "whole.mp4", "-c:v", "copy", "-c:a", "libmp3lame"),
    "mp3.mkv": ("-i", "whole.mp4", "-c:v", "copy", "-c:a", "libmp3lame"),
    "hevc.mp4": ("-i", "whole.mp4", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
                 "log-level=none", "-tag:v", "hvc1", "-c:a", "copy"),
    "fragments.mp4": ("-i", "whole.mp4", "-c", "copy", "-movflags", "frag_keyframe+empty_moov"),
    "one.ts": COPY,
}  # fmt: skip


@pytest.fixture(scope="session")
def corpus(films: Path, ffmpeg: Callable[..., None]) -> Path:
    """The folder of films, with more makes of whole ones (as far as ffmpeg can) and of damaged ones."""
    run = partial(ffmpeg, cwd=films)
    for name, how in GOOD.items():
        try:
            run(*how, name)
        except subprocess.CalledProcessError:
            (films / name).unlink(missing_ok=True)
    run(*COPY, "-t", "4", "bait.mp4")
    damage(films)
    return films


def damage(films: Path) -> None:
    """Write what hosts send when they send no whole film."""
    whole, late, mkv = ((films / name).read_bytes() for name in ("whole.mp4", "late.mp4", "whole.mkv"))
    index = late.rindex(b"moov") - 4
    for name, data in {
        "empty": b"",
        "page": b"<!DOCTYPE html><html><title>File not found</title>" + b" " * 9000,
        "list": b"#EXTM3U\n#EXTINF:2,\n/etc/passwd\n",
        "cut.mp4": whole[: len(whole) // 2],
        "tail.mp4": whole[:-30_000],
        "no index.mp4": late[:index],
        "cut.mkv": mkv[: len(mkv) // 2],
        "holes.mp4": whole[: len(whole) // 3] + bytes(len(whole) // 3) + whole[2 * len(whole) // 3 :],
        "half.ts": (films / "ts2.ts").read_bytes()[: (films / "ts2.ts").stat().st_size // 2],
        "wrong key.ts": bytes(byte ^ 0x5A for byte in (films / "ts2.ts").read_bytes()),
    }.items():
        (films / name).write_bytes(data)
    for name in SEGMENTS:
        data = (films / name).read_bytes()
        (films / f"short {name}").write_bytes(data[: len(data) * 3 // 4])
    (films / "streams.mkv").write_bytes(many_streams(mkv))


def many_streams(mkv: bytes) -> bytes:
    """A Matroska header that names thousands of tracks, before the clusters of a real film."""
    tracks = b"".join(b"\xae\x40\x12" + body(number) for number in range(1, 3001))
    head = mkv[: mkv.index(b"\x18\x53\x80\x67")] + b"\x18\x53\x80\x67\x01" + b"\xff" * 7
    return head + b"\x16\x54\xae\x6b\x08" + len(tracks).to_bytes(7, "big")[3:] + tracks


def body(number: int) -> bytes:
    """A track entry's fields, 18 bytes: number, kind (sound), codec."""
    return b"\xd7\x82" + number.to_bytes(2, "big") + b"\x83\x81\x02" + b"\x86\x86A_OPUS" + b"\x9c\x81\x00"


def judge(
    corpus: Path,
    pieces: list[list[str]],
    target: Path,
    *,
    seconds: float | None = None,
    expected: float | None = None,
) -> verify.Joined:
    """What a job does with what was fetched."""
    paths = tuple(tuple(corpus / name for name in piece) for piece in pieces)
    each = tuple(2.0 * sum("init" not in name for name in piece) for piece in pieces) if seconds else ()
    fetched = Fetched((Track(paths, "main", each, tuple(0.0 for _ in each)),), seconds, slack=0.5)
    joined = join(fetched.tracks, target, GERMAN_DUB)
    verify.check(joined, fetched, expected_seconds=expected)
    return joined


@pytest.mark.parametrize("container", ["mkv", "mp4"])
@pytest.mark.parametrize("name", ["whole.mp4", "late.mp4", "whole.mkv", "two.mkv", *GOOD])
def test_a_whole_file_is_accepted(corpus: Path, tmp_path: Path, name: str, container: str) -> None:
    if not (corpus / name).exists():
        pytest.skip(f"this ffmpeg cannot make {name}")
    joined = judge(corpus, [[name]], tmp_path / f"made.{container}", expected=SECONDS)
    assert joined.seconds == pytest.approx(SECONDS, abs=0.3)


@pytest.mark.parametrize("container", ["mkv", "mp4"])
@pytest.mark.parametrize(
    "pieces",
    [
        [SEGMENTS],
        [[name] for name in SEGMENTS],
        [SEGMENTS[:3], SEGMENTS[3:]],
        [["init.mp4", *(f"f{number}.m4s" for number in range(6))]],
    ],
    ids=["in a row", "a discontinuity each", "one discontinuity", "fragments"],
)
def test_whole_segments_are_accepted(
    corpus: Path, tmp_path: Path, pieces: list[list[str]], container: str
) -> None:
    judge(corpus, pieces, tmp_path / f"made.{container}", seconds=SECONDS, expected=SECONDS)


@pytest.mark.parametrize(
    "name",
    ["empty", "page", "list", "cut.mp4", "tail.mp4", "no index.mp4", "cut.mkv", "holes.mp4", "silent.mp4",
     "streams.mkv", "bait.mp4"],
)  # fmt: skip
def test_a_damaged_file_is_refused(corpus: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(Damaged):
        judge(corpus, [[name]], tmp_path / "made.mkv", expected=24 * 60 if name == "bait.mp4" else None)


def _with(*names: str) -> list[str]:
    return [*SEGMENTS[:2], *names, *SEGMENTS[3:]]


@pytest.mark.parametrize(
    "pieces",
    [
        [_with()],
        [_with("page")],
        [_with("half.ts")],
        [_with("ts2.ts", "ts2.ts")],
        [_with("ts1.ts")],
        [_with("wrong key.ts")],
        [_with("other0.ts")],
        [[f"short {name}" for name in SEGMENTS]],
        [[name] for name in _with()],
        [[name] for name in _with("half.ts")],
        [[name] for name in _with("page")],
        [[name] for name in _with("ts2.ts", "ts2.ts")],
        [SEGMENTS[:5]],
        [["video0.ts", "video1.ts"]],
        [[name] for name in _with("video2.ts")],
    ],
    ids=["missing", "page", "cut", "twice", "wrong one", "wrong key", "foreign", "all cut",
         "missing, clocks apart", "cut, clocks apart", "page, clocks apart", "twice, clocks apart",
         "end missing", "no sound", "sound missing once"],
)  # fmt: skip
def test_damaged_segments_are_refused(corpus: Path, tmp_path: Path, pieces: list[list[str]]) -> None:
    with pytest.raises(Damaged):
        judge(corpus, pieces, tmp_path / "made.mkv", seconds=SECONDS)
