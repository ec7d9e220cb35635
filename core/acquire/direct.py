"""Fetches a plain file in one stream, and goes on later only with the very same file.

Programs that resume by length alone have spliced two different files and reported success
(measured with three of them); here the server must confirm a stored validator by If-Range.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import Damaged, Refused
from ..fetch import Body, Visit, refusal
from ..steps import Page
from .magic import ENOUGH_BYTES, container_of, describe
from .transfer import (
    MOST_VIDEO_BYTES,
    Fetched,
    Meter,
    content_range,
    head_of,
    pour,
    tries,
    turned_away,
)


async def sample(url: str, visit: Visit, headers: Mapping[str, str], *, stand_in: int | None = None) -> None:
    """See that the first bytes arrive and look like video; Gone, Refused or Damaged if not.

    `stand_in` is the size of a clip that the host sends in place of a film it does not want to give.
    """
    async with visit.open(url, {**headers, "Range": "bytes=0-"}) as body:
        head = await head_of(body, ENOUGH_BYTES)
        if body.status not in (200, 206):
            raise refusal(Page(body.url, body.status, head.decode("utf-8", "replace"), body.headers))
        if stand_in is not None:
            _check_size(_span(body)[1], stand_in)
    if container_of(head) is None:
        raise Damaged(f"the host sends {describe(head)}")


def _check_size(size: int | None, stand_in: int | None) -> None:
    if size is not None and size == stand_in:
        raise Damaged("the host sends a clip that stands in for the film")


async def fetch(
    url: str,
    visit: Visit,
    headers: Mapping[str, str],
    folder: Path,
    meter: Meter,
    *,
    stand_in: int | None = None,
) -> Fetched:
    """Bring the file into `folder`, going on with what an earlier run left there of the same file.

    Its size is as the server announced; where nothing was announced, only a look into the file
    can tell whether it is whole. `stand_in` as in `sample`: a link may be good for one request only.
    """
    async for attempt in tries():
        with attempt:
            await _go_on(url, visit, headers, folder, meter, stand_in)
    _check_size((folder / "video").stat().st_size, stand_in)
    return Fetched(((folder / "video",),))


@dataclass(frozen=True, slots=True)
class _Mark:
    """What tells one version of a file from another: a strong ETag or a date, and the size."""

    validator: str
    size: int


async def _go_on(
    url: str, visit: Visit, headers: Mapping[str, str], folder: Path, meter: Meter, stand_in: int | None
) -> None:
    video, note = folder / "video", folder / "validator.json"
    mark, have = _kept(video, note)
    if mark is not None and have == mark.size:
        return
    asked = {**headers, "Range": f"bytes={have}-", **({"If-Range": mark.validator} if mark else {})}
    async with visit.open(url, asked) as body:
        start, total = _span(body)
        _check_size(total, stand_in)
        if total is not None and total > MOST_VIDEO_BYTES:
            raise Damaged(f"the host announces {total} bytes")
        if start == 0:
            video.write_bytes(b"")
            _keep(note, _mark_of(body, total))
        elif mark is None or (start, total) != (have, mark.size) or _mark_of(body, total) not in (None, mark):
            note.unlink(missing_ok=True)  # the next try starts from the beginning
            raise (Refused if mark else Damaged)("the host sends another part than we asked for")

        meter.need((total or start) - start)
        with video.open("ab") as file:
            size = start + await pour(body, file.write, lambda more: meter.count(start + more, total))
    if total not in (None, size):
        raise Refused("the file broke off before its end")


def _span(body: Body) -> tuple[int, int | None]:
    """Where the body starts in the file, and the size of the whole file if it is known."""
    if body.status == 200:
        return 0, body.length
    if body.status != 206:
        raise turned_away(body, "the video")
    start, _, total = content_range(body)
    return start, total


def _mark_of(body: Body, total: int | None) -> _Mark | None:
    headers = body.headers
    etag = headers.get("etag", "")
    validator = headers.get("last-modified", "") if etag.startswith("W/") or not etag else etag
    return _Mark(validator, total) if validator and total and "content-encoding" not in headers else None


def _keep(note: Path, mark: _Mark | None) -> None:
    if mark is None:
        note.unlink(missing_ok=True)
    else:
        note.write_text(json.dumps(asdict(mark)), "utf-8")


def _kept(video: Path, note: Path) -> tuple[_Mark | None, int]:
    """What is here already; nothing if it cannot be gone on with."""
    try:
        mark = _Mark(**json.loads(note.read_text("utf-8")))
        have = video.stat().st_size
    except (OSError, ValueError, TypeError):
        return None, 0
    return (mark, have) if 0 < have <= mark.size else (None, 0)
