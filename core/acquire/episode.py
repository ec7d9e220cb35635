"""One episode, from its candidates to one verified file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from ..errors import Damaged, NoStream, Refused, SourceError
from ..fetch import Visit
from ..hooks import Catalogue
from ..library.room import Claim
from ..loader import Plugins
from ..models import Attempt, Language, MediaInfo, Stream
from ..settings import Downloads
from .candidates import Candidate
from .delivery import Proof, deliver, machine_trouble, parts_of
from .prove import Shut, prove
from .quarantine import Quarantine
from .rotation import UNDECIDED, Proven, attempt_of, first_proven
from .transfer import Expired, Report

MOST_LINKS = 50
"""Links to one stream in one transfer; the shortest-lived that were seen last minutes."""


LAST_MOMENT = timedelta(seconds=5)
"""What a link must still be good for: clocks differ, and the first request takes its time."""


@dataclass(frozen=True, slots=True)
class Acquired:
    """A whole episode, staged at `path`, and what every mirror said on the way to it."""

    path: Path
    media: MediaInfo
    language: Language
    provider: str
    attempts: tuple[Attempt, ...]


async def acquire(
    candidates: Iterable[Candidate],
    *,
    catalogue: Catalogue,
    plugins: Plugins,
    visit: Visit,
    staging: Path,
    settings: Downloads,
    report: Report,
    off: Collection[str] = (),
    expected_seconds: Callable[[], float | None] = lambda: None,
    claim: Claim | None = None,
    quarantine: Quarantine | None = None,
    place: Callable[[str], AbstractAsyncContextManager[None]] = lambda host: nullcontext(),
) -> Acquired:
    """Make one verified file, `<staging>/episode.<container>`, of the first mirror that delivers.

    `visit` is the one that read the catalogue. `staging` belongs to this episode alone; what an
    earlier run left there is gone on with, and removed once the file is whole. A mirror that
    fails while it is fetched makes room for what is left, the better language first, and so does one
    whose video is a small part of `expected_seconds`, if anybody knows by the time it is here.
    `claim` and `quarantine` as in `deliver`. `place` is held at a host while it delivers.

    Raises NoStream with every attempt if no mirror delivers, DiskFull with all parts kept,
    SetupError if the folder cannot be used, NeedsPerson if the catalogue's links are behind a gate.
    """
    episode = _Episode(staging, settings, report, list(candidates), expected_seconds, claim, quarantine)
    by = partial(
        prove, catalogue=catalogue, plugins=plugins, visit=visit, most_height=settings.most_height, off=off
    )
    try:
        await asyncio.to_thread(staging.mkdir, parents=True, exist_ok=True)
        while episode.left:
            report.stage("resolving")
            try:
                won = await first_proven(
                    tuple(episode.left), by, lead=settings.lead_seconds, note=episode.note
                )
            except NoStream:
                break
            try:
                async with place(won.proof.provider):
                    path, info = await episode.deliver_to_the_end(won, partial(by, won.candidate))
            except (SourceError, Damaged) as error:
                episode.note(won.candidate, attempt_of(won.candidate, won.began, error))
            else:
                episode.note(won.candidate, attempt_of(won.candidate, won.began, None))
                language = won.candidate.mirror.language
                return Acquired(path, info, language, won.proof.provider, tuple(episode.attempts))
    except Shut as shut:
        raise shut.gate from None
    except OSError as error:
        raise machine_trouble(error, staging) from error
    raise NoStream(_summary(episode.attempts), attempts=episode.attempts)


@dataclass(slots=True)
class _Episode:
    """What the rounds of one episode share."""

    staging: Path
    settings: Downloads
    report: Report
    left: list[Candidate]
    expected_seconds: Callable[[], float | None]
    claim: Claim | None
    quarantine: Quarantine | None
    attempts: list[Attempt] = field(default_factory=list)

    def note(self, candidate: Candidate, attempt: Attempt) -> None:
        """Keep what became of a candidate; one on which there is no verdict may be asked again."""
        self.attempts.append(attempt)
        self.report.attempt(attempt)
        if attempt.result not in UNDECIDED:
            self.left.remove(candidate)

    async def deliver_to_the_end(
        self, won: Proven[Proof], prove_again: Callable[[], Awaitable[Proof]]
    ) -> tuple[Path, MediaInfo]:
        """Deliver; a link that is refused on the way is extracted anew, as long as each brings something.

        One that says itself that it is good no longer is not even asked for.
        """
        proof, language = won.proof, won.candidate.mirror.language
        for _ in range(MOST_LINKS):
            if expired(proof.stream):
                self.report.stage("resolving")
                proof = await prove_again()
            folder = parts_of(proof, language, self.staging)
            before = await asyncio.to_thread(_size_of, folder)
            try:
                return await deliver(
                    proof,
                    language,
                    staging=self.staging,
                    settings=self.settings,
                    report=self.report,
                    expected_seconds=self.expected_seconds,
                    claim=self.claim,
                    quarantine=self.quarantine,
                )
            except Expired:
                if await asyncio.to_thread(_size_of, folder) <= before:
                    raise
            self.report.stage("resolving")
            proof = await prove_again()
        raise Refused(f"the host refused {MOST_LINKS} links, one after the other")


def expired(stream: Stream) -> bool:
    """Whether its link is good no longer, or not for long enough to begin with it."""
    end = stream.expires
    return end is not None and end <= datetime.now(end.tzinfo) + LAST_MOMENT


def _size_of(folder: Path) -> int:
    """Bytes that the files of a folder fill (sparse ones are longer), 0 if there is none."""
    return sum(path.stat().st_blocks * 512 for path in folder.iterdir()) if folder.is_dir() else 0


def _summary(attempts: Iterable[Attempt]) -> str:
    said = {attempt.provider: attempt.reason for attempt in attempts if attempt.result not in UNDECIDED}
    if not said:
        return "there is no mirror in a wanted language"
    return "no mirror delivered: " + "; ".join(f"{provider}: {reason}" for provider, reason in said.items())
