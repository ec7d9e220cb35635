"""The docs are true: settings and exit codes as in the code, the plugin guide works as written."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from click.testing import CliRunner
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from anidana.core.cli import program
from anidana.core.cli.command import EXITS
from anidana.core.config import GUIDE_NAMES, PREFIX, section_of
from anidana.core.loader import DEFAULT_PROVIDERS
from anidana.core.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


def test_settings_md_is_what_the_settings_say() -> None:
    # To write it anew: python tests/core/test_docs.py
    assert (DOCS / "settings.md").read_text("utf-8") == settings_page()


def test_every_exit_code_is_explained_and_every_command_listed() -> None:
    page = (DOCS / "command-line.md").read_text("utf-8")
    explained = {int(code) for code in re.findall(r"^\| (\d+) ", page, re.M)}
    assert {code for _, code in EXITS} <= explained
    assert set(program.commands) == set(re.findall(r"`(\w+)[ `]", page)) & set(program.commands)


def test_the_plugin_guide_goes_from_an_address_to_green(tmp_path: Path) -> None:
    page = (DOCS / "writing-a-plugin.md").read_text("utf-8")
    command, url = re.findall(r"    anidana (plugin new clips) --from-url (\S+)\n", page)[0]
    plugin, test = re.findall(r"```python\n(.+?)```", page, re.S)
    (cases,) = re.findall(r"```json\n(.+?)```", page, re.S)
    folder = tmp_path / "anidana-clips"
    made = CliRunner().invoke(program, [*command.split(), "--from-url", url, "--dir", str(folder)])
    assert made.exit_code == 0, made.output
    for place in re.findall(r"^      ([\w./]+)  ", page, re.M):
        assert (folder / place).exists(), place
    island = '<script id="player" type="application/json">{"hls": "/v/abc/master.m3u8"}</script>'
    for place, text in {
        "src/anidana_clips/__init__.py": plugin,
        "tests/test_clips.py": test,
        "tests/recorded/cases.json": cases,
        "tests/recorded/plays.html": island,
        "tests/recorded/gone.html": "<p>This clip has been removed</p>",
    }.items():
        (folder / place).write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout + done.stderr


def test_every_command_that_the_plugin_guide_types_exists() -> None:
    page = (DOCS / "writing-a-plugin.md").read_text("utf-8")
    typed = re.findall(r"anidana ((?:plugin )?[a-z]+)", page)
    assert {"plugin record", "plugin doctor", "probe"} <= set(typed)
    for words in typed:
        assert CliRunner().invoke(program, [*words.split(), "--help"]).exit_code == 0, words


def test_every_file_that_the_docs_name_exists() -> None:
    for page in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]:
        # A tree in an indented block is somebody else's.
        text = re.sub(r"^ {6}.*$", "", page.read_text("utf-8"), flags=re.M)
        for path in re.findall(r"(?:core|plugins|integrations|tests|docs)/[\w./-]+\.(?:py|md)", text):
            assert (DOCS.parent / path).exists(), f"{page.name} names {path}"


def test_every_test_that_the_fault_table_names_exists_and_no_case_is_left_out() -> None:
    page = (DOCS / "testing.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \|.*\| ([^|]+) \|$", page, re.M)
    assert [int(number) for number, _ in rows] == list(range(1, 96))
    for number, shown in rows:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", shown)
        assert named or shown.startswith("not yet: "), f"case {number} says nothing"
        for path, name in named:
            module = ast.parse((DOCS.parent / path).read_text("utf-8"))
            functions = ast.FunctionDef, ast.AsyncFunctionDef
            assert name in {one.name for one in module.body if isinstance(one, functions)}, f"{path}::{name}"


def settings_page() -> str:
    """Docs of every setting, made from the tree."""
    lines = [
        "# Settings",
        "",
        "`config.json` in the data folder holds a tree of sections; an environment variable wins over it:",
        f"`{PREFIX}DOWNLOADS__SLOTS=3`. Lists and maps in a variable are written `de,ja+de` or as JSON. An",
        "unknown name is refused with the nearest valid one. Also understood: "
        + ", ".join(f"`{name}` (= `{'.'.join(path)}`)" for name, path in GUIDE_NAMES.items())
        + ".",
        "",
        "| setting | default | what it does |",
        "| --- | --- | --- |",
        *rows(Settings, ""),
    ]
    return "\n".join(lines) + "\n"


def rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        group = section_of(field.annotation)
        if group is None:
            text = (field.description or "").replace("|", "\\|")
            yield f"| `{prefix}{name}` | {shown(field.default)} | {text} |"
        else:
            listed = field.default == ()
            yield from rows(group, f"{prefix}{name}[]." if listed else f"{prefix}{name}.")


def shown(value: object) -> str:
    match value:
        case None | SecretStr() | "" | () | {}:
            return ""
        case tuple():
            return f"`{','.join(map(str, value))}`"
        case _:
            return "needed" if value is PydanticUndefined else f"`{value}`"


def test_the_readme_names_every_living_host_in_the_order_in_which_they_are_asked() -> None:
    text = " ".join((DOCS.parent / "README.md").read_text("utf-8").split())
    (named,) = re.findall(r"these hosts: ([^.]+)\.", text)
    assert tuple(named.split(", ")) == tuple(
        name for name in DEFAULT_PROVIDERS if name not in ("SpeedFiles", "yt-dlp")
    )


if __name__ == "__main__":
    (DOCS / "settings.md").write_text(settings_page(), "utf-8")
