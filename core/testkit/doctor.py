"""Looks a plugin over, and says of everything that is wrong what to do about it."""

from __future__ import annotations

import importlib.util
import json
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from ..loader import BUILT_IN, Plugins
from .imports import source_files, strange_imports

OLD_DAYS = 90

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong with a plugin; an `error` keeps it from working now, a `warning` later."""

    plugin: str
    level: Level
    what: str
    remedy: str


def points_of(name: str, points: list[EntryPoint]) -> list[EntryPoint]:
    """The entry points that a name means: its own, or a distribution's; without a name all foreign ones."""
    if not name:
        return [point for point in points if _origin(point) != BUILT_IN]
    wanted = name.casefold()
    return [point for point in points if wanted in (point.name.casefold(), _origin(point).casefold())]


def examine(point: EntryPoint, plugins: Plugins, today: date) -> list[Trouble]:
    """Every trouble with a plugin, worst first."""
    checks = (_loading(point, plugins), _imports(point), _domains(point, plugins), _metadata(point))
    found = [one for check in checks for one in check]
    found += _recordings(point, today) if _offers_providers(point, plugins) else []
    return sorted(found, key=lambda one: one.level)


def source_of(dist: Distribution | None) -> Path | None:
    """The author's folder of an editable install (PEP 610); None for any other, and for the built-ins."""
    if dist is None or dist.name == BUILT_IN:
        return None
    text = dist.read_text("direct_url.json")
    try:
        origin = json.loads(text or "{}")
        if not origin.get("dir_info", {}).get("editable"):
            return None
        folder = Path(unquote(urlsplit(origin["url"]).path))
    except (ValueError, KeyError, AttributeError):
        return None
    return folder if folder.is_dir() else None


def _origin(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else ""


def _offers_providers(point: EntryPoint, plugins: Plugins) -> bool:
    offered = {name for one in plugins.loaded if one.name == point.name for name in one.offers}
    return any(provider.name in offered for provider in plugins.providers)


def _loading(point: EntryPoint, plugins: Plugins) -> Iterator[Trouble]:
    origin = _origin(point)
    for out in plugins.left_out:
        if (out.name, out.origin) == (point.name, origin or "unknown"):
            yield Trouble(point.name, "error", f"left out: {out.reason}", _remedy(out.reason, point))
    for one in plugins.loaded:
        if (one.name, one.origin) == (point.name, origin or "unknown"):
            for name in one.replaces:
                yield Trouble(
                    point.name, "warning", f"replaces the built-in {name}",
                    "uninstall it once a release of Anidana has mended the host",
                )  # fmt: skip


def _remedy(reason: str, point: EntryPoint) -> str:
    """What to do, by what the loader said."""
    if "is taken" in reason:
        return "choose another name, or say `replaces = name` if it is to stand in for a built-in host"
    if "No module named" in reason and _folder_of(point) is None:
        return f"the entry point leads to {point.value}: name a module that is installed"
    if "No module named" in reason:
        return "list what it imports under dependencies in pyproject.toml, and install anew"
    if "offers nothing" in reason:
        return "mark register_providers() with @hookimpl and return a list"
    return f"start Python and try: import {point.module}"


def _folder_of(point: EntryPoint) -> Path | None:
    """The folder or file of its code, found without running it."""
    top = point.module.partition(".")[0]
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.origin:
        return None
    file = Path(spec.origin)
    return file.parent if spec.submodule_search_locations else file


def _imports(point: EntryPoint) -> Iterator[Trouble]:
    place = _folder_of(point)
    if place is None or _origin(point) == BUILT_IN:
        return
    for file in source_files(place) if place.is_dir() else [place]:
        try:
            strange = strange_imports(file)
        except (SyntaxError, ValueError, OSError) as error:
            yield Trouble(point.name, "error", f"{file.name} cannot be read: {error}", "mend the file")
            continue
        for one in strange:
            yield Trouble(point.name, "error", f"{one.where} {one.what}", one.remedy)


def _domains(point: EntryPoint, plugins: Plugins) -> Iterator[Trouble]:
    mine = {name for one in plugins.loaded if one.name == point.name for name in one.offers}
    for provider in plugins.providers:
        if provider.name not in mine:
            continue
        for other in plugins.providers:
            shared = set(provider.domains) & set(other.domains)
            if other is not provider and shared:
                yield Trouble(
                    point.name, "warning", f"{', '.join(sorted(shared))} belongs to {other.name} too",
                    "leave the domain to one of them: where no label says whose a link is, order decides",
                )  # fmt: skip


def _metadata(point: EntryPoint) -> Iterator[Trouble]:
    if point.dist is None or _origin(point) == BUILT_IN:
        return
    wanted = (point.dist.metadata.get_all("Requires-Python") or [""])[0]
    if not wanted:
        yield Trouble(
            point.name, "warning", "does not say which Python it needs",
            'write requires-python = ">=3.11" into pyproject.toml',
        )  # fmt: skip
    elif not _fits(wanted):
        yield Trouble(
            point.name, "error", f"needs Python {wanted}, and this is {platform.python_version()}",
            "install a version of it for this Python, or mend requires-python",
        )  # fmt: skip
    if not any(line.lower().startswith("anidana") for line in point.dist.requires or ()):
        yield Trouble(
            point.name, "warning", "does not say that it needs anidana",
            'write dependencies = ["anidana"] into pyproject.toml',
        )  # fmt: skip


def _fits(wanted: str) -> bool:
    """Whether this Python is one of those; taken as given without `packaging`, which comes with pytest."""
    try:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet
    except ImportError:
        return True
    try:
        return SpecifierSet(wanted).contains(platform.python_version(), prereleases=True)
    except InvalidSpecifier:
        return False


def _recordings(point: EntryPoint, today: date) -> Iterator[Trouble]:
    """Whether there are recorded cases, and how old the last is; asked where the author's folder is here."""
    source = source_of(point.dist)
    if source is None:
        return
    record = f"anidana plugin record URL --as plays --plugin {point.name}"
    days: list[date] = []
    made_up = 0
    for index in sorted(source.glob("tests/**/cases.json")):
        try:
            for case in json.loads(index.read_text("utf-8")):
                if day := case.get("recorded"):
                    days.append(date.fromisoformat(day))
                else:
                    made_up += 1
        except (OSError, ValueError, TypeError, AttributeError) as error:
            yield Trouble(
                point.name, "error", f"{index.name} cannot be read: {error}", "mend it, or record anew"
            )
    if not days and not made_up:
        yield Trouble(point.name, "warning", "no recorded case in tests/", record)
    elif not days:
        yield Trouble(point.name, "warning", "no case says when it was recorded; made up?", record)
    elif (age := (today - max(days)).days) > OLD_DAYS:
        yield Trouble(point.name, "warning", f"the last case was recorded {age} days ago", record)


def all_points() -> list[EntryPoint]:
    """Every plugin that is installed."""
    from ..hooks import GROUP

    return list(entry_points(group=GROUP))
