"""A plugin from another distribution takes part in a download; a broken one costs only itself."""

from __future__ import annotations

import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

from anidana.core.demo.faults import Faults
from anidana.core.demo.story import SHELF, uploads_of
from anidana.core.hooks import GROUP
from anidana.core.loader import Plugins, load
from anidana.core.models import Number

KEY = SHELF.series.key

# The practice catalogue offers one episode at a host called Veev, which no built-in plugin knows.
VEEV = """
from anidana.core import Get, Link, PageChanged, Steps, Stream, hookimpl


class Veev:
    name = "Veev"
    domains = ("veev.to",)
    headers = {"Referer": "https://veev.to/"}

    def extract(self, link: Link) -> Steps[Stream]:
        page = yield Get("https://vidmoly.biz/embed-CODE.html")
        _, found, rest = page.text.partition("file: '")
        if not found:
            raise PageChanged("no file on the page")
        return Stream.hls(rest.partition("'")[0], referer=page.url)


@hookimpl
def register_providers():
    return [Veev()]
"""


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plugins:
    """The built-in plugins and two foreign distributions, installed into a folder of their own."""
    site = tmp_path / "site-packages"
    code = next(one.code for one in uploads_of(SHELF, Number(1, 2)) if one.provider == "Vidmoly")
    install(site, "anidana-veev", VEEV.replace("CODE", code))
    install(site, "anidana-broken", "import a_module_that_nobody_has")
    monkeypatch.syspath_prepend(str(site))
    return load()


def install(site: Path, name: str, source: str) -> None:
    module = name.replace("-", "_")
    info = site / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{module} = {module}\n")
    (site / f"{module}.py").write_text(source)
    sys.modules.pop(module, None)
    assert [dist.name for dist in distributions(name=name, path=[str(site)])] == [name]


async def test_a_foreign_host_delivers_where_the_built_in_ones_fail(house: Any) -> None:
    assert [one.name for one in house.app.plugins.providers][-2:] == ["Veev", "yt-dlp"], (
        "the last to be asked"
    )
    house.practice.faults["VOE"] = house.practice.faults["Doodstream"] = Faults(dead=True)
    # Vidmoly itself is off; Veev's plugin borrows its page.
    object.__setattr__(
        house.app.settings, "providers", house.app.settings.providers.model_copy(update={"off": ("Vidmoly",)})
    )
    outcome = await house.get(KEY, "S01E02")
    assert len(outcome.done) == 1
    assert (await house.rows())["S01E02"].file.provider == "Veev"


async def test_a_broken_one_is_left_out_with_name_and_reason(house: Any) -> None:
    (one,) = house.app.plugins.left_out
    assert (one.name, one.origin) == ("anidana_broken", "anidana-broken")
    assert "a_module_that_nobody_has" in one.reason
    assert len((await house.get(KEY, "S01E01")).done) == 1
