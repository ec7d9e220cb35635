from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathvalidate import is_valid_filename

from anidana.core import GERMAN_DUB, Episode, Kind, Series
from anidana.core.errors import ConfigError, Damaged, SetupError
from anidana.core.library.naming import (
    check_templates,
    clean,
    episode_path,
    folded,
    preview,
    series_folder,
    told_apart,
    under,
)
from anidana.core.library.reading import read
from anidana.core.settings import Naming

MakeSeries = Callable[..., Series]
MakeEpisode = Callable[..., Episode]

PLAIN = Naming()
Preset: TypeAlias = Literal["jellyfin", "kodi", "predecessor"]
PRESETS = get_args(Preset)

AWKWARD = st.sampled_from(
    [
        "",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "CON",
        "nul.txt",
        "NUL .txt",
        "COM¹",
        "CONIN$",
        "Sample",
        "-rf",
        ".hidden",
        'a"b',
        "a\u202eb",
        "\ud800",
        "e\u0301",
        "\u0958" * 90,
        "進撃の巨人" * 40,
        "👩‍👩‍👧" * 60,
        "C:\\x",
        "\x00",
        "a/\u0301",
        " . ",
        "trailing. ",
    ]
)
TITLES = AWKWARD | st.text(max_size=300) | st.text('./\\:*?"<>|- \t\n\x00aE\u0301', max_size=40)


def fits_everywhere(component: str) -> None:
    assert is_valid_filename(component, platform="universal", fs_encoding="utf-8")
    assert len(component.encode()) <= 240
    assert unicodedata.is_normalized("NFC", component)
    assert not set(component) & set('/\\:*?"<>|')
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in component)
    assert component == component.strip(" ") and component[0] not in ".-" and component[-1] != "."


@given(title=TITLES, key=TITLES, name=TITLES, english=TITLES, year=st.none() | st.integers(1900, 2100))
def test_whatever_a_page_calls_things_the_path_is_safe(
    series: MakeSeries,
    episode: MakeEpisode,
    title: str,
    key: str,
    name: str,
    english: str,
    year: int | None,
) -> None:
    made = series(title, key, year)
    folder = series_folder(made, PLAIN)
    path = episode_path(folder, made, episode(name, english), PLAIN, "mkv")
    assert path.parts[0] == folder and len(path.parts) == 3
    for component in path.parts:
        fits_everywhere(component)
    assert "S01E02" in path.name
    assert path.suffix == ".mkv"
    with tempfile.TemporaryDirectory() as root:
        file = under(Path(root), path)
        file.parent.mkdir(parents=True)
        # Room for the longest suffix that a sidecar may have.
        (file.with_name(file.stem + "-" + "x" * 23 + ".webp")).touch()
        file.touch()
        assert [found.name for found in Path(root).iterdir()] == [folder]
        assert file.resolve().is_relative_to(Path(root).resolve())


WINDOWS = Naming(windows_path="\\\\nas\\Videos\\Anime")
LONGEST_BESIDE = "-" + "x" * 22 + ".jpeg"


@given(title=TITLES, key=TITLES, name=TITLES, english=TITLES, preset=st.sampled_from(PRESETS))
def test_whatever_a_page_calls_things_windows_reads_the_whole_path(
    series: MakeSeries, episode: MakeEpisode, title: str, key: str, name: str, english: str, preset: Preset
) -> None:
    naming = WINDOWS.model_copy(update={"preset": preset})
    made = series(title, key)
    folder = series_folder(made, naming, tmdb="123456789")
    two = (episode(name, english, number=2), episode(english, name, number=3))
    path = episode_path(folder, made, two[0], naming, "mkv", GERMAN_DUB, more=two[1:])
    assert "E02-E03" in path.name or "E002-E003" in path.name
    beside = path.with_name(path.stem + LONGEST_BESIDE)
    for one in (path, beside):
        whole = "\\".join((str(naming.windows_path), *one.parts))
        assert len(whole.encode("utf-16-le")) // 2 <= 259
        for component in one.parts:
            assert is_valid_filename(component, platform="Windows", fs_encoding="utf-8")
            assert len(component.encode()) <= 255, "Samba counts bytes, as its disk does"


def test_a_library_too_deep_for_windows_is_told(series: MakeSeries, episode: MakeEpisode) -> None:
    naming = Naming(windows_path="C:\\" + "deep\\" * 40)
    with pytest.raises(ConfigError, match=r"windows_path: .* characters too long for Windows"):
        episode_path("F", series(), episode(), naming, "mkv")


@given(title=TITLES, key=TITLES)
def test_folders_of_one_name_are_told_apart(series: MakeSeries, title: str, key: str) -> None:
    folder = series_folder(series(title, key), PLAIN)
    apart = told_apart(folder, key)
    fits_everywhere(apart)
    assert folded(apart) != folded(folder)


@pytest.mark.parametrize(
    ("preset", "folder", "file"),
    [
        ("jellyfin", "Frieren (2023) [tmdbid-209867]", "Season 01/Frieren S01E02 - Aufbruch.mkv"),
        ("kodi", "Frieren (2023)", "Season 01/Frieren - S01E02 - Aufbruch.mkv"),
        ("predecessor", "Frieren (2023)", "Season 1/Frieren - S01E002 - (German dub).mkv"),
    ],
)
def test_presets(series: MakeSeries, episode: MakeEpisode, preset: Preset, folder: str, file: str) -> None:
    naming = Naming(preset=preset)
    check_templates(naming)
    assert series_folder(series(), naming, tmdb="209867") == folder
    path = episode_path(folder, series(), episode(), naming, "mkv", GERMAN_DUB)
    assert path == PurePosixPath(folder, file)
    read_back = read(PurePosixPath(file).name, folder)
    number = episode().number
    assert read_back == (number.season, number.episode, number.episode), "our own scan reads it"


def test_an_id_that_is_not_known_takes_its_brackets_along(series: MakeSeries) -> None:
    assert series_folder(series(), Naming(preset="jellyfin")) == "Frieren (2023)"
    naming = Naming(series="{title} {{tmdb-{tmdb}}} ({year})")
    assert series_folder(series(), naming) == "Frieren (2023)"
    assert series_folder(series(), naming, tmdb="1") == "Frieren {tmdb-1} (2023)"


def test_a_template_of_ones_own_overrides_the_preset_s(series: MakeSeries, episode: MakeEpisode) -> None:
    naming = Naming(preset="jellyfin", season="", special="SP{episode:02d}", film="Film {episode}")
    special, film = episode(season=0), replace(episode(season=0), kind=Kind.MOVIE)
    assert episode_path("F", series(), episode(), naming, "mkv").parts[1:] == (
        "Frieren S01E02 - Aufbruch.mkv",
    )
    assert episode_path("F", series(), special, naming, "mkv").name == "SP02.mkv"
    assert episode_path("F", series(), film, naming, "mkv").name == "Film 2.mkv"
    both = Naming(episode="{key} {episode}", special="SP{episode}")
    assert episode_path("F", series(), film, both, "mkv").name == "SP2.mkv", "a film is a special"


def test_a_file_with_several_episodes_says_so(series: MakeSeries, episode: MakeEpisode) -> None:
    more = (episode("Magie", number=3), episode("", number=4))
    path = episode_path("F", series(), episode(), PLAIN, "mkv", more=more)
    assert path.name == "Frieren - S01E02-E03-E04 - Aufbruch + Magie + Episode 4.mkv"
    counted = [replace(episode(number=n), absolute=10 + n) for n in (2, 3)]
    naming = Naming(episode="{absolute:03d} {episode}")
    path = episode_path("F", series(), counted[0], naming, "mkv", more=counted[1:])
    assert path.name == "012-013 2-E3.mkv"


def test_a_preview_shows_one_name_of_every_kind() -> None:
    names = dict(preview(Naming(film="Film {episode}")))
    assert list(names) == ["episode", "two episodes in one file", "special", "film", "long titles"]
    assert names["film"].name == "Film 2.mkv"
    assert "S01E01-E02" in names["two episodes in one file"].name
    assert all(len(part.encode()) <= 255 for part in names["long titles"].parts)
    with pytest.raises(ConfigError):
        preview(Naming(film="{name}"))


@given(TITLES)
def test_cleaning_twice_changes_nothing(title: str) -> None:
    assert clean(clean(title)) == clean(title)


@given(title=TITLES, key=TITLES)
def test_a_name_of_ours_is_named_the_same_again(series: MakeSeries, title: str, key: str) -> None:
    naming = Naming(series="{title}")
    once = series_folder(series(title, key), naming)
    assert series_folder(series(once, key), naming) == once


@pytest.mark.parametrize(
    ("title", "year", "folder"),
    [
        ("Frieren", 2023, "Frieren (2023)"),
        ("Frieren", None, "Frieren"),
        ("Demon Slayer: Kimetsu no Yaiba", 2019, "Demon Slayer Kimetsu no Yaiba (2019)"),
        ("Fate/Zero", 2011, "Fate Zero (2011)"),
        (".hack//Sign", 2002, "hack Sign (2002)"),
        ("???", 2002, "the-key (2002)"),
        ("Nul", None, "Nul_"),
        ("Subs", None, "Subs_"),
        ('He said "no"', 2002, "He said no (2002)"),
        ("abc\u202edef", 2002, "abcdef (2002)"),
        ("Cafe\u0301", 2002, "Caf\u00e9 (2002)"),
    ],
)
def test_names_of_series_folders(series: MakeSeries, title: str, year: int | None, folder: str) -> None:
    assert series_folder(series(title, "the-key", year), PLAIN) == folder


def test_names_of_episodes(series: MakeSeries, episode: MakeEpisode) -> None:
    def name(title: str, english: str = "") -> str:
        return episode_path("Frieren (2023)", series(), episode(title, english), PLAIN, ".mkv").name

    assert name("Aufbruch") == "Frieren - S01E02 - Aufbruch.mkv"
    assert name("", "Departure") == "Frieren - S01E02 - Departure.mkv"
    assert name("???", "Departure") == "Frieren - S01E02 - Departure.mkv"
    assert name("") == "Frieren - S01E02 - Episode 2.mkv"


def test_specials_go_to_season_zero(series: MakeSeries, episode: MakeEpisode) -> None:
    path = episode_path("Frieren", series(), episode(season=0, number=1), PLAIN, "mp4")
    assert path == PurePosixPath("Frieren/Season 00/Frieren - S00E01 - Aufbruch.mp4")


def test_a_long_title_gives_way_to_the_number(series: MakeSeries, episode: MakeEpisode) -> None:
    path = episode_path("X", series("葬送のフリーレン" * 30), episode("旅立ち" * 60), PLAIN, "mkv")
    assert "S01E02 - 旅立ち" in path.name
    assert len(path.name.encode()) <= 240
    assert series_folder(series("葬送のフリーレン" * 30), PLAIN).endswith(" (2023)")


def test_a_season_may_have_folders_of_its_own_or_none(series: MakeSeries, episode: MakeEpisode) -> None:
    naming = Naming(season="{language}/Staffel {season}", episode="{key} {episode:03d} [{absolute}]")
    path = episode_path("F", series(), episode(), naming, "mkv", GERMAN_DUB)
    assert path == PurePosixPath("F/German dub/Staffel 1/frieren 002.mkv")
    path = episode_path("F", series(), episode(), Naming(season=""), "mkv")
    assert path == PurePosixPath("F/Frieren - S01E02 - Aufbruch.mkv")


@pytest.mark.parametrize(
    ("setting", "template", "said"),
    [
        ("series", "{titel}", "unknown field {titel}"),
        ("series", "{title} {season}", "unknown field {season}"),
        ("series", "{title.__class__}", "unknown field {title.__class__}"),
        ("series", "{0}", "unknown field {0}"),
        ("series", "{title", "expected '}'"),
        ("series", "{title!r}", "{title} takes no such format"),
        ("series", "{title:>99999}", "{title} takes no such format"),
        ("series", "{title} {year:99999d}", "{year} takes no such format"),
        ("series", "anime/{title}", "a / makes folders"),
        ("series", "{year}", "needs {title} or {key}"),
        ("series", "", "needs {title} or {key}"),
        ("season", "/Season {season}", "a / makes folders"),
        ("season", "Season//{season}", "a / makes folders"),
        ("season", "../{season}", "a / makes folders"),
        ("episode", "{title}/{episode}", "a / makes folders"),
        ("episode", "{title}", "needs {episode}"),
        ("special", "{title}", "needs {episode}"),
        ("series", "{title} {tmdb:03d}", "{tmdb} takes no such format"),
        ("film", "{tmdb} {episode}", "unknown field {tmdb}"),
    ],
)
def test_a_wrong_template_is_named_with_its_field(
    series: MakeSeries, episode: MakeEpisode, setting: str, template: str, said: str
) -> None:
    naming = Naming.model_validate({setting: template})
    with pytest.raises(ConfigError, match="library.naming." + setting) as caught:
        check_templates(naming)
    assert said in str(caught.value)
    season = 0 if setting in ("special", "film") else 1
    kind = Kind.MOVIE if setting == "film" else Kind.EPISODE
    with pytest.raises(ConfigError):
        folder = series_folder(series(), naming)
        episode_path(folder, series(), replace(episode(season=season), kind=kind), naming, "mkv")


def test_the_default_templates_are_right() -> None:
    check_templates(PLAIN)


@pytest.mark.parametrize("extension", ["exe", "url", "mp4/../x", ".mp4.sh", "", "strm", "MKV "])
def test_only_a_video_is_given_a_name(series: MakeSeries, episode: MakeEpisode, extension: str) -> None:
    with pytest.raises(Damaged):
        episode_path("F", series(), episode(), PLAIN, extension)


@pytest.mark.parametrize("folder", ["", ".", "..", "a/b", "/", "../x", "a\0"])
def test_a_series_folder_is_one_name(series: MakeSeries, episode: MakeEpisode, folder: str) -> None:
    with pytest.raises(SetupError):
        episode_path(folder, series(), episode(), PLAIN, "mkv")


@pytest.mark.parametrize("relative", ["../x", "a/../../x", "/etc/passwd", "out/x", "a\0b", "round/x"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, relative: str) -> None:
    root = tmp_path / "library"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    (root / "round").symlink_to(root / "round")
    with pytest.raises(SetupError):
        under(root, PurePosixPath(relative))


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert under(tmp_path, PurePosixPath("link/x")) == tmp_path / "link" / "x"


def test_a_library_that_is_a_link_itself_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "library").symlink_to(tmp_path / "real")
    assert under(tmp_path / "library", PurePosixPath("x")) == tmp_path / "library" / "x"


def test_nothing_lies_under_a_library_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be looked up"):
        under(tmp_path / "gone", PurePosixPath("x"))
