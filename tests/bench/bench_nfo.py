"""How long unchanged NFO files take: `python tests/bench/bench_nfo.py [FOLDER]`.

Compares 10,000 episode files with what would be written, and prints the time as a share of the limit
(0.4 s) and as a multiple of only reading the files; then the same where each has a tag of somebody else's,
and how long it takes to make the contents. Says how many files were written, which must be none.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from anidana.core import (
    GERMAN_DUB,
    Episode,
    EpisodeFacts,
    Item,
    MediaInfo,
    Number,
    Score,
    Series,
    SeriesFacts,
    Sidecar,
)
from anidana.core.library.place import file_sidecar
from anidana.plugins.metadata.nfo import episodedetails

FILES, A_SEASON, ROUNDS = 10_000, 100, 5
MOST_SECONDS = 0.4
FOREIGN = b"<custom>theirs</custom>"


def item(number: Number) -> Item:
    series = Series("aniworld", "frieren", "Frieren", "https://aniworld.to/", (1,), year=2023)
    media = MediaInfo("matroska", 1471.4, 300_000_000, "h264", 1920, 1080, "aac", ("deu", "jpn"), ("ger",), 2)
    facts = EpisodeFacts(
        plot="Ein Plot, wie er in der Datenbank steht. " * 8,
        aired="2023-09-29",
        ids={"tmdb": "4711"},
        score=Score(7.5, 31),
        directors=("Tomoya Kitagawa",),
        writers=("Tomohiro Suzuki",),
    )
    known = SeriesFacts("tmdb", "Frieren", studios=("MADHOUSE",), episodes={number: facts})
    return Item(series, Episode(number, "Aufbruch"), GERMAN_DUB, media, known)


def best(work: Callable[[], object]) -> float:
    """Seconds of the best of some rounds, in the program and the kernel: the files are in memory."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def compare(folder: Path, contents: dict[Path, bytes]) -> int:
    """File everything that is there already; how many files were written."""
    return sum(
        file_sidecar(Sidecar("episode", ".nfo", content), video, folder)
        for video, content in contents.items()
    )


def read(contents: dict[Path, bytes]) -> None:
    for video in contents:
        video.with_suffix(".nfo").read_bytes()


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as root:
        folder = Path(root)
        numbers = [Number(1 + n // A_SEASON, 1 + n % A_SEASON) for n in range(FILES)]
        items = [item(number) for number in numbers]
        making = best(lambda: [episodedetails(one) for one in items])
        contents = {}
        for one in items:
            number = one.episode.number
            video = folder / f"Season {number.season:02d}" / f"Frieren - {number} - Aufbruch.mkv"
            contents[video] = episodedetails(one)
            video.parent.mkdir(exist_ok=True)
            video.with_suffix(".nfo").write_bytes(contents[video])
        reading = best(lambda: read(contents))
        written = compare(folder, contents)
        same = best(lambda: compare(folder, contents))
        size = statistics.mean(map(len, contents.values()))
        print(f"{FILES} files of {size:.0f} bytes; {written} written")
        shares = f"{same / MOST_SECONDS:.2f} of the limit, {same / reading:.1f} x reading"
        print(f"unchanged:     {same:.3f} s, {shares}")
        for video, content in contents.items():
            video.with_suffix(".nfo").write_bytes(content.replace(b"</ep", FOREIGN + b"</ep"))
        compare(folder, contents)
        merged = compare(folder, contents)
        foreign = best(lambda: compare(folder, contents))
        print(f"foreign tags:  {foreign:.3f} s, {foreign / reading:.1f} x reading; {merged} written")
        print(f"made anew:     {making:.3f} s, {FILES / making:,.0f} files/s")


if __name__ == "__main__":
    main()
