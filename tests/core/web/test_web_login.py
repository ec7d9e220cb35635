"""Who gets in, who does not, and what each may do."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi.routing import APIRoute

from anidana.core import accounts
from anidana.core.accounts import Role, WeakPassword, check_password, wait_after
from anidana.core.service import Service
from anidana.core.settings import Settings
from anidana.core.web.assembly import PUBLIC as PUBLIC_ROUTERS
from anidana.core.web.assembly import ROUTERS, make_api

PASSWORD = "Correct-Horse-1"
PUBLIC = {
    "/ping", "/health", "/health/ready", "/api/auth/setup", "/api/auth/login", "/api/auth/status",
    "/api/docs", "/api/openapi.json",
}  # fmt: skip


async def test_every_route_but_a_short_list_wants_a_login(
    service: Service, visitor: httpx.AsyncClient
) -> None:
    for router in (*PUBLIC_ROUTERS, *ROUTERS):
        assert all(isinstance(route, APIRoute) and route.include_in_schema for route in router.routes)
    paths = make_api(service).openapi()["paths"]
    assert set(paths) >= PUBLIC and len(paths) > len(PUBLIC) + 3
    for path in set(paths) - PUBLIC:
        for method in paths[path]:
            answer = await visitor.request(method, path.replace("{", "").replace("}", ""), json={})
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.json()["code"] == "no_login"


async def test_set_up_is_possible_once(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/api/auth/status")).json()["configured"] is False
    first = await visitor.post("/api/auth/setup", json={"master_password": PASSWORD})
    assert (first.status_code, first.json()) == (201, {"status": "ok"})
    again = await visitor.post("/api/auth/setup", json={"master_password": "Another-Horse-2"})
    assert (again.status_code, again.json()["code"]) == (409, "held")
    assert (await visitor.get("/api/auth/status")).json()["configured"] is True


async def test_two_that_set_up_at_once_make_one_account(visitor: httpx.AsyncClient) -> None:
    body = {"master_password": PASSWORD}
    answers = await asyncio.gather(*(visitor.post("/api/auth/setup", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


@pytest.mark.parametrize("password", ["Short1!", "nocapital1!", "NOSMALL1!", "NoDigits!", "NoMarks11"])
def test_a_weak_password_is_told_what_it_lacks(password: str) -> None:
    with pytest.raises(WeakPassword, match="needs"):
        check_password(password)


async def test_a_login_gives_a_cookie_to_browsers_and_a_token_to_programs(visitor: httpx.AsyncClient) -> None:
    await visitor.post("/api/auth/setup", json={"master_password": PASSWORD})
    answer = await visitor.post("/api/auth/login", json={"password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "max-age" not in cookie
    assert (await visitor.get("/api/auth/status")).json()["username"] == "admin"
    visitor.cookies.clear()
    token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await visitor.get("/api/auth/users", headers=token)).status_code == 200


async def test_a_logout_ends_the_login_and_no_other(owner: httpx.AsyncClient) -> None:
    other = (await owner.post("/api/auth/login", json={"password": PASSWORD})).json()["access_token"]
    owner.cookies.clear()
    assert (await owner.post("/api/auth/logout")).status_code == 200
    assert (await owner.get("/api/auth/users")).status_code == 401
    headers = {"Authorization": f"Bearer {other}"}
    assert (await owner.get("/api/auth/users", headers=headers)).status_code == 200


async def test_a_new_password_ends_every_login(owner: httpx.AsyncClient) -> None:
    body = {"old": PASSWORD, "new": "Better-Horse-2"}
    assert (await owner.put("/api/auth/password", json=body | {"old": "wrong"})).status_code == 401
    assert (await owner.put("/api/auth/password", json=body)).status_code == 204
    assert (await owner.get("/api/auth/users")).status_code == 401
    assert (await owner.post("/api/auth/login", json={"password": "Better-Horse-2"})).status_code == 200


async def test_wrong_logins_wait_longer_each_time_and_are_not_looked_at_meanwhile(
    visitor: httpx.AsyncClient,
) -> None:
    await visitor.post("/api/auth/setup", json={"master_password": PASSWORD})
    wrong = [visitor.post("/api/auth/login", json={"password": f"wrong {n}"}) for n in range(50)]
    statuses = [answer.status_code for answer in await asyncio.gather(*wrong)]
    assert statuses.count(401) <= accounts.FREE_TRIES + accounts.AT_ONCE
    right = await visitor.post("/api/auth/login", json={"password": PASSWORD})
    assert (right.status_code, right.json()["code"]) == (429, "too_many_tries")
    assert int(right.headers["Retry-After"]) >= 1


def test_the_wait_doubles_to_its_most() -> None:
    assert [wait_after(count, 10.0) for count in (0, 4, 5, 6, 7, 8, 9, 400)] == [0, 0, 1, 2, 4, 8, 10, 10]


@pytest.mark.parametrize(("role", "looks", "changes"), [("viewer", 200, 403), ("admin", 200, 201)])
async def test_a_key_may_do_what_its_role_may(
    owner: httpx.AsyncClient, role: str, looks: int, changes: int
) -> None:
    made = await owner.post("/api/auth/keys", json={"name": "dashboard", "role": role})
    key = {"X-Api-Key": made.json()["key"], "Authorization": ""}
    status = await owner.get("/api/auth/status", headers=key)
    assert (status.status_code, status.json()["role"]) == (looks, role)
    assert (await owner.post("/api/auth/keys", headers=key, json={"name": "more"})).status_code == changes
    assert "key" not in {
        name for one in (await owner.get("/api/auth/keys")).json() for name in one if one[name]
    }
    await owner.delete(f"/api/auth/keys/{made.json()['id']}")
    assert (await owner.get("/api/auth/status", headers=key)).json()["authenticated"] is False


async def test_the_last_one_who_may_do_everything_stays(owner: httpx.AsyncClient) -> None:
    assert (await owner.delete("/api/auth/users/admin")).json()["code"] == "held"
    person = {"name": "Anna", "password": "Sister-Horse-3", "role": "admin"}
    assert (await owner.post("/api/auth/users", json=person)).status_code == 201
    assert (await owner.post("/api/auth/users", json=person | {"name": "ANNA"})).status_code == 409
    assert (await owner.delete("/api/auth/users/admin")).status_code == 204
    assert (await owner.get("/api/auth/users")).status_code == 401


async def test_no_answer_and_no_row_holds_a_password_or_a_token(
    owner: httpx.AsyncClient, service: Service
) -> None:
    token = owner.headers["Authorization"].split()[1]
    key = (await owner.post("/api/auth/keys", json={"name": "x"})).json()["key"]
    stored = b"".join(path.read_bytes() for path in service.app.data.glob("anidana.db*"))
    for secret in (token, key, PASSWORD):
        assert secret.encode() not in stored
    assert "argon2" not in (await owner.get("/api/auth/users")).text


class TestBehindAProxy:
    """A trusted proxy's headers count, and nobody else's."""

    @pytest.fixture
    def chosen(self) -> Settings:
        server = {"trusted_proxies": ["192.168.1.0/24"], "proxy_user_header": "Remote-User"}
        return Settings.model_validate({"server": server})

    async def test_its_word_is_a_login(self, visitor: httpx.AsyncClient) -> None:
        await visitor.post("/api/auth/setup", json={"master_password": PASSWORD})
        answer = await visitor.get("/api/auth/status", headers={"Remote-User": "admin"})
        assert answer.json()["role"] == "admin"
        nobody = await visitor.get("/api/auth/status", headers={"Remote-User": "somebody"})
        assert nobody.json()["authenticated"] is False


async def test_nobody_else_may_name_who_it_is(visitor: httpx.AsyncClient) -> None:
    await visitor.post("/api/auth/setup", json={"master_password": PASSWORD})
    answer = await visitor.get("/api/auth/status", headers={"Remote-User": "admin"})
    assert answer.json()["authenticated"] is False


async def test_forwarded_addresses_of_strangers_do_not_spread_the_tries(visitor: httpx.AsyncClient) -> None:
    await visitor.post("/api/auth/setup", json={"master_password": PASSWORD})
    for number in range(accounts.FREE_TRIES):
        headers = {"X-Forwarded-For": f"10.0.0.{number}"}
        body = {"password": "wrong", "username": f"name{number}"}
        assert (await visitor.post("/api/auth/login", json=body, headers=headers)).status_code == 401
    body = {"password": PASSWORD}
    answer = await visitor.post("/api/auth/login", json=body, headers={"X-Forwarded-For": "10.9.9.9"})
    assert answer.status_code == 429


def test_roles_are_ordered() -> None:
    assert Role.VIEWER < Role.MEMBER < Role.ADMIN
