from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from anidana.core import (
    Episode,
    EpisodeFacts,
    Item,
    Number,
    Person,
    Score,
    SeasonFacts,
    SeriesFacts,
    SidecarWriter,
)
from anidana.plugins.metadata.nfo import NO_PLOT, Nfo, episodedetails, movie, register_metadata, tvshow

FACTS = SeriesFacts(
    source="tmdb",
    title="Frieren",
    original_title="葬送のフリーレン",
    plot="Was TMDB sagt.",
    premiered="2023-09-29",
    status="Continuing",
    genres=("Animation",),
    studios=("MADHOUSE",),
    ids={"tmdb": "209867", "tvdb": "424536", "imdb": "tt0000001"},
    episodes={
        Number(1, 2): EpisodeFacts("Es muss keine Magie sein", "Ein Plot.", "2023-09-29", {"tmdb": "4711"})
    },
)


async def no_image(url: str) -> bytes:
    raise AssertionError("an NFO needs no picture")


def read(content: bytes) -> etree._Element:
    return etree.fromstring(content)


def texts(content: bytes, path: str) -> list[str]:
    return [found.text or "" for found in read(content).findall(path)]


def test_the_plugin_offers_a_writer() -> None:
    (writer,) = register_metadata()
    assert isinstance(writer, SidecarWriter) and writer.name == "nfo"


async def test_both_files_are_written(item: Item) -> None:
    show, episode = await Nfo().sidecars(replace(item, facts=FACTS), no_image)
    assert (show.beside, show.name, show.keep) == ("series", "tvshow.nfo", False)
    assert (episode.beside, episode.name, episode.keep) == ("episode", ".nfo", False)


async def test_a_file_without_facts_never_replaces_one_with(item: Item) -> None:
    show, _ = await Nfo().sidecars(item, no_image)
    assert show.keep


@pytest.mark.parametrize("write", [tvshow, episodedetails])
def test_an_nfo_begins_with_the_xml_line(item: Item, write: type) -> None:
    # Without it, Kodi drops an episode whose numbers it does not like.
    assert write(item).startswith(b"<?xml ")


def test_a_show_says_what_the_catalogue_knows(item: Item) -> None:
    show = tvshow(item)
    assert read(show).tag == "tvshow"
    assert texts(show, "title") == ["Frieren: Nach dem Ende der Reise"]
    assert texts(show, "plot") == ["Nach dem Sieg\nist die Reise nicht zu Ende."]
    assert texts(show, "genre") == ["Abenteuer", "Fantasy"]
    assert texts(show, "studio") == ["Madhouse"]
    assert texts(show, "country") == ["Japan"]
    assert texts(show, "director") == ["Keiichirou Saitou"]
    assert texts(show, "actor/name") == ["Atsumi Tanezaki", "Kana Ichinose"]
    assert texts(show, "actor/order") == ["0", "1"]
    assert texts(show, "mpaa") == ["FSK 12"]
    assert texts(show, "status") == ["Ended"]
    assert texts(show, "originaltitle") == []


def test_a_year_alone_becomes_a_date_that_servers_read(item: Item) -> None:
    # Kodi shows 1970 for a year without a date.
    assert texts(tvshow(item), "premiered") == ["2023-01-01"]
    assert texts(tvshow(item), "year") == ["2023"]
    undated = replace(item, series=replace(item.series, year=None))
    assert texts(tvshow(undated), "premiered") == texts(tvshow(undated), "year") == []


def test_facts_go_before_the_catalogue(item: Item) -> None:
    show = tvshow(replace(item, facts=FACTS))
    assert texts(show, "title") == ["Frieren: Nach dem Ende der Reise"]
    assert texts(show, "originaltitle") == ["葬送のフリーレン"]
    assert texts(show, "plot") == ["Was TMDB sagt."]
    assert texts(show, "premiered") == ["2023-09-29"]
    assert texts(show, "status") == ["Continuing"]
    assert texts(show, "genre") == ["Animation"]


def test_a_date_that_is_none_is_left_out(item: Item) -> None:
    vague = replace(FACTS, premiered="soon", episodes={Number(1, 2): EpisodeFacts(aired="2023-09")})
    item = replace(item, facts=vague)
    assert texts(tvshow(item), "premiered") == ["2023-01-01"]
    assert texts(episodedetails(item), "aired") == []


def test_stars_of_five_become_points_of_ten(item: Item) -> None:
    # Jellyfin takes the value as it is, whatever `max` says.
    (rating,) = read(tvshow(item)).findall("ratings/rating")
    assert dict(rating.attrib) == {"name": "aniworld", "max": "10", "default": "true"}
    assert (rating.findtext("value"), rating.findtext("votes")) == ("9.0", "3521")
    unrated = replace(item, series=replace(item.series, rating=None))
    assert read(tvshow(unrated)).find("ratings") is None


@pytest.mark.parametrize(
    ("facts", "default"),
    [(FACTS, "tmdb"), (replace(FACTS, ids={"tvdb": "1"}), "tvdb"), (None, "imdb")],
)
def test_exactly_one_id_is_the_default(item: Item, facts: SeriesFacts | None, default: str) -> None:
    ids = read(tvshow(replace(item, facts=facts))).findall("uniqueid")
    assert [found.get("type") for found in ids if found.get("default") == "true"] == [default]
    assert {found.get("type"): found.text for found in ids}["aniworld"] == "frieren"


def test_an_id_of_the_catalogue_gives_way_to_the_source(item: Item) -> None:
    ids = {
        found.get("type"): found.text
        for found in read(tvshow(replace(item, facts=FACTS))).findall("uniqueid")
    }
    assert ids["imdb"] == "tt0000001"


def test_nothing_known_but_the_key_still_makes_an_id(item: Item) -> None:
    bare = replace(item, series=replace(item.series, imdb=None))
    (found,) = read(tvshow(bare)).findall("uniqueid")
    assert dict(found.attrib) == {"type": "aniworld", "default": "true"}


def test_no_show_names_an_episode_guide(item: Item) -> None:
    # With one, Kodi's local scraper stops at the first episode that has no NFO.
    assert b"episodeguide" not in tvshow(replace(item, facts=FACTS))


def test_an_episode_is_numbered_as_its_name_is(item: Item) -> None:
    special = replace(item, episode=Episode(Number(0, 13), "Film"))
    assert texts(episodedetails(special), "season") == ["0"]
    assert texts(episodedetails(special), "episode") == ["13"]


def test_an_episode_says_what_is_known(item: Item) -> None:
    episode = episodedetails(replace(item, facts=FACTS))
    assert read(episode).tag == "episodedetails"
    assert texts(episode, "title") == ["Aufbruch"]
    assert texts(episode, "originaltitle") == ["Departure"]
    assert texts(episode, "showtitle") == ["Frieren: Nach dem Ende der Reise"]
    assert texts(episode, "plot") == ["Ein Plot."]
    assert texts(episode, "aired") == ["2023-09-29"]
    assert texts(episode, "runtime") == ["25"]
    ids = {
        found.get("type"): (found.text, found.get("default")) for found in read(episode).findall("uniqueid")
    }
    assert ids == {"tmdb": ("4711", "true"), "aniworld": ("frieren/S01E02", None)}


@pytest.mark.parametrize(
    ("title", "english", "facts", "shown"),
    [
        ("", "Departure", FACTS, "Es muss keine Magie sein"),
        ("", "Departure", None, "Departure"),
        ("", "", None, "Episode 2"),
    ],
)
def test_an_episode_always_has_a_title(
    item: Item, title: str, english: str, facts: SeriesFacts | None, shown: str
) -> None:
    named = replace(item, episode=Episode(Number(1, 2), title, english), facts=facts)
    assert texts(episodedetails(named), "title") == [shown]


def test_the_file_is_described(item: Item) -> None:
    streams = read(episodedetails(item)).find("fileinfo/streamdetails")
    assert streams is not None
    video = {child.tag: child.text for child in streams.findall("video/*")}
    assert video.pop("aspect") == "1.777778"
    assert video == {"codec": "h264", "width": "1920", "height": "1080", "durationinseconds": "1471"}
    audio = [{child.tag: child.text for child in track} for track in streams.findall("audio")]
    assert audio == [
        {"codec": "aac", "language": "deu", "channels": "2"},
        {"codec": "aac", "channels": "2"},
    ]
    assert [track.findtext("language") for track in streams.findall("subtitle")] == ["ger"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_of_a_page_makes_an_nfo_that_can_be_read(item: Item, text: str) -> None:
    series = replace(
        item.series, catalogue=text, key=text, title=text, description=text, genres=(text,), actors=(text,)
    )
    facts = replace(FACTS, original_title=text, ids={text: text})
    named = Item(series, Episode(Number(1, 2), text, text), item.language, item.media, facts)
    assert read(tvshow(named)).tag == "tvshow"
    assert read(episodedetails(named)).tag == "episodedetails"


def test_markup_in_a_title_stays_text(item: Item) -> None:
    title = "<plot>&lt;evil&gt;</plot>\x00\x0b\ud800"
    show = tvshow(replace(item, series=replace(item.series, title=title)))
    assert texts(show, "title") == ["<plot>&lt;evil&gt;</plot>"]


RICH = replace(
    FACTS,
    tagline="Die Reise ist zu Ende.",
    ended="2024-03-22",
    runtime=25,
    certificate="FSK 16",
    trailer="qgQunXdeQ9M",
    score=Score(8.76, 1200),
    tags=("magic", "magic"),
    countries=("JP",),
    writers=("Kanehito Yamada",),
    cast=(Person("Atsumi Tanezaki", "Frieren", "https://tmdb/a.jpg"), Person("Kana Ichinose")),
    seasons={1: SeasonFacts("Die Reise", "Ein Weg.", "2023-09-29"), 0: SeasonFacts("Extras")},
    episodes={
        Number(1, 2): EpisodeFacts(
            "Es muss keine Magie sein", "Ein Plot.", "2023-09-29", {"tmdb": "4711"}, score=Score(7.5, 31),
            directors=("Tomoya Kitagawa",), writers=("Tomohiro Suzuki",),
            guests=(Person("Gast", "Händler"),), shown_before=Number(1, 5),
        )
    },
)  # fmt: skip


def test_a_show_says_what_a_metadata_source_knows(item: Item) -> None:
    show = tvshow(replace(item, facts=RICH))
    assert texts(show, "tagline") == ["Die Reise ist zu Ende."]
    assert texts(show, "enddate") == ["2024-03-22"]
    assert texts(show, "runtime") == ["25"]
    assert texts(show, "mpaa") == ["FSK 16"]
    assert texts(show, "tag") == ["magic"]
    assert texts(show, "country") == ["JP"]
    assert texts(show, "credits") == ["Kanehito Yamada"]
    assert texts(show, "trailer") == ["plugin://plugin.video.youtube/?action=play_video&videoid=qgQunXdeQ9M"]
    assert texts(show, "actor/role") == ["Frieren"]
    assert texts(show, "actor/thumb") == ["https://tmdb/a.jpg"]
    assert [(one.get("number"), one.text) for one in read(show).findall("namedseason")] == [
        ("0", "Extras"),
        ("1", "Die Reise"),
    ]


def test_of_several_ratings_the_metadata_sources_is_shown(item: Item) -> None:
    ratings = read(tvshow(replace(item, facts=RICH))).findall("ratings/rating")
    assert [(one.get("name"), one.get("default"), one.findtext("value")) for one in ratings] == [
        ("tmdb", "true", "8.8"),
        ("aniworld", None, "9.0"),
    ]


def test_an_episode_says_who_made_it_and_where_it_belongs(item: Item) -> None:
    episode = episodedetails(replace(item, facts=RICH))
    assert texts(episode, "director") == ["Tomoya Kitagawa"]
    assert texts(episode, "credits") == ["Tomohiro Suzuki"]
    assert texts(episode, "actor/name") == ["Gast"]
    assert texts(episode, "ratings/rating/value") == ["7.5"]
    assert texts(episode, "displayseason") == ["1"]
    assert texts(episode, "displayepisode") == ["5"]
    assert texts(episode, "premiered") == texts(episode, "aired") == ["2023-09-29"]


async def test_a_season_has_a_file_once_something_is_known_of_it(item: Item) -> None:
    *_, season = await Nfo().sidecars(replace(item, facts=RICH), no_image)
    assert (season.beside, season.name) == ("season", "season.nfo")
    assert read(season.content).tag == "season"
    assert texts(season.content, "title") == ["Die Reise"]
    assert texts(season.content, "seasonnumber") == ["1"]
    assert texts(season.content, "premiered") == ["2023-09-29"]


def test_a_file_of_two_episodes_has_two_roots_under_one_xml_line(item: Item) -> None:
    two = replace(item, facts=RICH, more=(Episode(Number(1, 3), "Tötende Magie"),))
    content = episodedetails(two)
    assert content.count(b"<?xml") == 1 and content.startswith(b"<?xml")
    roots = etree.fromstring(b"<x>" + content.partition(b"?>")[2] + b"</x>")
    assert [(one.findtext("title"), one.findtext("episode")) for one in roots] == [
        ("Aufbruch", "2"),
        ("Tötende Magie", "3"),
    ]
    assert [one.findtext("runtime") for one in roots] == ["12", "12"], "each has its share of the length"
    assert all(one.find("fileinfo/streamdetails/video") is not None for one in roots)


async def test_a_film_in_a_film_library_has_a_file_of_its_own_and_nothing_of_the_series(item: Item) -> None:
    (film,) = await Nfo().sidecars(replace(item, facts=RICH, film=True), no_image)
    assert (film.beside, film.name) == ("episode", ".nfo")
    root = read(film.content)
    assert root.tag == "movie"
    assert root.findtext("title") == "Aufbruch" and root.findtext("plot") == "Ein Plot."
    assert root.findtext("premiered") == "2023-09-29" and root.findtext("year") == "2023"
    assert [one.text for one in root.findall("genre")] == ["Animation"]
    assert root.find("fileinfo/streamdetails/video") is not None
    assert root.find("season") is None and root.find("status") is None


def test_a_film_has_exactly_one_default_id(item: Item) -> None:
    ids = read(movie(replace(item, facts=RICH))).findall("uniqueid")
    assert [(one.get("type"), one.get("default")) for one in ids] == [("tmdb", "true"), ("aniworld", None)]


def test_a_series_that_nobody_describes_says_so(item: Item) -> None:
    # The predecessor's minimal file: a title, a year, and a sentence in place of the plot.
    bare = replace(item, series=replace(item.series, description=""))
    assert texts(tvshow(bare), "plot") == [NO_PLOT]
    assert texts(tvshow(replace(bare, facts=FACTS)), "plot") == ["Was TMDB sagt."]
