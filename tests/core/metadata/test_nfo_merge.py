from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from anidana.core.errors import Damaged
from anidana.core.metadata.nfo import MOST_BYTES, REQUIRED, lacks, merge

LINE = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def nfo(text: str) -> bytes:
    return (LINE + text).encode()


def show(*children: str) -> bytes:
    return nfo("<tvshow>\n" + "".join(f"  {child}\n" for child in children) + "</tvshow>\n")


def episode(number: int, *children: str) -> str:
    text = f"<season>1</season><episode>{number}</episode>" + "".join(children)
    return f"<episodedetails>{text}</episodedetails>\n"


def root_of(content: bytes) -> etree._Element:
    return etree.fromstring(content.partition(b"?>")[2])


OURS = show(
    "<title>Frieren</title>",
    "<plot>Neu.</plot>",
    '<ratings><rating name="tmdb" max="10" default="true"><value>8.8</value></rating></ratings>',
    '<uniqueid type="tmdb" default="true">209867</uniqueid>',
)
THEIRS = show(
    "<!-- mine -->",
    "<title>Old</title>",
    "<plot>Alt.</plot>",
    "<sorttitle>Frieren 1</sorttitle>",
    '<ratings><rating name="imdb" max="10" default="true"><value>9.1</value></rating></ratings>',
    '<uniqueid type="imdb" default="true">tt1</uniqueid>',
    "<tmdbid>1</tmdbid><imdbid>tt1</imdbid>",
    '<episodeguide>{"tmdb": "1"}</episodeguide>',
    '<custom kind="a">text<b>more</b></custom>',
    "<playcount>5</playcount>",
)


def test_our_tags_take_the_place_of_theirs_and_foreign_ones_stay() -> None:
    merged = root_of(merge(THEIRS, OURS))
    assert [one.text for one in merged.iterfind("title")] == ["Frieren"]
    assert [one.text for one in merged.iterfind("plot")] == ["Neu."]
    assert merged.findtext("sorttitle") == "Frieren 1" and merged.findtext("playcount") == "5"
    custom = merged.find("custom")
    assert custom is not None
    assert etree.tostring(custom, with_tail=False) == b'<custom kind="a">text<b>more</b></custom>'
    assert any(one.text == " mine " for one in merged.iter(etree.Comment))


def test_a_tag_that_we_know_nothing_for_is_not_taken_away() -> None:
    assert root_of(merge(show("<outline>Kurz.</outline>"), show("<title>A</title>"))).findtext("outline")


def test_of_ids_and_ratings_together_one_is_the_default() -> None:
    merged = root_of(merge(THEIRS, OURS))
    ids = [(one.get("type"), one.get("default"), one.text) for one in merged.iterfind("uniqueid")]
    assert ids == [("tmdb", "true", "209867"), ("imdb", None, "tt1")]
    ratings = [(one.get("name"), one.get("default")) for one in merged.iterfind("ratings/rating")]
    assert ratings == [("tmdb", "true"), ("imdb", None)]


def test_other_spellings_of_an_id_of_ours_go_and_the_rest_stays() -> None:
    merged = root_of(merge(THEIRS, OURS))
    assert merged.find("tmdbid") is None
    assert merged.findtext("imdbid") == "tt1"


def test_the_episode_guide_of_another_program_goes() -> None:
    # With one, Kodi stops at the first episode that has no file.
    assert b"episodeguide" not in merge(THEIRS, OURS)


def test_merging_again_changes_nothing() -> None:
    merged = merge(THEIRS, OURS)
    assert merge(merged, OURS) == merged


def test_a_file_without_anything_foreign_becomes_ours_to_the_byte() -> None:
    assert merge(show("<title>Old</title>"), OURS) == OURS
    assert merge(OURS, OURS) == OURS


def test_a_locked_file_stays_as_it_is() -> None:
    locked = show("<title>Mine</title>", "<lockdata>true</lockdata>")
    assert merge(locked, OURS) == locked
    assert lacks(locked) == ()


def test_an_address_after_the_end_stays() -> None:
    merged = merge(show("<title>Old</title>") + b"https://www.themoviedb.org/tv/209867\n", OURS)
    assert merged.endswith(b"</tvshow>\nhttps://www.themoviedb.org/tv/209867\n")
    assert merge(merged, OURS) == merged


def test_each_episode_of_a_file_is_merged_with_its_own() -> None:
    theirs = nfo(episode(4, "<votes>4</votes>") + LINE + episode(3, "<votes>3</votes>"))
    merged = merge(theirs, nfo(episode(3, "<title>C</title>") + episode(4, "<title>D</title>")))
    roots = etree.fromstring(b"<x>" + merged.partition(b"?>")[2] + b"</x>")
    assert [(one.findtext("title"), one.findtext("votes")) for one in roots] == [("C", "3"), ("D", "4")]


def test_an_episode_that_only_they_know_of_stays() -> None:
    merged = merge(nfo(episode(3) + episode(4, "<title>D</title>")), nfo(episode(3, "<title>C</title>")))
    assert merged.count(b"<episodedetails>") == 2 and b"<title>D</title>" in merged


def test_a_lone_episode_under_another_number_is_the_same() -> None:
    merged = merge(nfo(episode(9, "<votes>1</votes>")), nfo(episode(3)))
    assert merged.count(b"<episodedetails>") == 1 and b"<votes>1</votes>" in merged


def test_a_file_about_something_else_is_no_match() -> None:
    with pytest.raises(Damaged, match="movie"):
        merge(nfo("<movie><title>A</title></movie>"), OURS)


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "utf-8"), ("utf-16", "UTF-16"), ("iso-8859-1", "ISO-8859-1")],
)
def test_files_of_other_programs_are_read_in_their_encoding(encoding: str, named: str) -> None:
    text = f'<?xml version="1.0" encoding="{named}"?><tvshow><outline>Übel</outline></tvshow>'
    assert root_of(merge(text.encode(encoding), OURS)).findtext("outline") == "Übel"


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))


@pytest.mark.parametrize(
    "hostile",
    [
        f'<!DOCTYPE t [<!ENTITY a0 "ha">{LAUGHS}]><tvshow><plot>&a8;</plot></tvshow>'.encode(),
        b'<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><tvshow><plot>&x;</plot></tvshow>',
        '<!DOCTYPE t [<!ENTITY x "y">]><tvshow/>'.encode("utf-16"),
        b'<!DOCTYPE t SYSTEM "http://127.0.0.1/x.dtd"><tvshow/>',
        b"<tvshow>" + b"<a>" * 300 + b"</a>" * 300 + b"</tvshow>",
        b"<tvshow><plot>" + b"x" * MOST_BYTES + b"</plot></tvshow>",
        b'<?xml version="1.0" encoding="utf-7"?><tvshow/>',
        b'<?xml version="1.0" encoding="utf-8"?><tvshow>\xff</tvshow>',
        b"<tvshow><title>half",
        b"</nfo><nfo>",
        b"https://www.themoviedb.org/tv/1",
        b"\x00\x01\x02",
        b"",
    ],
)
def test_hostile_and_broken_files_are_refused(hostile: bytes) -> None:
    with pytest.raises(Damaged):
        merge(hostile, OURS)
    with pytest.raises(Damaged):
        lacks(hostile)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda text: f"<a>{text}</a>".encode("utf-8", "replace")),
    )
)
def test_any_bytes_are_merged_or_refused(theirs: bytes) -> None:
    try:
        merged = merge(theirs, OURS)
    except Damaged:
        return
    assert merge(merged, OURS) == merged


def test_a_complete_file_lacks_nothing() -> None:
    complete = show(
        *(
            f"<{tag}>x</{tag}>"
            for tag in ("title", "originaltitle", "plot", "premiered", "year", "status", "runtime", "genre")
        ),
        "<studio>x</studio><country>x</country><actor><name>x</name></actor>",
        '<uniqueid type="tmdb">1</uniqueid>',
    )
    assert lacks(complete) == ()


@pytest.mark.parametrize("kind", REQUIRED)
def test_what_a_file_lacks_is_named(kind: str) -> None:
    found = lacks(nfo(f"<{kind}><title> </title></{kind}>"))
    assert set(found) == {path.partition("[")[0] for path in REQUIRED[kind]}


def test_an_id_of_the_catalogue_alone_does_not_do() -> None:
    assert "uniqueid" in lacks(show('<uniqueid type="aniworld" default="true">frieren</uniqueid>'))


def test_every_episode_of_a_file_needs_its_tags() -> None:
    assert "plot" in lacks(nfo(episode(3, "<plot>x</plot>") + episode(4)))
