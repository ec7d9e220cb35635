"""Looks at what a plugin imports, without running it: the plugin API, and nothing deeper."""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OWN_SOCKETS = {
    "aiohttp", "asyncio", "cloudscraper", "curl_cffi", "http.client", "httpx", "multiprocessing",
    "playwright", "requests", "selenium", "socket", "ssl", "subprocess", "threading", "urllib.request",
    "urllib3", "websockets",
}  # fmt: skip
"""What a provider has no use for: it yields requests, and the core performs them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the author should mend: where, what, and how."""

    where: str
    what: str
    remedy: str


def files_beside(module: str) -> list[Path]:
    """The source files of a loaded module's package, without its tests; one file if it has no package."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file:
        return []
    package = getattr(sys.modules[module], "__package__", "")
    return source_files(Path(file).parent) if package else [Path(file)]


def source_files(folder: Path) -> list[Path]:
    """Every module below a folder, without tests."""
    return [
        path
        for path in sorted(folder.rglob("*.py"))
        if "tests" not in path.relative_to(folder).parts
        and not path.name.startswith("test_")
        and path.name != "conftest.py"
    ]


@cache
def strange_imports(file: Path) -> tuple[Finding, ...]:
    """Imports from inside of Anidana, and names that `anidana.core` does not have."""
    return tuple(_strange(file))


@cache
def own_sockets(file: Path) -> tuple[Finding, ...]:
    """Imports that go out to the network, or beside the process, behind the core's back."""
    return tuple(
        Finding(f"{file.name}:{line}", f"imports {module}", "yield Get(...) or Post(...): the core asks")
        for line, module, names in _imports(file)
        for one in (module, *(f"{module}.{name}" for name in names))
        if one in OWN_SOCKETS or one.partition(".")[0] in OWN_SOCKETS
    )


def _strange(file: Path) -> Iterator[Finding]:
    from .. import __all__ as offered

    for line, module, names in _imports(file):
        if module.partition(".")[0] != "anidana":
            continue
        where = f"{file.name}:{line}"
        if module != "anidana.core":
            yield Finding(
                where, f"imports {module}", "import from anidana.core: deeper names may move any day"
            )
        for name in names:
            if module == "anidana.core" and name not in offered:
                near = difflib.get_close_matches(name, offered, n=1)
                remedy = f"the nearest is {near[0]}" if near else "see core/__init__.py for what there is"
                yield Finding(where, f"anidana.core has no {name}", remedy)


def _imports(file: Path) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Line, module and names of every absolute import, wherever it stands."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ()
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module or "", tuple(alias.name for alias in node.names)
