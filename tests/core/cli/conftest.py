"""Runs the program as a person would, against the practice network."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from anidana.core.demo.network import PracticeNetwork


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """A data folder and a library, and commands on them."""

    data: Path
    library: Path
    environment: dict[str, str] = field(default_factory=dict)

    async def __call__(self, *arguments: str, stdin: str = "") -> Ran:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from anidana.core.cli import main; main()", *arguments,
            env={**os.environ, **self.environment}, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())


@pytest.fixture
def shell(practice: PracticeNetwork, tmp_path: Path) -> Shell:
    library = tmp_path / "library"
    library.mkdir()
    environment = {
        "ANIDANA_DATA": str(tmp_path / "data"),
        "ANIME_DIRECTORY": str(library),
        "ANIDANA__NETWORK__ROUTE_ALL_TO": practice.address,
        "ANIDANA__NETWORK__PAGES_PER_SECOND": "0",
        "ANIDANA__DOWNLOADS__FLOOR_MIB": "0",
    }
    return Shell(tmp_path / "data", library, environment)
