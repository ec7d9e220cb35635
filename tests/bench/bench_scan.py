"""How fast a library is scanned and stored: `python tests/bench/bench_scan.py`.

Makes a library of 50,000 episodes with sidecars (164,000 entries), and prints how long each step took,
as a share of `find -name` on the same folders where that is the measure, beside the limit it is held to.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from anidana.core import scanning, settings
from anidana.core.app import open_app
from anidana.core.library import walk
from anidana.core.library.reading import read
from anidana.core.loader import Plugins
from anidana.core.models import GERMAN_DUB, Episode, Number, Season, Series
from anidana.core.store import disk, shelf
from anidana.core.store import listing as listing_store
from anidana.core.store.sessions import get_db_session, open_store

PER_SEASON = 13


def make(root: Path, series: int, episodes: int) -> int:
    """A library whose videos hold one byte each; returns how many entries it has."""
    count = 0
    for number in range(series):
        title = f"Series {number:05d}"
        home = root / f"{title} ({1980 + number % 45})"
        folders = {home: ["tvshow.nfo", "poster.jpg", "fanart.jpg", "clearlogo.png"]}
        for one in range(episodes):
            season, episode = 1 + one // PER_SEASON, 1 + one % PER_SEASON
            stem = f"{title} S{season:02d}E{episode:02d} Some Episode Title [1080p]"
            names = folders.setdefault(home / f"Season {season:02d}", [])
            names += [f"{stem}.mkv", f"{stem}.nfo", f"{stem}-thumb.jpg"]
        for folder, names in folders.items():
            folder.mkdir(parents=True)
            count += 1 + len(names)
            for name in names:
                (folder / name).write_bytes(b"x")
        # As a library that has stood for a while: what was made just now would be read twice.
        for folder in (home, *folders):
            os.utime(folder, (1_700_000_000, 1_700_000_000))
    os.utime(root, (1_700_000_000, 1_700_000_000))
    return count


def value(number: int) -> Series:
    key = f"series-{number:05d}"
    return Series("aniworld", key, f"Series {number:05d}", f"https://aniworld.to/anime/stream/{key}", (1,))


def listing(episodes: int, mark: str = "") -> list[Season]:
    numbers = [Number(1 + one // PER_SEASON, 1 + one % PER_SEASON) for one in range(episodes)]
    by_season: dict[int, list[Episode]] = {}
    for absolute, number in enumerate(numbers, 1):
        episode = Episode(
            number, f"Folge {absolute}{mark}", "Part", absolute=absolute, languages=(GERMAN_DUB,)
        )
        by_season.setdefault(number.season, []).append(episode)
    return [Season(season, tuple(rows)) for season, rows in by_season.items()]


async def fill(series: int) -> list[int]:
    """Store that many series without episodes; returns their ids."""
    async with get_db_session() as session:
        rows = [
            await shelf.save_series(session, value(number), f"Series {number:05d} ({1980 + number % 45})")
            for number in range(series)
        ]
        return [row.id for row in rows]


def best(work: Callable[[], object], times: int) -> float:
    """Seconds of the fastest of several runs."""
    return min(seconds(work) for _ in range(times))


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


async def took(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


PROGRAM = """
import atexit, sys
from anidana.core.cli import main
status = lambda: open("/proc/self/status").read()
atexit.register(lambda: print(status().split("VmHWM:")[1].split()[0], file=sys.stderr))
main()
"""
"""The program as it is installed; at its end it says its own peak, for a child is charged its parent's."""


def process(*arguments: str, **environment: str) -> tuple[float, float, str]:
    """Seconds, peak memory in MB and output of the program."""
    command, began = [sys.executable, "-c", PROGRAM, *arguments], time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, env={**os.environ, **environment}, check=True, text=True
    )
    return time.perf_counter() - began, int(done.stderr.split()[-1]) / 1024, done.stdout


def row(
    what: str, figure: float, limit: float, unit: str = "s", note: str = "", *, least: bool = False
) -> None:
    good = figure >= limit if least else figure <= limit
    sign = "≥" if least else "≤"
    print(
        f"{'ok  ' if good else 'OVER'}  {what:<46} {figure:>10,.2f} {sign} {limit:>10,.2f} {unit:<8} {note}"
    )


def names(times: int) -> None:
    rng = random.Random(1)
    made = [
        rng.choice(
            (
                f"Series {i % 2000:05d} S{s:02d}E{e:02d} Some Episode Title [1080p].mkv",
                f"Series.{i % 2000:05d}.S{s:02d}E{e:02d}.German.DL.1080p.WEB.x264-GRP.mkv",
                f"Series {i % 2000:05d} (2011) - {s}x{e:02d} - Title.mp4",
                f"[Group] Series {i % 2000:05d} - S{s}E{e} (1080p) [ABCD1234].mkv",
            )
        )
        for i in range(50_000)
        for s, e in [(rng.randint(1, 20), rng.randint(1, 30))]
    ]
    took = best(lambda: [read(name, "Series") for name in made], times)
    row("names read", len(made) / took, 200_000, "names/s", least=True)


def walking(root: Path, times: int) -> float:
    """Measures `find` and our walk by turns; returns what `find` took."""
    command = ["find", str(root), "-type", "f", "-name", "*.mkv"]
    finds, walks = list[float](), list[float]()
    for _ in range(times):
        finds.append(seconds(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)))
        walks.append(seconds(lambda: walk.walk(root)))
    find, ours = min(finds), min(walks)
    row("full walk", ours / find, 1.5, "x find", f"{ours:.2f} s, find {find:.2f} s")
    return find


async def scans(root: Path, data: Path, series: int, episodes: int, find: float, times: int) -> None:
    chosen = settings.Settings(library=settings.Library(anime_directory=root))
    async with open_app(data, chosen=chosen, plugins=Plugins()) as app:
        ids = await fill(series)
        seasons = listing(episodes)
        async with get_db_session() as session:
            await listing_store.save_seasons(session, [(id_, season) for id_ in ids for season in seasons])
        first = await took(scanning.scan_library(app))
        async with get_db_session(read_only=True) as session:
            on_disk, _ = await disk.count_files(session)
        assert on_disk == series * episodes, on_disk
        row("first scan: read, parse, store", first, 4.0, note=f"{first / find:.1f} x find")
        full = await took(scanning.scan_library(app, full=True))
        row("the same again, every folder read", full, 4.0, note=f"{full / find:.1f} x find")
        again = min([await took(scanning.scan_library(app)) for _ in range(times)])
        row("unchanged, in a running program", again, 0.15, note=f"{again / find:.2f} x find")


def rescan(root: Path, data: Path, find: float, times: int) -> None:
    """The command, as a scheduled scan runs it."""
    environment = {"ANIDANA_DATA": str(data), "ANIME_DIRECTORY": str(root)}
    process("library", **environment)
    runs = [process("library", **environment) for _ in range(times)]
    assert "Nothing has changed" in runs[0][2], runs[0][2]
    fastest = min(run[0] for run in runs)
    row("unchanged, as a process of its own", fastest, 0.15, note=f"{fastest / find:.2f} x find")
    row("its memory", max(run[1] for run in runs), 60, "MB")


async def upserts(series: int, episodes: int, times: int) -> None:
    ids = await fill(series)
    total = series * episodes

    async def save(mark: str) -> float:
        rows = [(id_, season) for id_ in ids for season in listing(episodes, mark)]
        async with get_db_session() as session:
            return await took(listing_store.save_seasons(session, rows))

    row(f"{total:,} episodes inserted", await save(""), 1.2)
    changed = min([await save(f" {turn}") for turn in range(times)])
    row(f"{total:,} episodes, all changed", changed, 1.2)
    last = min([await save(f" {times - 1}") for _ in range(times)])
    row(f"{total:,} episodes, nothing changed", last, 0.6)


@contextmanager
def scratch(where: Path | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bench-scan-", dir=where))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


async def measure(arguments: argparse.Namespace, folder: Path) -> None:
    root = folder / "library"
    entries = make(root, arguments.series, arguments.episodes)
    print(
        f"{entries:,} entries, {arguments.series * arguments.episodes:,} episodes,"
        f" best of {arguments.times}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n"
    )
    names(arguments.times)
    find = walking(root, arguments.times)
    await scans(root, folder / "data", arguments.series, arguments.episodes, find, arguments.times)
    rescan(root, folder / "data", find, arguments.times)
    async with open_store(folder / "upserts.db"):
        await upserts(arguments.series, 4 * arguments.episodes, arguments.times)
    print(f"\npeak memory of all this: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--episodes", type=int, default=25)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--work", type=Path, help="Where to make the library; default: the temporary folder.")
    arguments = parser.parse_args()
    with scratch(arguments.work) as folder:
        asyncio.run(measure(arguments, folder))


if __name__ == "__main__":
    main()
