"""Names of every style that people have, and what each tells: `pytest -v` shows the matrix."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anidana.core.library.reading import Reading, is_extra, read, season_of

MATRIX = {
    "this tool": [
        ("Season 01/Show - S01E02 - Title.mkv", (1, 2, 2)),
        ("Season 00/Show - S00E03 - Film.mkv", (0, 3, 3)),
    ],
    "predecessor": [("Season 1/Show - S01E002 - (German Dub).mp4", (1, 2, 2))],
    "AniWorld-Downloader": [
        ("Season 01/Show S01E002.mkv", (1, 2, 2)),
        ("Show - Episode 002 - (German Dub).mp4", (None, 2, 2)),
        ("Show - Movie 01 - (German Dub).mp4", (0, 1, 1)),
        ("Staffel 1/S01E002 - Titel [Dub].mp4", (1, 2, 2)),
        ("Filme/Film01.mp4", (0, 1, 1)),
    ],
    "MediaForge": [("Season 02/Show - S02E07 [German Dub][1080p].mkv", (2, 7, 7))],
    "Sonarr": [
        ("Season 01/Show (2019) - S01E02 - Title [WEBDL-1080p].mkv", (1, 2, 2)),
        ("Season 01/Show (2019) - S01E02 - 002 - Title [Bluray-1080p][x265].mkv", (1, 2, 2)),
        ("Season 01/Show (2019) - S01E01-E03 - Title.mkv", (1, 1, 3)),
    ],
    "Jellyfin": [
        ("Season 01/Show S01E02.mkv", (1, 2, 2)),
        ("Season 01/Show S01E01-E02.mkv", (1, 1, 2)),
        ("Show Season 2/Show - 03.mkv", (2, 3, 3)),
        ("S02/E07.mkv", (2, 7, 7)),
        ("02/07.mkv", (2, 7, 7)),
    ],
    "scene": [
        ("Show.S01E02.German.DL.1080p.WEB.x264-GRP.mkv", (1, 2, 2)),
        ("Show.1x02.720p.HDTV.mkv", (1, 2, 2)),
    ],
    "short": [
        ("show.s1e2.mkv", (1, 2, 2)),
        ("Show s01 e02.mkv", (1, 2, 2)),
        ("Show S01 Ep02.mkv", (1, 2, 2)),
        ("Show S1 - 02.mkv", (1, 2, 2)),
        ("Show - 1x02.mkv", (1, 2, 2)),
    ],
    "several episodes": [
        ("Show S01E03E05.mkv", (1, 3, 5)),
        ("Show S01E03-04.mkv", (1, 3, 4)),
        ("Show S01E03-S01E04.mkv", (1, 3, 4)),
        ("Show S01E03+E04.mkv", (1, 3, 4)),
        ("Show S01E03 - E04.mkv", (1, 3, 4)),
        ("Show 1x03-1x04.mkv", (1, 3, 4)),
        ("Show 1x03-04.mkv", (1, 3, 4)),
        ("Show 1x03x04.mkv", (1, 3, 4)),
        ("Show - 03-04.mkv", (None, 3, 4)),
        ("Staffel 1/Folge 3-4.mkv", (1, 3, 4)),
        ("Show S01E05-E03.mkv", (1, 5, 5)),
        ("Show S01E01-E999.mkv", (1, 1, 1)),
    ],
    "absolute": [
        ("[Group] Show - 063 (1080p) [ABCD1234].mkv", (None, 63, 63)),
        ("[Group] Show - 063v2 [1080p].mkv", (None, 63, 63)),
        ("[Group][Show][063][1080P].mkv", (None, 63, 63)),
        ("Show_-_063_[1080p].mkv", (None, 63, 63)),
        ("Show - 1071 - Title.mkv", (None, 1071, 1071)),
        ("Show Episode 63.mkv", (None, 63, 63)),
        ("Show 63.mkv", (None, 63, 63)),
        ("Folge 63.mkv", (None, 63, 63)),
    ],
    "German": [
        ("Staffel 2/Folge 03.mkv", (2, 3, 3)),
        ("Show Staffel 2 Folge 3.mkv", (2, 3, 3)),
        ("2. Staffel/Show 03.mkv", (2, 3, 3)),
        ("Staffel 2 - Arc/03 - Titel.mkv", (2, 3, 3)),
        ("Staffel 2/German Dub/Folge 3.mkv", (2, 3, 3)),
    ],
    "specials": [
        ("Specials/Show - 01.mkv", (0, 1, 1)),
        ("Specials/Film 1.mkv", (0, 1, 1)),
        ("Season 0/02.mkv", (0, 2, 2)),
        ("Show - SP1.mkv", (0, 1, 1)),
        ("Show OVA 2.mkv", None),
        ("Show OVA - 02.mkv", None),
        ("Show NCOP1.mkv", None),
    ],
    "no episode": [
        ("Show 1920x1080.mkv", None),
        ("Season 02/1080p Trailer.mkv", None),
        ("Show - 2019.mkv", None),
        ("Show - 2020-01-15 - Title.mkv", None),
        ("Class01E02.mkv", None),
        ("Show.mkv", None),
        ("Show - Making of.mkv", None),
    ],
    "asked of guessit": [("Show part 3 of 12.mkv", (None, 3, 3)), ("Show 03 of 12.mkv", (None, 3, 3))],
}


@pytest.mark.parametrize(
    ("path", "told"),
    [pytest.param(path, told, id=f"{style}: {path}") for style, row in MATRIX.items() for path, told in row],
)
def test_a_name_of_any_style_is_understood(path: str, told: tuple[int | None, int, int] | None) -> None:
    folder, _, name = f"Show (2019)/{path}".rpartition("/")
    assert read(name, folder) == (None if told is None else Reading(*told))


@pytest.mark.parametrize(
    ("folder", "name", "told"),
    [
        ("Mob Psycho 100 (2016)", "Mob Psycho 100 - 03.mkv", Reading(None, 3, 3)),
        ("Mob Psycho 100 (2016)", "Mob Psycho 100.mkv", None),
        ("86 (2021)", "86 - 03.mkv", Reading(None, 3, 3)),
        ("86 (2021)", "86 Making Of.mkv", None),
        ("Area 88 [tmdbid-1]", "[x] Area_88_-_05.mkv", Reading(None, 5, 5)),
    ],
)
def test_a_number_of_the_title_counts_nothing(folder: str, name: str, told: Reading | None) -> None:
    assert read(name, folder) == told


def test_the_common_spellings_need_no_guess() -> None:
    asked = MATRIX["asked of guessit"]
    for style, rows in MATRIX.items():
        for path, told in rows:
            folder, _, name = f"Show (2019)/{path}".rpartition("/")
            if told and (path, told) not in asked:
                assert read(name, folder, ask=False) == Reading(*told), (style, path)


@pytest.mark.parametrize(
    ("stem", "extra"),
    [("Show-trailer", True), ("show.s01e01.sample", True), ("theme", True),
     ("Show S01E05 - The Trailer", False), ("Other", True), ("Show S01E01 Brother", False)],
)  # fmt: skip
def test_what_goes_with_others_is_no_episode(stem: str, extra: bool) -> None:
    assert is_extra(stem) is extra


@pytest.mark.parametrize(
    ("folder", "season"),
    [("Show/Season 02", 2), ("Show/Staffel 2", 2), ("Show/Saison 3", 3), ("Show/S04", 4),
     ("Show/Specials", 0), ("Show/Extras and more", None), ("Season 2", None), ("Show", None),
     ("Show/Arc of 12", None)],
)  # fmt: skip
def test_folders_name_the_season(folder: str, season: int | None) -> None:
    assert season_of(folder) == season


@given(st.text(max_size=255), st.text(max_size=80))
def test_no_name_is_too_odd(name: str, folder: str) -> None:
    reading = read(name, folder, ask=False)
    assert reading is None or 0 <= reading.first <= reading.last < reading.first + 50


@pytest.mark.parametrize("piece", ["S01", "E01-", "- 1", "[", "(1", "1x", "folge ", "a ", "\u0661"])
def test_a_hostile_name_takes_no_time(piece: str) -> None:
    # What grows with the square of the length would not end within the time of a test.
    reading = read(piece * 20_000, "Show", ask=False)
    assert reading is None or reading.last - reading.first < 50
