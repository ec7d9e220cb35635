"""A library that cannot be written is told at once, and to root too."""

from __future__ import annotations

import pwd
from pathlib import Path
from typing import Any

import pytest

from anidana.core.demo.network import PracticeNetwork
from anidana.core.demo.story import SHELF

KEY = SHELF.series.key
SYSFS = Path("/sys/kernel")
"""Permissions do not stop root, but here nobody makes a file: the kernel refuses (EPERM, EROFS)."""


@pytest.mark.skipif(not SYSFS.is_dir(), reason="no /sys, the folder where even root cannot make a file")
async def test_an_unwritable_library_ends_with_3_path_owner_and_remedy_before_anything_is_fetched(
    shell: Any, practice: PracticeNetwork
) -> None:
    assert (await shell("follow", KEY)).code == 0
    practice.requests.clear()
    shell.environment["ANIME_DIRECTORY"] = str(SYSFS)
    owner = pwd.getpwuid(SYSFS.stat().st_uid).pw_name

    ran = await shell("get", KEY)
    assert ran.code == 3 and "Traceback" not in ran.err
    assert str(SYSFS) in ran.err and f"belongs to {owner}" in ran.err
    assert "chmod" in ran.err or "read and write" in ran.err or "mount it for writing" in ran.err

    told = (await shell("get", KEY, "--json")).json["error"]
    assert told["exit"] == 3 and str(SYSFS) in told["message"] and told["hint"]

    assert practice.requests == []
    assert len((await shell("missing", "--json")).json["data"]) == 7, "all are wanted as before"
