"""A damaged file is kept for a look if the owner wants that, a few of them at most, and never filed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from anidana.core.acquire.episode import acquire
from anidana.core.acquire.quarantine import Quarantine
from anidana.core.errors import NoStream
from anidana.core.fetch import Visit
from anidana.core.models import Stream
from anidana.core.settings import Downloads

BASE = "http://cdn.example/v/"


@pytest.mark.parametrize("name", ["silent.mp4", "page.mp4"])
async def test_what_was_refused_is_kept_with_host_and_reason(
    cdn: Any, offers: Any, shop: Any, visit: Visit, told: Any, films: Path, tmp_path: Path, name: str
) -> None:
    silent = (films / "silent.mp4").read_bytes()
    cdn.put(BASE + name, silent if name == "silent.mp4" else silent[:64] + b"<html>" * 9000)
    offers.add("VOE", Stream.file(BASE + name))
    with pytest.raises(NoStream):
        await acquire(
            offers.found,
            catalogue=shop,
            plugins=offers.plugins,
            visit=visit,
            staging=tmp_path / "staging" / "job-7",
            settings=Downloads(floor_mib=0),
            report=told,
            quarantine=Quarantine(tmp_path / "staging" / "quarantine", 3),
        )
    (kept,) = (tmp_path / "staging" / "quarantine").iterdir()
    assert kept.name.startswith("job-7 VOE - ")
    assert told.attempts[0].reason[:12] in kept.name and kept.stat().st_size > 5000
    assert not [path for path in (tmp_path / "staging" / "job-7").rglob("*") if path.is_file()]


def damaged(folder: Path, turn: int) -> Path:
    path = folder / "parts" / "joined.mkv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(turn + 1))
    os.utime(path, (turn, turn))
    return path


def test_the_oldest_give_way(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine", 2)
    for turn in range(4):
        quarantine.keep(damaged(tmp_path, turn), f"job-{turn} VOE", "there is no sound")
    assert sorted(path.name for path in quarantine.folder.iterdir()) == [
        "job-2 VOE - there is no sound.mkv",
        "job-3 VOE - there is no sound.mkv",
    ]


def test_a_reason_makes_no_path(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine", 2)
    quarantine.keep(damaged(tmp_path, 0), "job-1 ../../x", "a\n/etc/passwd: " + "ä" * 300)
    (path,) = tmp_path.rglob("*.mkv")
    assert path.parent == quarantine.folder


def test_where_nothing_was_joined_the_largest_part_is_kept(tmp_path: Path) -> None:
    joined = damaged(tmp_path, 0)
    joined.unlink()
    for name in ("journal", "video"):
        (joined.parent / name).write_bytes(name.encode() * (9 if name == "video" else 1))
    Quarantine(tmp_path / "quarantine", 2).keep(joined, "job-1 VOE", "a web page")
    (path,) = (tmp_path / "quarantine").iterdir()
    assert path.read_bytes() == b"video" * 9


def test_trouble_with_it_costs_nobody_the_episode(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "quarantine").touch()
    quarantine = Quarantine(tmp_path / "quarantine", 2)
    quarantine.keep(damaged(tmp_path, 0), "job-1 VOE", "there is no sound")
    (tmp_path / "empty").mkdir()
    quarantine.keep(tmp_path / "empty" / "joined.mkv", "job-1 VOE", "nothing came")
    assert caplog.text.count("is not kept") == 2
