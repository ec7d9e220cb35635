"""Names in the library: from the owner's templates and a page's titles to safe relative paths.

A title is foreign input, and our file names are input to media servers: what a template is
given is cleaned before it is filled in, and every folder and file name again after.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from string import Formatter

from pathvalidate import sanitize_filename

from ..errors import ConfigError, Damaged, SetupError
from ..models import Episode, Language, Series
from ..settings import Naming

MOST_BYTES = 220
"""Longest name without extension: file systems take 255, sidecar suffixes and extensions need room."""

VIDEO_EXTENSIONS = frozenset({"mkv", "mp4", "webm", "ts"})
"""What we give a video that we file."""

_SERIES_FIELDS = frozenset({"title", "year", "key"})
_FIELDS = _SERIES_FIELDS | {"season", "episode", "absolute", "name", "english_title", "language", "kind"}
_NUMERIC = frozenset({"year", "season", "episode", "absolute"})
_SPEC = re.compile(r"(0?[1-9])?d?")
_SHORTENED_FIRST = ("name", "english_title", "title")

_TO_BLANK = frozenset("/\\|:")
_FORBIDDEN = frozenset('<>"?*')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co"})
"""Control, format (text direction among them), surrogate and private-use characters."""

_HIDDEN_NAMES = ("metadata", "subs", "sample", "minta", "extrafanart", "CONIN$", "CONOUT$")
"""Folders that Jellyfin never shows, and two devices of Windows that pathvalidate does not know."""

_NOTHING = "\0"
_EMPTIED = re.compile(r"\s*(?:-\s*)?(?:\(\s*\0\s*\)|\[\s*\0\s*\]|\{\s*\0\s*\}|\0)")


def series_folder(series: Series, naming: Naming) -> str:
    """The name of a series' folder; ConfigError if the template is wrong."""
    return _component(_fill(naming.series, "series", _about(series))) or _fallback(series.key)


def episode_path(
    folder: str,
    series: Series,
    episode: Episode,
    naming: Naming,
    extension: str,
    language: Language | None = None,
) -> PurePosixPath:
    """Where an episode goes, relative to the library.

    `folder` is the name its series was given; the extension may come with its dot. Raises
    ConfigError for a wrong template, Damaged for an extension that no video has.
    """
    if (extension := extension.removeprefix(".")) not in VIDEO_EXTENSIONS:
        raise Damaged(f"{extension!r} is no extension of a video")
    if folder in ("", ".", "..") or not {"/", "\0"}.isdisjoint(folder):
        raise SetupError(f"{folder!r} is not the name of a folder")
    values = {
        **_about(series),
        "season": episode.number.season,
        "episode": episode.number.episode,
        "absolute": episode.absolute,
        "name": clean(episode.title) or clean(episode.english_title) or f"Episode {episode.number.episode}",
        "english_title": episode.english_title,
        "language": language.label if language else None,
        "kind": episode.kind.value,
    }
    seasons = [_fill(part, "season", values) for part in _season_parts(naming)]
    stem = _fill(naming.episode, "episode", values)
    *names, file = (_component(text) or _fallback(series.key) for text in (*seasons, stem))
    return PurePosixPath(folder, *names, f"{file}.{extension}")


def check_templates(naming: Naming) -> None:
    """Find a wrong template before anything is fetched; ConfigError names it and the field."""
    _parse(naming.series, "series")
    for part in _season_parts(naming):
        _parse(part, "season")
    _parse(naming.episode, "episode")


def under(root: Path, relative: PurePosixPath) -> Path:
    """The path below `root`, with every link in it followed and found to stay there.

    The answer keeps the root as it was spelled. Raises SetupError if it leads out, or if the root
    is not there.
    """
    path = root / relative
    try:
        inside = path.resolve().is_relative_to(root.resolve(strict=True))
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle, until 3.13
        raise SetupError(f"{path} cannot be looked up: {error}", hint="is the library mounted?") from error
    if relative.is_absolute() or ".." in relative.parts or not inside:
        raise SetupError(f"{path} leads out of {root}", hint="remove the link that leads out")
    return path


def clean(text: str) -> str:
    """A page's text without what has no place in a file name; may be empty.

    No control or direction characters, none that Windows forbids, no dashes or dots before, no
    dots after, single blanks, NFC.
    """
    text = "".join(map(_plain, text))
    text = re.sub(r" +", " ", unicodedata.normalize("NFC", text))
    # Windows strips blanks before it looks for a device: `NUL .txt` is one.
    return text.replace(" .", ".").lstrip(" .-").rstrip(" .")


def _plain(char: str) -> str:
    if char.isspace() or char in _TO_BLANK:
        return " "
    return "" if char in _FORBIDDEN or unicodedata.category(char) in _INVISIBLE else char


def _component(text: str) -> str:
    return sanitize_filename(
        _cut(clean(text), MOST_BYTES),
        platform="universal",
        fs_encoding="utf-8",
        additional_reserved_names=_HIDDEN_NAMES,
    )


def _fallback(key: str) -> str:
    return _component(key) or hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:12]


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode("utf-8", "ignore").rstrip(" .")


def _about(series: Series) -> dict[str, str | int | None]:
    return {"title": clean(series.title) or series.key, "year": series.year, "key": series.key}


def _season_parts(naming: Naming) -> list[str]:
    """The templates of the folders between series and file; none if the setting is empty."""
    return naming.season.split("/") if naming.season else []


def _fill(template: str, setting: str, values: Mapping[str, str | int | None]) -> str:
    """Fill in a template; long titles give way, so that numbers and year stay."""
    parts = _parse(template, setting)
    cleaned = {field: clean(value) if isinstance(value, str) else value for field, value in values.items()}
    for field in _SHORTENED_FIRST:
        excess = len(_join(parts, cleaned).encode()) - MOST_BYTES
        text = cleaned.get(field)
        if excess > 0 and isinstance(text, str):
            cleaned[field] = _cut(text, max(len(text.encode()) - excess, 24))
    return _join(parts, cleaned)


def _join(parts: list[tuple[str, str, str]], values: Mapping[str, str | int | None]) -> str:
    """Put the parts together; a value that is missing takes its brackets and blanks with it."""
    text = ""
    for literal, field, spec in parts:
        value = values.get(field)
        text += literal.replace(_NOTHING, "")
        if field:
            text += _NOTHING if value is None or value == "" else format(value, spec)
    return _EMPTIED.sub("", text)


def _parse(template: str, setting: str) -> list[tuple[str, str, str]]:
    """A template's literals, fields and number formats; ConfigError if we cannot fill it in."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise _wrong(setting, str(error)) from None
    known = _SERIES_FIELDS if setting == "series" else _FIELDS
    for _, field, spec, conversion in parts:
        if field is not None and field not in known:
            raise _wrong(setting, f"unknown field {{{field}}}", f"known are {', '.join(sorted(known))}")
        if conversion or (spec and (field not in _NUMERIC or not _SPEC.fullmatch(spec))):
            raise _wrong(setting, f"{{{field}}} takes no such format", "numbers take :02d, texts none")
    fields = {field for _, field, _, _ in parts}
    if setting == "series" and not fields & {"title", "key"}:
        raise _wrong(setting, "it needs {title} or {key}: each series has a folder of its own")
    if setting == "episode" and "episode" not in fields:
        raise _wrong(setting, "it needs {episode}: each episode has a file of its own")
    if "/" in template or not template.strip(" ."):
        raise _wrong(setting, "a / makes folders in `season` only, and only between two names")
    return [(text, field or "", spec or "") for text, field, spec, _ in parts]


def _wrong(setting: str, what: str, hint: str = "") -> ConfigError:
    return ConfigError(f"setting library.naming.{setting}: {what}", hint=hint)
