from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from anidana.core import Blocked, Gone, PageChanged, Refused
from anidana.core.fetch import Network
from anidana.core.metadata.images import MOST_BYTES, ImageDownloader

MakePicture = Callable[..., bytes]

URL = "https://pictures.example/cover.png"
PLACE = "pictures.example/cover.png"


async def test_a_picture_comes_as_it_is(site: Any, network: Network, picture: MakePicture) -> None:
    site.answer(PLACE, picture("jpeg"))
    async with ImageDownloader(network) as images:
        assert await images.fetch(URL) == picture("jpeg")


async def test_the_next_episode_does_not_ask_again(site: Any, network: Network, picture: MakePicture) -> None:
    site.answer(PLACE, picture())
    for number in range(8):
        site.answer(f"pictures.example/{number}", picture("png", number + 1))
    async with ImageDownloader(network) as images:
        assert await images.fetch(URL) == await images.fetch(URL)
        assert len(site.asked) == 1
        for number in range(8):
            assert await images.fetch(f"https://pictures.example/{number}") == picture("png", number + 1)
        await images.fetch(URL)
        assert len(site.asked) == 10, "only the last few are kept in memory"


@pytest.mark.parametrize(
    ("status", "error"), [(404, Gone), (403, Refused), (500, Refused), (204, PageChanged)]
)
async def test_an_answer_without_a_picture_is_told_apart(
    site: Any, network: Network, status: int, error: type[Exception]
) -> None:
    site.answer(PLACE, "", status)
    async with ImageDownloader(network) as images:
        with pytest.raises(error):
            await images.fetch(URL)


@pytest.mark.parametrize("body", [b"<svg></svg>" * 200, b"<!doctype html>" * 200, b"short"])
async def test_what_is_no_picture_is_refused(site: Any, network: Network, body: bytes) -> None:
    site.answer(PLACE, body, Content_Type="image/jpeg")
    async with ImageDownloader(network) as images:
        with pytest.raises(PageChanged):
            await images.fetch(URL)


async def test_a_picture_of_too_many_bytes_is_cut_off(
    site: Any, network: Network, picture: MakePicture
) -> None:
    site.answer(PLACE, picture(size=MOST_BYTES + 1))
    async with ImageDownloader(network) as images:
        with pytest.raises(Blocked):
            await images.fetch(URL)


async def test_a_picture_that_does_not_come_is_given_up(site: Any, network: Network) -> None:
    never = asyncio.Event()

    async def hang(request: web.BaseRequest) -> web.StreamResponse:
        await never.wait()
        raise AssertionError

    site.answers[PLACE] = hang
    async with ImageDownloader(network, most_seconds=0.01) as images:
        with pytest.raises(Refused, match="did not come"):
            await images.fetch(URL)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "data:image/png;base64,AAAA", "//x", "", "http://"])
async def test_only_http_addresses_are_asked(network: Network, url: str) -> None:
    async with ImageDownloader(network) as images:
        with pytest.raises(Blocked):
            await images.fetch(url)


async def test_it_works_only_while_it_is_open(network: Network) -> None:
    images = ImageDownloader(network)
    with pytest.raises(RuntimeError, match="async with"):
        await images.fetch(URL)


async def test_one_left_open_warns_when_it_is_dropped(network: Network) -> None:
    images = await ImageDownloader(network).__aenter__()
    with pytest.warns(ResourceWarning, match="unclosed ImageDownloader"):
        del images
        gc.collect()


async def test_a_closed_one_goes_quietly(network: Network) -> None:
    async with ImageDownloader(network) as images:
        pass
    del images
    gc.collect()
