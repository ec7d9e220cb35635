"""The house as docs/architecture.md draws it, held to its word."""

from __future__ import annotations

import ast
import configparser
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("core", "plugins", "integrations")
MOST_LINES = 400


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imports(path: Path) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Level, module and names of every import in a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name, ()
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", tuple(alias.name for alias in node.names)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_core_imports_neither_plugins_nor_integrations() -> None:
    for path in modules("core"):
        for _, module, _ in imports(path):
            assert not module.startswith(("anidana.plugins", "anidana.integrations")), name(path)


@pytest.mark.parametrize("folder", ["plugins", "integrations"])
def test_plugins_import_the_plugin_api_and_nothing_deeper(folder: str) -> None:
    for path in modules(folder):
        for level, module, _ in imports(path):
            if level == 0 and module.split(".")[0] == "anidana":
                assert module == "anidana.core", f"{name(path)} imports {module}"


def test_the_plugin_api_lists_what_it_offers() -> None:
    import anidana.core

    offered = {one for one in vars(anidana.core) if not one.startswith("_")}
    files = {path.stem for path in (ROOT / "core").iterdir()}
    assert set(anidana.core.__all__) == offered - files


def test_nothing_is_imported_under_a_bare_name() -> None:
    # `import core` would load a second copy of every class.
    for path in modules(*FOLDERS, "tests"):
        for level, module, _ in imports(path):
            assert level or module.split(".")[0] not in FOLDERS, name(path)


def test_relative_imports_stay_inside_their_folder() -> None:
    for path in modules(*FOLDERS):
        depth = len(path.relative_to(ROOT).parts)
        for level, module, _ in imports(path):
            assert level < depth, f"{name(path)} reaches out with {'.' * level}{module}"


def test_setup_cfg_lists_every_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = config["options"]["packages"].split()
    found = {
        "anidana." + ".".join(path.parent.relative_to(ROOT).parts)
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert sorted(listed) == sorted(found)


def test_every_entry_point_is_a_module_of_ours_and_every_plugin_has_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = set(project["entry-points"]["anidana.plugins"].values())
    found = {
        "anidana." + ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in modules("plugins", "integrations")
        if "@hookimpl" in path.read_text("utf-8")
    }
    assert named == found


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        (
            "av",
            {
                "core/acquire/media.py",
                "core/acquire/join.py",
                "core/acquire/captions.py",
                "core/acquire/copying.py",
            },
        ),
        ("imageio_ffmpeg", {"core/acquire/media.py", "core/acquire/ytdlp.py", "core/demo/media.py"}),
        ("yt_dlp", {"core/acquire/child.py"}),
        ("sqlalchemy", {"core/following.py", "core/scanning.py", "core/store"}),
        ("m3u8", {"core/acquire/playlist.py"}),
        ("subprocess", {"core/demo/media.py"}),
    ],
)
def test_a_library_that_needs_care_is_used_in_its_room_only(library: str, rooms: set[str]) -> None:
    for path in modules(*FOLDERS):
        if any(module.split(".")[0] == library for level, module, _ in imports(path) if level == 0):
            assert any(name(path) == room or name(path).startswith(f"{room}/") for room in rooms), name(path)


def test_limits_are_kept_by_the_steady_clock() -> None:
    # The wall clock may jump by a day in the middle of a transfer, and no limit may notice.
    wall = {"time", "now", "utcnow", "today"}
    told = set()
    for path in [ROOT / "core" / "fetch.py", ROOT / "core" / "driver.py", *modules("core/acquire")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in wall:
                told.add(f"{name(path)}: {ast.unparse(node)}")
    loop = {one for one in told if one.endswith("asyncio.get_running_loop().time()")}  # steady too
    by_the_wall = {"core/fetch.py: time.time()", "core/acquire/episode.py: datetime.now(end.tzinfo)"}
    assert told - loop == by_the_wall, "a Retry-After and the end of a link are dates; what else is?"


def test_every_hook_has_a_plugin_that_uses_it() -> None:
    from anidana.core import hooks

    specs = {one for one, value in vars(hooks).items() if hasattr(value, "anidana_spec")}
    text = "\n".join(path.read_text("utf-8") for path in modules("plugins", "integrations"))
    assert specs == {one for one in specs if f"def {one}(" in text} != set()


def test_no_room_is_larger_than_a_reader_can_hold() -> None:
    sizes = {name(path): len(path.read_text("utf-8").splitlines()) for path in modules(*FOLDERS)}
    assert {path: size for path, size in sizes.items() if size > MOST_LINES} == {}


def test_a_provider_is_a_short_module() -> None:
    for path in (ROOT / "plugins" / "providers").glob("*.py"):
        if "@hookimpl" in path.read_text("utf-8"):
            assert len(path.read_text("utf-8").splitlines()) < 150, name(path)


def test_only_dotted_names_stand_beside_what_the_project_fixed() -> None:
    fixed = {*FOLDERS, "tests", "docs", "pyproject.toml", "setup.cfg", "README.md", "build", "dist"}
    extra = {
        p.name for p in ROOT.iterdir() if not p.name.startswith(".") and not p.name.endswith(".egg-info")
    }
    assert extra <= fixed
