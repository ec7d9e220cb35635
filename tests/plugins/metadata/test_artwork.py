from __future__ import annotations

from dataclasses import replace

import pytest

from anidana.core import EpisodeFacts, Item, Number, Refused, SeriesFacts, Sidecar, SidecarWriter
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


SORTS = ("poster", "fanart", "banner", "clearlogo", "clearart", "landscape")
RICH = SeriesFacts(
    "tmdb",
    "Frieren",
    pictures={
        **{sort: (f"https://tmdb/{sort}",) for sort in SORTS},
        "season01-poster": ("https://tmdb/1",),
        "season02-poster": ("https://tmdb/2",),
        "season-specials-poster": ("https://tmdb/0",),
    },
    episodes={
        Number(1, 2): EpisodeFacts(pictures={"thumb": ("https://tmdb/t",), "poster": ("https://tmdb/film",)})
    },
)


class Everything:
    """Has a picture at every address, and keeps the addresses."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        return JPEG


async def names(item: Item) -> list[str]:
    return [file.name for file in await Artwork().sidecars(item, Everything().fetch)]


async def test_every_sort_of_picture_is_filed_under_the_name_that_servers_read(item: Item) -> None:
    found = await names(replace(item, facts=RICH))
    assert found == [*(f"{sort}.jpg" for sort in SORTS), "season01-poster.jpg", "-thumb.jpg"]


async def test_specials_have_a_poster_of_their_own(item: Item) -> None:
    special = replace(item, facts=RICH, episode=replace(item.episode, number=Number(0, 1)))
    assert "season-specials-poster.jpg" in await names(special)


async def test_what_is_there_is_not_even_fetched(item: Item) -> None:
    pictures = Everything()
    there = replace(item, facts=RICH, present=frozenset({*SORTS, "season01-poster"}))
    assert [file.name for file in await Artwork().sidecars(there, pictures.fetch)] == ["-thumb.jpg"]
    assert pictures.asked == ["https://tmdb/t"]


async def test_a_film_has_its_pictures_beside_it_and_none_of_the_series(item: Item) -> None:
    assert await names(replace(item, facts=RICH, film=True)) == ["-poster.jpg"]


async def test_the_best_of_the_wanted_language_goes_before_the_one_shown_everywhere(item: Item) -> None:
    pictures = Everything()
    facts = replace(FACTS, pictures={"poster": ("https://tmdb/german",)})
    await Artwork().sidecars(replace(item, facts=facts), pictures.fetch)
    assert pictures.asked[0] == "https://tmdb/german"


async def test_a_series_without_pictures_has_none(item: Item) -> None:
    bare = replace(item, series=replace(item.series, cover=None, backdrop=None))
    assert await Artwork().sidecars(bare, Pictures({}).fetch) == []
