"""The videos and pictures of the practice network: made once by ffmpeg, kept in a cache folder."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from filelock import FileLock

from ..errors import SetupError

SECONDS = 12
PLACEHOLDER_SECONDS = 4
FRAMES_PER_SECOND = 25
HEIGHTS = {360: "640x360", 180: "320x180"}
TAGS = {"de": "deu", "ja": "jpn"}
"""The audio language of a clip (as in `Language.audio`), and the tag in its container."""

PICTURES = ("150x225", "200x300", "220x330", "500x750", "800x300", "1280x720")


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of an HLS rendition."""

    seconds: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording in every form hosts serve: an mp4, and MPEG-TS segments by height in lines."""

    mp4: bytes
    hls: Mapping[int, tuple[Segment, ...]]


@dataclass(frozen=True, slots=True)
class Media:
    """Everything there is to serve: clips by audio language, pictures (JPEG) by `WIDTHxHEIGHT`."""

    clips: Mapping[str, Clip]
    placeholder: Clip
    pictures: Mapping[str, bytes]


def make(cache: Path) -> Media:
    """Load the media, and make them first (a few seconds) if the cache folder does not hold them.

    SetupError if ffmpeg is missing or fails, or the folder cannot be written.
    """
    folder = cache / f"practice-{_recipe()}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / "practice.lock"):
            if not folder.is_dir():
                _make(folder)
        return _load(folder)
    except OSError as error:
        raise SetupError(f"the practice videos cannot be kept in {cache}: {error}") from error


def _make(folder: Path) -> None:
    """Make everything beside `folder` and rename it into place, so that it is whole or absent."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as scratch:
        made = Path(scratch, "made")
        made.mkdir()
        for name in (*TAGS.values(), "placeholder"):
            for height in HEIGHTS:
                Path(made, f"{name}-{height}").mkdir()
        for arguments in _arguments():
            _ffmpeg(arguments, made)
        Path(made, "source.mkv").unlink()
        made.rename(folder)


def _arguments() -> list[list[str]]:
    """One list per run of ffmpeg: pictures and tones, their forms, the stills."""
    big, small = HEIGHTS.values()
    group = str(2 * FRAMES_PER_SECOND)
    tones = [f"sine=frequency={pitch}:sample_rate=48000:duration={SECONDS}" for pitch in (440, 660)]
    source = [
        *("-f", "lavfi", "-i", f"testsrc2=size={big}:rate={FRAMES_PER_SECOND}:duration={SECONDS}"),
        *("-f", "lavfi", "-i", tones[0], "-f", "lavfi", "-i", tones[1]),
        *("-filter_complex", f"[0:v]format=yuv420p,split[a][b];[b]scale={small.replace('x', ':')}[c]"),
        *("-map", "[a]", "-map", "[c]", "-map", "1:a", "-map", "2:a"),
        *("-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-crf", "32"),
        *("-g", group, "-keyint_min", group, "-sc_threshold", "0"),
        *("-c:a", "aac", "-b:a", "64k", "-ac", "2", "source.mkv"),
    ]
    forms = ["-i", "source.mkv"]
    for name, sound, tag, seconds in (
        *((tag, 2 + place, tag, SECONDS) for place, tag in enumerate(TAGS.values())),
        ("placeholder", 2, "und", PLACEHOLDER_SECONDS),
    ):
        for stream, height in enumerate(HEIGHTS):
            forms += _form(stream, sound, tag, seconds)
            forms += ["-f", "hls", "-hls_time", "2", "-hls_list_size", "0"]
            forms += ["-hls_segment_filename", f"{name}-{height}/%d.ts", f"{name}-{height}/index.m3u8"]
        forms += [*_form(0, sound, tag, seconds), "-movflags", "+faststart", f"{name}.mp4"]
    stills = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:duration=1"]
    for size in PICTURES:
        stills += ["-frames:v", "1", "-s", size, "-q:v", "4", f"{size}.jpg"]
    return [source, forms, stills]


def _form(stream: int, sound: int, tag: str, seconds: int) -> list[str]:
    maps = ["-map", f"0:{stream}", "-map", f"0:{sound}", "-c", "copy"]
    return [*maps, "-metadata:s:a:0", f"language={tag}", "-t", str(seconds)]


def _recipe() -> str:
    """What the folder's name ends in, so that another recipe never finds the old videos."""
    return sha256(repr(_arguments()).encode()).hexdigest()[:12]


def _ffmpeg(arguments: list[str], folder: Path) -> None:
    """Run ffmpeg, the one on PATH if there is one; all its input is our own."""
    program = shutil.which("ffmpeg")
    if program is None:
        import imageio_ffmpeg

        program = imageio_ffmpeg.get_ffmpeg_exe()
    run = subprocess.run(  # noqa: S603 - a fixed list of arguments
        [program, "-nostdin", "-v", "error", "-y", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    if run.returncode:
        raise SetupError(
            f"ffmpeg could not make the practice videos: {run.stderr.strip()[-300:]}",
            hint="it needs libx264; without an ffmpeg on PATH the packaged one is taken",
        )


def _load(folder: Path) -> Media:
    return Media(
        clips={audio: _clip(folder, tag) for audio, tag in TAGS.items()},
        placeholder=_clip(folder, "placeholder"),
        pictures={size: Path(folder, f"{size}.jpg").read_bytes() for size in PICTURES},
    )


def _clip(folder: Path, name: str) -> Clip:
    return Clip(
        mp4=Path(folder, f"{name}.mp4").read_bytes(),
        hls={height: _segments(folder / f"{name}-{height}") for height in HEIGHTS},
    )


def _segments(folder: Path) -> tuple[Segment, ...]:
    lines = Path(folder, "index.m3u8").read_text("utf-8").splitlines()
    return tuple(
        Segment(float(line.removeprefix("#EXTINF:").rstrip(",")), Path(folder, name).read_bytes())
        for line, name in pairwise(lines)
        if line.startswith("#EXTINF:")
    )
