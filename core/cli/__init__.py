"""The command line: `anidana COMMAND`.

Only light modules are imported here and at the top of the command modules; each command brings
in what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import gc
import io
import os
import sys
import traceback

import click

from ..errors import AnidanaError
from . import backup, demo, fetch, fetching, inspect, library, nfo, plugin, rename, series, serve
from .command import Terminated, print_error, report, report_document
from .hosts import hosts
from .numbers import match, numbers

GROUPS = (series, library, rename, fetching, nfo, inspect, serve, backup, demo, fetch)


@click.group(
    name="anidana",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `anidana demo`; then: search TITLE, follow TITLE, get TITLE.",
)
@click.version_option(package_name="anidana", message="anidana %(version)s")
def program() -> None:
    """Anidana keeps a library of series complete: it finds what is missing, fetches it, files it
    with metadata, and tells Jellyfin and Kodi.
    """


for module in GROUPS:
    for item in vars(module).values():
        if isinstance(item, click.Command):
            program.add_command(item)
program.add_command(hosts)
program.add_command(match)
program.add_command(numbers)
program.add_command(plugin.group)


def main() -> None:
    """Run the program; ends the process with one of the documented exit codes."""
    gc.set_threshold(50_000)  # what imports make is no garbage, and looking for some takes a tenth of them
    _mend_streams()
    try:
        code = _run(json="--json" in sys.argv)
    except (SystemExit, BrokenPipeError) as end:
        # click and rich end the process with 1 where a reader such as `head` has seen enough.
        if not isinstance(end, BrokenPipeError) and not isinstance(end.__context__, OSError):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 0
    raise SystemExit(code)


def _mend_streams() -> None:
    """Let neither a stream that is closed nor a title that it cannot show end a command."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _run(*, json: bool) -> int:
    try:
        return program.main(prog_name="anidana", standalone_mode=False) or 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        if json:
            report_document(2, "usage", error.format_message())
        else:
            error.show()
        return 2
    except AnidanaError as error:
        return report(error, json=json)
    except (KeyboardInterrupt, click.Abort):
        return _stopped("interrupted", 130, json=json)
    except Terminated:
        return _stopped("terminated", 143, json=json)
    except BrokenPipeError:
        raise
    except Exception as bug:  # noqa: BLE001 - told in words, with its traceback
        traceback.print_exc()
        ours = AnidanaError(f"an error of ours: {type(bug).__name__}: {bug}", hint="please report it")
        return report(ours, json=json)


def _stopped(how: str, code: int, *, json: bool) -> int:
    if json:
        report_document(code, how, f"{how}; work is kept", hint="anidana get")
    else:
        print_error(f"{how}; work is kept, go on with: anidana get")
    return code


__all__ = ["main", "program"]
