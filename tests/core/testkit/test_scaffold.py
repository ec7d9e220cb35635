"""A new package is written whole, under names that can be, or not at all."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from anidana.core.errors import ConfigError, Held, SetupError
from anidana.core.loader import load
from anidana.core.testkit.scaffold import contents, draft, write

URL = "https://clips.example/e/abc123"


@pytest.mark.parametrize(
    ("name", "distribution", "module", "label"),
    [
        ("clips", "anidana-clips", "anidana_clips", "Clips"),
        ("Anidana_Clips.TV", "anidana-clips-tv", "anidana_clips_tv", "ClipsTv"),
        ("3tube", "anidana-3tube", "anidana_3tube", "3Tube"),
        ("class", "anidana-class", "anidana_class", "Class"),
    ],
)
def test_names_are_those_that_python_and_pypi_take(
    name: str, distribution: str, module: str, label: str
) -> None:
    new = draft(name, URL, load())
    assert (new.distribution, new.module, new.label) == (distribution, module, label)
    assert new.class_name.isidentifier() and not new.replaces
    files = contents(new)
    assert tomllib.loads(files["pyproject.toml"])["project"]["name"] == distribution
    for place, text in files.items():
        assert "$" not in text or place.endswith(".html"), place
        if place.endswith(".py"):
            ast.parse(text)


@pytest.mark.parametrize("name", ["", "-x", "x-", "a b", "../x", "a/b", "é", "x" * 60, "a\nb"])
def test_a_name_that_no_package_can_have_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="is no name"):
        draft(name, URL, load())


@pytest.mark.parametrize(
    "url",
    [
        "", "clips.example/e/1", "ftp://clips.example/e/1", "https:///e/1", "https://localhost/e/1",
        "https://clips.example", 'https://clips.example/"+evil()+"', "https://clips.example/a b",
        "https://clips.example/a\n", "https://[::1]/x", "https://user@clips.example/x",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="is no address"):
        draft("clips", url, load())


def test_the_name_of_a_built_in_makes_a_replacement_of_it() -> None:
    new = draft("voe", "https://voe.sx/e/yda8qozrvf1c", load())
    assert (new.label, new.replaces) == ("VOE", "VOE")
    assert '    replaces = "VOE"\n' in contents(new)["src/anidana_voe/__init__.py"]


def test_an_address_of_a_built_in_under_another_name_is_refused_with_the_right_command() -> None:
    with pytest.raises(ConfigError, match=r"voe\.sx belongs to VOE") as caught:
        draft("clips", "https://voe.sx/e/yda8qozrvf1c", load())
    assert "anidana plugin new voe" in caught.value.hint


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    new = draft("clips", URL, load())
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("empty", "dangling"):
        with pytest.raises(Held, match="is there already"):
            write(new, tmp_path / name)
    assert not list((tmp_path / "empty").iterdir())


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    new = draft("clips", URL, load())
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="cannot be written"):
        write(new, tmp_path / "file" / "clips")
    for unwritable, folder in ((new, "x" * 300), (replace(new, module="x" * 300), "clips")):
        with pytest.raises(SetupError, match="cannot be written"):
            write(unwritable, tmp_path / folder)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert len(write(new, tmp_path / "clips")) == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clips", "file"]
