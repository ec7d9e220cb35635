"""The wrapper around PyAV and ffmpeg: nothing else in the house touches either.

Files that came from a host are hostile. Each is opened with an explicit demuxer, chosen by its
first bytes, under whitelists of formats and protocols: a playlist in the shape of a video could
otherwise read any file of the owner (measured with ffmpeg 5.1 and, for concat scripts, 9.0).
"""

from __future__ import annotations

import errno
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from ..errors import AnidanaError, Damaged, SetupError
from ..models import MediaInfo
from .magic import ENOUGH_BYTES, container_of, describe, packed_sound, packed_start

MOST_STREAMS = 32
MOST_TAG = 35
"""No language tag is longer (RFC 5646, 4.4.1); Matroska would take megabytes."""

_PACKED = ("aac", "mp3", "ac3", "eac3")
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(("mov", "matroska", "mpegts", *_PACKED)),
}
_READ_BYTES = 256 * 1024

_MACHINE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
"""What a target that cannot be written says. Damaged bytes make muxers say EIO, EPERM and EINVAL too."""


def ffmpeg() -> str:
    """The ffmpeg to use: the one on PATH, else the one that came with the installation."""
    try:
        return shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise SetupError("no ffmpeg is installed", hint="install ffmpeg") from error


def probe(path: Path) -> MediaInfo:
    """Read what a video file says about itself; Damaged if it is none. Blocks: call it in a thread."""
    with our_errors(path.name), opened((path,)) as source:
        videos, audios, subtitles = streams_of(source)
        if not videos:
            raise Damaged("there is no picture in the video")
        picture = videos[0].codec_context
        sound = audios[0].codec_context if audios else None
        return MediaInfo(
            container="mp4" if source.format.name.startswith("mov") else source.format.name.partition(",")[0],
            seconds=(source.duration or 0) / av.time_base,
            size=path.stat().st_size,
            video_codec=picture.name,
            width=picture.width,
            height=picture.height,
            audio_codec=sound.name if sound else "",
            audio_languages=tuple(language_of(track) or "und" for track in audios),
            subtitle_languages=tuple(language_of(track) or "und" for track in subtitles),
            channels=sound.channels if sound else 0,
        )


def packets(source: InputContainer, streams: Sequence[Stream]) -> Iterator[Packet[Stream]]:
    """Read all there is of some streams; Damaged for bytes that are no video, or not all there.

    Here every number that an error bears is the bytes' fault, that of a full disk too.
    """
    try:
        for packet in source.demux(*streams):
            if packet.size:  # the last one of each track is empty: a flush
                _check_content(packet, source)
                yield packet
    except av.FFmpegError as error:
        raise Damaged(f"the video cannot be read: {error.strerror}") from error


def _check_content(packet: Packet[Stream], source: InputContainer) -> None:
    """Damaged for a packet that is not all there: its time says nothing of that.

    In a transport stream the mark only means that counters jump, as they may between segments.
    """
    if packet.is_corrupt and source.format.name != "mpegts":
        raise Damaged("the video breaks off before its end")
    if packet.stream.type == "video" and packet.size >= 32 and not any(memoryview(packet)[:32]):
        raise Damaged("there is a hole in the video")


class _InARow(io.RawIOBase):
    """Several files read as one; not seekable, as the parts of a stream need not be."""

    def __init__(self, paths: Sequence[Path], wait: Callable[[Path], object] | None) -> None:
        self._waiting, self._wait = list(paths), wait
        self._file: io.FileIO | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while True:
            if self._file is not None:
                if data := self._file.read(size):
                    return data
                self._file.close()
                self._file = None
            if not self._waiting:
                return b""
            path = self._waiting.pop(0)
            if self._wait is not None:
                self._wait(path)
            self._file = path.open("rb", buffering=0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()


@contextmanager
def opened(
    paths: Sequence[Path], wait: Callable[[Path], object] | None = None, *, packed: bool = False
) -> Iterator[InputContainer]:
    """Open files as one input, under the whitelists; `packed` lets sound without a container in."""
    if wait is not None:
        wait(paths[0])
    head = head_of(paths[0])
    demuxer = container_of(head) or (packed_sound(head) if packed else None)
    if demuxer is None:
        raise Damaged(f"there is {describe(head)} instead of the {'sound' if packed else 'video'}")
    with _InARow(paths, wait) as row:
        file_or_row: Any = row if len(paths) > 1 else str(paths[0].absolute())
        with av.open(
            file_or_row, format=demuxer, options=_OPTIONS, metadata_errors="replace", buffer_size=_READ_BYTES
        ) as source:
            yield source


def head_of(path: Path) -> bytes:
    """As much of a file's start as tells what it is."""
    with path.open("rb") as file:
        return file.read(ENOUGH_BYTES)


def starts_at(source: InputContainer, first: Path) -> float | None:
    """Where on the clock that all tracks share a source begins, in seconds; None if it does not say."""
    if source.format.name in _PACKED:
        return packed_start(head_of(first))
    return (source.start_time or 0) / av.time_base


def streams_of(source: InputContainer) -> tuple[list[Any], list[Any], list[Any]]:
    """Pictures, sound and subtitles, without covers and what nobody can decode; Damaged for too many."""
    if len(source.streams) > MOST_STREAMS:
        raise Damaged(f"the video has {len(source.streams)} tracks")
    readable = [stream for stream in source.streams if getattr(stream, "codec_context", None) is not None]
    kinds: tuple[list[Any], ...] = tuple(
        [stream for stream in readable if stream.type == kind] for kind in ("video", "audio", "subtitle")
    )
    videos = [stream for stream in kinds[0] if not stream.disposition & Disposition.attached_pic]
    return videos, kinds[1], kinds[2]


def language_of(stream: Any) -> str | None:
    """The language that a stream bears, if any."""
    tag = str(stream.metadata.get("language", ""))[:MOST_TAG]
    return tag if tag not in ("", "und") else None


@contextmanager
def our_errors(what: str) -> Iterator[None]:
    """Foreign bytes end in Damaged, whatever they make the library raise; a full disk stays an OSError."""
    try:
        yield
    except AnidanaError:
        raise
    except av.FFmpegError as error:
        if error.errno in _MACHINE_ERRORS:
            raise OSError(error.errno, error.strerror) from error
        raise Damaged(f"{what} cannot be read: {error.strerror}") from error
    except OSError:
        raise
    except Exception as error:
        raise Damaged(f"{what} cannot be read: {type(error).__name__}") from error


_FRAME_PACKETS, _MOST_PIXELS, _LEAST_CONTRAST = 400, 8192 * 4608, 24


def frame(path: Path, most_width: int) -> bytes:
    """A picture out of a video, as JPEG: at a fifth of its length, or later where all is of one colour.

    Damaged if none can be decoded. Blocks: call it in a thread.
    """
    with our_errors(path.name), opened((path,)) as source:
        track = streams_of(source)[0][0]
        if track.codec_context.width * track.codec_context.height > _MOST_PIXELS:
            raise Damaged(f"{path.name} has too large a picture")
        track.codec_context.thread_count = 1
        found = None
        for share in (0.2, 0.3, 0.45, 0.6, 0.0):
            source.seek(int(share and (source.start_time or 0) + (source.duration or 0) * share))
            packets = islice(source.demux(track), _FRAME_PACKETS)
            found = next((one for packet in packets for one in packet.decode()), found)
            if found is not None and _contrast(found) >= _LEAST_CONTRAST:
                break
        if found is None:
            raise Damaged(f"no picture of {path.name} can be decoded")
        return _jpeg(found, most_width, track.sample_aspect_ratio or 1)


def _contrast(picture: Any) -> int:
    """How far the darkest and the brightest point lie apart, of 255; rows of 64 points have no gaps."""
    points = bytes(picture.reformat(64, 64, "gray").planes[0])
    return max(points) - min(points)


def _jpeg(picture: Any, most_width: int, aspect: Any) -> bytes:
    width = min(most_width, round(picture.width * aspect))
    height = max(2, round(width * picture.height / (picture.width * aspect)))
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base, encoder.qmin, encoder.qmax = Fraction(1, 25), 2, 5
    small = picture.reformat(width, height, "yuvj420p")
    small.pts, small.time_base = 0, encoder.time_base
    return b"".join(bytes(packet) for turn in (small, None) for packet in encoder.encode(turn))
