"""Questions about which series, episodes and films of metadata sources ours are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..metadata.numbering import Pair
from ..models import Number
from .shelf import insert
from .tables import AnimeSeries, Episode, MatchRow, PairRow, now

_NUMBER = re.compile(r"S(\d{1,9})E(\d{1,9})")


class State(StrEnum):
    """What became of a pair: the first two are ours and may change, the last two the owner's."""

    SURE = "sure"
    DOUBTFUL = "doubtful"
    CHOSEN = "chosen"
    REJECTED = "rejected"


OURS = (State.SURE, State.DOUBTFUL)
USED = (State.SURE, State.CHOSEN)
"""States that we may change, and those in which metadata is taken from the target."""


@dataclass(frozen=True, slots=True)
class Paired:
    """An episode and what it is at a source."""

    series: AnimeSeries
    episode: Episode
    pair: PairRow

    @property
    def number(self) -> Number:
        """The episode's number in the catalogue."""
        return Number(self.episode.season, self.episode.episode_number)


def number_of(target: str) -> Number | None:
    """The number in a `Listed.key`; a film has none."""
    found = _NUMBER.fullmatch(target)
    return Number(int(found[1]), int(found[2])) if found else None


async def matches(session: AsyncSession, series_id: int) -> dict[str, MatchRow]:
    """Which series of each source this is, as far as it is known."""
    rows = await session.scalars(select(MatchRow).where(MatchRow.series_id == series_id))
    return {row.source: row for row in rows}


async def remember(session: AsyncSession, series_id: int, source: str, source_id: str, title: str) -> bool:
    """Note what a source found; False, and nothing noted, if the owner has pinned another series."""
    row = {
        "series_id": series_id, "source": source, "source_id": source_id[:50], "title": title[:500],
        "pinned": False, "at": now(),
    }  # fmt: skip
    statement = insert(session, MatchRow).values(row)
    changed = statement.on_conflict_do_update(
        index_elements=["series_id", "source"],
        set_={"source_id": row["source_id"], "title": row["title"], "at": row["at"]},
        where=(~MatchRow.pinned) | (MatchRow.source_id == row["source_id"]),
    )
    before = (await matches(session, series_id)).get(source)
    if before is not None and not before.pinned and before.source_id != source_id:
        await _forget_pairs(session, series_id, source)  # they tell of another series
    done = await session.scalar(changed.returning(MatchRow.series_id))
    return done is not None


async def pin(session: AsyncSession, series_id: int, source: str, source_id: str) -> None:
    """Note which series of a source the owner says it is; pairs with another one go."""
    before = (await matches(session, series_id)).get(source)
    if before is None or before.source_id != source_id:
        await forget(session, series_id, source)
        session.add(MatchRow(series_id=series_id, source=source, source_id=source_id, pinned=True))
    else:
        before.pinned = True


async def forget(session: AsyncSession, series_id: int, source: str) -> None:
    """Forget which series of a source it is, and every pair of its episodes there."""
    await session.execute(delete(MatchRow).where(MatchRow.series_id == series_id, MatchRow.source == source))
    await _forget_pairs(session, series_id, source)


async def _forget_pairs(
    session: AsyncSession, series_id: int, source: str, states: Collection[State] = tuple(State)
) -> None:
    ids = select(Episode.id).where(Episode.series_id == series_id)
    await session.execute(
        delete(PairRow).where(
            PairRow.source == source, PairRow.episode_id.in_(ids), PairRow.state.in_(states)
        )
    )


async def decided(session: AsyncSession, series_id: int, source: str) -> dict[Number, str]:
    """What the owner has decided, as `numbering.resolve` wants it."""
    query = (
        select(Episode.season, Episode.episode_number, PairRow.target, PairRow.state)
        .join(PairRow, PairRow.episode_id == Episode.id)
        .where(Episode.series_id == series_id, PairRow.source == source, PairRow.state.not_in(OURS))
    )
    return {
        Number(season, episode): target if state == State.CHOSEN else ""
        for season, episode, target, state in await session.execute(query)
    }


async def save(session: AsyncSession, series_id: int, source: str, pairs: Iterable[Pair]) -> None:
    """Put these pairs in the place of all that we made before; what the owner has decided stays."""
    query = select(Episode.season, Episode.episode_number, Episode.id).where(Episode.series_id == series_id)
    ids = {Number(season, number): id_ for season, number, id_ in await session.execute(query)}
    await _forget_pairs(session, series_id, source, OURS)
    rows = [
        {
            "episode_id": ids[pair.number], "source": source, "target": pair.target.key[:50],
            "title": (pair.target.english_title or next(iter(pair.target.titles), ""))[:500],
            "evidence": pair.evidence.value, "confidence": pair.confidence, "at": now(),
            "state": State.SURE if pair.sure else State.DOUBTFUL,
        }
        for pair in pairs if pair.number in ids
    ]  # fmt: skip
    if rows:
        statement = insert(session, PairRow)
        await session.execute(statement.on_conflict_do_nothing(index_elements=["episode_id", "source"]), rows)


async def listed(
    session: AsyncSession, series_ids: Collection[int] | None = None, states: Collection[State] = tuple(State)
) -> list[Paired]:
    """Pairs in these states of followed series, in order."""
    query = (
        select(AnimeSeries, Episode, PairRow)
        .join(Episode, Episode.series_id == AnimeSeries.id)
        .join(PairRow, PairRow.episode_id == Episode.id)
        .where(AnimeSeries.followed, PairRow.state.in_(states))
        .order_by(AnimeSeries.name, Episode.season == 0, Episode.season, Episode.episode_number)
    )
    if series_ids is not None:
        query = query.where(AnimeSeries.id.in_(list(series_ids)))
    return [Paired(*row) for row in await session.execute(query)]


async def decide(
    session: AsyncSession, episode_ids: Collection[int], state: State, *, only_doubtful: bool = False
) -> int:
    """Note that the owner accepts or rejects the pairs of these episodes; returns how many there are."""
    statement = update(PairRow).where(PairRow.episode_id.in_(list(episode_ids))).values(state=state, at=now())
    if only_doubtful:
        statement = statement.where(PairRow.state == State.DOUBTFUL)
    return len((await session.scalars(statement.returning(PairRow.episode_id))).all())


async def choose(session: AsyncSession, episode_id: int, source: str, target: str) -> None:
    """Note what the owner says that an episode is at a source."""
    row = PairRow(
        episode_id=episode_id, source=source, target=target, evidence="chosen", confidence=1.0,
        state=State.CHOSEN,
    )  # fmt: skip
    await session.merge(row)


async def reset(session: AsyncSession, episode_ids: Collection[int]) -> int:
    """Forget what the owner has decided about these episodes; returns how many there were."""
    query = delete(PairRow).where(PairRow.episode_id.in_(list(episode_ids)), PairRow.state.not_in(OURS))
    return len((await session.scalars(query.returning(PairRow.episode_id))).all())


async def target_of(session: AsyncSession, episode_id: int) -> str:
    """The `Listed.key` that an episode's metadata is taken from; empty if there is none."""
    query = select(PairRow.target).where(PairRow.episode_id == episode_id, PairRow.state.in_(USED))
    return await session.scalar(query.order_by(PairRow.at.desc()).limit(1)) or ""


async def specials_taken(session: AsyncSession, series_id: int, but: int) -> set[int]:
    """Numbers among the specials of the library that other episodes have, or are to have."""
    query = (
        select(Episode, PairRow.target)
        .outerjoin(PairRow, (PairRow.episode_id == Episode.id) & PairRow.state.in_(USED))
        .where(Episode.series_id == series_id, Episode.id != but)
    )
    taken: set[int] = set()
    for episode, target in await session.execute(query):
        wanted = number_of(target or "")
        if episode.filed_as is not None:
            taken.add(episode.filed_as)
        elif episode.file_path:
            taken |= {episode.episode_number} if episode.season == 0 else set()
        elif wanted and wanted.season == 0:
            taken.add(wanted.episode)
    return taken


async def file_as(session: AsyncSession, episode_id: int, number: int | None) -> None:
    """Note the number among the library's specials under which an episode is filed."""
    await session.execute(update(Episode).where(Episode.id == episode_id).values(filed_as=number))
