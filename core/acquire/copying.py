"""One track on its way into another container: where its clock stands, and whether anything is missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..errors import Damaged

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream

MOST_GAP_SECONDS = 1.0
"""A lost segment leaves size and duration of a file perfect; only a hole in the timestamps shows it.

Of sound, which has no pauses in its clock, all holes together count, from `LEAST_GAP_SECONDS` each: the
ends of many segments may be missing. A picture may stand still for longer than that.
"""

LEAST_GAP_SECONDS = 0.2


class Copy:
    """One track of the output, and where its clock stands; `tick` is that of the open piece, in seconds.

    A hundred thousand packets go through `take`: it counts in ticks, and touches only what changes.
    """

    def __init__(self, stream: Any, output: OutputContainer) -> None:
        self.shape = shape_of(stream)
        self.output = output.add_stream_from_template(stream)
        self.first: float | None = None
        self.tick = 0.0
        self._step = 1
        self._shift = self._end = 0
        self._least: int | None = None
        self._due: int | None = None
        self._most_gap = self._least_gap = math.inf
        self._missing = 0.0

    @property
    def end(self) -> float:
        """Where the last packet ends, in seconds."""
        return self._end * self.tick

    @property
    def length(self) -> float:
        """Seconds from the first packet to the end of the last."""
        return self.end - (self.first or 0.0)

    def begin(self, stream: Any, shift: float) -> None:
        """Go on with a stream whose clock is `shift` seconds behind ours; the output must be open."""
        before, self.tick = self.tick, float(stream.time_base)
        self._end = math.ceil(self._end * before / self.tick)
        if self._least is not None:
            self._least = math.ceil(self._least * before / self.tick)
        self._step = math.ceil(self.output.time_base / stream.time_base)
        self._shift = round(shift / self.tick)
        self._due = None
        if self.shape[0] != "subtitle":
            self._most_gap = MOST_GAP_SECONDS / self.tick
        if self.shape[0] == "audio":
            self._least_gap = LEAST_GAP_SECONDS / self.tick

    def take(self, packet: Packet[Stream]) -> int:
        """Put a packet on our clock, and say its tick there; Damaged if it does not follow the one before."""
        pts, given, length = packet.pts, packet.dts, packet.duration or 0
        if pts is not None and self._shift:
            packet.pts = pts = pts + self._shift
        if given is not None:
            dts = given + self._shift
        else:  # Matroska does not store it for the first few
            dts = self._due if self._due is not None else (pts or 0) - 2 * length
        if self._due is not None and abs(dts - self._due) > self._most_gap:
            raise Damaged(self._gap((dts - self._due) * self.tick))
        if self._due is not None and dts - self._due > self._least_gap:
            self._missing += (dts - self._due) * self.tick
            if self._missing > MOST_GAP_SECONDS:
                raise Damaged(f"{self._missing:.1f} s of the sound are missing in several places")
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
            self.first = dts * self.tick
        self._end = max(self._end, (dts if pts is None else pts) + length)
        return dts

    def _gap(self, seconds: float) -> str:
        at = f"{int(self.end) // 60}:{int(self.end) % 60:02d}"
        return f"{seconds:.1f} s are missing at {at}" if seconds > 0 else f"time runs backwards at {at}"


def shape_of(stream: Any) -> tuple[str, str, int, int]:
    """What must stay the same from piece to piece."""
    context = stream.codec_context
    if stream.type == "video":
        return stream.type, context.name, context.width, context.height
    return stream.type, context.name, getattr(context, "sample_rate", 0), getattr(context, "channels", 0)
