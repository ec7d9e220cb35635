"""Finding plugins, their order, and what becomes of broken ones."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

from anidana.core import Link, Page, Provider, Steps, Stream
from anidana.core.errors import ConfigError
from anidana.core.hooks import GROUP
from anidana.core.loader import BUILT_IN, DEFAULT_PROVIDERS, Plugins, in_order, knows, load

GOOD = """
from anidana.core import hookimpl

class Clips:
    name = "NAME"
    domains = ("clips.example",)
    headers = {"Referer": "https://clips.example/"}

    def extract(self, link):
        yield

@hookimpl
def register_providers():
    return [Clips()]
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution with an entry point on the path, as an installer would."""

    def install(source: str, *, dist: str = "clips-plugin", module: str | None = None) -> None:
        info = tmp_path / f"{dist.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n")
        module = module or f"{dist.replace('-', '_')}_{tmp_path.name}"
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{dist}-point = {module}\n")
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(source))

    monkeypatch.syspath_prepend(str(tmp_path))
    return install


@pytest.fixture
def points(tmp_path: Path) -> Callable[[], list[EntryPoint]]:
    """The entry points of what was installed by the test, and no others."""
    return lambda: [
        point
        for dist in distributions(path=[str(tmp_path)])
        for point in dist.entry_points.select(group=GROUP)
    ]


class Named:
    """A provider of whom only the name matters."""

    domains: tuple[str, ...] = ("clips.example",)
    headers: Mapping[str, str] = {}

    def __init__(self, name: str) -> None:
        self.name = name

    def extract(self, link: Link) -> Steps[Stream]:
        raise NotImplementedError


def names(providers: tuple[Provider, ...]) -> list[str]:
    return [provider.name for provider in providers]


def test_the_default_order_begins_with_the_hosts_of_the_catalogues_and_ends_with_the_dead() -> None:
    assert DEFAULT_PROVIDERS[:6] == ("VOE", "Doodstream", "Vidmoly", "Vidoza", "Streamtape", "Luluvdo")
    assert DEFAULT_PROVIDERS[-2:] == ("SpeedFiles", "yt-dlp")
    assert len(set(DEFAULT_PROVIDERS)) == len(DEFAULT_PROVIDERS) == 28


@pytest.mark.parametrize(
    ("offered", "order", "expected"),
    [
        (DEFAULT_PROVIDERS[::-1], (), list(DEFAULT_PROVIDERS)),
        (("Zebra", "Luluvdo", "apple", "VOE"), (), ["VOE", "Luluvdo", "apple", "Zebra"]),
        (("VOE", "Vidmoly", "Zebra"), ("zebra", "VIDMOLY"), ["Zebra", "Vidmoly", "VOE"]),
        (("VOE", "Vidmoly"), ("Nobody", "Vidmoly", "Vidmoly"), ["Vidmoly", "VOE"]),
        ((), ("VOE",), []),
    ],
)
def test_the_owners_order_comes_first_then_the_default_then_names(
    offered: tuple[str, ...], order: tuple[str, ...], expected: list[str]
) -> None:
    assert names(in_order([Named(name) for name in offered], order)) == expected


def test_a_label_counts_before_a_domain() -> None:
    voe, other = Named("VOE"), Named("Other")
    other.domains = ("voe.sx",)
    plugins = Plugins((voe, other))
    assert plugins.provider_for(" voe ", "voe.sx") is voe
    assert plugins.provider_for("unheard", "www.voe.sx") is other
    assert plugins.provider_for("unheard", "voe.sx.evil.test") is None
    assert plugins.provider_for("unheard") is None


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("voe.sx", True),
        ("WWW.VOE.SX.", True),
        ("voe.sx.evil.test", False),
        ("evilvoe.sx", False),
        ("sx", False),
        ("", False),
    ],
)
def test_a_look_alike_is_not_below_a_domain(host: str, known: bool) -> None:
    assert knows(("voe.sx",), host) is known


def test_the_built_in_plugins_load_in_order() -> None:
    plugins = load()
    assert names(plugins.providers)[:3] == ["VOE", "Doodstream", "Vidmoly"]
    assert {"voe", "doodstream", "vidmoly"} <= {one.name for one in plugins.loaded if one.origin == BUILT_IN}


def test_a_distribution_of_somebody_else_is_found_and_takes_its_place(install: Install) -> None:
    install(GOOD.replace("NAME", "Beaver"))
    install(GOOD.replace("NAME", "Aardvark"), dist="other-plugin")
    plugins = load(order=("Vidmoly",))
    assert names(plugins.providers)[:3] == ["Vidmoly", "VOE", "Doodstream"]
    assert names(plugins.providers)[-3:] == ["Aardvark", "Beaver", "yt-dlp"]
    loaded = {one.name: (one.origin, one.offers) for one in plugins.loaded}
    assert loaded["clips-plugin-point"] == ("clips-plugin", ("Beaver",))


BROKEN = {
    "import error": ("import no_such_module_anywhere", "no_such_module_anywhere"),
    "syntax error": ("def broken(:", "invalid syntax"),
    "exit at import": ("raise SystemExit(3)", "3"),
    "exit without a word": ("raise SystemExit", "SystemExit"),
    "no hooks": ("x = 1", "offers nothing"),
    "unknown hook": (GOOD.replace("register_providers", "register_provider"), "register_provider"),
    "wrong arguments": (GOOD.replace("register_providers()", "register_providers(app)"), "app"),
    "wrong return type": (GOOD.replace("[Clips()]", "Clips()"), "a hook returned Clips, not a list"),
    "hook raises": (GOOD.replace("return [Clips()]", "raise OSError('no disk')"), "no disk"),
    "a class": (GOOD.replace("[Clips()]", "[Clips]"), "an instance is wanted, not a class"),
    "a string": (GOOD.replace("[Clips()]", "['clips']"), "str is not a Provider: it lacks domains, extract"),
    "lacks a method": (
        GOOD.replace("def extract", "def extrakt"),
        "Clips is not a Provider: it lacks extract",
    ),
    "no name": (GOOD.replace('"NAME"', '" "'), "a Provider needs a name"),
    "domains in a string": (GOOD.replace('("clips.example",)', '"clips.example"'), "domains must be a tuple"),
    "labels in a string": (
        GOOD.replace("    name =", '    labels = "ab"\n    name ='),
        "labels must be a tuple",
    ),
    "headers are none": (GOOD.replace('{"Referer": "https://clips.example/"}', "None"), "headers must map"),
    "replaces another name": (
        GOOD.replace("    name =", '    replaces = "VOE"\n    name ='),
        "Broken: replaces must be its own name, 'Broken'",
    ),
    "replaces nothing that is built in": (
        GOOD.replace('    name = "NAME"', '    name = replaces = "Good"'),
        "the name 'Good' is taken",
    ),
    "name twice": (GOOD.replace("[Clips()]", "[Clips(), Clips()]"), "the name 'Broken' is taken"),
    "name of another": (GOOD.replace("NAME", "good"), "the name 'good' is taken"),
}


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_left_out_by_name_with_a_reason(
    install: Install, points: Callable[[], list[EntryPoint]], source: str, reason: str
) -> None:
    install(GOOD.replace("NAME", "Good"), dist="a-good-plugin")
    install(source.replace("NAME", "Broken"), dist="broken-plugin")
    plugins = load(points=points())
    assert names(plugins.providers) == ["Good"]
    (left_out,) = plugins.left_out
    assert (left_out.name, left_out.origin) == ("broken-plugin-point", "broken-plugin")
    assert reason in left_out.reason


def test_of_a_half_broken_plugin_nothing_is_taken(
    install: Install, points: Callable[[], list[EntryPoint]]
) -> None:
    install(GOOD.replace("NAME", "Good").replace("[Clips()]", "[Clips(), 7]"))
    plugins = load(points=points())
    assert not plugins.providers and not plugins.loaded and len(plugins.left_out) == 1


def test_a_built_in_cannot_be_displaced_by_its_name(
    install: Install, points: Callable[[], list[EntryPoint]]
) -> None:
    install(GOOD.replace("NAME", "VOE"), dist="anidana")
    install(GOOD.replace("NAME", "voe"), dist="aaa-first-by-name")
    plugins = load(points=points())
    assert [one.origin for one in plugins.loaded] == ["anidana"]
    assert [one.origin for one in plugins.left_out] == ["aaa-first-by-name"]


REPLACING = GOOD.replace('name = "NAME"', 'name = replaces = "VOE"')


def test_a_built_in_is_replaced_by_a_plugin_that_says_so(
    install: Install, points: Callable[[], list[EntryPoint]]
) -> None:
    install(GOOD.replace("NAME", "VOE"), dist="anidana")
    install(REPLACING, dist="voe-fix")
    plugins = load(points=points())
    (voe,) = plugins.providers
    assert type(voe).__module__.startswith("voe_fix") and plugins.provider_for("voe") is voe
    assert {one.origin: one.replaces for one in plugins.loaded} == {"anidana": (), "voe-fix": ("VOE",)}


def test_of_two_that_replace_the_same_the_first_by_name_does(
    install: Install, points: Callable[[], list[EntryPoint]]
) -> None:
    install(GOOD.replace("NAME", "VOE"), dist="anidana")
    install(REPLACING, dist="voe-b")
    install(REPLACING, dist="voe-a")
    plugins = load(points=points())
    assert [type(one).__module__[:5] for one in plugins.providers] == ["voe_a"]
    assert [(one.origin, one.reason) for one in plugins.left_out] == [("voe-b", "the name 'VOE' is taken")]


def test_a_broken_replacement_leaves_the_built_in_at_work(
    install: Install, points: Callable[[], list[EntryPoint]]
) -> None:
    install(GOOD.replace("NAME", "VOE"), dist="anidana")
    install(REPLACING.replace("return [Clips()]", "return [Clips(), 7]"), dist="voe-fix")
    plugins = load(points=points())
    assert [type(one).__module__[:7] for one in plugins.providers] == ["anidana"]
    assert [one.origin for one in plugins.left_out] == ["voe-fix"]


@pytest.mark.parametrize("source", ["import no_such_module_anywhere", "raise SystemExit(3)", "x = 1"])
def test_a_broken_built_in_stops_the_start(
    install: Install, points: Callable[[], list[EntryPoint]], source: str
) -> None:
    install(source, dist="anidana")
    with pytest.raises(ConfigError, match="built-in plugin 'anidana-point' does not load"):
        load(points=points())


def test_a_catalogue_that_is_not_loaded_is_a_matter_of_settings() -> None:
    with pytest.raises(ConfigError, match="no catalogue plugin is called 'nowhere'"):
        Plugins().catalogue("nowhere")


class Marked(Named):
    """A provider that knows its pages by a mark, and fails at others."""

    def __init__(self, name: str, mark: str) -> None:
        super().__init__(name)
        self.labels = (f"{name} Plus",)
        self._mark = mark

    def recognises(self, page: Page) -> bool:
        if not page.text:
            raise ValueError("an empty page")
        return self._mark in page.text


def test_the_owner_s_domains_come_before_those_of_the_plugins_and_never_fit_look_alikes() -> None:
    one, other = Named("One"), Named("Other")
    other.domains = ("other.example",)
    plugins = Plugins((one, other), domains={"other": ("clips.example", "new-name.example")})
    assert plugins.provider_for("", "other.example") is other
    assert plugins.provider_for("", "sub.new-name.example") is other
    assert plugins.provider_for("", "clips.example") is other
    assert plugins.provider_for("One", "clips.example") is one
    for host in ("new-name.example.evil.test", "evil-new-name.example", "new-name.exampl", ""):
        assert plugins.provider_for("", host) is None


def test_settings_call_a_host_by_any_of_its_labels() -> None:
    one, two = Named("One"), Marked("Two", "x")
    assert names(in_order([one, two], ["two PLUS"])) == ["Two", "One"]
    plugins = Plugins((one, two), domains={"two plus": ("new-name.example",)})
    assert plugins.provider_for("", "new-name.example") is two


def test_domains_from_the_settings_reach_the_plugins() -> None:
    plugins = load(points=(), domains={"VOE": ("Fresh-Name.example", " www.other.example")})
    assert plugins.domains == {"voe": ("fresh-name.example", "other.example")}


def test_a_host_goes_by_several_labels_and_no_two_hosts_by_one() -> None:
    plugins = Plugins((Named("One"), Marked("Two", "x")))
    assert plugins.provider_for(" two plus ") is plugins.providers[1]
    assert plugins.provider_for("Provider") is None


def test_a_page_says_whose_it_is_and_a_plugin_that_fails_at_it_is_passed_over() -> None:
    one, two = Marked("One", "<one>"), Marked("Two", "<two>")
    plugins = Plugins((Named("Plain"), one, two))
    assert plugins.recognise(Page("https://x.example/", 200, "<two>")) is two
    assert plugins.recognise(Page("https://x.example/", 200, "<three>")) is None
    assert plugins.recognise(Page("https://x.example/", 200, "")) is None
