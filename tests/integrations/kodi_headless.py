"""Runs a real Kodi without a screen or a sound card, for as long as standard input stays open.

    python kodi_headless.py KODI_BIN HOME tvshows=LIBRARY movies=LIBRARY...

HOME becomes Kodi's home folder; every LIBRARY becomes a video source of TV shows, or of films in a
folder each, that are described by their NFO files alone. Once Kodi answers, one line of JSON is
printed: url, user and password. Kodi and its X server end with this process, however that ends.
Needs Xvfb.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

START_SECONDS = 90
KODI_END_SECONDS, XVFB_END_SECONDS = 15, 5
PR_SET_PDEATHSIG = 1

ON = ("services.webserver", "services.webserverauthentication")
OFF = (
    "services.esenabled",
    "services.zeroconf",
    "services.upnp",
    "services.airplay",
    "services.wsdiscovery",
    "videolibrary.updateonstartup",
    "myvideos.extractthumb",
)
NO_ADDON_UPDATES = "2"
NULL_SOUND = "pcm.!default { type null }\nctl.!default { type null }\n"
"""Without a sound device Kodi waits six seconds at start and looks for one twice a second."""


def write_profile(home: Path, port: int, user: str, password: str, libraries: Iterable[Path]) -> None:
    """What Kodi reads at its first start."""
    settings = {
        **dict.fromkeys(ON, "true"),
        **dict.fromkeys(OFF, "false"),
        "services.webserverport": str(port),
        "services.webserverusername": user,
        "services.webserverpassword": password,
        "general.addonupdates": NO_ADDON_UPDATES,
    }
    userdata = home / ".kodi" / "userdata"
    userdata.mkdir(parents=True)
    lines = [f'<setting id="{name}">{value}</setting>' for name, value in settings.items()]
    (userdata / "guisettings.xml").write_text(f'<settings version="2">{"".join(lines)}</settings>')
    sources = [
        f'<source><name>{escape(path.name)}</name><path pathversion="1">{escape(str(path))}/</path></source>'
        for path in libraries
    ]
    (userdata / "sources.xml").write_text(f"<sources><video>{''.join(sources)}</video></sources>")
    (home / ".asoundrc").write_text(NULL_SOUND)


def set_content(home: Path, libraries: Iterable[tuple[str, Path]]) -> None:
    """Say what the sources hold: no remote call can, but a running Kodi sees the rows."""
    database = max(
        (home / ".kodi" / "userdata" / "Database").glob("MyVideos*.db"), key=lambda path: path.name
    )
    row = (
        "insert into path (strPath, strContent, strScraper, scanRecursive, useFolderNames, strSettings,"
        " noUpdate, exclude, allAudio) values (?, ?, 'metadata.local', ?, ?, '', 0, 0, 0)"
    )
    how = {"tvshows": (0, 0), "movies": (2**31 - 1, 1)}
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        connection.executemany(row, [(f"{path}/", content, *how[content]) for content, path in libraries])


def free_port() -> int:
    """A free port below those that systems hand out, so that nobody else gets it before Kodi is up."""
    for _ in range(100):
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    sys.exit("no free port")


def end_with_parent() -> None:
    """Have the kernel end the child when this process is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def running(
    command: list[str], patience: float, env: dict[str, str], log: Path, keep: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """A child process that is ended on the way out: politely, then by force after `patience` seconds."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            pass_fds=keep,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def screen(home: Path, env: dict[str, str]) -> Iterator[str]:
    """An X server without a screen; its display."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x360x24", "-nolisten", "tcp"]
    with os.fdopen(read) as answer, running(command, XVFB_END_SECONDS, env, home / "xvfb.log", (write,)):
        os.close(write)
        number = answer.readline().strip()
        if not number:
            sys.exit("Xvfb did not start: " + (home / "xvfb.log").read_text())
        yield f":{number}"


def wait_until(answers: Callable[[], bool], kodi: subprocess.Popen[bytes]) -> None:
    """Look ten times a second until it answers."""
    end = time.monotonic() + START_SECONDS
    while not answers():
        if kodi.poll() is not None:
            sys.exit(f"Kodi ended with {kodi.returncode}")
        if time.monotonic() > end:
            sys.exit(f"Kodi does not answer after {START_SECONDS} s")
        time.sleep(0.1)


def pings(url: str, user: str, password: str) -> bool:
    """Whether this very Kodi answers."""
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(
        f"{url}/jsonrpc",
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "JSONRPC.Ping"}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Basic {login}"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5) as answer:
            return bool(json.load(answer)["result"] == "pong")
    except OSError:
        return False


def main() -> None:
    """Start, say where, wait for the end of input, stop."""
    kodi_bin, home = (Path(argument).absolute() for argument in sys.argv[1:3])
    pairs = (argument.partition("=") for argument in sys.argv[3:])
    libraries = [(content, Path(path).absolute()) for content, _, path in pairs]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    port, user, password = free_port(), "kodi", secrets.token_hex()
    url = f"http://127.0.0.1:{port}"
    write_profile(home, port, user, password, [path for _, path in libraries])
    env = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "KODI_AE_SINK": "ALSA",
    }
    with (
        screen(home, env) as display,
        running(
            [str(kodi_bin), "--windowing=x11"],
            KODI_END_SECONDS,
            {**env, "DISPLAY": display},
            home / "kodi.log",
        ) as kodi,
    ):
        wait_until(lambda: pings(url, user, password), kodi)
        set_content(home, libraries)
        sys.stdout.write(json.dumps({"url": url, "user": user, "password": password}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
