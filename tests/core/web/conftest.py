"""The whole web over a service on an empty data folder, asked without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from anidana.core.service import Service, open_service
from anidana.core.settings import Settings
from anidana.core.web.assembly import make_web

PASSWORD = "Correct-Horse-1"


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    """The settings of the service; a test that wants others overrides this."""
    (tmp_path / "library").mkdir()
    return Settings.model_validate(
        {
            "library": {"anime_directory": tmp_path / "library"},
            "network": {"route_all_to": "127.0.0.1:9"},  # health asks for no name on the internet
        }
    )


@pytest.fixture
async def service(tmp_path: Path, chosen: Settings) -> AsyncIterator[Service]:
    """The open service."""
    async with open_service(tmp_path / "data", chosen=chosen) as it:
        yield it


@pytest.fixture
async def visitor(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a login."""
    transport = httpx.ASGITransport(make_web(service), client=("192.168.1.50", 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://anidana.local") as client:
        yield client


@pytest.fixture
async def owner(visitor: httpx.AsyncClient) -> httpx.AsyncClient:
    """A program that is logged in and may do everything."""
    assert (await visitor.post("/api/auth/setup", json={"master_password": PASSWORD})).status_code == 201
    answer = await visitor.post("/api/auth/login", json={"password": PASSWORD})
    visitor.cookies.clear()
    visitor.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return visitor
