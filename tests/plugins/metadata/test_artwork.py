from __future__ import annotations

from dataclasses import replace

import pytest

from anidana.core import Item, Refused, SeriesFacts, Sidecar, SidecarWriter
from anidana.plugins.metadata.artwork import Artwork, register_metadata

PNG, JPEG, WEBP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x00\x00\x00\x00WEBP"
FACTS = SeriesFacts("tmdb", "Frieren", poster="https://tmdb/p", fanart="https://tmdb/f")


class Pictures:
    """Hands out pictures by address, and refuses the rest."""

    def __init__(self, pictures: dict[str, bytes]) -> None:
        self.pictures = pictures

    async def fetch(self, url: str) -> bytes:
        if url not in self.pictures:
            raise Refused("not here")
        return self.pictures[url]


def test_the_plugin_offers_a_writer() -> None:
    (writer,) = register_metadata()
    assert isinstance(writer, SidecarWriter) and writer.name == "artwork"


async def test_the_catalogues_pictures_are_named_by_what_they_are(item: Item) -> None:
    pictures = Pictures({"https://aniworld.to/cover.png": JPEG, "https://aniworld.to/backdrop.jpg": WEBP})
    assert await Artwork().sidecars(item, pictures.fetch) == [
        Sidecar("series", "poster.jpg", JPEG, keep=True),
        Sidecar("series", "fanart.webp", WEBP, keep=True),
    ]


async def test_a_metadata_sources_pictures_go_first(item: Item) -> None:
    pictures = Pictures(
        {"https://tmdb/p": PNG, "https://tmdb/f": JPEG, "https://aniworld.to/cover.png": JPEG}
    )
    files = await Artwork().sidecars(replace(item, facts=FACTS), pictures.fetch)
    assert [(file.name, file.content) for file in files] == [("poster.png", PNG), ("fanart.jpg", JPEG)]


async def test_the_next_address_is_tried_when_one_fails(item: Item, caplog: pytest.LogCaptureFixture) -> None:
    pictures = Pictures({"https://aniworld.to/cover.png": JPEG})
    files = await Artwork().sidecars(replace(item, facts=FACTS), pictures.fetch)
    assert [file.name for file in files] == ["poster.jpg"]
    assert "no fanart" in caplog.text


async def test_a_series_without_pictures_has_none(item: Item) -> None:
    bare = replace(item, series=replace(item.series, cover=None, backdrop=None))
    assert await Artwork().sidecars(bare, Pictures({}).fetch) == []
