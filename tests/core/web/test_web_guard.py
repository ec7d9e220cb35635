"""What is turned away before anything of ours sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from anidana.core.web.assembly import MOST_BODY_BYTES
from anidana.core.web.guard import host_is_ours


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8000",
        "192.168.1.5",
        "[::1]:8000",
        "localhost",
        "nas",
        "nas.local",
        "nas.fritz.lan",
        "box.example",
    ],
)
def test_names_of_the_local_network_and_listed_ones_are_ours(host: str) -> None:
    assert host_is_ours(host, {"box.example"})


@pytest.mark.parametrize(
    "host", ["attacker.example", "192.168.1.5.attacker.example", "", ":80", "[x", "a b.c"]
)
def test_other_names_are_not(host: str) -> None:
    assert not host_is_ours(host, {"box.example"})


async def test_a_name_that_is_not_ours_is_turned_away(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/ping", headers={"Host": "attacker.example"})
    assert (answer.status_code, answer.json()["code"]) == (421, "wrong_host")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"Origin": "http://anidana.local"}, True),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
    ],
)
async def test_pages_of_others_change_nothing(
    visitor: httpx.AsyncClient, method: str, headers: dict[str, str], passes: bool
) -> None:
    answer = await visitor.request(method, "/api/auth/logout", headers=headers)
    assert (answer.status_code != 403) is passes


async def test_a_body_that_is_too_large_is_turned_away(visitor: httpx.AsyncClient) -> None:
    told = await visitor.post("/api/auth/login", content=b"x" * (MOST_BODY_BYTES + 1))
    assert told.status_code == 413

    async def untold() -> AsyncIterator[bytes]:
        for _ in range(MOST_BODY_BYTES // 65536 + 1):
            yield b"x" * 65536

    headers = {"Content-Type": "application/json"}
    answer = await visitor.post("/api/auth/login", content=untold(), headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/ping", "/api/auth/users", "/nothing"])
async def test_every_answer_tells_browsers_to_keep_it_apart(visitor: httpx.AsyncClient, path: str) -> None:
    answer = await visitor.get(path)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/nothing", None, 404), ("/api/auth/login", b"{", 422), ("/api/auth/login", b'{"password": 1}', 422)],
)
async def test_every_error_has_one_form(
    visitor: httpx.AsyncClient, path: str, body: bytes | None, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await (visitor.get(path) if body is None else visitor.post(path, content=body, headers=headers))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "status", "code", "title", "hint"} <= set(answer.json())
