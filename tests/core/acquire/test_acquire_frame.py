"""A picture out of a video."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from anidana.core.acquire.media import frame
from anidana.core.errors import Damaged
from anidana.core.metadata.pictures import Picture, inspect


def make(path: Path, shades: list[int], *, width: int = 320, height: int = 180) -> Path:
    """A video of one second for each shade; 0 is black all over, others have a pattern."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=4)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = width, height, "yuv420p", 4
        for number in range(4 * len(shades)):
            picture = av.VideoFrame(width, height, "yuv420p")
            for plane, base in zip(picture.planes, (16, 128, 128), strict=True):
                shade = shades[number // 4] if base == 16 else 0
                stripes = bytes(base + shade * (at // 16 % 2) for at in range(plane.line_size))
                plane.update(stripes * (plane.buffer_size // plane.line_size))
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("source", ["whole.mp4", "late.mp4", "whole.mkv", "two.mkv", "ts0.ts"])
def test_every_make_of_video_gives_a_picture_of_its_size(films: Path, source: str) -> None:
    assert inspect(frame(films / source, 1280)) == Picture("jpeg", 320, 180)


def test_a_picture_is_never_wider_than_wanted(films: Path) -> None:
    assert inspect(frame(films / "whole.mkv", 160)) == Picture("jpeg", 160, 90)


def brightest(data: bytes, path: Path) -> int:
    path.write_bytes(data)
    with av.open(str(path)) as container:
        (picture,) = container.decode(video=0)
        return max(bytes(picture.reformat(64, 64, "gray").planes[0]))


def test_a_black_moment_is_passed_over(tmp_path: Path) -> None:
    # At a fifth of the length there is nothing to see, at three tenths there is.
    video = make(tmp_path / "fade.mkv", [200, 200, 0, 200, 200, 200, 200, 200, 200, 200])
    assert brightest(frame(video, 320), tmp_path / "fade.jpg") > 100


def test_a_video_that_is_black_all_over_gives_a_black_picture(tmp_path: Path) -> None:
    video = make(tmp_path / "black.mkv", [0] * 5)
    assert brightest(frame(video, 320), tmp_path / "black.jpg") < 40


@pytest.mark.parametrize("content", [b"", b"<html>" * 300, b"\x1a\x45\xdf\xa3" + bytes(2000)])
def test_what_is_no_video_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mkv").write_bytes(content)
    with pytest.raises(Damaged):
        frame(tmp_path / "x.mkv", 320)


def test_half_a_video_gives_a_picture_or_is_damaged(films: Path, tmp_path: Path) -> None:
    whole = (films / "whole.mkv").read_bytes()
    for share in range(1, 10):
        (tmp_path / "half.mkv").write_bytes(whole[: len(whole) * share // 10])
        try:
            assert inspect(frame(tmp_path / "half.mkv", 320)).kind == "jpeg"
        except Damaged:
            continue
