"""Who asks, and whether they may: every route has one of these as a dependency."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

from .. import accounts
from ..accounts import Caller, Role
from .deps import TheService
from .guard import SAFE
from .problems import NoLogin, NotAllowed

COOKIE = "anidana_session"


async def caller(connection: HTTPConnection, service: TheService) -> Caller:
    """Who asks, by API key, bearer token, cookie, or a trusted proxy's word; NoLogin otherwise."""
    found: Caller | None = None
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if key := connection.headers.get("x-api-key"):
        found = await accounts.who_shows(key)
    elif kind.lower() == "bearer" and token:
        found = await accounts.who_has(token.strip())
    elif cookie := connection.cookies.get(COOKIE):
        found = await accounts.who_has(cookie)
    elif name := proxy_name(connection, service):
        found = await accounts.who_is(name)
    if found is None:
        raise NoLogin("log in first", hint="POST /api/auth/login")
    return found


def proxy_name(connection: HTTPConnection, service: TheService) -> str:
    """The name that a trusted proxy says it has checked; empty from anybody else."""
    server = service.app.settings.server
    if not server.proxy_user_header or not is_trusted(
        connection.scope.get("peer", ""), server.trusted_proxies
    ):
        return ""
    return connection.headers.get(server.proxy_user_header, "")


def is_trusted(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address lies in one of these networks."""
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(peer in ipaddress.ip_network(network, strict=False) for network in networks)


def permit(read: Role = Role.VIEWER, write: Role = Role.MEMBER) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, if they may look (`read`) or change (`write`) here; NotAllowed otherwise."""

    async def permitted(connection: HTTPConnection, who: Annotated[Caller, Depends(caller)]) -> Caller:
        needed = read if connection.scope.get("method", "GET") in SAFE else write
        if who.role < needed:
            raise NotAllowed(f"this needs the role {needed.name.lower()}")
        return who

    return permitted


TheCaller = Annotated[Caller, Depends(caller)]
