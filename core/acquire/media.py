"""The wrapper around PyAV and ffmpeg: nothing else in the house touches either.

Files that came from a host are hostile. Each is opened with an explicit demuxer, chosen by its
first bytes, under whitelists of formats and protocols: a playlist in the shape of a video could
otherwise read any file of the owner (measured with ffmpeg 5.1 and, for concat scripts, 9.0).
"""

from __future__ import annotations

import errno
import io
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from ..errors import AnidanaError, Damaged, SetupError
from ..models import Language, MediaInfo
from .magic import ENOUGH_BYTES, container_of, describe
from .verify import Joined

MOST_STREAMS = 32
MOST_GAP_SECONDS = 1.0
"""A lost segment leaves size and duration of a file perfect; only a hole in the timestamps shows it."""

_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": "mov,matroska,mpegts"}
_READ_BYTES = 256 * 1024
_MUXERS = {".mkv": "matroska", ".mp4": "mp4"}
"""An mp4 gets its index at the end: to put it first, everything would be written twice."""

_MACHINE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
"""What a target that cannot be written says. Damaged bytes make muxers say EIO, EPERM and EINVAL too."""

_ISO_639_2 = {
    "de": ("ger", "deu"),
    "en": ("eng", "eng"),
    "es": ("spa", "spa"),
    "fr": ("fre", "fra"),
    "it": ("ita", "ita"),
    "ja": ("jpn", "jpn"),
    "ko": ("kor", "kor"),
    "nl": ("dut", "nld"),
    "pl": ("pol", "pol"),
    "pt": ("por", "por"),
    "ru": ("rus", "rus"),
    "tr": ("tur", "tur"),
    "zh": ("chi", "zho"),
}
"""Bibliographic codes (Matroska wants these) and terminological ones (mp4 does)."""


def ffmpeg() -> str:
    """The ffmpeg to use: the one on PATH, else the one that came with the installation."""
    try:
        return shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise SetupError("no ffmpeg is installed", hint="install ffmpeg") from error


def probe(path: Path) -> MediaInfo:
    """Read what a video file says about itself; Damaged if it is none. Blocks: call it in a thread."""
    with _our_errors(path.name), _source((path,)) as source:
        videos, audios, subtitles = _tracks(source)
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
            audio_languages=tuple(_language_of(track) or "und" for track in audios),
            subtitle_languages=tuple(_language_of(track) or "und" for track in subtitles),
            channels=sound.channels if sound else 0,
        )


def join(
    pieces: Sequence[Sequence[Path]],
    target: Path,
    language: Language,
    wait: Callable[[Path], object] | None = None,
) -> Joined:
    """Copy pieces, one after the other, into a new mkv or mp4 without re-encoding.

    A piece is the files that make up one continuous stream when read in a row; its clock may
    start anywhere. Tracks keep their language; the first sound track gets the mirror's where it
    has none. Damaged if a piece is no video, if its tracks are not those of the first, or if more
    than a second is missing inside; OSError if the target cannot be written. `wait` is called with
    each file before it is opened, and returns once that is whole. Blocks for as long as it takes.
    """
    muxer = _MUXERS[target.suffix]
    end, claimed, copies = 0.0, None, list[_Copy]()
    with (
        _our_errors("the video"),
        av.open(str(target.absolute()), "w", format=muxer) as output,
    ):
        for number, piece in enumerate(pieces):
            with _source(piece, wait) as source:
                streams = _taken(source, output)
                if not copies:
                    copies = [_Copy(stream, output) for stream in streams]
                    _tag_languages(copies, language, muxer)
                    output.start_encoding()
                if [copy.shape for copy in copies] != [_shape(stream) for stream in streams]:
                    raise Damaged(f"piece {number + 1} of {len(pieces)} is of another make than the first")
                end = _copy(source, streams, copies, output, end)
                if len(pieces) == len(piece) == 1 and source.duration and source.format.name != "mpegts":
                    claimed = source.duration / av.time_base  # a transport stream's is only estimated
    lengths = {copy.shape[0]: copy.length for copy in reversed(copies)}
    return Joined(probe(target), end, lengths["video"], lengths.get("audio", 0.0), claimed)


def _copy(
    source: InputContainer,
    streams: Sequence[Stream],
    copies: Sequence[_Copy],
    output: OutputContainer,
    offset: float,
) -> float:
    """Copy one piece so that it starts at `offset`; returns where it ends."""
    shift = offset - (source.start_time or 0) / av.time_base
    of_index = {stream.index: copy for stream, copy in zip(streams, copies, strict=True)}
    for stream, copy in zip(streams, copies, strict=True):
        copy.begin(stream, shift)
    for packet in _packets(source, streams):
        if packet.size:  # the last one of each track is empty: a flush
            _check_content(packet, source)
            output.mux_one(of_index[packet.stream_index].take(packet))
    return max((copy.end for copy in copies if copy.shape[0] != "subtitle"), default=offset)


def _check_content(packet: Packet[Stream], source: InputContainer) -> None:
    """Damaged for a packet that is not all there: its time says nothing of that.

    In a transport stream the mark only means that counters jump, as they may between segments.
    """
    if packet.is_corrupt and source.format.name != "mpegts":
        raise Damaged("the video breaks off before its end")
    if packet.stream.type == "video" and packet.size >= 32 and not any(memoryview(packet)[:32]):
        raise Damaged("there is a hole in the video")


def _packets(source: InputContainer, streams: Sequence[Stream]) -> Iterator[Packet[Stream]]:
    """Read packets; here every number that an error bears is the bytes' fault, that of a full disk too."""
    try:
        yield from source.demux(*streams)
    except av.FFmpegError as error:
        raise Damaged(f"the video cannot be read: {error.strerror}") from error


class _Copy:
    """One track of the output, and where its clock stands; ticks are those of the piece that is read.

    A hundred thousand packets go through `take`: it counts in ticks, and touches only what changes.
    """

    def __init__(self, stream: Any, output: OutputContainer) -> None:
        self.shape = _shape(stream)
        self.language = _language_of(stream)
        self.output = output.add_stream_from_template(stream)
        self.first: float | None = None
        self._tick = 0.0
        self._step = 1
        self._shift = self._end = 0
        self._least: int | None = None
        self._due: int | None = None
        self._most_gap = math.inf

    @property
    def end(self) -> float:
        """Where the last packet ends, in seconds."""
        return self._end * self._tick

    @property
    def length(self) -> float:
        """Seconds from the first packet to the end of the last."""
        return self.end - (self.first or 0.0)

    def begin(self, stream: Any, shift: float) -> None:
        """Go on with a stream whose clock is `shift` seconds behind ours; the output must be open."""
        before, self._tick = self._tick, float(stream.time_base)
        self._end = math.ceil(self._end * before / self._tick)
        if self._least is not None:
            self._least = math.ceil(self._least * before / self._tick)
        self._step = math.ceil(self.output.time_base / stream.time_base)
        self._shift = round(shift / self._tick)
        self._due = None
        if self.shape[0] != "subtitle":
            self._most_gap = MOST_GAP_SECONDS / self._tick

    def take(self, packet: Packet[Stream]) -> Packet[Stream]:
        """Put a packet on our clock; Damaged if it does not follow the one before."""
        pts, given, length = packet.pts, packet.dts, packet.duration or 0
        if pts is not None and self._shift:
            packet.pts = pts = pts + self._shift
        if given is not None:
            dts = given + self._shift
        else:  # Matroska does not store it for the first few
            dts = self._due if self._due is not None else (pts or 0) - 2 * length
        if self._due is not None and abs(dts - self._due) > self._most_gap:
            raise Damaged(self._gap((dts - self._due) * self._tick))
        self._due = dts + length
        if self._least is not None and dts < self._least:
            dts = self._least  # neighbouring segments may overlap, which muxers refuse
        self._least = dts + self._step
        if dts != given:
            packet.dts = dts
        if pts is not None and pts < dts:
            packet.pts = pts = dts
        packet.stream = self.output
        if self.first is None:
            self.first = dts * self._tick
        self._end = max(self._end, (dts if pts is None else pts) + length)
        return packet

    def _gap(self, seconds: float) -> str:
        at = f"{int(self.end) // 60}:{int(self.end) % 60:02d}"
        return f"{seconds:.1f} s are missing at {at}" if seconds > 0 else f"time runs backwards at {at}"


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
def _source(paths: Sequence[Path], wait: Callable[[Path], object] | None = None) -> Iterator[InputContainer]:
    """Open files as one input, under the whitelists."""
    if wait is not None:
        wait(paths[0])
    with paths[0].open("rb") as file:
        head = file.read(ENOUGH_BYTES)
    demuxer = container_of(head)
    if demuxer is None:
        raise Damaged(f"there is {describe(head)} instead of the video")
    with _InARow(paths, wait) as row:
        file_or_row: Any = row if len(paths) > 1 else str(paths[0].absolute())
        with av.open(
            file_or_row, format=demuxer, options=_OPTIONS, metadata_errors="replace", buffer_size=_READ_BYTES
        ) as source:
            yield source


def _tracks(source: InputContainer) -> tuple[list[Any], list[Any], list[Any]]:
    """Video, sound and subtitles, without cover pictures and what nobody can decode."""
    if len(source.streams) > MOST_STREAMS:
        raise Damaged(f"the video has {len(source.streams)} tracks")
    readable = [stream for stream in source.streams if getattr(stream, "codec_context", None) is not None]
    kinds: tuple[list[Any], ...] = tuple(
        [stream for stream in readable if stream.type == kind] for kind in ("video", "audio", "subtitle")
    )
    videos = [stream for stream in kinds[0] if not stream.disposition & Disposition.attached_pic]
    if not videos:
        raise Damaged("there is no picture in the video")
    return videos, kinds[1], kinds[2]


def _taken(source: InputContainer, output: OutputContainer) -> list[Any]:
    """The tracks to copy: one picture, which players want first, all sound, subtitles that fit in."""
    videos, audios, subtitles = _tracks(source)
    fitting = [stream for stream in subtitles if stream.codec_context.name in output.supported_codecs]
    return [videos[0], *audios, *fitting]


def _shape(stream: Any) -> tuple[str, str, int, int]:
    context = stream.codec_context
    if stream.type == "video":
        return stream.type, context.name, context.width, context.height
    return stream.type, context.name, getattr(context, "sample_rate", 0), getattr(context, "channels", 0)


def _tag_languages(copies: Sequence[_Copy], language: Language, muxer: str) -> None:
    """Keep what the source says; only the first sound track may be taken for the mirror's language."""
    first = next((copy for copy in copies if copy.shape[0] == "audio"), None)
    for copy in copies:
        tag = copy.language or (_iso_639_2(language.audio, muxer) if copy is first else None)
        if tag is not None:
            copy.output.metadata["language"] = tag


def _iso_639_2(code: str, muxer: str) -> str:
    return _ISO_639_2.get(code, (code, code))[muxer == "mp4"]


def _language_of(stream: Any) -> str | None:
    tag = str(stream.metadata.get("language", ""))
    return tag if tag not in ("", "und") else None


@contextmanager
def _our_errors(what: str) -> Iterator[None]:
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
