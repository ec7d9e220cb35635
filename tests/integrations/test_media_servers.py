"""What holds for every media server: keys stay where they belong, and trouble is named."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus

import pytest
from aiohttp import web

from anidana.core import Action, ConfigError, MediaServer, Refused, ServerClient

SECRETS = ('a+b"c', "a%2Bb%22c", "pa:ss", "a29kaTpwYTpzcw==")


def at(desk, url: str) -> MediaServer:
    return dataclasses.replace(desk.server, url=url)


def assert_silent_about_secrets(error: BaseException) -> None:
    text = repr(error) + getattr(error, "hint", "")
    assert not [secret for secret in SECRETS if secret in text]


async def test_each_is_an_action(either) -> None:
    assert isinstance(either.action, Action)
    assert either.action.name == either.server.kind


async def test_news_are_confirmed_once_told(either, news) -> None:
    fresh = news("Series (2020)", 1, 2)
    either.place(fresh)
    assert not await either.confirm(fresh)
    await either.tell(fresh)
    assert await either.confirm(fresh)


async def test_one_missing_file_is_enough_not_to_confirm(either, news) -> None:
    either.place(news("Series (2020)", 1))
    await either.tell(news("Series (2020)", 1, 2))
    assert not await either.confirm(news("Series (2020)", 1, 2))


async def test_one_bad_answer_only_puts_it_off(either, news) -> None:
    fresh = news("Series (2020)", 1)
    either.place(fresh)
    either.fake.failures = [500]
    with pytest.raises(Refused, match="answered 500"):
        await either.tell(fresh)
    await either.tell(fresh)
    assert await either.confirm(fresh)


async def test_a_wrong_key_names_the_setting(either, news) -> None:
    stranger = dataclasses.replace(either.server, api_key="wrong", password="wrong")
    for asked in (either.action.tell, either.action.confirm):
        with pytest.raises(ConfigError, match="does not let us in") as caught:
            await asked(stranger, news("Series (2020)", 1))
        assert caught.value.hint.startswith("check media_servers.")
        assert "wrong" not in repr(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_never_carries_the_key_away(either, news, serve, status: int) -> None:
    seen = []

    async def other(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response({})

    elsewhere = await serve(other)

    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": elsewhere + request.path_qs})

    for asked in (either.action.tell, either.action.confirm):
        with pytest.raises(Refused, match="redirects") as caught:
            await asked(at(either, await serve(redirect)), news("Series (2020)", 1))
        assert "media_servers.url" in caught.value.hint
        assert_silent_about_secrets(caught.value)
    assert not seen


async def test_a_server_that_is_down_is_named(either, news, nowhere: str) -> None:
    for asked in (either.action.tell, either.action.confirm):
        with pytest.raises(Refused, match=f"^{either.server.name} at {nowhere} does not answer$") as caught:
            await asked(at(either, nowhere), news("Series (2020)", 1))
        assert_silent_about_secrets(caught.value)


async def test_a_login_in_the_address_is_not_repeated(either, news, nowhere: str) -> None:
    url = nowhere.replace("//", "//me:canary@") + "/?token=canary"
    with pytest.raises(Refused, match="does not answer") as caught:
        await either.action.tell(at(either, url), news("Series (2020)", 1))
    assert "canary" not in repr(caught.value)


async def test_silence_is_not_waited_out(either, news, serve, silence) -> None:
    either.action.timeout = 0.05
    with pytest.raises(Refused, match="does not answer"):
        await either.action.tell(at(either, await serve(silence)), news("Series (2020)", 1))


@pytest.mark.parametrize(
    "body",
    ["<html>Log in</html>", "", "[" * 100_000, '{"Items": 1, "result": 1}', '{"Items": [{}], "id": 1}'],
)
async def test_an_answer_in_an_unknown_form_is_refused(either, news, serve, body: str) -> None:
    async def strange(request: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    for asked in (either.action.tell, either.action.confirm):
        with pytest.raises(Refused, match=either.server.name):
            await asked(at(either, await serve(strange)), news("Series (2020)", 1))


async def test_an_endless_answer_is_cut_off(either, news, serve) -> None:
    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 1024 * 1024)

    with pytest.raises(Refused, match="answers with more than"):
        await either.action.tell(at(either, await serve(flood)), news("Series (2020)", 1))


@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30), ("999999", 900), ("soon", None), ("-5", None), ("", None)]
)
async def test_a_starting_server_says_when_to_come_back(
    either, news, serve, header: str, seconds: float | None
) -> None:
    async def starting(request: web.Request) -> web.Response:
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": header})

    with pytest.raises(Refused) as caught:
        await either.action.tell(at(either, await serve(starting)), news("Series (2020)", 1))
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize("url", ["http://[::1", "http://host:port", "http://host:99999"])
async def test_an_impossible_address_names_the_setting(either, news, url: str) -> None:
    with pytest.raises(ConfigError, match=r"media_servers\.url"):
        await either.action.tell(at(either, url), news("Series (2020)", 1))


async def test_a_server_behind_a_path_is_asked_there(either, news, serve) -> None:
    paths = []

    async def note(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=404)

    with pytest.raises(Refused, match="answered 404"):
        await either.action.tell(at(either, await serve(note) + "/media/"), news("Series (2020)", 1))
    assert paths[0] in ("/media/Items", "/media/jsonrpc")


async def test_a_client_left_open_is_told_on() -> None:
    client = ServerClient(MediaServer("kodi", "den", "http://127.0.0.1:9"), "Basic canary", "settings")
    await client.__aenter__()
    session = client._session
    with pytest.warns(ResourceWarning, match=r"unclosed client of den at http://127\.0\.0\.1:9$"):
        del client
    await session.close()
