"""Puts what was fetched together into one mkv or mp4, without re-encoding, and sees whether it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from ..errors import Damaged
from ..models import Language
from . import captions
from .captions import Captions
from .copying import MOST_GAP_SECONDS, Copy, shape_of
from .iso639 import tag_of
from .media import language_of, opened, our_errors, packets, probe, starts_at, streams_of
from .tracks import CLOCK_SECONDS, Track
from .verify import Joined
from .webvtt import Cue

_MUXERS = {".mkv": "matroska", ".mp4": "mp4"}
"""An mp4 gets its index at the end: to put it first, everything would be written twice."""


def join(
    tracks: Sequence[Track],
    target: Path,
    language: Language,
    wait: Callable[[Path], object] | None = None,
) -> Joined:
    """Copy tracks side by side, and their pieces one after the other, into a new mkv or mp4.

    The first track is the main one; the sound in it is left where sound comes apart. Streams keep
    their language; the first sound gets the mirror's where none is told. Subtitles of which not
    all is there are left out. Damaged if a piece is no video, if its streams are not those of the first,
    if picture and sound do not begin together, or if more than a second is missing inside;
    OSError if the target cannot be written. `wait` is called with each file before it is opened, and
    returns once that is whole. Blocks for as long as it takes.
    """
    muxer = _MUXERS[target.suffix]
    lines = [_Line(track) for track in tracks if track.kind != "subtitles"]
    texts = [(track, captions.read(track, wait)) for track in tracks if track.kind == "subtitles"]
    if any(len(line.track.pieces) != len(lines[0].track.pieces) for line in lines):
        raise Damaged("picture and sound are not in the same number of pieces")
    end, claimed, shown = 0.0, None, list[Captions]()
    with our_errors("the video"), av.open(str(target.absolute()), "w", format=muxer) as output:
        for number, piece in enumerate(lines[0].track.pieces):
            with ExitStack() as stack:
                for line in lines:
                    line.open(number, stack, output, wait, alone=len(lines) == 1)
                if number == 0:
                    _label(lines, language, muxer)
                    shown = _captions(texts, language, output, muxer, 1.02 * sum(lines[0].track.seconds))
                    output.start_encoding()
                end = _append(number, lines, shown, output, end)
                if len(lines[0].track.pieces) == len(piece) == 1:
                    claimed = _claimed(lines[0].source)
    copies = [copy for line in lines for copy in line.copies]
    lengths = {copy.shape[0]: copy.length for copy in reversed(copies)}
    return Joined(probe(target), end, lengths["video"], lengths.get("audio", 0.0), claimed)


class _Line:
    """One track that is copied: the piece that is open, and the streams that are taken of it."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.copies = list[Copy]()
        self.starts_at: float | None = None

    def open(
        self,
        number: int,
        stack: ExitStack,
        output: OutputContainer,
        wait: Callable[[Path], object] | None,
        *,
        alone: bool,
    ) -> None:
        """Go on to a piece; Damaged if its streams are not those of the first."""
        paths = self.track.pieces[number]
        self.source = stack.enter_context(opened(paths, wait, packed=self.track.kind == "audio"))
        self.streams = _taken(self.source, self.track, output, alone=alone)
        self.starts_at = starts_at(self.source, paths[0])
        if number == 0:
            self.copies = [Copy(stream, output) for stream in self.streams]
        if [copy.shape for copy in self.copies] != [shape_of(stream) for stream in self.streams]:
            raise Damaged(f"piece {number + 1} of {len(self.track.pieces)} is of another make than the first")

    def packets(self, shift: float) -> Iterator[tuple[float, Packet[Stream]]]:
        """The piece on our clock, of which the source's is `shift` seconds behind; each with its time."""
        of_index = {stream.index: copy for stream, copy in zip(self.streams, self.copies, strict=True)}
        for stream, copy in zip(self.streams, self.copies, strict=True):
            copy.begin(stream, shift)
        for packet in packets(self.source, self.streams):
            copy = of_index[packet.stream_index]
            yield copy.take(packet) * copy.tick, packet

    @property
    def end(self) -> float:
        """Where its last packet ends, in seconds."""
        return max((copy.end for copy in self.copies if copy.shape[0] != "subtitle"), default=0.0)


def _append(
    number: int,
    lines: Sequence[_Line],
    shown: Sequence[Captions],
    output: OutputContainer,
    offset: float,
) -> float:
    """Copy the open pieces so that the first to begin does so at `offset`; returns where they end."""
    main = lines[0].starts_at or 0.0
    begins = [_near(main, line.starts_at) for line in lines]
    if max(abs(begin - main) for begin in begins) > MOST_GAP_SECONDS:
        raise Damaged(f"picture and sound begin {max(begins) - min(begins):.1f} s apart")
    shift = offset - min(begins)
    for one in shown:
        for text in one.packets(number, shift):
            output.mux_one(text)
    streams = [
        line.packets(shift + begin - (line.source.start_time or 0) / av.time_base)
        for line, begin in zip(lines, begins, strict=True)
    ]
    for _, packet in merge(*streams, key=itemgetter(0)) if len(streams) > 1 else streams[0]:
        output.mux_one(packet)
    for line in lines:
        if (lasts := line.end - offset) < line.track.least(number):
            name, at = ("sound" if line.track.kind == "audio" else "video"), int(offset)
            whole = line.track.seconds[number]
            raise Damaged(
                f"the {name} lasts {lasts:.1f} s instead of {whole:.1f} from {at // 60}:{at % 60:02d} on"
            )
    return max(line.end for line in lines)


def _near(main: float, begin: float | None) -> float:
    """When a track begins, on the round of the clock that the main one is on; together if it does not say."""
    return main if begin is None else begin - CLOCK_SECONDS * round((begin - main) / CLOCK_SECONDS)


def _taken(source: InputContainer, track: Track, output: OutputContainer, *, alone: bool) -> list[Any]:
    """The streams to copy: one picture, which players want first, all sound, subtitles that fit in.

    Where sound comes apart, that one stream of it, and none of what comes with the picture.
    """
    videos, audios, subtitles = streams_of(source)
    if track.kind == "audio":
        if not audios:
            raise Damaged("there is no sound where it should come apart")
        return audios[:1]
    if not videos:
        raise Damaged("there is no picture in the video")
    fitting = [stream for stream in subtitles if stream.codec_context.name in output.supported_codecs]
    return [videos[0], *(audios if alone else []), *fitting]


def _claimed(source: InputContainer) -> float | None:
    """How long a file says it is; a transport stream's length is only estimated."""
    return source.duration / av.time_base if source.duration and source.format.name != "mpegts" else None


def _label(lines: Sequence[_Line], language: Language, muxer: str) -> None:
    """Keep what playlist or source say; only the first sound may be taken for the mirror's language."""
    first = True
    for line in lines:
        for copy, stream in zip(line.copies, line.streams, strict=True):
            known = line.track.language if line.track.kind == "audio" else ""
            tag = tag_of(known, muxer) if known else language_of(stream)
            if copy.shape[0] == "audio":
                tag, first = tag or (tag_of(language.audio, muxer) if first else None), False
            if tag is not None:
                copy.output.metadata["language"] = tag
            if line.track.title:
                copy.output.metadata["title"] = line.track.title


def _captions(
    texts: Sequence[tuple[Track, list[tuple[Cue, ...]]]],
    language: Language,
    output: OutputContainer,
    muxer: str,
    whole: float,
) -> list[Captions]:
    """Declare the subtitles that came; the first whole ones that the mirror stands for are shown unasked."""
    shown = [(track, Captions(cues, output, muxer, whole)) for track, cues in texts if cues]
    default = next((track for track, _ in shown if language.subtitles and not track.forced), None)
    for track, one in shown:
        if track.language:
            one.output.metadata["language"] = tag_of(track.language, muxer)
        if track.title:
            one.output.metadata["title"] = track.title
        one.output.disposition = Disposition(
            Disposition.forced * track.forced | Disposition.default * (track is default)
        )
    return [one for _, one in shown]
