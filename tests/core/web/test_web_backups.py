"""Backups over the web: made, listed, fetched, checked, previewed; admins only."""

from __future__ import annotations

import io
import zipfile

import httpx

from anidana.core.service import Service


async def test_a_backup_is_made_listed_fetched_and_checked(owner: httpx.AsyncClient) -> None:
    made = (await owner.post("/api/backups", json={})).json()
    assert [one["name"] for one in (await owner.get("/api/backups")).json()] == [made["name"]]
    fetched = await owner.get(f"/api/backups/{made['name']}")
    assert zipfile.ZipFile(io.BytesIO(fetched.content)).testzip() is None
    page = (await owner.post(f"/api/backups/{made['name']}/verify")).json()
    assert page["secrets"] is False and page["schema_revision"]


async def test_a_restore_is_shown_and_done_only_while_the_service_is_stopped(
    owner: httpx.AsyncClient, service: Service
) -> None:
    name = (await owner.post("/api/backups")).json()["name"]
    await owner.post("/api/auth/keys", json={"name": "m", "role": "member"})
    shown = (await owner.post(f"/api/backups/{name}/restore", json={})).json()
    assert shown["rows"]["api_keys"] == [1, 0]
    answer = await owner.post(f"/api/backups/{name}/restore", json={"dry_run": False})
    assert answer.status_code == 409 and name in answer.json()["hint"]


async def test_another_name_or_a_damaged_file_is_refused(owner: httpx.AsyncClient, service: Service) -> None:
    assert (await owner.get("/api/backups/anidana.db")).status_code == 404
    assert (await owner.get("/api/backups/..%2Fanidana.db")).status_code == 404
    name = (await owner.post("/api/backups")).json()["name"]
    (service.app.data / "backups" / name).write_bytes(b"PK")
    assert (await owner.post(f"/api/backups/{name}/verify")).status_code == 400


async def test_nobody_else_fetches_one(owner: httpx.AsyncClient) -> None:
    key = (await owner.post("/api/auth/keys", json={"name": "m", "role": "member"})).json()["key"]
    assert (
        await owner.get("/api/backups", headers={"X-Api-Key": key, "Authorization": ""})
    ).status_code == 403
