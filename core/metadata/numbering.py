"""Which episode of a metadata source is which of the catalogue: pure, from numbers, titles and counts.

A catalogue cuts a long show into seasons of its own, counts recaps or leaves them out, and puts a wrong
title here and there. So each kind of evidence names an episode there, and a pair is sure where one does
and none contradicts. What stands in the same place is never taken for the same by that alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from ..hooks import Listed
from ..models import Episode, Kind, Number
from .titles import likeness, most_alike, own_titles, plain, same_titles

SURE = 0.85
"""From this confidence on a pair is used without a question."""

WINDOW = 3
"""Places around the expected one in which a title that is only alike is looked for."""

LEAST_LIKENESS = 85.0
"""How alike two titles are, of 100; fewer than 90 is never sure."""


class Evidence(StrEnum):
    """Why two are one, in the words that people are shown."""

    ABSOLUTE = "absolute number"
    ENGLISH = "English title"
    LIKE = "similar English title"
    OTHER = "another title"
    COUNT = "equal counts"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Pair:
    """An episode of the catalogue and what it is at the source; `confidence` is from 0 to 1."""

    number: Number
    target: Listed
    evidence: Evidence
    confidence: float

    @property
    def sure(self) -> bool:
        """Whether it is used without a question."""
        return self.confidence >= SURE


def resolve(
    episodes: Sequence[Episode],
    listed: Sequence[Listed],
    *,
    names: Iterable[str] = (),
    chosen: Mapping[Number, str] | None = None,
) -> list[Pair]:
    """Pair what a catalogue lists with what a source does, each of either at most once, in order.

    `names` are what the series is called: films carry them before their own title. `chosen` are the
    `Listed.key` that the owner has decided on, empty for none: they stand, and nobody else gets them.
    """
    chosen = chosen or {}
    by_key = {one.key: one for one in listed}
    pairs = [
        Pair(number, by_key[key], Evidence.CHOSEN, 1.0) for number, key in chosen.items() if key in by_key
    ]
    taken = set(chosen.values())
    ours = [one for one in episodes if one.number not in chosen]
    # All of both sides, for the chosen ones count as well.
    found = _Regular(episodes, listed).pairs()
    pairs += _once(one for one in found if one.number not in chosen and one.target.key not in taken)
    taken |= {pair.target.key for pair in pairs}
    specials = [one for one in listed if one.key not in taken and not _is_regular(one)]
    prefixes = sorted(filter(None, map(plain, names)), key=len, reverse=True)
    pairs += _specials([one for one in ours if is_special(one)], specials, prefixes)
    taken |= {pair.target.key for pair in pairs}
    paired = {pair.number for pair in pairs}
    recaps = [one for one in ours if not is_special(one) and one.number not in paired]
    pairs += _recaps(recaps, [one for one in specials if one.key not in taken])
    return sorted(pairs, key=lambda pair: pair.number)


def is_special(episode: Episode) -> bool:
    """Whether it is counted apart from the episodes."""
    return not episode.number.season or episode.kind is not Kind.EPISODE


def _is_regular(listed: Listed) -> bool:
    return listed.number is not None and listed.number.season > 0


def _number(listed: Listed) -> Number:
    return listed.number or Number(0, 0)


def same_seasons(episodes: Iterable[Episode], listed: Iterable[Listed]) -> set[int]:
    """The seasons that are the same here and there by their counts, from the first on until one is not.

    The last one on both sides may still be running here.
    """
    ours: dict[int, set[int]] = {}
    for episode in episodes:
        if not is_special(episode):
            ours.setdefault(episode.number.season, set()).add(episode.number.episode)
    theirs = Counter(_number(one).season for one in listed if _is_regular(one))
    agreed = set()
    for season, count in sorted(theirs.items()):
        here = ours.get(season, set())
        last = season == max(theirs) == max(ours, default=0)
        if not here or max(here) > count or (len(here) < count and not last):
            break
        agreed.add(season)
    return agreed


def absolutes(listed: Iterable[Listed]) -> dict[int, Listed]:
    """What a source lists by absolute number: its own, else counted through the seasons.

    A season that goes on counting where the one before ended is numbered absolutely already.
    """
    regular = sorted(filter(_is_regular, listed), key=_number)
    if any(one.absolute for one in regular):
        return {one.absolute: one for one in regular if one.absolute}
    counted: dict[int, Listed] = {}
    season, before, last = 0, 0, 0
    for one in regular:
        number = _number(one)
        if number.season != season:
            season, before = number.season, 0 if number.episode > 1 else last
        last = before + number.episode
        counted.setdefault(last, one)
    return counted


class _Regular:
    """The episodes of both sides in their order, and what each kind of evidence says of them by place."""

    def __init__(self, episodes: Iterable[Episode], listed: Iterable[Listed]) -> None:
        self.ours = sorted(
            (one for one in episodes if not is_special(one)), key=lambda episode: episode.number
        )
        self.theirs = sorted(filter(_is_regular, listed), key=_number)
        self.place = {one.key: place for place, one in enumerate(self.theirs)}

    def pairs(self) -> list[Pair]:
        """Every episode there is evidence for; several may be paired with the same target."""
        return [pair for here in range(len(self.ours)) if (pair := self._pair(here)) is not None]

    def _pair(self, here: int) -> Pair | None:
        """What most of the evidence says, of equals the first; what as much contradicts is doubtful."""
        said = {
            Evidence.ABSOLUTE: self.absolute.get(here),
            Evidence.ENGLISH: self.english.get(here),
            Evidence.LIKE: self._alike(here),
            Evidence.OTHER: self.other.get(here),
            Evidence.COUNT: self.count.get(here),
        }
        if (absolute := said[Evidence.ABSOLUTE]) is not None and self._miscounted(said, absolute):
            del said[Evidence.ABSOLUTE]  # the two count a gap differently, and the title tells by how much
        known = {evidence: there for evidence, there in said.items() if there is not None}
        if not known:
            there = self.same_count.get(here)
            return None if there is None else self._made(here, there, Evidence.COUNT, 0.7)
        votes = Counter(known.values())
        evidence, there = max(known.items(), key=lambda one: votes[one[1]])  # of equals the first
        if len(known) == 1:
            return self._made(here, there, evidence, self._alone(evidence, here, there))
        against = len(known) - votes[there]
        confidence = 1.0 if not against else SURE if votes[there] > against else 0.6
        return self._made(here, there, evidence, confidence)

    def _miscounted(self, said: Mapping[Evidence, int | None], absolute: int) -> bool:
        english = said[Evidence.ENGLISH]
        near = english is not None and english in self.in_order and 0 < abs(english - absolute) <= WINDOW
        return near and said[Evidence.OTHER] in (None, english)

    def _alone(self, evidence: Evidence, here: int, there: int) -> float:
        """How sure one evidence is that no other supports."""
        if evidence is Evidence.LIKE:
            return round(likeness(self._title(here), self._theirs(there)) * 0.0095, 3)
        if evidence is Evidence.COUNT:
            return SURE if self._fits_around(here, there) else 0.6
        if evidence in (Evidence.ENGLISH, Evidence.OTHER) and there not in self.in_order:
            return 0.6
        return 0.9 if evidence is Evidence.ABSOLUTE else 0.95

    def _fits_around(self, here: int, there: int) -> bool:
        """Whether the nearest episodes with a title that is known there are as far away as here."""
        at = bisect_left(self.titled, (here, -1))
        return all(to - there == one - here for one, to in self.titled[max(at - 1, 0) : at + 1])

    def _made(self, here: int, there: int, evidence: Evidence, confidence: float) -> Pair:
        return Pair(self.ours[here].number, self.theirs[there], evidence, confidence)

    def _title(self, here: int) -> str:
        return plain(self.ours[here].english_title)

    def _theirs(self, there: int) -> str:
        return plain(self.theirs[there].english_title)

    @cached_property
    def absolute(self) -> dict[int, int]:
        """By the number that the catalogue's English title carries."""
        counted = absolutes(self.theirs)
        return {
            here: self.place[counted[one.absolute].key]
            for here, one in enumerate(self.ours)
            if one.absolute in counted
        }

    @cached_property
    def english(self) -> dict[int, int]:
        """By an English title that there is once on either side."""
        return same_titles(
            [[one.english_title] for one in self.ours], [[one.english_title] for one in self.theirs]
        )

    @cached_property
    def other(self) -> dict[int, int]:
        """By a title in another language."""
        return same_titles([[one.title] for one in self.ours], [one.titles for one in self.theirs])

    @cached_property
    def in_order(self) -> set[int]:
        """Places there that titles name in the order of the catalogue: the longest such run."""
        return _longest_run([there for _, there in sorted((self.other | self.english).items())])

    @cached_property
    def titled(self) -> list[tuple[int, int]]:
        """Places here and there that titles name in order."""
        return sorted((here, to) for here, to in (self.other | self.english).items() if to in self.in_order)

    @cached_property
    def anchors(self) -> list[tuple[int, int]]:
        """What is known without looking at similar titles, by place here."""
        return sorted((self.count | self.absolute | dict(self.titled)).items())

    @cached_property
    def count(self) -> dict[int, int]:
        """By place in seasons that have been the same from the first on.

        Not where titles say that the two differ within the season, by a recap here and a last episode
        less: where two in a row are off by as much.
        """
        counted = self._by_number(same_seasons(self.ours, self.theirs))
        off = {
            here: to - counted[here]
            for here, to in self.titled
            if counted.get(here, to) != to and self._season(to) == self._season(counted[here])
        }
        shifted = {here for here, by in off.items() if by in (off.get(here - 1), off.get(here + 1))}
        return {here: there for here, there in counted.items() if here not in shifted}

    def _season(self, there: int) -> int:
        return _number(self.theirs[there]).season

    @cached_property
    def same_count(self) -> dict[int, int]:
        """By place in any season with as many episodes there: a hint, no more."""
        ours = Counter(one.number.season for one in self.ours)
        theirs = Counter(map(self._season, range(len(self.theirs))))
        return self._by_number({season for season, count in ours.items() if theirs[season] == count})

    def _by_number(self, seasons: set[int]) -> dict[int, int]:
        ranks: Counter[int] = Counter()
        ranked: dict[Number, int] = {}
        for place in range(len(self.theirs)):  # some sources go on counting in the next season
            ranks[season := self._season(place)] += 1
            ranked[Number(season, ranks[season])] = place
        return {
            here: ranked[one.number]
            for here, one in enumerate(self.ours)
            if one.number.season in seasons and one.number in ranked
        }

    def _alike(self, here: int) -> int | None:
        """By a similar English title near the place where its neighbours say it is."""
        if not (title := self._title(here)) or here in self.english:
            return None
        expected = self._expected(here)
        window = range(max(expected - WINDOW, 0), min(expected + WINDOW + 1, len(self.theirs)))
        return _best(title, window, self._theirs)

    def _expected(self, here: int) -> int:
        at = bisect_left(self.anchors, (here, -1))
        near = min(self.anchors[max(at - 1, 0) : at + 1], key=lambda one: abs(one[0] - here), default=(0, 0))
        return near[1] + here - near[0]


def _specials(ours: Sequence[Episode], free: Sequence[Listed], names: Sequence[str]) -> list[Pair]:
    """Films and specials, by title alone: they are counted differently everywhere."""
    theirs = [(one, own_titles((one.english_title,), names), own_titles(one.titles, names)) for one in free]
    found = []
    for one in ours:
        # A film may stand among the specials of the source as well.
        theirs.sort(key=lambda it: (it[0].number is None) is not (one.kind is Kind.MOVIE))
        english, other = own_titles((one.english_title,), names), own_titles((one.title,), names)
        exact = [(target, Evidence.ENGLISH) for target, said, _ in theirs if english & said]
        exact = exact or [(target, Evidence.OTHER) for target, _, more in theirs if other & more]
        if exact:
            best, evidence = exact[0]
            twice = [it for it, _ in exact if (it.number is None) is (best.number is None)]
            found.append(Pair(one.number, best, evidence, 0.95 if len(twice) == 1 else 0.7))
            continue
        scored = [(most_alike(english, said), target) for target, said, _ in theirs]
        alike, near = max(scored, key=lambda it: it[0], default=(0.0, None))
        if near is not None and alike >= LEAST_LIKENESS:
            found.append(Pair(one.number, near, Evidence.LIKE, round(alike * 0.0095, 3)))
    return _once(found)


def _recaps(ours: Sequence[Episode], specials: Sequence[Listed]) -> list[Pair]:
    """Episodes that the source counts among its specials: never sure."""
    targets = [one for one in specials if one.number]
    same = same_titles([[x.english_title] for x in ours], [[x.english_title] for x in targets])
    return [Pair(ours[here].number, targets[there], Evidence.ENGLISH, 0.7) for here, there in same.items()]


def _longest_run(places: Sequence[int]) -> set[int]:
    """The members of the longest strictly rising subsequence."""
    ends: list[int] = []
    tails: list[int] = []
    before: list[int | None] = []
    for at, place in enumerate(places):
        rank = bisect_left(tails, place)
        before.append(ends[rank - 1] if rank else None)
        tails[rank:rank + 1], ends[rank:rank + 1] = [place], [at]  # fmt: skip
    run, at_ = set(), ends[-1] if ends else None
    while at_ is not None:
        run.add(places[at_])
        at_ = before[at_]
    return run


def _best(title: str, places: Iterable[int], theirs: Callable[[int], str]) -> int | None:
    scored = sorted(((likeness(title, theirs(place)), place) for place in places), reverse=True)
    return scored[0][1] if scored and scored[0][0] >= LEAST_LIKENESS else None


def _once(pairs: Iterable[Pair]) -> list[Pair]:
    """Each target once: the most certain pair keeps it, of equals the first."""
    kept: dict[str, Pair] = {}
    for pair in pairs:
        rival = kept.get(pair.target.key)
        if rival is None or pair.confidence > rival.confidence:
            kept[pair.target.key] = pair
    return list(kept.values())
