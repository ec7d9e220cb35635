"""Whatever is asked of the API, it answers as it says, and never with an error of ours.

`ANIDANA_FUZZ=100` asks so many times at every route; a few are enough for the suite.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

PASSWORD = "Correct-Horse-1"
TIMES = int(os.environ.get("ANIDANA_FUZZ", "4"))
SELF_ENDING = ("/api/auth/", "/api/events")
"""Left out: what would end the login that asks, and a stream that has no end."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that has nothing to reach but itself."""
    data = tmp_path_factory.mktemp("fuzz")
    (data / "library").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "ANIME_DIRECTORY": str(data / "library"),
        "ANIDANA__SERVER__PORT": str(port),
        "ANIDANA__SERVER__HOST": "127.0.0.1",
        "ANIDANA__NETWORK__ROUTE_ALL_TO": "127.0.0.1:1",
        "ANIDANA__NETWORK__PAGES_PER_SECOND": "0",
    }
    program = (
        sys.executable,
        "-c",
        "from anidana.core.cli import main; main()",
        "serve",
        "--data",
        str(data),
    )
    with subprocess.Popen(program, env=environment, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(address)
            yield address
        finally:
            process.terminate()
            assert process.wait(15) == 0, "it has stopped in order after all of this"


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            requests.get(f"{address}/ping", timeout=5).raise_for_status()
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the service does not come up")


@pytest.fixture(scope="module")
def token(url: str) -> str:
    """A login that may do everything."""
    requests.post(f"{url}/api/auth/setup", json={"master_password": PASSWORD}, timeout=10).raise_for_status()
    answer = requests.post(f"{url}/api/auth/login", json={"password": PASSWORD}, timeout=10)
    return str(answer.json()["access_token"])


def test_no_request_is_answered_with_an_error_of_ours(url: str, token: str) -> None:
    api = schemathesis.openapi.from_url(f"{url}/api/openapi.json")
    asked = 0
    for found in api.get_all_operations():
        operation = found.ok()
        if operation.path.startswith(SELF_ENDING):
            continue

        @settings(
            max_examples=TIMES, deadline=None, phases=(Phase.explicit, Phase.generate), database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            answer = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=30)
            said = f"{case.method} {case.formatted_path}: {answer.status_code} {answer.text[:300]}"
            assert answer.status_code != 500, said
            if answer.status_code > 500:  # a site, or the machine: told in the form of all errors
                assert answer.json()["code"] not in ("", "unexpected"), said

        ask()
    assert asked > 100
