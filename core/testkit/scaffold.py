"""Writes the package of a new plugin, whose first test is green; all of it or nothing."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from ..errors import ConfigError, Held, SetupError
from ..loader import Plugins, labels

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,48}[A-Za-z0-9])?")
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,5}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:-]{1,253}/[\w./~%+=&?,;:@-]{0,500}", re.ASCII)

_PLACES = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "provider.py.txt": "src/{module}/__init__.py",
    "test_provider.py.txt": "tests/test_{name}.py",
    "cases.json.txt": "tests/recorded/cases.json",
    "made-up-plays.html.txt": "tests/recorded/made-up-plays.html",
    "made-up-gone.html.txt": "tests/recorded/made-up-gone.html",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a new package is made of; `replaces` is the built-in host that it mends, or empty."""

    name: str
    distribution: str
    module: str
    class_name: str
    label: str
    domain: str
    url: str
    replaces: str = ""


def draft(name: str, url: str, plugins: Plugins) -> Draft:
    """Choose the names; ConfigError says what is wrong with the name or the address.

    A name that a built-in host has makes a replacement of it.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for a package", hint="letters, digits, and - . _ between them"
        )
    plain = re.sub(r"[-_.]+", "-", name).lower().removeprefix("anidana-")
    url, domain = url.split("#")[0], _domain(url)
    host = next((p for p in plugins.providers if plain in (one.casefold() for one in labels(p))), None)
    label = host.name if host else plain.replace("-", " ").title().replace(" ", "")
    owner = plugins.provider_for("", domain)
    if owner is not None and owner is not host:
        raise ConfigError(
            f"{domain} belongs to {owner.name}, which is built in",
            hint=f"to mend it: anidana plugin new {owner.name.lower()} --from-url {url}",
        )
    word = re.sub(r"\W", "", label)
    return Draft(
        plain,
        f"anidana-{plain}",
        f"anidana_{plain.replace('-', '_')}",
        word if word[0].isalpha() else f"Host{word}",
        label,
        domain,
        url,
        host.name if host else "",
    )


def _domain(url: str) -> str:
    domain = (urlsplit(url).hostname or "").removeprefix("www.") if _ADDRESS.match(url) else ""
    if not _DOMAIN.fullmatch(domain) or not _ADDRESS.fullmatch(url.split("#")[0]):
        raise ConfigError(
            f"{url[:80]!r} is no address of a video page", hint="as in https://clips.example/e/abc123"
        )
    return domain


def write(new: Draft, folder: Path) -> list[Path]:
    """Write the package into a folder that is not there yet; returns its files.

    Held if it is there, SetupError if it cannot be written; nothing half-written stays.
    """
    try:
        if folder.exists() or folder.is_symlink():
            raise Held(f"{folder} is there already", hint="choose another with --dir, or remove it")
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft_folder = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            draft_folder.chmod(0o755)
            for place, text in contents(new).items():
                target = draft_folder / place
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, "utf-8")
            draft_folder.rename(folder)
        except BaseException:
            shutil.rmtree(draft_folder, ignore_errors=True)
            raise
    except OSError as error:
        raise SetupError(f"{folder} cannot be written: {error.strerror}") from error
    return sorted(path for path in folder.rglob("*") if path.is_file())


def contents(new: Draft) -> dict[str, str]:
    """The text of every file, by its place in the package."""
    words = {field: getattr(new, field) for field in Draft.__dataclass_fields__}
    words["replaces"] = f'    replaces = "{new.replaces}"\n' if new.replaces else ""
    templates = files(__package__) / "template"
    return {
        place.format(module=new.module, name=new.name.replace("-", "_")): Template(
            (templates / template).read_text("utf-8")
        ).substitute(words)
        for template, place in _PLACES.items()
    }
