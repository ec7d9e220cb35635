"""Names in the library: from the owner's templates and a page's titles to safe relative paths.

A title is foreign input, and our file names are input to media servers: what a template is
given is cleaned before it is filled in, and every folder and file name again after.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pathvalidate import sanitize_filename

from ..errors import Damaged, SetupError
from ..models import GERMAN_DUB, Episode, Kind, Language, Number, Series
from ..settings import Naming
from .templates import (
    MOST_BYTES,
    Templates,
    Value,
    check_templates,
    clean,
    cut,
    fill,
    season_parts,
    templates,
    units,
    wrong,
)

VIDEO_EXTENSIONS = frozenset({"mkv", "mp4", "webm", "ts"})
"""What we give a video that we file."""

MOST_UNITS = 259
"""Longest path of Windows in UTF-16 units: its 260 count the zero at the end."""

LONGEST_SUFFIX = 30
"""Room after a video's name for what stands beside it: `-thumb.jpg`, `.de.forced.srt`."""

_HIDDEN_NAMES = ("metadata", "subs", "sample", "minta", "extrafanart", "CONIN$", "CONOUT$")
"""Folders that Jellyfin never shows, and two devices of Windows that pathvalidate does not know."""


def series_folder(series: Series, naming: Naming, tmdb: str = "") -> str:
    """The name of a series' folder; ConfigError if the template is wrong."""
    room = _room(naming)
    # A third for the series: the longest of its episodes is not known yet.
    values = _about(series) | {"tmdb": tmdb}
    text = fill(templates(naming).series, "series", values, room and room // 3)
    return _component(text) or _fallback(series.key)


def told_apart(folder: str, key: str) -> str:
    """The folder of a series whose own name another one has."""
    mark = f" [{cut(_fallback(key), MOST_BYTES // 2)}]"
    return _component(cut(folder, MOST_BYTES - len(mark.encode())) + mark)


def episode_path(
    folder: str,
    series: Series,
    episode: Episode,
    naming: Naming,
    extension: str,
    language: Language | None = None,
    *,
    more: Sequence[Episode] = (),
) -> PurePosixPath:
    """Where an episode goes, relative to the library.

    `folder` is the name its series was given; the extension may come with its dot. `more` are the
    episodes of the same season that the file holds besides. Raises ConfigError for a wrong template or
    a path too long for Windows, Damaged for an extension that no video has.
    """
    extension = _video(extension)
    seasons, stem = names_below(folder, series, (episode, *more), naming, language)
    return PurePosixPath(folder, *seasons, f"{stem}.{extension}")


def film_path(folder: str, extension: str) -> PurePosixPath:
    """Where a film goes in a library of films: a file in a folder of the same name; errors as above."""
    return PurePosixPath(folder, f"{folder}.{_video(extension)}")


def _video(extension: str) -> str:
    if (extension := extension.removeprefix(".")) not in VIDEO_EXTENSIONS:
        raise Damaged(f"{extension!r} is no extension of a video")
    return extension


def names_below(
    folder: str,
    series: Series,
    episodes: Sequence[Episode],
    naming: Naming,
    language: Language | None = None,
) -> tuple[list[str], str]:
    """The folders below a series' own, and the file's name without extension; errors as above."""
    if folder in ("", ".", "..") or not {"/", "\0"}.isdisjoint(folder):
        raise SetupError(f"{folder!r} is not the name of a folder")
    chosen = templates(naming)
    values = _about(series) | _about_episodes(episodes, language)
    fallback = _fallback(series.key)
    seasons = [_component(fill(part, "season", values)) or fallback for part in season_parts(chosen)]
    setting = _setting(episodes[0])
    room = _room(naming, folder, *seasons)
    stem = _component(fill(_of(chosen, setting), setting, values, room)) or fallback
    if room is not None and units(stem) > room:
        excess = units(stem) - room
        raise wrong(
            "windows_path",
            f"{'/'.join((folder, *seasons, stem))} is {excess} characters too long for Windows",
            "share a folder higher up, or shorten the templates",
        )
    return seasons, stem


@dataclass(frozen=True, slots=True)
class Sample:
    """What a template can be tried on."""

    what: str
    series: Series
    episodes: tuple[Episode, ...]
    language: Language | None = GERMAN_DUB
    tmdb: str = ""


_FRIEREN = Series("", "sousou-no-frieren", "Sousou no Frieren", "", (0, 1), year=2023)
_LONG = Series("", "long", "The Quite Long Story of a Series: Told by Its Title " * 5, "", (1,), year=2016)
SAMPLES = (
    Sample("episode", _FRIEREN, (Episode(Number(1, 3), "Tötungsmagie", absolute=3),), tmdb="209867"),
    Sample(
        "two episodes in one file",
        _FRIEREN,
        (Episode(Number(1, 1), "Aufbruch", absolute=1), Episode(Number(1, 2), "Magie", absolute=2)),
        tmdb="209867",
    ),
    Sample("special", _FRIEREN, (Episode(Number(0, 1), "Ein Feuerwerk", kind=Kind.SPECIAL),), tmdb="209867"),
    Sample("film", _FRIEREN, (Episode(Number(0, 2), "Der Film", kind=Kind.MOVIE),), tmdb="209867"),
    Sample("long titles", _LONG, (Episode(Number(1, 12), "And Long Names of Episodes as Well " * 6),)),
)


def preview(naming: Naming, samples: Sequence[Sample] = SAMPLES) -> list[tuple[str, PurePosixPath]]:
    """What these templates make of each sample, relative to the library; ConfigError if one is wrong."""
    check_templates(naming)
    made = []
    for one in samples:
        folder = series_folder(one.series, naming, one.tmdb)
        seasons, stem = names_below(folder, one.series, one.episodes, naming, one.language)
        made.append((one.what, PurePosixPath(folder, *seasons, f"{stem}.mkv")))
    return made


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


def folded(name: str) -> str:
    """What a name and its other spellings have in common on a disk that sees no case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _component(text: str) -> str:
    return sanitize_filename(
        cut(clean(text), MOST_BYTES),
        platform="universal",
        fs_encoding="utf-8",
        additional_reserved_names=_HIDDEN_NAMES,
    )


def _fallback(key: str) -> str:
    return _component(key) or hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:12]


def _room(naming: Naming, *above: str) -> int | None:
    """UTF-16 units that Windows leaves for a name below these; None if it is not asked."""
    if naming.windows_path is None:
        return None
    taken = sum(units(part) + 1 for part in (naming.windows_path.rstrip("\\/"), *above))
    return max(MOST_UNITS - taken - LONGEST_SUFFIX, 0)


def _setting(episode: Episode) -> str:
    if episode.place.season:
        return "episode"
    return "film" if episode.kind is Kind.MOVIE else "special"


def _of(chosen: Templates, setting: str) -> str:
    template: str = getattr(chosen, setting)
    return template


def _about(series: Series) -> dict[str, Value]:
    title = clean(series.title) or series.key
    return {"title": title, "year": series.year, "key": series.key}


def _about_episodes(episodes: Sequence[Episode], language: Language | None) -> dict[str, Value]:
    first = episodes[0]
    counted = tuple(one.absolute for one in episodes if one.absolute is not None)
    return {
        "season": first.place.season,
        "episode": tuple(one.place.episode for one in episodes),
        "absolute": counted,
        "name": " + ".join(_name(one) for one in episodes),
        "english_title": " + ".join(filter(None, (clean(one.english_title) for one in episodes))),
        "language": language.label if language else None,
        "kind": first.kind.value,
    }


def _name(episode: Episode) -> str:
    return clean(episode.title) or clean(episode.english_title) or f"Episode {episode.number.episode}"


__all__ = [
    "SAMPLES",
    "VIDEO_EXTENSIONS",
    "Sample",
    "check_templates",
    "clean",
    "episode_path",
    "film_path",
    "folded",
    "names_below",
    "preview",
    "series_folder",
    "told_apart",
    "under",
]
