"""Health over the web: what strangers may know, what orchestrators and dashboards are told."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from anidana.core.service import Service
from anidana.core.settings import Settings


async def test_health_has_the_fields_of_the_predecessor_and_needs_no_login(
    visitor: httpx.AsyncClient, service: Service
) -> None:
    await service.health.look()
    answer = await visitor.get("/health")
    body = answer.json()
    assert answer.status_code == 200 and body["status"] in ("healthy", "degraded")
    assert body["series_app_initialized"] is True and body["anime_directory_configured"] is True
    assert body["scheduler_next_run"] and body["scheduler_last_run"] is None and body["timestamp"]
    assert {"ffmpeg", "dns_aniworld", "dns_tmdb", "anime_directory"} <= body["checks"].keys()
    assert str(service.app.data) not in answer.text


async def test_what_can_work_is_ready(visitor: httpx.AsyncClient, service: Service) -> None:
    await service.health.look()
    answer = await visitor.get("/health/ready")
    assert (answer.status_code, answer.json()["ready"], answer.json()["status"]) == (200, True, "ready")


async def test_what_has_no_library_is_not_ready_and_says_so(
    visitor: httpx.AsyncClient, service: Service, tmp_path: Path
) -> None:
    (tmp_path / "library").rmdir()
    await service.health.look()
    answer = await visitor.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "not_ready")
    assert answer.json()["critical_failures"] == ["anime_directory: not there or not writable"]
    assert (await visitor.get("/health")).json()["status"] == "unhealthy"
    assert (await visitor.get("/ping")).status_code == 200


async def test_the_owner_sees_everything_with_its_remedy(owner: httpx.AsyncClient, service: Service) -> None:
    body = (await owner.post("/health/check")).json()
    body = (await owner.get("/health/detailed")).json()
    assert body["findings"]["practice"]["hint"] == "unset network.route_all_to"
    assert body["database"]["status"] == "ok" and body["database"]["bytes"] > 0
    assert body["filesystem"]["library"]["free_bytes"] > 0
    assert body["system"]["memory_bytes"] > 0


async def test_a_summary_is_flat(owner: httpx.AsyncClient) -> None:
    body = (await owner.get("/api/summary")).json()
    wanted = {"series", "episodes_on_disk", "wanted", "queued", "active", "failed", "needs_you", "free_bytes",
              "hosts_good", "hosts_total", "next_at", "paused", "version"}  # fmt: skip
    assert wanted <= body.keys()
    assert not any(isinstance(value, dict | list) for value in body.values())
    assert body["series"] == 0 and body["hosts_total"] > 5


async def test_metrics_are_off_unless_asked_for(owner: httpx.AsyncClient) -> None:
    assert (await owner.get("/metrics")).status_code == 404


class TestWithMetrics:
    @pytest.fixture
    def chosen(self, chosen: Settings) -> Settings:
        return Settings.model_validate({**chosen.model_dump(), "metrics": {"enabled": True}})

    async def test_metrics_are_in_the_form_of_prometheus(self, owner: httpx.AsyncClient) -> None:
        answer = await owner.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        lines = answer.text.splitlines()
        assert "anidana_series 0.0" in lines and 'anidana_episodes{status="missing"} 0.0' in lines
        assert 'anidana_host_up{host="VOE"} 1.0' in lines
        assert any(line.startswith("anidana_build_info{version=") for line in lines)
