"""What `anidana demo` runs on: the practice network with things going wrong, two media servers, the house."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from ..app import App, open_app
from ..errors import SetupError
from ..library.folders import disk_errors
from ..models import Number
from ..settings import Downloads, Library, MediaServer, MetadataSettings, Network, Settings
from .faults import Faults, Switches
from .network import PracticeNetwork
from .servers import FakeJellyfin, FakeKodi

FAULTS: Switches = {
    ("VOE", Number(1, 2)): Faults(segments_refused=True),
    ("VOE", Number(2, 1)): Faults(gone=True),
    ("Doodstream", Number(1, 3)): Faults(dead=True),
    ("VOE", Number(1, 3)): Faults(dead=True),
    ("VOE", Number(0, 2)): Faults(html_media=True),
    ("Doodstream", Number(2, 1)): Faults(dead=True),
    ("VOE", Number(0, 1)): Faults(dead=True),
}
"""What goes wrong on the way, so that the failover is seen."""


def own_folder() -> Path:
    """The demo's folder among the temporary ones, ours alone; SetupError if somebody else has it."""
    folder = Path(tempfile.gettempdir()) / f"anidana-demo-{os.getuid()}"
    with disk_errors(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if folder.is_symlink() or state.st_uid != os.getuid():
        raise SetupError(f"{folder} is not ours", hint="name other folders: --library, --data")
    return folder


@asynccontextmanager
async def opened(library: Path, data: Path) -> AsyncIterator[tuple[App, PracticeNetwork]]:
    """Everything the demo needs, running: practice network, two media servers, the house."""
    with disk_errors(library):
        library.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(PracticeNetwork(data / "practice", FAULTS))
        jellyfin = await stack.enter_async_context(FakeJellyfin(library))
        kodi = await stack.enter_async_context(FakeKodi(library))
        settings = Settings(
            library=Library(anime_directory=library),
            downloads=Downloads(floor_mib=0),
            network=Network(route_all_to=network.address, pages_per_second=0),
            metadata=MetadataSettings(keys={"tmdb": SecretStr("practice")}, urls={"tmdb": network.tmdb_url}),
            media_servers=(
                MediaServer(kind="jellyfin", url=jellyfin.url, api_key=SecretStr(jellyfin.key)),
                MediaServer(kind="kodi", url=kodi.url, user=kodi.user, password=SecretStr(kodi.password)),
            ),
        )
        yield await stack.enter_async_context(open_app(data, chosen=settings)), network


def files_in(folder: Path) -> list[Path]:
    """Every file below a folder, in order, temporary ones too: there should be none."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
