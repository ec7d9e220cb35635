"""The contract tells a good plugin from bad ones, by the one promise that each of them breaks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

GOOD = r"""
import re

from anidana.core import Get, Gone, Link, PageChanged, Provider, Steps, Stream, hookimpl

_FILE = re.compile(r'file: "(https?://[^/"\s<>]{1,250}/[^"\s<>]{1,2000})"')


class Clips:
    name = "Clips"
    domains = ("clips.example",)
    headers = {"Referer": "https://clips.example/"}

    def extract(self, link: Link) -> Steps[Stream]:
        page = yield Get(link.url)
        file = _FILE.search(page.text)
        if file is None:
            raise PageChanged("there is no file on the page")
        return Stream.hls(file[1])


@hookimpl
def register_providers() -> list[Provider]:
    return [Clips()]
"""

TEST = """
from anidana.core.testkit import ProviderContract
from MODULE import Clips


class TestClips(ProviderContract):
    provider = Clips()
    urls = {"https://clips.example/e/1": "https://clips.example/e/1", "https://clips.test/e/1": None}
    most_seconds = 0.4


def test_replays(replay):
    assert replay(Clips(), "plays").kind == "hls"
"""

PAGE = '<p>Watch</p>\n<script>setup({file: "https://cdn.clips.example/abc/master.m3u8"})</script>\n'
CASE = {
    "name": "plays",
    "url": "https://clips.example/e/1",
    "requests": [{"url": "https://clips.example/e/1", "file": "plays.html"}],
    "expected": {"kind": "hls", "url": "https://cdn.clips.example/abc/master.m3u8"},
}

# What is wrong with a bad one: text of the good one, what stands there instead, what fails, what is said.
BAD = {
    "label": ('"Clips"', '"VOE"', "test_is_loaded_beside_the_built_in_ones", "'VOE' is taken"),
    "hook": ("@hookimpl", "", "test_is_loaded_beside_the_built_in_ones", "it offers nothing"),
    "deep": (
        "import re\n", "import re\nfrom anidana.core.models import Mirror\n",
        "test_imports_the_plugin_api_and_nothing_deeper", "imports anidana.core.models",
    ),
    "socket": (
        "import re\n", "import re\nimport urllib.request\n",
        "test_imports_the_plugin_api_and_nothing_deeper", "yield Get(...)",
    ),
    "borrowed": (
        '"clips.example",', '"clips.example", "voe.sx"',
        "test_takes_no_domain_of_another_host", "voe.sx belongs to VOE",
    ),
    "written": (
        '"clips.example",', '"clips.example", "https://clips.example"',
        "test_introduces_itself", "bare host names",
    ),
    "referer": (
        '"https://clips.example/"}', '"clips.example"}', "test_introduces_itself", "root with its slash",
    ),
    "unclaimed": (
        '"clips.example",', '"clips-mirror.example",',
        "test_claims_its_addresses_and_asks_where_they_point", "does not claim clips.example",
    ),
    "elsewhere": (
        "Get(link.url)", 'Get("https://clips.example" + link.url[link.url.index("/", 8):])',
        "test_a_strange_path_is_asked_for_where_it_points", "domains are hints",
    ),
    "half": (
        '{1,2000})"', "{1,2000})", "test_half_a_page_is_never_misread[plays]", "see the closing quote",
    ),
    "gone": (
        'PageChanged("there', 'Gone("there', "test_an_empty_page_is_a_changed_page", "raise PageChanged",
    ),
    "slow": (
        'file is None', 'file is None and not re.search("<script.*?</x>", page.text, re.S)',
        "test_a_megabyte_of_noise_is_no_stream[<script]", "no end within 0.4 s",
    ),
    "sure": (
        "page = yield Get(link.url)",
        "try:\n            page = yield Get(link.url)\n"
        '        except Gone:\n            return Stream.file("https://clips.example/x")',
        "test_a_refusal_stays_what_it_is", "do not make addresses up",
    ),
    "crash": (
        "page = yield Get(link.url)",
        "try:\n            page = yield Get(link.url)\n        except Gone:\n            [][1]",
        "test_a_refusal_stays_what_it_is", "extract() raised IndexError",
    ),
    "encoding": (
        "file is None", "file is None and (chr(0xe9) in page.text or page.text.encode('latin-1') or True)",
        "test_a_page_in_another_encoding_is_survived[plays-utf-16-le]", None,
    ),
    "relative": (
        "Stream.hls(file[1])", "Stream.hls(file[1].partition('/')[2])",
        "test_half_a_page_is_never_misread[plays]", None,
    ),
}  # fmt: skip


def write(folder: Path, source: str, case: object = CASE, page: str = PAGE) -> None:
    """A distribution as its author has it: not installed, one module, one test, one case."""
    module = folder.name.replace("case", "clips")
    recorded = folder / "recorded"
    recorded.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{module}"\n[project.entry-points."anidana.plugins"]\n{module} = "{module}"\n'
    )
    (folder / f"{module}.py").write_text(source)
    (folder / f"test_{folder.name}.py").write_text(TEST.replace("MODULE", module))
    (recorded / "plays.html").write_text(page)
    (recorded / "cases.json").write_text(json.dumps([case]))


def run(root: Path, *options: str) -> dict[str, dict[str, str]]:
    """Run pytest over all of them; what failed, with what was said, by name."""
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    code = "import sys, pytest; sys.path[:0] = sys.argv.pop().split(':'); raise SystemExit(pytest.main())"
    (root / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\nfilterwarnings = error\n")
    plain = [option for name in ("cacheprovider", "xdist", "asyncio") for option in ("-p", f"no:{name}")]
    done = subprocess.run(
        [sys.executable, "-c", code, *plain, "--junitxml=report.xml", *options, ":".join(map(str, folders))],
        capture_output=True, text=True, check=False, cwd=root,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout + done.stderr
    failed: dict[str, dict[str, str]] = {folder.name.removeprefix("case_"): {} for folder in folders}
    for test in ElementTree.parse(root / "report.xml").iter("testcase"):
        for failure in test.iter("failure"):
            folder = test.attrib["classname"].split(".")[0].removeprefix("case_")
            failed[folder][test.attrib["name"]] = failure.attrib["message"]
    return failed


def test_a_good_plugin_passes_and_a_bad_one_fails_where_it_is_bad(tmp_path: Path) -> None:
    write(tmp_path / "case_good", GOOD)
    for name, (old, new, _, _) in BAD.items():
        assert old in GOOD
        write(tmp_path / f"case_{name}", GOOD.replace(old, new))
    failed = run(tmp_path)
    assert failed.pop("good") == {}
    for name, (_, _, test, said) in BAD.items():
        assert test in failed[name], f"{name}: {failed[name]}"
        if said is not None:
            assert said in failed[name][test]
            related = {one for one in failed[name] if one != test}
            assert name == "slow" or related == set(), f"{name}: {failed[name]}"


def test_recordings_are_held_to_account(tmp_path: Path) -> None:
    write(tmp_path / "case_sad", GOOD, {**CASE, "expected": {"error": "page_changed"}}, "<p>Nothing</p>")
    write(tmp_path / "case_wrong", GOOD, {**CASE, "expected": {"kind": "file", "url": CASE["url"]}})
    write(tmp_path / "case_named", GOOD, page=PAGE + "<p>someone@mail.test, from 8.8.4.4</p>")
    write(tmp_path / "case_large", GOOD, page=PAGE + "<p>" + " " * 300_000)
    failed = run(tmp_path, "-k", "record or replays")
    assert "anidana plugin record" in failed["sad"].pop("test_has_a_recording_that_plays")
    assert set(failed["sad"]) == {"test_replays"}
    assert "mend the parser" in failed["wrong"].pop("test_recorded_pages_mean_what_they_meant[plays]")
    for name, words in (("named", ("someone@mail.test", "8.8.4.4")), ("large", ("293 KiB",))):
        said = failed[name].pop("test_recordings_are_small_and_name_nobody[plays]")
        assert all(word in said for word in words)
        assert failed[name] == {}


def test_the_kit_is_light_until_it_is_used() -> None:
    code = "import sys, pytest, anidana.core.testkit.pytest_plugin; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"aiohttp", "hypothesis", "pydantic", "lxml", "sqlalchemy"} & set(done.stdout.split())
