"""The tree of settings: who overrides whom, and what an owner reads when something is wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from anidana.core import Language
from anidana.core.config import GUIDE_NAMES, PREFIX, read
from anidana.core.errors import ConfigError
from anidana.core.settings import MediaServer, Network, Settings

Read = Callable[..., Settings]


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read the settings of an owner whose file holds `tree` (or text) and whose environment is `names`."""
    for name in [name for name in os.environ if name.startswith(PREFIX) or name in GUIDE_NAMES]:
        monkeypatch.delenv(name)

    def settings(tree: object = None, **names: str) -> Settings:
        for name, value in names.items():
            monkeypatch.setenv(name, value)
        file = tmp_path / "config.json"
        if tree is not None:
            file.write_text(tree if isinstance(tree, str) else json.dumps(tree))
        return read(file)

    return settings


def test_without_file_and_environment_all_is_default(owner: Read) -> None:
    settings = owner()
    assert settings.library.anime_directory is None
    assert [str(language) for language in settings.languages.order] == ["de", "ja+de", "ja+en"]
    assert settings == owner({}) == owner("{}")


def test_the_environment_counts_more_than_the_file_and_the_file_more_than_the_default(owner: Read) -> None:
    file = {"downloads": {"slots": 3, "connections": 4}}
    downloads = owner(file, ANIDANA__DOWNLOADS__SLOTS="5").downloads
    assert (downloads.slots, downloads.connections, downloads.most_height) == (5, 4, 1080)


def test_a_name_of_ours_counts_more_than_one_of_the_guide_and_that_more_than_the_file(owner: Read) -> None:
    file = {"library": {"anime_directory": "/file"}}
    assert owner(file).library.anime_directory == Path("/file")
    assert owner(file, ANIME_DIRECTORY="").library.anime_directory == Path("/file")
    assert owner(file, ANIME_DIRECTORY="/guide").library.anime_directory == Path("/guide")
    ours = owner(file, ANIME_DIRECTORY="/guide", ANIDANA__LIBRARY__ANIME_DIRECTORY="/ours")
    assert ours.library.anime_directory == Path("/ours")


def test_the_names_of_the_guide_are_understood(owner: Read) -> None:
    settings = owner(
        {"metadata": {"keys": {"other": "kept"}}},
        ANIME_DIRECTORY="/anime",
        DATABASE_URL="postgresql://db/x",
        TMDB_API_KEY="tmdb-key",
        LOG_LEVEL="debug",
    )
    assert settings.library.anime_directory == Path("/anime")
    assert settings.store.database_url is not None
    assert settings.store.database_url.get_secret_value() == "postgresql://db/x"
    assert {name: key.get_secret_value() for name, key in settings.metadata.keys.items()} == {
        "tmdb": "tmdb-key",
        "other": "kept",
    }
    assert settings.logging.level == "DEBUG"


@pytest.mark.parametrize("value", ["de, ja+en", '["de", "ja+en"]'])
def test_one_variable_holds_a_list(owner: Read, value: str) -> None:
    settings = owner(ANIDANA__LANGUAGES__ORDER=value)
    assert settings.languages.order == (Language("de"), Language("ja", "en"))


def test_one_variable_holds_all_media_servers(owner: Read) -> None:
    servers = '[{"kind": "kodi", "url": "http://tv:8080/", "path_map": {"/a": "/b"}}]'
    (server,) = owner(ANIDANA__MEDIA_SERVERS=servers).media_servers
    assert (server.value().name, server.value().url) == ("kodi", "http://tv:8080")
    assert server.value().path("/a/x.mkv") == "/b/x.mkv"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"downloads": {"slots": 3,}}', "line 1, column 27"),
        ('{\n  "a": 1\n  "b": 2}', "line 3, column 3"),
        ("", "line 1, column 1"),
        ("[]", "line 1, column 1"),
        ("\ufeff{}", "line 1, column 1"),
        ("[" * 100_000, "line 1, column 1"),
    ],
)
def test_a_broken_file_is_refused_with_line_and_column(owner: Read, text: str, place: str) -> None:
    with pytest.raises(ConfigError, match=rf"config\.json: {place}"):
        owner(text)


def test_a_file_that_is_no_text_is_refused(owner: Read, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"config\.json cannot be read"):
        owner()


def test_a_folder_in_place_of_the_file_is_refused(owner: Read, tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(ConfigError, match=r"config\.json cannot be read"):
        owner()


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ({"libary": {}}, "unknown setting libary; the nearest is library"),
        ({"downloads": {"slot": 3}}, "unknown setting downloads.slot; the nearest is downloads.slots"),
        (
            {"media_servers": [{"kind": "kodi", "url": "http://x", "pasword": "x"}]},
            "unknown setting media_servers.pasword; the nearest is media_servers.password",
        ),
        (
            {"library": {"naming": {"movie": "x"}, "anime_directory": 7}},
            "unknown setting library.naming.movie; the nearest is library.naming",
        ),
    ],
)
def test_an_unknown_setting_is_named_with_the_nearest_there_is(
    owner: Read, tree: object, sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        owner(tree)
    assert str(caught.value) == sentence or str(caught.value).startswith(sentence)


def test_an_unknown_variable_is_named_too(owner: Read) -> None:
    with pytest.raises(
        ConfigError, match=r"ANIDANA__DOWNLOADS__SLOT: unknown setting .* nearest is downloads\.slots"
    ):
        owner(ANIDANA__DOWNLOADS__SLOT="3")


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ({"downloads": {"slots": 0}}, "setting downloads.slots: Input should be greater than or equal to 1"),
        ({"downloads": 3}, "setting downloads:"),
        ({"languages": {"order": []}}, "setting languages.order:"),
        ({"languages": {"order": ["deutsch"]}}, "setting languages.order: 'deutsch' is not a language"),
        ({"media_servers": [{"kind": "kodi", "url": "tv:8080"}]}, "setting media_servers.url:"),
        ({"network": {"route_all_to": "localhost:80"}}, "setting network.route_all_to:"),
        ({"downloads": {"container": "avi"}}, "setting downloads.container:"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_what_is_wrong(owner: Read, tree: object, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        owner(tree)
    assert str(caught.value).startswith(sentence)


SECRET = "hunter2-hunter2"


def test_no_text_of_the_settings_shows_a_secret(owner: Read) -> None:
    settings = owner(
        {
            "metadata": {"keys": {"tmdb": SECRET}},
            "store": {"database_url": f"postgresql://me:{SECRET}@db/x"},
            "media_servers": [
                {"kind": "kodi", "url": "http://x", "api_key": SECRET, "password": f"{SECRET}!"}
            ],
        }
    )
    (server,) = settings.media_servers
    texts = (repr(settings), str(settings), settings.model_dump_json(), repr(server), repr(server.value()))
    assert not any("hunter2" in text for text in texts)
    assert settings.secrets() == sorted({SECRET, f"{SECRET}!", f"postgresql://me:{SECRET}@db/x"})


@pytest.mark.parametrize(
    "tree",
    [
        {"metadata": {"keys": SECRET}},
        {"metadata": {"keys": {"tmdb": [SECRET]}}},
        {"media_servers": [{"kind": "kodi", "api_key": SECRET}]},
        {"media_servers": SECRET},
        {"store": {"database_url": [SECRET]}},
    ],
)
def test_no_complaint_shows_a_secret(owner: Read, tree: object) -> None:
    with pytest.raises(ConfigError) as caught:
        owner(tree)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_every_setting_says_what_it_is_for() -> None:
    for section in (*(field.annotation for field in Settings.model_fields.values()), MediaServer, Network):
        for name, field in getattr(section, "model_fields", {}).items():
            assert field.description or hasattr(field.annotation, "model_fields"), f"{section}: {name}"
