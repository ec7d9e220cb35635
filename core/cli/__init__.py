"""The command line: `anidana COMMAND`.

Only light modules are imported here and at the top of the command modules; each command brings
in what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import io
import sys
import traceback

import click

from ..errors import AnidanaError
from . import demo, fetching, inspect, series
from .command import report, report_document

GROUPS = (series, fetching, inspect, demo)


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


def main() -> None:
    """Run the program; ends the process with one of the documented exit codes."""
    json = "--json" in sys.argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a title must not end a command
    try:
        code = program.main(prog_name="anidana", standalone_mode=False)
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.ClickException as error:
        if json:
            report_document(2, "usage", error.format_message())
        else:
            error.show()
        code = 2
    except AnidanaError as error:
        code = report(error, json=json)
    except (KeyboardInterrupt, click.Abort):
        print("interrupted; work is kept, go on with: anidana get", file=sys.stderr)  # noqa: T201
        code = 130
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has seen enough
        code = 0
    except Exception as bug:  # noqa: BLE001 - told in words, with its traceback
        traceback.print_exc()
        ours = AnidanaError(f"an error of ours: {type(bug).__name__}: {bug}", hint="please report it")
        code = report(ours, json=json)
    raise SystemExit(code or 0)


__all__ = ["main", "program"]
