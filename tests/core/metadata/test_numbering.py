"""The traps of numbering, each as it is met: catalogue on one side, source on the other."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from anidana.core import Episode, EpisodeFacts, Kind, Listed, Number
from anidana.core.metadata.numbering import Evidence, Pair, absolutes, resolve
from anidana.core.metadata.titles import plain


def ours(season: int, titles: Iterable[str], *, first: int = 1, german: bool = False) -> list[Episode]:
    """A season of the catalogue, by English titles; an absolute number comes before a bar."""
    made = []
    for n, text in enumerate(titles, first):
        count, _, title = text.rpartition("|")
        absolute = int(count) if count else None
        made.append(Episode(Number(season, n), f"de {title}" if german else "", title, absolute=absolute))
    return made


def theirs(season: int, titles: Iterable[str], *, first: int = 1) -> list[Listed]:
    return [
        Listed(f"{season}-{n}", Number(season, n), title, (f"de {title}",), facts=EpisodeFacts(title))
        for n, title in enumerate(titles, first)
    ]


def by_number(pairs: Iterable[Pair]) -> dict[str, tuple[str, str, bool]]:
    return {str(one.number): (one.target.key, one.evidence.value, one.sure) for one in pairs}


def words(start: int, end: int) -> list[str]:
    """Titles that are nothing alike."""
    sounds = ("ka", "me", "ri", "so", "tu", "hana", "yoru", "umi", "zan", "pelo")
    return [f"{sounds[n % 10]} {sounds[n // 10 % 10] * 3} {sounds[(n + 3) % 10]}" for n in range(start, end)]


def test_seasons_cut_elsewhere_are_found_by_the_absolute_number_in_the_title() -> None:
    # One Piece: staffel-2/episode-2 is number 63, which is how everybody else counts.
    here = ours(1, [f"{n}|" for n in range(1, 62)]) + ours(2, ["62|", "63|", "64|"])
    there = theirs(1, [""] * 8) + theirs(2, [""] * 60, first=9)
    pairs = by_number(resolve(here, there))
    assert pairs["S02E02"] == ("S02E63", Evidence.ABSOLUTE, True)
    assert pairs["S01E08"] == ("S01E08", Evidence.ABSOLUTE, True)
    assert pairs["S01E09"] == ("S02E09", Evidence.ABSOLUTE, True)
    assert len(pairs) == 64


def test_absolute_numbers_are_counted_through_seasons_that_begin_with_one() -> None:
    there = theirs(1, "abc") + theirs(2, "de") + theirs(0, "x")
    assert {n: one.key for n, one in absolutes(there).items()} == {
        1: "S01E01", 2: "S01E02", 3: "S01E03", 4: "S02E01", 5: "S02E02",
    }  # fmt: skip


def test_the_sources_own_absolute_order_goes_before_counting() -> None:
    there = [Listed("a", Number(1, 1), absolute=2), Listed("b", Number(1, 2), absolute=1)]
    assert {n: one.id for n, one in absolutes(there).items()} == {1: "b", 2: "a"}


def test_seasons_cut_elsewhere_are_found_by_english_titles_without_absolute_numbers() -> None:
    titles = words(0, 30)
    here = ours(1, titles[:20]) + ours(2, titles[20:])
    there = theirs(1, titles[:12]) + theirs(2, titles[12:])
    pairs = by_number(resolve(here, there))
    assert pairs["S01E13"] == ("S02E01", Evidence.ENGLISH, True)
    assert pairs["S02E10"] == ("S02E18", Evidence.ENGLISH, True)
    assert len(pairs) == 30 and all(sure for _, _, sure in pairs.values())


def test_a_gap_that_is_counted_differently_is_crossed_by_titles() -> None:
    # One Piece 1088/1089: from there on the site's numbers are one ahead.
    titles = words(0, 12)
    here = ours(1, [f"{n + (n > 5)}|{title}" for n, title in enumerate(titles, 1)])
    there = theirs(1, [*titles, "the last one"])
    pairs = by_number(resolve(here, there))
    assert pairs["S01E05"][0] == "S01E05" and pairs["S01E06"][0] == "S01E06"
    assert pairs["S01E12"][0] == "S01E12"


def test_titles_that_are_wrong_for_a_season_are_outvoted() -> None:
    # Demon Slayer: season 3 carries English titles of another season on one of the sites.
    right, wrong = words(0, 24), words(40, 46)
    here = ours(1, right[:6], german=True) + ours(2, right[6:12], german=True)
    here += [Episode(Number(3, n), f"de {right[11 + n]}", wrong[n - 1]) for n in range(1, 7)]
    there = theirs(1, right[:6]) + theirs(2, right[6:12]) + theirs(3, right[12:18]) + theirs(4, wrong)
    pairs = by_number(resolve(here, there))
    assert pairs["S03E04"][0] == "S03E04" and pairs["S03E04"][2]


def test_titles_that_are_wrong_with_nothing_but_counts_against_them_wait_for_review() -> None:
    right, wrong = words(0, 18), words(40, 46)
    here = ours(1, right[:6]) + ours(2, right[6:12]) + ours(3, wrong)
    there = theirs(1, right[:6]) + theirs(2, right[6:12]) + theirs(3, right[12:]) + theirs(4, wrong)
    pairs = by_number(resolve(here, there))
    assert all(pairs[f"S01E{n:02d}"][2] for n in range(1, 7))
    assert not any(pairs[f"S03E{n:02d}"][2] for n in range(1, 7))


def test_titles_of_one_season_repeated_in_another_prove_nothing() -> None:
    titles = words(0, 12)
    here = ours(1, titles[:6]) + ours(2, titles[:6])
    there = theirs(1, titles[:6]) + theirs(2, titles[6:])
    pairs = by_number(resolve(here, there))
    assert pairs["S02E03"] == ("S02E03", Evidence.COUNT, True)


def test_a_similar_title_counts_near_its_place_only() -> None:
    titles = words(0, 10)
    here = ours(1, [*titles[:5], "The Island of a Hundred Lanterns", *titles[6:]])
    near = theirs(1, [*titles[:5], "Island of a Hundred Lanterns", *titles[6:], "one more"])
    pairs = by_number(resolve(here, near))
    assert pairs["S01E06"][:2] == ("S01E06", Evidence.LIKE)
    far = theirs(1, [*titles[:5], "x", *titles[6:], *words(50, 60), "Island of a Hundred Lanterns"])
    assert by_number(resolve(here, far))["S01E06"][0] == "S01E06"


def test_titles_that_differ_in_a_number_are_not_similar() -> None:
    here = ours(1, ["The Long Road Home Part 2"])
    there = theirs(1, ["The Long Road Home Part 1", "nothing like it"])
    assert by_number(resolve(here, there))["S01E01"][1] == Evidence.COUNT


def test_a_german_title_is_enough_where_there_is_no_english_one() -> None:
    here = [Episode(Number(2, 1), "Der lange Weg nach Hause")]
    there = [*theirs(1, ["a", "b"]), Listed("x", Number(1, 3), "Home", ("Der lange Weg nach Hause",))]
    assert by_number(resolve(here, there)) == {"S02E01": ("S01E03", Evidence.OTHER, True)}


@pytest.mark.parametrize(
    ("here", "there", "paired"),
    [
        ((3, 2), (3, 2), {1, 2}),
        ((3, 2), (3, 5), {1, 2}),
        ((3, 2), (4, 2), set()),
        ((3, 2), (3, 1), {1}),
        ((3, 2), (3, 4, 2), {1}),
    ],
)
def test_counts_alone_are_believed_from_the_first_season_on_until_one_differs(
    here: tuple[int, ...], there: tuple[int, ...], paired: set[int]
) -> None:
    episodes = [one for s, count in enumerate(here, 1) for one in ours(s, [""] * count)]
    listed = [one for s, count in enumerate(there, 1) for one in theirs(s, [""] * count)]
    assert {pair.number.season for pair in resolve(episodes, listed) if pair.sure} == paired


def test_counts_of_a_later_season_are_a_hint_that_waits_for_review() -> None:
    pairs = resolve(ours(1, [""] * 5) + ours(2, [""] * 3), theirs(1, [""] * 4) + theirs(2, [""] * 3))
    assert by_number(pairs) == {f"S02E0{n}": (f"S02E0{n}", Evidence.COUNT, False) for n in (1, 2, 3)}


def test_two_episodes_in_one_entry_shift_those_behind_them() -> None:
    titles = words(0, 6)
    pairs = by_number(resolve(ours(1, [titles[0], *titles[2:]]), theirs(1, titles)))
    assert [pairs[f"S01E{n:02d}"][0] for n in range(1, 6)] == [
        "S01E01", "S01E03", "S01E04", "S01E05", "S01E06",
    ]  # fmt: skip


def test_a_recap_that_the_source_counts_among_its_specials_waits_for_review() -> None:
    titles = words(0, 5)
    here = ours(1, [*titles[:3], "What Happened So Far", *titles[3:]])
    pairs = by_number(resolve(here, theirs(1, titles) + theirs(0, ["What Happened So Far"])))
    assert pairs["S01E04"] == ("S00E01", Evidence.ENGLISH, False)
    assert pairs["S01E06"] == ("S01E05", Evidence.ENGLISH, True)


def test_a_recap_here_and_a_last_episode_there_do_not_make_a_season_the_same() -> None:
    titles = words(0, 12)
    here = ours(1, [*titles[:5], "What Happened So Far", *titles[5:11]])
    pairs = by_number(resolve(here, theirs(1, titles)))
    assert "S01E06" not in pairs or not pairs["S01E06"][2]
    assert pairs["S01E07"] == ("S01E06", Evidence.ENGLISH, True)


def entry(n: int, kind: Kind, english: str = "", german: str = "") -> Episode:
    return Episode(Number(0, n), german, english, kind)


def test_a_special_is_found_by_its_title_and_not_by_its_place() -> None:
    here = [entry(1, Kind.OVA, "The Beach Trip"), entry(2, Kind.SPECIAL, "", "Der Ball")]
    there = [*theirs(0, ["Recap", "The Ball", "Some Beach"]), Listed("9", Number(0, 9), "", ("Der Ball",))]
    assert by_number(resolve(here, there)) == {"S00E02": ("S00E09", Evidence.OTHER, True)}
    there[2] = Listed("3", Number(0, 3), "the beach trip!")
    assert by_number(resolve(here, there))["S00E01"] == ("S00E03", Evidence.ENGLISH, True)


@pytest.mark.parametrize(
    ("title", "film"),
    [
        ("Strong World", "One Piece: Strong World"),
        ("One Piece Movie 10: Strong World", "One Piece Film: Strong World"),
        ("Movie 10 - Strong World", "Strong World"),
    ],
)
def test_a_film_is_found_with_and_without_the_name_of_its_series(title: str, film: str) -> None:
    there = [Listed("7", None, "One Piece: Stampede"), Listed("8", None, film)]
    pairs = by_number(resolve([entry(12, Kind.MOVIE, title)], there, names=["One Piece"]))
    assert pairs == {"S00E12": ("film 8", Evidence.ENGLISH, True)}


@pytest.mark.parametrize(("kind", "key"), [(Kind.MOVIE, "film 8"), (Kind.OVA, "S00E04")])
def test_what_is_both_a_film_and_a_special_there_goes_by_its_label(kind: Kind, key: str) -> None:
    there = [Listed("4", Number(0, 4), "Strong World"), Listed("8", None, "Strong World")]
    assert by_number(resolve([entry(1, kind, "Strong World")], there))["S00E01"][0] == key


def test_specials_are_never_paired_by_counts() -> None:
    assert resolve([entry(1, Kind.SPECIAL, "a b c"), entry(2, Kind.OVA)], theirs(0, ["x y z", "q r s"])) == []


def test_what_the_owner_has_chosen_stands_and_nobody_else_gets_it() -> None:
    titles = words(0, 3)
    chosen = {Number(1, 1): "S01E02", Number(1, 3): ""}
    pairs = by_number(resolve(ours(1, titles), theirs(1, titles), chosen=chosen))
    assert pairs == {"S01E01": ("S01E02", Evidence.CHOSEN, True)}


def test_every_target_is_given_once() -> None:
    pairs = resolve(ours(1, ["1|", "1|"]) + ours(2, ["1|"]), theirs(1, ["", ""]))
    assert len({pair.target.key for pair in pairs}) == len(pairs)


@pytest.mark.parametrize("title", ["Episode 12", "Folge 3", "第12話", "12", "Part 2", ""])
def test_a_placeholder_is_no_title(title: str) -> None:
    assert plain(title) == ""


def test_nothing_on_either_side_is_no_error() -> None:
    assert resolve([], theirs(1, "ab")) == [] and resolve(ours(1, "ab"), []) == []
