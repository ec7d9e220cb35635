"""Promises of what a folder says: ids before names, and nothing foreign does harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from anidana.core.library.clues import MOST_BYTES, of_name, read_clues


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Show (2019)", ("Show", 2019, {})),
        ("Show (2019) [tmdbid-123]", ("Show", 2019, {"tmdb": "123"})),
        ("Show {tvdb-42} [imdbid=tt0123456]", ("Show", None, {"tvdb": "42", "imdb": "tt0123456"})),
        ("Show.Of.Dots", ("Show Of Dots", None, {})),
        ("[Group] Show", ("Show", None, {})),
        ("Show (2019-2021)", ("Show", 2019, {})),
    ],
)
def test_a_folder_name_tells(name: str, told: tuple[str, int | None, dict[str, str]]) -> None:
    assert of_name(name) == told


def test_an_nfo_tells_titles_year_and_ids(tmp_path: Path) -> None:
    folder = tmp_path / "Any name (1999)"
    folder.mkdir()
    (folder / "tvshow.nfo").write_text(
        "<?xml version='1.0'?><tvshow><title>Show</title><originaltitle>Originally</originaltitle>"
        "<premiered>2019-04-01</premiered><uniqueid type='imdb'>tt1</uniqueid><tmdbid>5</tmdbid></tvshow>"
        "https://www.themoviedb.org/tv/5"
    )
    clues = read_clues(folder)
    assert clues.titles == ("Show", "Originally", "Any name")
    assert (clues.year, clues.ids) == (2019, {"imdb": "tt1", "tmdb": "5"})


def test_files_of_the_predecessor_tell_key_and_missing_episodes(tmp_path: Path) -> None:
    folder = tmp_path / "Show"
    folder.mkdir()
    (folder / "key").write_text("show-key\n")
    assert read_clues(folder).key == "show-key"
    (folder / "data").write_text(
        '{"key": "data-key", "name": "Show!", "site": "https://aniworld.to", "year": 2019,'
        ' "episodeDict": {"1": [2, "3"], "x": [1], "2": "no"}, "new": 1}'
    )
    clues = read_clues(folder)
    assert (clues.key, clues.site, clues.year) == ("data-key", "https://aniworld.to", 2019)
    assert clues.missing == {1: (2, 3)} and clues.titles == ("Show", "Show!")


@pytest.mark.parametrize(
    "nfo",
    [
        b"",
        b"not xml",
        b"<tvshow><title>cut",
        b"\xff\xfe\x00",
        b"<movie><title>a film</title></movie>",
        b"<tvshow>" + b"x" * MOST_BYTES,
        b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><tvshow><title>&b;</title></tvshow>",
    ],
    ids=["empty", "no XML", "cut", "no text", "another kind", "huge", "hostile"],
)
def test_a_broken_or_hostile_nfo_leaves_the_name(tmp_path: Path, nfo: bytes) -> None:
    folder = tmp_path / "Show (2019)"
    folder.mkdir()
    (folder / "tvshow.nfo").write_bytes(nfo)
    (folder / "data").write_text("[" * 100_000)
    clues = read_clues(folder)
    assert clues.titles[-1] == "Show" and "root:" not in "".join(clues.titles)
    assert (clues.year, clues.key) == (2019, "")


def test_a_link_in_place_of_a_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a key of another program")
    folder = tmp_path / "Show"
    folder.mkdir()
    (folder / "key").symlink_to(tmp_path / "secret")
    assert read_clues(folder).key == ""
