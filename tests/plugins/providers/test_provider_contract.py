"""What every provider promises, whatever a host sends: a stream or one of our errors, no strange requests."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anidana.core import Gone, Link, Page, PageChanged, Provider, SourceError, Stream
from anidana.core.loader import knows, load
from anidana.core.steps import Request
from anidana.core.testkit import Recording, check, read_recordings, run

RECORDED = Path(__file__).parent / "recorded"
MEGABYTE = 1024 * 1024
PROVIDERS = {provider.name: provider for provider in load().providers}
CASES = [
    pytest.param(provider, case, id=f"{provider.name}-{case.name}")
    for provider in PROVIDERS.values()
    for case in read_recordings(RECORDED / provider.name.casefold())
]

every_provider = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
every_case = pytest.mark.parametrize(("provider", "case"), CASES)


def outcome(provider: Provider, link: Link, answer: Callable[[Request], Page]) -> Stream | SourceError:
    """What comes of a link; fails on anything but a sound stream or our error, and on requests elsewhere."""
    named = [link.url]

    def watched(request: Request) -> Page:
        host = urlsplit(request.url).hostname
        assert host and any(host in text.lower() for text in named), f"nobody named {request.url}"
        page = answer(request)
        named.extend((page.url, page.text))
        return page

    try:
        stream = run(provider.extract(link), watched)
    except SourceError as error:
        assert str(error)
        return error
    assert isinstance(stream, Stream)
    assert re.match(r"https?://[^/\s]+", stream.url) and not re.search(r"\s", stream.url)
    assert stream.kind in ("hls", "file")
    return stream


def everywhere(text: str) -> Callable[[Request], Page]:
    """A host that answers everything with one page."""
    return lambda request: Page(request.url, 200, text)


def embed(provider: Provider) -> Link:
    return Link(f"https://{provider.domains[0]}/e/abcdefgh1234", "https://catalogue.example/")


@every_case
def test_recorded_pages_mean_what_they_meant(provider: Provider, case: Recording) -> None:
    check(provider, case)


@every_provider
def test_has_recorded_cases_of_a_stream(provider: Provider) -> None:
    cases = read_recordings(RECORDED / provider.name.casefold())
    assert any("error" not in case.expected for case in cases)


@every_provider
def test_introduces_itself(provider: Provider) -> None:
    assert provider.name.strip()
    assert provider.domains
    assert all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain) for domain in provider.domains)
    assert re.match(r"https://[^/]+/$", provider.headers["Referer"])


@every_provider
def test_knows_its_domains_and_no_look_alikes(provider: Provider) -> None:
    for domain in provider.domains:
        assert knows(provider.domains, domain)
        assert knows(provider.domains, f"www.{domain}")
        assert knows(provider.domains, f"{domain.upper()}.")
        for other in (f"{domain}.evil.test", f"evil-{domain}", f"{domain}evil", domain.replace(".", "-")):
            assert not knows(provider.domains, other), other


def test_no_domain_belongs_to_two_providers() -> None:
    domains = [domain for provider in PROVIDERS.values() for domain in provider.domains]
    assert sorted(domains) == sorted(set(domains))


@every_case
def test_half_a_page_is_never_misread(provider: Provider, case: Recording) -> None:
    for cut_answer in case.answers:
        for end in range(0, len(cut_answer.text), max(1, len(cut_answer.text) // 150)):

            def answer(
                request: Request, short: str = cut_answer.text[:end], url: str = cut_answer.url
            ) -> Page:
                for one in case.answers:
                    if one.url == request.url:
                        return Page(one.url, 200, short) if one.url == url else one.page()
                raise Gone("not recorded")

            result = outcome(provider, Link(case.url), answer)
            if isinstance(result, Stream) and "url" in case.expected:
                assert case.expected["url"].startswith(result.url)


@every_provider
def test_an_empty_page_is_a_changed_page(provider: Provider) -> None:
    assert isinstance(outcome(provider, embed(provider), everywhere("")), PageChanged)


def noises() -> Iterator[tuple[str, str]]:
    dice = random.Random(7)
    yield "bytes", dice.randbytes(MEGABYTE).decode("latin-1")
    yield "zeros", "\0" * MEGABYTE
    yield "spaces", "window.location.href = '" + " " * MEGABYTE
    yield "brackets", "[" * MEGABYTE
    yield "playlists", "file: 'https://" + ".m3u8" * (MEGABYTE // 5)
    yield "json", '<script type="application/json">' + '["' * (MEGABYTE // 2) + "</script>"
    for start in ("<script", "<iframe ", "sources: [", "file: '", "= '", "$.get('/pass_md5/", "https://"):
        yield start.strip(), start * (MEGABYTE // len(start))


@every_provider
@pytest.mark.parametrize("noise", [pytest.param(text, id=name) for name, text in noises()])
def test_a_megabyte_of_noise_is_no_stream(provider: Provider, noise: str) -> None:
    assert isinstance(outcome(provider, embed(provider), everywhere(noise)), SourceError)


@every_case
def test_an_endless_page_of_known_pieces_ends(provider: Provider, case: Recording) -> None:
    for one in case.answers:
        for start in range(0, len(one.text), max(1, len(one.text) // 8)):
            piece = one.text[start : start + 60]
            outcome(provider, Link(case.url), everywhere(piece * (MEGABYTE // max(1, len(piece)))))


@every_case
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-7", "cp037", "shift-jis"])
def test_a_page_in_another_encoding_is_survived(provider: Provider, case: Recording, encoding: str) -> None:
    for one in case.answers:
        garbled = one.text.encode("utf-8").decode(encoding, "replace")
        outcome(provider, Link(case.url), everywhere(garbled))


@every_provider
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_page_is_survived(provider: Provider, data: st.DataObject) -> None:
    cases = read_recordings(RECORDED / provider.name.casefold())
    texts = [one.text for case in cases for one in case.answers]
    text = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    damaged = text[:start] + data.draw(st.text(max_size=40) | st.sampled_from(texts)) + text[end:]
    outcome(provider, embed(provider), everywhere(damaged))


@every_provider
@settings(max_examples=60, deadline=None)
@given(
    path=st.text(st.characters(categories=("L", "N", "P", "S")), max_size=30),
    status=st.sampled_from([200, 403]),
)
def test_a_strange_link_is_asked_for_where_it_points(provider: Provider, path: str, status: int) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Page:
        asked.append(request.url)
        return Page(request.url, status, "<html></html>")

    result = outcome(provider, Link(f"https://alias.example/{path}"), answer)
    assert isinstance(result, SourceError)
    assert {urlsplit(url).hostname for url in asked[:1]} <= {"alias.example"}
