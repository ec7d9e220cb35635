"""What every provider promises, whatever a host sends, as one class of tests.

A stream or one of our errors, never a crash, a hang or a request to a stranger.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from ..errors import Gone, NeedsPerson, PageChanged, Refused, SourceError
from ..hooks import GROUP, Provider
from ..loader import Plugins, knows, load
from ..models import Link, Stream
from ..steps import Page, Request
from .damage import (
    NOISES,
    Broken,
    Host,
    check_hints,
    cuts,
    everywhere,
    fail,
    noise,
    outcome,
    pieces,
    with_page,
)
from .imports import files_beside, own_sockets, strange_imports
from .masking import mask
from .recordings import Recording, check, read_recordings

if TYPE_CHECKING:
    import pytest

MOST_PAGE = 256 * 1024
ENCODINGS = ("utf-16-le", "utf-7", "cp037", "shift-jis")
EXAMPLES = 60

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def folder_beside(test: Path, provider: Provider) -> Path:
    """Where the cases of a test lie: `recorded/<name>` beside it if there is one, else `recorded`."""
    folder = test.parent / "recorded"
    own = folder / provider.name.casefold()
    return own if own.is_dir() else folder


class ProviderContract:
    """The tests of a provider: inherit as `class TestClips(ProviderContract)` and name the provider.

    `urls` maps addresses to the page that is asked for first, or to None if another host's.
    `recorded` is a folder of cases; default: `recorded` beside the test. `most_seconds` of
    processor time may go into one page.
    """

    provider: ClassVar[Provider]
    urls: ClassVar[Mapping[str, str | None]] = {}
    recorded: ClassVar[Path | None] = None
    most_seconds: ClassVar[float] = 2.0

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make one test for every case, kind of noise and encoding."""
        if "case" in metafunc.fixturenames:
            cases = self.cases()
            metafunc.parametrize("case", cases, ids=[case.name for case in cases])
        for name, values in (("kind", NOISES), ("encoding", ENCODINGS)):
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, values, ids=[value.strip() for value in values])

    @classmethod
    def folder(cls) -> Path:
        """Where the recorded cases lie."""
        return cls.recorded or folder_beside(Path(inspect.getfile(cls)), cls.provider)

    @classmethod
    def cases(cls) -> list[Recording]:
        """The recorded cases; Broken if the folder does not hold what its index says."""
        try:
            return read_recordings(cls.folder())
        except (OSError, ValueError, KeyError, TypeError) as error:
            fail(f"{cls.folder() / 'cases.json'} cannot be read: {type(error).__name__}: {error}",
                 "see docs/writing-a-plugin.md, or record anew by: anidana plugin record")  # fmt: skip

    def judge(self, url: str, host: Host, what: str) -> Stream | SourceError:
        """What comes of a link where a host answers so; Broken for anything but a stream or our error."""
        return outcome(self.provider, Link(url, "https://catalogue.example/"), host, self.most_seconds, what)

    def an_address(self) -> str:
        """Some address of this host."""
        mine = (url for url, first in self.urls.items() if first is not None)
        recorded = (case.url for case in self.cases())
        return next(mine, None) or next(recorded, f"https://{self.provider.domains[0]}/e/abcdefgh1234")

    # Who it is

    def test_introduces_itself(self) -> None:
        """A name, domains in lower case, header hints."""
        if not isinstance(self.provider, Provider):
            fail(f"{self.provider!r} is no provider", "it needs name, domains, headers and extract(link)")
        wrong = [domain for domain in self.provider.domains if not _DOMAIN.fullmatch(domain)]
        if wrong or not self.provider.domains:
            fail(f"domains are {self.provider.domains!r}",
                 'a tuple of bare host names in lower case: ("clips.example",)')  # fmt: skip
        check_hints(self.provider)

    def test_is_loaded_beside_the_built_in_ones(self) -> None:
        """Its entry point leads to it, and no name is taken."""
        test = Path(inspect.getfile(type(self)))
        found = _loaded_with(self.provider, test)
        if any(type(one) is type(self.provider) for one in found.providers):
            return
        module = type(self.provider).__module__
        points = [*entry_points(group=GROUP), *_declared(test)]
        own = {point.name for point in points if f"{module}.".startswith(f"{point.module}.")}
        for one in found.left_out:
            if one.name in own:
                fail(f"the entry point {one.name} is left out: {one.reason}", "ask: anidana plugin doctor")
        fail(f"no entry point offers {self.provider.name}",
             f'write into pyproject.toml: [project.entry-points."{GROUP}"] {module} = "{module}",'
             " and give the module a register_providers() marked @hookimpl")  # fmt: skip

    def test_imports_the_plugin_api_and_nothing_deeper(self) -> None:
        """Only `from anidana.core import …`, and no sockets of its own."""
        module = type(self.provider).__module__
        files = files_beside(module)
        found = [one for file in files for one in strange_imports(file)]
        own = [file for file in files if file.stem == module.rpartition(".")[2]]
        found += [one for file in own for one in own_sockets(file)]
        if found:
            fail("; ".join(f"{one.where} {one.what}" for one in found), found[0].remedy)

    # Which addresses are its own

    def test_knows_its_domains_and_no_look_alikes(self) -> None:
        """Sub-domains, capitals and a final dot are the same host; what merely looks like it is not."""
        domains = self.provider.domains
        for domain in domains:
            for same in _spellings(domain):
                if not knows(domains, same):
                    fail(f"{same} is not found in domains", "write them in lower case, without www.")
            for other in (f"{domain}.evil.test", f"evil-{domain}", f"{domain}evil", domain.replace(".", "-")):
                if knows(domains, other):
                    fail(f"{other} would count as this host's", "domains has too short an entry")

    def test_takes_no_domain_of_another_host(self) -> None:
        """No other provider that is loaded has one of its domains."""
        for other in _loaded_with(self.provider, Path(inspect.getfile(type(self)))).providers:
            shared = set(self.provider.domains) & set(other.domains)
            if shared and other.name.casefold() != self.provider.name.casefold():
                fail(f"{', '.join(sorted(shared))} belongs to {other.name}",
                     f'leave it out, or replace the host: name = replaces = "{other.name}"')  # fmt: skip

    def test_claims_its_addresses_and_asks_where_they_point(self) -> None:
        """Every entry of `urls`, by http and https, with www and in capitals; never at a look-alike."""
        for url, first in self.urls.items():
            claimed = {host: self._claims(host) for host in _spellings(urlsplit(url).hostname or "")}
            if first is None and any(claimed.values()):
                fail(f"claims {url}, which is not its own", "take the domain out of `domains`")
            if first is not None and not all(claimed.values()):
                lost = next(host for host, mine in claimed.items() if not mine)
                fail(f"does not claim {lost}", "add it to `domains`, or map the address to None")
            for scheme in ("http", "https") if first else ():
                start, wanted = (f"{scheme}://{one.partition('://')[2]}" for one in (url, first or ""))
                asked = self.first_asked(start)
                if asked not in (first, wanted):
                    fail(f"{start} asks first for {asked}, not for {wanted}", "mend extract(), or `urls`")

    def _claims(self, host: str) -> bool:
        return Plugins((self.provider,)).provider_for("", host) is not None

    def test_a_strange_path_is_asked_for_where_it_points(self) -> None:
        """Hosts change names and paths weekly: no link is refused for how it looks."""
        for path in (
            "",
            "e/",
            "x",
            "embed-zzzzzzzzzzzz.html",
            "d/a/b/c?x=1&y=2#z",
            "%C3%A9%00",
            "ünïcode/[1]",
        ):
            url = f"https://alias.example/{path}"
            asked = self.first_asked(url)
            if asked is not None and urlsplit(asked).hostname != "alias.example":
                fail(f"{url} asks first for {asked}", "ask the host that the link names: domains are hints")

    def first_asked(self, url: str) -> str | None:
        """The page that is asked for first, None if none is."""
        asked: list[str] = []

        def answer(request: Request) -> Page:
            asked.append(request.url)
            return Page(request.url, 200, "<html></html>")

        result = self.judge(url, answer, "a page that says nothing")
        if isinstance(result, Stream):
            fail(f"found a stream on a page that says nothing: {result.url}", "raise PageChanged instead")
        return asked[0] if asked else None

    # What was recorded

    def test_has_a_recording_that_plays(self) -> None:
        """At least one case with a stream."""
        if not any("error" not in case.expected for case in self.cases()):
            fail(f"no case with a stream in {self.folder()}", "anidana plugin record URL --as plays")

    def test_recorded_pages_mean_what_they_meant(self, case: Recording) -> None:
        """The stream, or the error, that the case expects."""
        try:
            check(self.provider, case)
        except AssertionError as error:
            raise Broken(
                f"{error}\n  → mend the parser, or `expected` in cases.json if it is wrong"
            ) from error

    def test_recordings_are_small_and_name_nobody(self, case: Recording) -> None:
        """Pages are cut down, and hold no address of a person or a machine."""
        for one in case.answers:
            if len(one.text) > MOST_PAGE:
                fail(f"{case.name}: a page of {len(one.text) // 1024} KiB",
                     "cut it to what the parser reads; anidana plugin record does")  # fmt: skip
            named = mask(one.text).found
            if named:
                fail(f"{case.name}: the page of {one.url} holds {', '.join(sorted(named))}",
                     "replace it by something made up; anidana plugin record does")  # fmt: skip

    # What may come instead

    def test_half_a_page_is_never_misread(self, case: Recording) -> None:
        """A page that breaks off gives an error, or the stream, never half of its address."""
        for one in case.answers:
            if one.text.startswith("http"):
                continue  # the answer is the address: nothing on it shows where it ends
            for end in cuts(one.text):
                what = f"{case.name} broken off after {end} of {len(one.text)} characters"
                result = self.judge(case.url, with_page(case, one.url, one.text[:end]), what)
                whole = case.expected.get("url", "")
                # A parameter may come from further down the page, and be one that can be done without.
                if isinstance(result, Stream) and whole and not f"{whole}&".startswith(f"{result.url}&"):
                    fail(f"read {result.url} off {what}", "let the pattern see the closing quote")

    def test_an_empty_page_is_a_changed_page(self) -> None:
        """Nothing at all is PageChanged."""
        result = self.judge(self.an_address(), everywhere(""), "an empty page")
        if not isinstance(result, PageChanged):
            fail(f"an empty page gives {result!r}", "raise PageChanged where nothing known is on the page")

    def test_a_refusal_stays_what_it_is(self) -> None:
        """Gone, Refused and NeedsPerson, which the core makes of answers, come through as errors of ours."""
        for error in (Gone("404"), Refused("503"), NeedsPerson("a gate")):
            result = self.judge(
                self.an_address(), _refusing(error), f"{type(error).__name__}, made by the core"
            )
            if isinstance(result, Stream):
                fail(f"found a stream although every page is {error.code}", "do not make addresses up")

    def test_a_megabyte_of_noise_is_no_stream(self, kind: str) -> None:
        """An error of ours, in no time."""
        result = self.judge(self.an_address(), everywhere(noise(kind)), f"a megabyte of {kind!r}")
        if isinstance(result, Stream):
            fail(f"read {result.url[:80]} off a megabyte of {kind!r}", "make the pattern say more")

    def test_an_endless_page_of_known_pieces_ends(self, case: Recording) -> None:
        """A megabyte of what the patterns look for, over and over."""
        for one in case.answers:
            for page in pieces(one.text):
                self.judge(case.url, everywhere(page), f"a megabyte of {page[:60]!r}")

    def test_a_page_in_another_encoding_is_survived(self, case: Recording, encoding: str) -> None:
        """Characters that were never on the page."""
        for one in case.answers:
            garbled = one.text.encode("utf-8").decode(encoding, "replace")
            self.judge(case.url, everywhere(garbled), f"{case.name} read as {encoding}")

    def test_a_damaged_page_is_survived(self) -> None:
        """Recorded pages with a piece cut out, or put in; hypothesis chooses where it is installed."""
        texts = [one.text for case in self.cases() for one in case.answers] or ["<html></html>"]
        url = self.an_address()
        _damaged(texts, lambda page: self.judge(url, everywhere(page), f"a damaged page: {page[:60]!r}…"))


def _spellings(host: str) -> tuple[str, ...]:
    return host, f"www.{host}", host.upper(), f"{host}."


def _refusing(error: SourceError) -> Host:
    def answer(request: Request) -> Page:
        raise error

    return answer


def _loaded_with(provider: Provider, test: Path) -> Plugins:
    """All that is installed; without this provider, also what the pyproject.toml above its test declares."""
    found = load()
    if any(type(one) is type(provider) for one in found.providers):
        return found
    declared = _declared(test)
    return load(points=[*entry_points(group=GROUP), *declared]) if declared else found


def _declared(test: Path) -> list[EntryPoint]:
    import tomllib

    for folder in test.parents:
        if (folder / "pyproject.toml").is_file():
            project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8")).get("project", {})
            points = project.get("entry-points", {}).get(GROUP, {})
            installed = {point.value for point in entry_points(group=GROUP)}
            return [EntryPoint(name, to, GROUP) for name, to in points.items() if to not in installed]
    return []


def _damaged(texts: list[str], judge: Callable[[str], object]) -> None:
    try:
        from hypothesis import given, settings
        from hypothesis import strategies as st
    except ImportError:
        return _damaged_by_dice(texts, judge)

    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True)
    @given(data=st.data())
    def any_damage(data: st.DataObject) -> None:
        text = data.draw(st.sampled_from(texts))
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        judge(text[:start] + data.draw(st.text(max_size=40) | st.sampled_from(texts)) + text[end:])

    any_damage()
    return None


def _damaged_by_dice(texts: list[str], judge: Callable[[str], object]) -> None:
    import random

    dice = random.Random(7)
    for _ in range(EXAMPLES):
        text = dice.choice(texts)
        start, end = sorted((dice.randint(0, len(text)), dice.randint(0, len(text))))
        judge(text[:start] + dice.choice(["", "\0", "'", '"<', *texts]) + text[end:])
