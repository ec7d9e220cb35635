"""What the API says of itself."""

from __future__ import annotations

import httpx


async def test_every_route_is_described_for_programs_and_for_people(visitor: httpx.AsyncClient) -> None:
    described = (await visitor.get("/api/openapi.json")).json()
    page = await visitor.get("/api/docs")
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    ids = []
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], f"{method} {path} says nothing"
            assert f"{method.upper()} {path}" in page.text
            ids.append(operation["operationId"])
    assert len(ids) == len(set(ids)) > 25
