"""yt-dlp as a provider: only sites that it has extractors of its own for, and no other host's pages."""

from __future__ import annotations

from pathlib import Path

import pytest
import yt_dlp.extractor
from yt_dlp.extractor.unsupported import KnownPiracyIE, UnsupportedInfoExtractor

from anidana.core import Blocked, Link, Stream
from anidana.core.loader import load
from anidana.core.testkit import run
from anidana.plugins.providers.ytdlp import YtDlp

PLUGINS = load()
LINKS = {
    "ok.ru": "https://ok.ru/videoembed/1234567890123",
    "odnoklassniki.ru": "https://www.odnoklassniki.ru/video/1234567890123",
    "dailymotion.com": "https://www.dailymotion.com/embed/video/x5kesuj",
    "dai.ly": "https://dai.ly/x5kesuj",
    "vk.com": "https://vk.com/video_ext.php?oid=-77521&id=162222515",
    "vkvideo.ru": "https://vkvideo.ru/video-77521_162222515",
    "rutube.ru": "https://rutube.ru/play/embed/3eac3b4561676c17df9132a9a1e62e3e",
    "my.mail.ru": "https://my.mail.ru/video/embed/7949340477499637815",
    "streamable.com": "https://streamable.com/e/dnd1",
}


def no_page(request: object) -> object:
    raise AssertionError(f"asked for {request}")


def extracted(url: str) -> Stream:
    return run(YtDlp().extract(Link(url)), no_page)  # type: ignore[arg-type]


def reader(url: str) -> type:
    """The first extractor that takes an address: the one that yt-dlp would use."""
    return next(one for one in yt_dlp.extractor.gen_extractor_classes() if one.suitable(url))  # type: ignore[no-any-return]


def test_there_is_a_link_for_every_site() -> None:
    assert tuple(LINKS) == YtDlp.domains


@pytest.mark.parametrize("url", LINKS.values(), ids=LINKS)
def test_every_site_has_an_extractor_that_works_and_is_not_refused_by_name(url: str) -> None:
    found = reader(url)
    assert found.ie_key() != "Generic"  # type: ignore[attr-defined]
    assert found.working()  # type: ignore[attr-defined]
    assert not issubclass(found, UnsupportedInfoExtractor)


def test_sibnet_still_has_no_extractor_of_its_own() -> None:
    assert reader("https://video.sibnet.ru/shell.php?videoid=1887072").ie_key() == "Generic"  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", LINKS.values(), ids=LINKS)
def test_a_page_is_handed_on_unread(url: str) -> None:
    assert extracted(url) == Stream.page(url)
    provider = PLUGINS.provider_for("unheard of", Link(url).host)
    assert provider is not None and provider.name == "yt-dlp"


@pytest.mark.parametrize(
    "url",
    ["https://voe.sx/e/abc", "https://ok.ru.evil.test/videoembed/1", "https://evilok.ru/video/1", "x", ""],
)
def test_a_page_of_any_other_host_is_not_handed_on_whatever_its_label(url: str) -> None:
    with pytest.raises(Blocked, match="no site that is left to yt-dlp"):
        extracted(url)


def test_it_is_asked_last_and_shares_no_site_with_another() -> None:
    *others, last = PLUGINS.providers
    assert last.name == "yt-dlp"
    for provider in others:
        assert not {*provider.domains} & {*YtDlp.domains}
        assert not {label.casefold() for label in YtDlp.labels} & {provider.name.casefold()}


def test_what_yt_dlp_refuses_by_name_or_does_not_know_never_reaches_it() -> None:
    refused = [url.replace("\\.", ".").split("/")[0] for url in KnownPiracyIE.URLS]
    assert len(refused) > 3
    for host in (*refused, "nobody.example", "video.sibnet.ru", "youtube.com"):
        provider = PLUGINS.provider_for("", host)
        assert provider is None or provider.name != "yt-dlp", host


def test_no_other_provider_returns_a_page() -> None:
    folder = Path(__file__).parents[3] / "plugins" / "providers"
    makers = [path.name for path in folder.glob("*.py") if "Stream.page(" in path.read_text("utf-8")]
    assert makers == ["ytdlp.py"]
