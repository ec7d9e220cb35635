"""The practice videos and pictures: made once, and what they should be."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import pytest

from anidana.core.demo.media import HEIGHTS, PICTURES, SECONDS, TAGS, Clip, Media, make
from anidana.core.errors import SetupError


@pytest.fixture(scope="module")
def media(practice_cache: Path) -> Media:
    return make(practice_cache)


def probe(data: bytes) -> tuple[float, list[str], int]:
    """Seconds, languages of the sound tracks, height of the picture."""
    with av.open(io.BytesIO(data)) as container:
        assert container.duration is not None
        languages = [stream.language or "und" for stream in container.streams.audio]
        return container.duration / av.time_base, languages, container.streams.video[0].height


def test_the_videos_are_made_once_and_kept(practice_cache: Path) -> None:
    make(practice_cache)
    before = {path: path.stat().st_mtime_ns for path in practice_cache.rglob("*.*") if path.is_file()}
    make(practice_cache)
    after = {path: path.stat().st_mtime_ns for path in practice_cache.rglob("*.*") if path.is_file()}
    assert before == after
    assert not list(practice_cache.glob("making-*"))


def test_two_that_need_them_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(make, [tmp_path / "cache"] * 2)
    assert one == other
    assert len([path for path in (tmp_path / "cache").iterdir() if path.is_dir()]) == 1


@pytest.mark.parametrize(("audio", "tag"), TAGS.items())
def test_a_clip_says_its_language_and_lasts_twelve_seconds_in_every_form(
    media: Media, audio: str, tag: str
) -> None:
    clip = media.clips[audio]
    forms = {0: clip.mp4} | {height: b"".join(one.data for one in clip.hls[height]) for height in HEIGHTS}
    for height, data in forms.items():
        seconds, languages, lines = probe(data)
        assert seconds == pytest.approx(SECONDS, abs=0.1)
        assert languages == [tag]
        assert lines == (height or 360)


def test_the_languages_sound_different(media: Media) -> None:
    german, japanese = (media.clips[audio].hls[360] for audio in TAGS)
    assert all(one.data != other.data for one, other in zip(german, japanese, strict=True))


def test_the_placeholder_lasts_four_seconds(media: Media) -> None:
    assert probe(media.placeholder.mp4)[0] == pytest.approx(4, abs=0.1)


def every_clip(media: Media) -> list[Clip]:
    return [*media.clips.values(), media.placeholder]


def test_a_player_can_begin_an_mp4_before_its_end_has_come(media: Media) -> None:
    for clip in every_clip(media):
        assert 0 < clip.mp4.index(b"moov") < clip.mp4.index(b"mdat")


def test_each_segment_is_two_seconds_and_begins_with_a_key_frame(media: Media) -> None:
    for clip in every_clip(media):
        for segments in clip.hls.values():
            assert [one.seconds for one in segments] == [2.0] * len(segments)
            for one in segments:
                with av.open(io.BytesIO(one.data), format="mpegts") as container:
                    assert next(container.decode(video=0)).key_frame


def test_pictures_are_jpegs_of_the_size_their_name_says(media: Media) -> None:
    for size in PICTURES:
        data = media.pictures[size]
        assert data.startswith(b"\xff\xd8\xff")
        with av.open(io.BytesIO(data)) as container:
            stream = container.streams.video[0]
            assert f"{stream.width}x{stream.height}" == size


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SetupError, match="file"):
        make(file)
