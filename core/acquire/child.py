"""Runs yt-dlp so that it dies with us and takes ffmpeg with it; started by its path, see `ytdlp.py`.

The arguments come as a JSON list on standard input: an address may hold a token, and everybody
on the machine can read a process's arguments. Nothing of ours is imported here.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys

MOST_MEMORY_BYTES = 2**30
"""A page of 2 MB can unpack to more than this, and yt-dlp reads all of it.

Counted is what each process may write to and shares with none (RLIMIT_DATA, since Linux 4.7), and not
its address space: of that ffmpeg reserves 1 GiB on two cores and more on others, for 0.2 (measured).
"""

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Arm the traps, then hand over; exits at once if the parent, by its id, is gone already."""
    # The whole group: yt-dlp killed alone leaves ffmpeg running for ever (measured).
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    most = MOST_MEMORY_BYTES if most == resource.RLIM_INFINITY else min(most, MOST_MEMORY_BYTES)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))

    from yt_dlp import main as yt_dlp

    yt_dlp(json.load(sys.stdin))


if __name__ == "__main__":
    main()
