"""The command that keeps running: serve."""

from __future__ import annotations

from pathlib import Path

from .command import Output, command, run


@command("serve", "serve", example="anidana serve")
def serve(out: Output, data: Path) -> int | None:
    """Run the service: web, API, scheduler and downloads, until it is told to stop."""
    from ..web.serving import serve as serve_until_stopped

    run(serve_until_stopped(data))
    return None
