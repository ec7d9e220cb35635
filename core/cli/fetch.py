"""The command for scripts that have a stream's address already: fetch."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from .command import Output, command, print_error, run

if TYPE_CHECKING:
    from ..models import Attempt, MediaInfo
    from ..settings import Settings

SHOWN_SECONDS = 0.25


@command("fetch", "fetch", example="anidana fetch https://cdn.example/index.m3u8 -o episode.mkv", hidden=True)
@click.argument("url")
@click.option("-o", "--output", "target", type=click.Path(dir_okay=False, path_type=Path), required=True,
              help="File to make, .mkv or .mp4.")  # fmt: skip
@click.option(
    "-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="Send this header too."
)
@click.option("--referer", metavar="URL", help="Send this Referer.")
@click.option("--kind", type=click.Choice(["auto", "hls", "file"]), default="auto", help="What it is.")
@click.option("--connections", type=click.IntRange(1, 32), help="Requests at once, at most.")
@click.option("--most-height", type=click.IntRange(144), help="Best picture to take, in lines.")
def fetch(
    out: Output,
    data: Path,
    url: str,
    target: Path,
    headers: tuple[str, ...],
    referer: str | None,
    kind: Literal["auto", "hls", "file"],
    connections: int | None,
    most_height: int | None,
) -> int | None:
    """Fetch the stream at an address into a file, verified like an episode.

    A run that was broken off is gone on with by the same command. Needs no library.
    """
    from ..config import read

    sent = dict(_header(text) for text in headers) | ({"Referer": referer} if referer else {})
    wishes = {"connections": connections, "most_height": most_height}
    settings = read(data / "config.json")
    changed = settings.downloads.model_copy(update={name: wish for name, wish in wishes.items() if wish})
    settings = settings.model_copy(update={"downloads": changed})
    media = run(_fetch(url, target.absolute(), settings, sent, kind, quiet=out.as_json))
    answer = {
        "file": str(target.absolute()), "size": media.size, "seconds": media.seconds,
        "container": media.container, "video_codec": media.video_codec, "width": media.width,
        "height": media.height, "audio_codec": media.audio_codec,
    }  # fmt: skip
    out.answer(answer, lambda to: to.print(f"{target}  {media.size / 1e6:.1f} MB  {media.seconds:.0f} s"))
    return None


async def _fetch(
    url: str,
    target: Path,
    settings: Settings,
    headers: dict[str, str],
    kind: Literal["auto", "hls", "file"],
    *,
    quiet: bool,
) -> MediaInfo:
    from ..acquire.stream import fetch_stream
    from ..fetch import Network

    shown = Shown(quiet=quiet)
    try:
        async with Network(settings.network) as network:
            return await fetch_stream(
                url, target, network, settings.downloads, shown, headers=headers, kind=kind
            )
    finally:
        shown.close()


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter(f"{text!r} is not 'Name: value'", param_hint="-H")
    return name.strip().title(), value.strip()


class Shown:
    """Progress on stderr: a line that changes on a terminal, one per quarter elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._terminal = quiet, sys.stderr.isatty()
        self._shown, self._quarter = 0.0, 0
        self._began = time.monotonic()

    def stage(self, name: str) -> None:
        """Say what is done now."""
        if not self._quiet and not self._terminal:
            print_error(name)

    def progress(self, done: int, total: int | None) -> None:
        """Show how much is here."""
        if self._quiet:
            return
        now = time.monotonic()
        if self._terminal and now - self._shown >= SHOWN_SECONDS:
            self._shown = now
            of = f" of {total / 1e6:.1f}" if total else ""
            speed = done / 1e6 / max(now - self._began, 0.1)
            click.echo(f"\r{done / 1e6:.1f}{of} MB  {speed:.1f} MB/s\x1b[K", err=True, nl=False)
        elif not self._terminal and total and (quarter := 4 * done // total) > self._quarter:
            self._quarter = quarter
            print_error(f"{quarter * 25} %")

    def attempt(self, attempt: Attempt) -> None:
        """Nothing: there is only one."""

    def close(self) -> None:
        """Leave the line."""
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
