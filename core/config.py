"""Reads and changes the settings: environment over config.json over defaults.

`ANIDANA__SECTION__KEY` sets one value; `ANIME_DIRECTORY`, `DATABASE_URL`, `TMDB_API_KEY` and
`LOG_LEVEL` are understood too. An empty variable counts as not set.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .errors import ConfigError
from .settings import Settings

PREFIX = "ANIDANA__"

GUIDE_NAMES = {
    "ANIME_DIRECTORY": ("library", "anime_directory"),
    "DATABASE_URL": ("store", "database_url"),
    "TMDB_API_KEY": ("metadata", "keys", "tmdb"),
    "LOG_LEVEL": ("logging", "level"),
}
"""Names that the predecessor's users have in their compose files, and where they lead."""


class _FromOutside(BaseSettings, Settings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        enable_decoding=False,
        nested_model_default_partial_update=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment, then the guide's names, then what the file held (passed as arguments)."""
        return env_settings, _GuideSource(settings_cls), init_settings


class _GuideSource(PydanticBaseSettingsSource):
    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for name, path in GUIDE_NAMES.items():
            if value := os.environ.get(name):
                branch = tree
                for key in path[:-1]:
                    branch = branch.setdefault(key, {})
                branch[path[-1]] = value.upper() if name == "LOG_LEVEL" else value
        return tree


def read(file: Path | None = None) -> Settings:
    """Read the settings; a file that is not there counts as empty.

    ConfigError names the line and column of broken JSON, the nearest valid name of an unknown
    setting, and what is wrong with a value.
    """
    tree = _tree(file) if file is not None else {}
    _check_environment()
    return _check(tree)


def _check(tree: dict[str, Any]) -> Settings:
    for key in tree:  # before the settings library sees it: it has arguments of its own
        if key not in Settings.model_fields:
            raise ConfigError(_sentence((key,), "", "extra_forbidden"))
    try:
        return _FromOutside(**tree)
    except ValidationError as error:
        problems = error.errors()
        problem = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
        raise ConfigError(_sentence(problem["loc"], problem["msg"], problem["type"])) from None


def change(file: Path, path: tuple[str, ...], value: object) -> None:
    """Set one value in a settings file; errors as in `merge`."""
    changes: object = value
    for key in reversed(path):
        changes = {key: changes}
    assert isinstance(changes, dict)
    merge(file, changes)


def merge(file: Path, changes: dict[str, Any]) -> Settings:
    """Lay values over a settings file, whole or not at all; everything else in it stays.

    ConfigError if the file is broken, if a value is wrong, or if the environment says otherwise.
    """
    file = file.resolve()  # a link stays a link
    tree = _merged(_tree(file), changes)
    for path in _leaves(changes):
        variable = PREFIX + "__".join(path).upper()
        for name, said in os.environ.items():  # the settings library reads them in any case
            if said and name.upper() == variable:
                raise ConfigError(f"{name} is set and would win", hint="change it there, or unset it")
    chosen = _check(tree)
    _write(file, tree)
    return chosen


def tried(file: Path, changes: dict[str, Any]) -> Settings:
    """The settings as they would be with these changes; errors as in `merge`."""
    return _check(_merged(_tree(file.resolve()), changes))


def _merged(tree: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    for key, value in changes.items():
        below = tree.get(key, {})
        nested = isinstance(value, dict) and isinstance(below, dict)
        tree[key] = _merged(below, value) if nested else value
    return tree


def _leaves(changes: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in changes.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key)


def _write(file: Path, tree: dict[str, Any]) -> None:
    staged = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        staged.touch(file.stat().st_mode & 0o777 if file.exists() else 0o600)  # there may be keys in it
        with staged.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps(tree, ensure_ascii=False, indent=2) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        staged.replace(file)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from error


def _tree(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{file}: line {error.lineno}, column {error.colno}: {error.msg}",
            hint="mend the file, or move it away to start from defaults",
        ) from None
    except (RecursionError, ValueError) as error:  # nesting or numbers beyond what can be read
        raise ConfigError(f"{file}: line 1, column 1: {error}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{file}: line 1, column 1: an object is wanted, as in {{}}")
    return tree


def _check_environment() -> None:
    """Name variables of ours that lead nowhere; the settings library would pass over them."""
    for name in sorted(os.environ):
        if name.startswith(PREFIX):
            _find(tuple(name.removeprefix(PREFIX).lower().split("__")), name)


def _find(path: tuple[str, ...], variable: str) -> None:
    model: type[BaseModel] | None = Settings
    for depth, key in enumerate(path):
        if model is None:
            return
        if key not in model.model_fields:
            message = _sentence(path[: depth + 1], "", "extra_forbidden")
            raise ConfigError(f"{variable}: {message}")
        model = section_of(model.model_fields[key].annotation)


def _sentence(loc: tuple[int | str, ...], message: str, kind: str) -> str:
    path = ".".join(str(part) for part in loc if not isinstance(part, int))
    if kind != "extra_forbidden":
        return f"setting {path}: {message.removeprefix('Value error, ')}"
    near = difflib.get_close_matches(path, list(_names(Settings)), n=1, cutoff=0.0)
    return f"unknown setting {path}" + (f"; the nearest is {near[0]}" if near else "")


def _names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        if group := section_of(field.annotation):
            yield from _names(group, f"{prefix}{name}.")


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The group that a field holds, alone or in a list."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None
