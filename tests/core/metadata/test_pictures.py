from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anidana.core import PageChanged, SourceError
from anidana.core.metadata.pictures import Picture, inspect

MakePicture = Callable[..., bytes]


@pytest.mark.parametrize(
    ("sort", "kind"),
    [("png", "png"), ("jpeg", "jpeg"), ("extended", "webp"), ("lossless", "webp"), ("lossy", "webp")],
)
def test_a_header_tells_format_and_size(picture: MakePicture, sort: str, kind: str) -> None:
    assert inspect(picture(sort, 601, 902)) == Picture(kind, 601, 902)  # type: ignore[arg-type]


@pytest.mark.parametrize("sort", ["png", "jpeg", "extended", "lossless", "lossy"])
@pytest.mark.parametrize("sides", [(10_001, 5), (5, 10_001)])
def test_a_picture_that_claims_too_many_pixels_is_refused(
    picture: MakePicture, sort: str, sides: tuple[int, int]
) -> None:
    with pytest.raises(PageChanged, match="10001"):
        inspect(picture(sort, *sides))


@pytest.mark.parametrize("sort", ["png", "jpeg", "lossy"])
def test_a_picture_without_pixels_is_refused(picture: MakePicture, sort: str) -> None:
    with pytest.raises(PageChanged, match="0×7"):
        inspect(picture(sort, 0, 7))


def test_a_picture_of_a_few_bytes_is_refused(picture: MakePicture) -> None:
    with pytest.raises(PageChanged, match="1023 bytes"):
        inspect(picture(size=1023))
    assert inspect(picture(size=1024))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"<!doctype html><title>404</title>",
        b"GIF89a",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\x00\x00" * 500,
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dNOPE",
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PageChanged, match="neither"):
        inspect(data.ljust(2000, b" "))


@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBP"]),
    st.binary(max_size=200),
    st.integers(0, 2000),
)
def test_any_bytes_end_in_a_picture_or_an_error_of_ours(start: bytes, rest: bytes, size: int) -> None:
    try:
        found = inspect((start + rest).ljust(size, b"\xff"))
    except SourceError:
        return
    assert 0 < found.width <= 10_000 and 0 < found.height <= 10_000
