"""The doctor finds what is wrong with an installed plugin, and says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

from anidana.core.hooks import GROUP
from anidana.core.loader import load
from anidana.core.testkit.doctor import Trouble, all_points, examine, points_of

TODAY = date(2026, 11, 25)

GOOD = """
from anidana.core import hookimpl

class Host:
    name = "Sound"
    domains = ("sound.example",)
    headers = {}

    def extract(self, link):
        yield

@hookimpl
def register_providers():
    return [Host()]
"""

Examine = Callable[..., list[Trouble]]


@pytest.fixture
def examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Examine:
    """Install a distribution of that source, as an author would, and examine it."""
    site, home = tmp_path / "site", tmp_path / "home of author"
    monkeypatch.syspath_prepend(str(site))

    def examined(
        source: str | None, *, python: str = ">=3.11", requires: str = "anidana", recorded: object = None
    ) -> list[Trouble]:
        module = f"examined_{abs(hash(tmp_path))}"
        info = site / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {module}", "Version: 1.0"]
        lines += [f"Requires-Python: {python}"] if python else []
        lines += [f"Requires-Dist: {requires}"] if requires else []
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\npoint = {module}\n")
        origin = {"url": home.as_uri(), "dir_info": {"editable": True}}
        (info / "direct_url.json").write_text(json.dumps(origin))
        (home / "tests" / "recorded").mkdir(parents=True)
        if source is not None:
            (site / f"{module}.py").write_text(source)
        if recorded is not None:
            (home / "tests" / "recorded" / "cases.json").write_text(json.dumps(recorded))
        (point,) = distributions(path=[str(site)]).__next__().entry_points.select(group=GROUP)
        return examine(point, load(points=[*all_built_in(), point]), TODAY)

    return examined


def all_built_in() -> list[EntryPoint]:
    return points_of("anidana", all_points())


def fresh(days: int = 1) -> list[dict[str, str]]:
    return [{"recorded": str(TODAY - timedelta(days))}, {"recorded": "2020-01-01"}, {"note": "made up"}]


def test_a_sound_plugin_has_no_trouble(examined: Examine) -> None:
    assert examined(GOOD, recorded=fresh()) == []


@pytest.mark.parametrize(
    ("source", "options", "level", "what", "remedy"),
    [
        ("import a_module_nobody_has", {}, "error", "a_module_nobody_has", "dependencies"),
        (None, {}, "error", "No module named", "the entry point leads to"),
        ("x = 1", {}, "error", "it offers nothing", "@hookimpl"),
        ("def broken(:", {}, "error", "cannot be read", "mend the file"),
        (GOOD.replace('"Sound"', '"VOE"'), {}, "error", "'VOE' is taken", "replaces = name"),
        (GOOD.replace("import hookimpl", "import Streem, hookimpl"), {}, "error", "no Streem", "is Stream"),
        ("import anidana.core.models\n" + GOOD, {}, "error", "anidana.core.models", "from anidana.core"),
        (GOOD.replace('= "Sound"', '= replaces = "VOE"'), {}, "warning", "built-in VOE", "uninstall"),
        (GOOD.replace("sound.example", "vidmoly.to"), {}, "warning", "belongs to Vidmoly", "order decides"),
        (GOOD, {"python": ">=4"}, "error", "needs Python >=4", "requires-python"),
        (GOOD, {"python": ""}, "warning", "which Python", "requires-python"),
        (GOOD, {"requires": ""}, "warning", "needs anidana", "dependencies"),
        (GOOD, {"recorded": None}, "warning", "no recorded case", "anidana plugin record"),
        (GOOD, {"recorded": [{}]}, "warning", "made up", "anidana plugin record"),
        (GOOD, {"recorded": fresh(91)}, "warning", "91 days ago", "anidana plugin record"),
        (GOOD, {"recorded": {"a": 1}}, "error", "cannot be read", "record anew"),
    ],
)  # fmt: skip
def test_each_trouble_has_a_remedy(
    examined: Examine, source: str | None, options: dict[str, object], level: str, what: str, remedy: str
) -> None:
    found = examined(source, **{"recorded": fresh(), **options})
    assert any(
        one.level == level and what in one.what and remedy in one.remedy and one.plugin == "point"
        for one in found
    ), found


def test_a_name_means_an_entry_point_or_a_distribution() -> None:
    points = all_points()
    assert {point.name for point in points_of("VOE", points)} == {"voe"}
    assert {"voe", "aniworld"} <= {point.name for point in points_of("anidana", points)}
    assert points_of("nobody", points) == []
    assert all(point.name not in ("voe", "tmdb") for point in points_of("", points))


def test_the_built_in_plugins_are_sound() -> None:
    plugins = load()
    assert [one for point in all_built_in() for one in examine(point, plugins, TODAY)] == []
