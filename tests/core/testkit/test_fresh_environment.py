"""From `plugin new` to a download, in a virtual environment that knows nothing of the plugin before."""

from __future__ import annotations

import asyncio
import json
import os
import site
import sys
import venv
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest

from anidana.core.demo.faults import Faults
from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF, uploads_of
from anidana.core.models import Number

# The practice catalogue offers one episode at a host called Veev, which no built-in plugin knows.
URL = "https://veev.to/e/abc123"
WITHOUT_WHEEL = 70
"""Since this version setuptools builds wheels by itself."""


@dataclass
class Environment:
    """A virtual environment that sees what we see, and installs into itself."""

    folder: Path
    variables: dict[str, str]

    async def python(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run its Python; AssertionError unless it ends well. Returns stdout."""
        process = await asyncio.create_subprocess_exec(
            str(self.folder / "bin" / "python"), *arguments, cwd=cwd,
            env={**os.environ, **self.variables}, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode == 0, f"{arguments}\n{out.decode()}\n{err.decode()}"
        return out.decode()

    async def anidana(self, *arguments: str, cwd: Path | None = None) -> str:
        return await self.python("-c", "from anidana.core.cli import main; main()", *arguments, cwd=cwd)

    async def install(self, package: Path) -> None:
        """As an author does; builds with our setuptools, or with one that pip fetches for the build."""
        ours = int(version("setuptools").split(".")[0]) > WITHOUT_WHEEL if _has("setuptools") else False
        isolation = ["--no-build-isolation", "--no-index"] if ours else []
        await self.python("-m", "pip", "install", "-q", "--no-deps", *isolation, "-e", str(package))


def _has(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError

    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


@pytest.fixture
def fresh(tmp_path: Path, practice: PracticeNetwork) -> Environment:
    folder, library = tmp_path / "venv", tmp_path / "library"
    library.mkdir()
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = (folder / "lib").glob("python*/site-packages")
    # Read as our own start-up reads them, so that an editable install of ours is seen as well.
    lines = [f"import site; site.addsitedir({place!r})" for place in site.getsitepackages([sys.prefix])]
    (packages / "ours.pth").write_text("\n".join(lines) + "\n")
    return Environment(
        folder,
        {
            "ANIDANA_DATA": str(tmp_path / "data"),
            "ANIME_DIRECTORY": str(library),
            "ANIDANA__NETWORK__ROUTE_ALL_TO": practice.address,
            "ANIDANA__NETWORK__PAGES_PER_SECOND": "0",
            "ANIDANA__DOWNLOADS__FLOOR_MIB": "0",
            "ANIDANA__PROVIDERS__OFF": "Vidmoly",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        },
    )


@pytest.mark.timeout(300)
async def test_a_new_plugin_is_written_installed_tested_and_takes_part_in_a_download(
    fresh: Environment, practice: PracticeNetwork, tmp_path: Path
) -> None:
    package = tmp_path / "anidana-veev"
    await fresh.anidana("plugin", "new", "veev", "--from-url", URL, cwd=tmp_path)
    assert " passed" in await fresh.anidana("plugin", "test", ".", cwd=package), "before it is installed"
    assert "Veev" not in await fresh.anidana("plugin", "list")
    await fresh.install(package)
    listed = await fresh.anidana("plugin", "list")
    assert "anidana-veev" in listed and "left out" not in listed
    assert " passed" in await fresh.python("-m", "pytest", "-q", cwd=package)

    # What an author writes now. Veev's practice page has no player: Vidmoly's, which is off, is borrowed.
    code = next(one.code for one in uploads_of(SHELF, Number(1, 2)) if one.provider == "Vidmoly")
    source = package / "src" / "anidana_veev" / "__init__.py"
    text = source.read_text("utf-8")
    assert "Get(link.url," in text
    source.write_text(text.replace("Get(link.url,", f'Get("https://vidmoly.biz/embed-{code}.html",'), "utf-8")
    assert "made up?" in await fresh.anidana("plugin", "doctor", "veev")
    await fresh.anidana("plugin", "record", URL, "--as", "plays-2026", cwd=package)
    assert "nothing is wrong" in await fresh.anidana("plugin", "doctor", "veev")

    practice.faults["VOE"] = practice.faults["Doodstream"] = Faults(dead=True)
    await fresh.anidana("follow", SHELF.series.title)
    assert "done 1" in await fresh.anidana("get", SHELF.series.key, "S01E02")
    shown = json.loads(await fresh.anidana("show", SHELF.series.key, "--json"))["data"]["list"]
    assert [one["provider"] for one in shown if one["on_disk"]] == ["Veev"]
    assert len(list((tmp_path / "library").rglob("*.mkv"))) == 1
