"""How long providers take: `python tests/bench/bench_providers.py`.

Prints, for every provider, the median and the 95th percentile of replaying its recorded cases, as a share
of the limits (2 ms and 10 ms), and how long a process that has read its settings takes to load all
built-ins.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import time
from pathlib import Path

from anidana.core import SourceError
from anidana.core.loader import load
from anidana.core.testkit import Recording, read_recordings, replay

RECORDED = Path(__file__).parents[1] / "plugins" / "providers" / "recorded"
ROUNDS = 30
MOST_MEDIAN_MS, MOST_P95_MS, MOST_LOAD_MS = 2.0, 10.0, 50.0
LOAD = """
import time; from anidana.core import config, loader
config.read(); began = time.perf_counter(); loader.load(); print((time.perf_counter() - began) * 1000)
"""


def times(provider: object, case: Recording) -> list[float]:
    """Milliseconds of each round of one case."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with contextlib.suppress(SourceError):
            replay(provider, case)  # type: ignore[call-overload]
        found.append((time.perf_counter() - began) * 1000)
    return found


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def main() -> None:
    everything: list[float] = []
    print(f"{'provider':12} {'cases':>5} {'median':>9} {'p95':>9}   share of the limits")
    for provider in load().providers:
        cases = read_recordings(RECORDED / provider.name.casefold())
        values = [value for case in cases for value in times(provider, case)]
        if values:
            print(row(provider.name, len(cases), values))
            everything += values
    print(row("all", len(everything) // ROUNDS, everything))
    loads = [
        float(subprocess.run([sys.executable, "-c", LOAD], check=True, capture_output=True, text=True).stdout)
        for _ in range(7)
    ]
    took = statistics.median(loads)
    print(f"loading all built-ins: {took:.1f} ms, {took / MOST_LOAD_MS:.0%} of {MOST_LOAD_MS:.0f} ms")


def row(name: str, cases: int, values: list[float]) -> str:
    median, high = statistics.median(values), p95(values)
    shares = f"{median / MOST_MEDIAN_MS:.0%} of {MOST_MEDIAN_MS:.0f} ms, {high / MOST_P95_MS:.0%} of"
    return f"{name:12} {cases:5} {median:6.2f} ms {high:6.2f} ms   {shares} {MOST_P95_MS:.0f} ms"


if __name__ == "__main__":
    main()
