"""Joining and reading real media, whole and damaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from anidana.core.acquire import join as joining
from anidana.core.acquire import media
from anidana.core.acquire.media import probe
from anidana.core.acquire.tracks import Track
from anidana.core.acquire.verify import Joined
from anidana.core.errors import Damaged
from anidana.core.models import GERMAN_DUB, GERMAN_SUB, Language


def join(
    pieces: Sequence[Sequence[Path]],
    target: Path,
    language: Language,
    wait: Callable[[Path], object] | None = None,
) -> Joined:
    """Join a single track."""
    return joining.join([Track(tuple(map(tuple, pieces)))], target, language, wait)


@pytest.fixture
def segments(films: Path) -> list[Path]:
    return [films / f"ts{number}.ts" for number in range(6)]


@pytest.mark.parametrize("container", ["mkv", "mp4"])
@pytest.mark.parametrize("source", ["ts", "fmp4", "whole.mp4", "late.mp4", "whole.mkv"])
def test_every_make_is_joined_whole_from_zero(
    films: Path, segments: list[Path], tmp_path: Path, source: str, container: str
) -> None:
    pieces = {
        "ts": [segments],
        "fmp4": [[films / "init.mp4", *(films / f"f{number}.m4s" for number in range(6))]],
    }.get(source, [[films / source]])
    joined = join(pieces, tmp_path / f"x.{container}", GERMAN_DUB)
    assert joined.seconds == pytest.approx(12, abs=0.2)
    assert joined.media.seconds == pytest.approx(12, abs=0.2)
    assert (joined.media.video_codec, joined.media.audio_codec) == ("h264", "aac")
    assert (joined.media.width, joined.media.height, joined.media.channels) == (320, 180, 1)
    assert joined.media.audio_languages == (("ger",) if container == "mkv" else ("deu",))
    assert joined.media.container == {"mkv": "matroska", "mp4": "mp4"}[container]
    assert joined.media == probe(tmp_path / f"x.{container}")


def test_a_tag_that_is_there_is_kept_and_the_picture_comes_first(films: Path, tmp_path: Path) -> None:
    joined = join([[films / "two.mkv"]], tmp_path / "x.mkv", GERMAN_SUB)
    assert joined.media.audio_languages == ("jpn", "ger")
    assert (tmp_path / "x.mkv").read_bytes().find(b"V_MPEG4") < (tmp_path / "x.mkv").read_bytes().find(
        b"A_AAC"
    )


def test_pieces_whose_clocks_start_anew_follow_each_other(segments: list[Path], tmp_path: Path) -> None:
    joined = join([segments[:3], segments[:3]], tmp_path / "x.mkv", GERMAN_DUB)
    assert joined.seconds == pytest.approx(12, abs=0.3)
    assert joined.media.seconds == pytest.approx(12, abs=0.3)


def test_a_lost_segment_shows_as_a_gap(segments: list[Path], tmp_path: Path) -> None:
    with pytest.raises(Damaged, match=r"2\.0 s are missing at 0:04"):
        join([segments[:2] + segments[3:]], tmp_path / "x.mkv", GERMAN_DUB)


def test_a_segment_that_comes_twice_shows_as_time_running_backwards(
    segments: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(Damaged, match="backwards"):
        join([[*segments[:3], segments[1], *segments[3:]]], tmp_path / "x.mkv", GERMAN_DUB)


def test_segments_that_overlap_by_a_few_frames_are_joined(
    films: Path, tmp_path: Path, ffmpeg: Callable[..., None]
) -> None:
    for number, start in enumerate((0, 1.8)):
        moved = ("-output_ts_offset", start, "-c", "copy")
        ffmpeg("-i", films / f"ts{number}.ts", *moved, tmp_path / f"{number}.ts")
    joined = join([[tmp_path / "0.ts", tmp_path / "1.ts"]], tmp_path / "x.mp4", GERMAN_DUB)
    assert joined.seconds == pytest.approx(3.8, abs=0.2)


def test_a_foreign_segment_does_not_pass(films: Path, segments: list[Path], tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        join([[*segments[:3], films / "other0.ts", *segments[4:]]], tmp_path / "x.mkv", GERMAN_DUB)


def test_pieces_of_another_make_are_not_put_together(
    films: Path, segments: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(Damaged, match="another make"):
        join([segments[:2], [films / "video0.ts"]], tmp_path / "x.mkv", GERMAN_DUB)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><title>gone</title>",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n%(film)s\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile %(name)s\n",
        b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(5000),
        b"\x1a\x45\xdf\xa3" + bytes(5000),
        b"\x47" * 5000,
        bytes(range(256)) * 20,
    ],
)
@pytest.mark.parametrize("name", ["evil.mp4", "evil.ts"])
def test_what_is_no_video_is_damaged_and_opens_nothing_else(
    segments: list[Path], tmp_path: Path, content: bytes, name: str
) -> None:
    film = segments[0]
    (tmp_path / film.name).write_bytes(film.read_bytes())
    names = {b"film": str(film).encode(), b"name": film.name.encode()}
    (tmp_path / name).write_bytes(content % names if b"%(" in content else content)
    with pytest.raises(Damaged):
        probe(tmp_path / name)
    with pytest.raises(Damaged):
        join([[tmp_path / name]], tmp_path / "out.mkv", GERMAN_DUB)


def test_a_file_without_a_picture_is_damaged(films: Path, tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="picture"):
        join([[films / "audio0.ts"]], tmp_path / "x.mkv", GERMAN_DUB)


def test_a_file_that_breaks_off_is_damaged(films: Path, tmp_path: Path) -> None:
    whole = (films / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Damaged, match="breaks off"):
        join([[tmp_path / "cut.mp4"]], tmp_path / "x.mkv", GERMAN_DUB)


def test_too_many_tracks_are_refused(films: Path, tmp_path: Path, ffmpeg: Callable[..., None]) -> None:
    maps = [word for _ in range(33) for word in ("-map", "0:a")]
    ffmpeg("-i", films / "whole.mp4", "-map", "0:v", *maps, "-c", "copy", tmp_path / "many.mkv")
    with pytest.raises(Damaged, match="34 tracks"):
        probe(tmp_path / "many.mkv")


def test_subtitles_are_kept_where_the_container_can_hold_them(
    films: Path, tmp_path: Path, ffmpeg: Callable[..., None]
) -> None:
    (tmp_path / "s.srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,000\nHallo\n\n2\n00:00:09,000 --> 00:00:10,000\nDu\n"
    )
    german = ("-metadata:s:s:0", "language=ger")
    ffmpeg("-i", films / "whole.mkv", "-i", tmp_path / "s.srt", "-c", "copy", *german, tmp_path / "with.mkv")
    assert join([[tmp_path / "with.mkv"]], tmp_path / "x.mkv", GERMAN_DUB).media.subtitle_languages == (
        "ger",
    )
    assert join([[tmp_path / "with.mkv"]], tmp_path / "x.mp4", GERMAN_DUB).media.subtitle_languages == ()


def test_no_file_is_opened_before_it_is_whole(segments: list[Path], tmp_path: Path) -> None:
    late = [tmp_path / path.name for path in segments]

    def wait(path: Path) -> None:
        path.write_bytes(segments[late.index(path)].read_bytes())

    assert join([late], tmp_path / "x.mkv", GERMAN_DUB, wait).seconds == pytest.approx(12, abs=0.2)


def test_a_full_disk_is_not_the_video_s_fault(segments: list[Path], tmp_path: Path) -> None:
    (tmp_path / "x.mkv").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        join([segments], tmp_path / "x.mkv", GERMAN_DUB)


def test_there_is_always_an_ffmpeg() -> None:
    assert Path(media.ffmpeg()).exists()
