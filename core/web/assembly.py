"""Puts the web together."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ..service import Service
from . import docs, live, problems
from .api import (
    anime,
    auth,
    backups,
    config,
    health,
    history,
    hosts,
    logs,
    notifications,
    plugins,
    queue,
    review,
    scheduler,
    system,
)
from .callers import permit
from .guard import Guard

MOST_BODY_BYTES = 1024 * 1024

PUBLIC = (system.router, health.public, auth.public, docs.router)
"""Routes that need no login."""

ROUTERS = (
    anime.router,
    auth.admin,
    auth.router,
    backups.router,
    config.router,
    health.router,
    history.router,
    hosts.router,
    live.router,
    logs.router,
    notifications.router,
    plugins.router,
    queue.router,
    review.router,
    scheduler.router,
)
"""Routes that need one: to look as a viewer, to change as a member, unless they say otherwise."""


def make_api(service: Service) -> FastAPI:
    """The routes over an open service."""
    api = FastAPI(
        title="Anidana",
        root_path=service.app.settings.server.base_path,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        max_body_size=MOST_BODY_BYTES,
    )
    api.state.service = service
    problems.install(api)
    for router in PUBLIC:
        api.include_router(router)
    for router in ROUTERS:
        api.include_router(router, dependencies=[Depends(permit())])
    api.include_router(live.sockets)  # a socket is asked for its login before it is accepted
    return api


def make_web(service: Service) -> ASGIApp:
    """The routes behind what every request has to pass."""
    server = service.app.settings.server
    guarded: Any = Guard(make_api(service), server.hosts, server.origins)
    proxied: Any = ProxyHeadersMiddleware(guarded, list(server.trusted_proxies))
    return Peer(proxied)


class Peer:
    """Notes who is really connected, before a proxy's word changes the client's address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        if scope["type"] in ("http", "websocket"):
            scope["peer"] = (scope.get("client") or ("",))[0]
        await self._app(scope, receive, send)
