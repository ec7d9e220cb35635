"""The life of one episode: candidates, one verified file, sidecars, library, store."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .. import sites
from ..acquire.candidates import candidates
from ..acquire.episode import Acquired, acquire
from ..acquire.quarantine import Quarantine
from ..acquire.verify import contradicts
from ..app import App
from ..errors import (
    AnidanaError,
    Held,
    NeedsPerson,
    NoStream,
    NotOut,
    Refused,
)
from ..fetch import Visit
from ..hooks import Catalogue
from ..hosts import HostState
from ..library import place
from ..library.folders import disk_errors
from ..library.room import Claim, Room
from ..metadata.images import ImageDownloader
from ..metadata.matching import facts_of
from ..metadata.numbering import is_special
from ..metadata.sidecars import describe, pictures_there
from ..models import Attempt, Item, Language, Mirror, SeriesFacts, Sidecar
from ..store import hosts, pairs, queue, shelf
from ..store.queue import Ticket
from ..store.sessions import get_db_session
from ..store.tables import AnimeSeries, Episode, EpisodeFile, now
from .destination import Destination, destination
from .earlier import REPLACES, expected_seconds, expected_size, ours
from .events import Listener, Moved, Staged, Tried
from .failing import note_failure
from .host_slots import HostSlots
from .trouble import Trouble

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Run:
    """What the jobs of one run share; `visit` is theirs at the catalogue, with its cookies.

    `trouble` is what has gone wrong for all of them: by a site's name, or `disk`. `facts` are
    asked for once per series. `patient` jobs wait for the end of such trouble instead of failing.
    """

    app: App
    languages: Sequence[Language]
    listen: Listener
    visit: Visit
    images: ImageDownloader
    hosts: HostSlots
    room: Room
    patient: bool = False
    trouble: Trouble = field(default_factory=Trouble)
    facts: dict[int, asyncio.Task[SeriesFacts | None]] = field(default_factory=dict)

    async def end(self) -> None:
        """Stop what still asks for facts that no job waits for."""
        for task in self.facts.values():
            task.cancel()
        await asyncio.gather(*self.facts.values(), return_exceptions=True)


@dataclass(slots=True)
class Job:
    """One job while it is worked on. It is the report that `acquire` writes to.

    `passed_over` says that a host was not asked, for it wished so. `saves` are attempts on their way
    into the store, in order.
    """

    run: Run
    ticket: Ticket
    series: AnimeSeries
    episode: Episode
    passed_over: bool = False
    saving: asyncio.Lock = field(default_factory=asyncio.Lock)
    saves: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def row(self) -> shelf.EpisodeRow:
        """The series and episode as the shelf lists them."""
        return shelf.EpisodeRow(self.series, self.episode)

    @property
    def label(self) -> str:
        """What people call this job."""
        return f"{self.series.name} {self.row.number}"

    def staging(self) -> Path:
        """The folder of this job alone; SetupError if there can be none."""
        return self.run.app.staging() / f"job-{self.ticket.job_id}"

    def stage(self, name: str, text: str = "") -> None:
        """The job went on to another stage."""
        self.run.listen(Staged(self.ticket.job_id, self.label, name, text))

    def progress(self, done: int, total: int | None) -> None:
        """Bytes arrived."""
        self.run.listen(Moved(self.ticket.job_id, self.label, done, total))

    @asynccontextmanager
    async def place(self, host: str) -> AsyncIterator[None]:
        """Hold one of the places at a host, as soon as there is one."""
        if host in self.run.hosts.full():
            self.stage("waiting", f"{host} is busy with other episodes")
        async with self.run.hosts.place(host):
            yield

    def attempt(self, attempt: Attempt) -> None:
        """A mirror was tried; what it says of its host is for other jobs to know at once."""
        self.saves.append(asyncio.create_task(_save(self, attempt)))
        self.run.listen(Tried(self.ticket.job_id, self.label, attempt))


async def do_job(run: Run, job_id: int) -> AnidanaError | None:
    """Do one job to its end; returns why there is no file, None if there is one.

    The store knows the outcome, unless the store itself fails; then its error comes out. When
    cancelled, the job is put back and waits. A job that cannot succeed because of a trouble of the
    whole run is left waiting; Held if it is not waiting in the first place.
    """
    if held := run.trouble.get("disk"):
        return held
    taking = asyncio.ensure_future(_take_up(run, job_id))
    try:
        job = await asyncio.shield(taking)
    except asyncio.CancelledError:
        if (job := await taking) is not None:
            await _put_back(job)
        raise
    if job is None:
        return Held("the job is not waiting any more")
    holding = ExitStack()
    try:
        await _fetch_and_file(job, holding.enter_context(run.room.claim(job.staging(), run.app.library())))
    except asyncio.CancelledError:
        await _put_back(job)
        raise
    except AnidanaError as error:
        await note_failure(job, error)
        return error
    except Exception as bug:
        log.exception("%s: an error of ours", job.label)
        ours = AnidanaError(f"an error of ours: {type(bug).__name__}: {bug}", hint="see logs/anidana.log")
        await note_failure(job, ours)
        return ours
    finally:
        holding.close()
        await asyncio.gather(*job.saves)
    return None


async def _save(job: Job, attempt: Attempt) -> None:
    async with job.saving, get_db_session() as session:
        await queue.save_attempts(session, job.ticket, [attempt])


async def _take_up(run: Run, job_id: int) -> Job | None:
    async with get_db_session() as session:
        ticket = await queue.take_up(session, job_id)
        return None if ticket is None else Job(run, ticket, *await queue.subject(session, job_id))


async def _put_back(job: Job) -> None:
    async with get_db_session() as session:
        await queue.put_back(session, job.ticket)


async def _fetch_and_file(job: Job, claim: Claim) -> None:
    app = job.run.app
    staging = claim.staging
    async with get_db_session(read_only=True) as session:
        earlier = await shelf.file_of(session, job.episode.id)
        alike = await shelf.like(session, job.series.id)
    claim.expect(expected_size(job.series.id, alike))
    catalogue = app.plugins.catalogue(job.series.site)
    mirrors = await _mirrors(job, catalogue)
    off = app.off()
    async with get_db_session(read_only=True) as session:
        states = await hosts.states(session, "host")
    # A label that says nothing ("Provider") stands for many hosts: one of them speaks for itself only.
    resting = {
        name: state
        for name, state in states.items()
        if state.rests_at(now()) and app.plugins.provider_for(name) is not None
    }
    silent = {name for name, state in states.items() if state.silent_at(now())}
    last = resting.keys() | silent | job.run.hosts.full()
    offers = candidates(mirrors, app.plugins, job.run.languages, off=off, resting=last)
    if not offers:
        raise NotOut(_not_out(job, mirrors))
    asleep = [resting[one.name] for one in offers if one.name in resting]
    to_ask = [one for one in offers if not _asked_to_wait(resting.get(one.name))]
    job.passed_over, offers = len(to_ask) < len(offers), to_ask
    if not offers:
        names = " ".join(dict.fromkeys(state.name for state in asleep))
        raise Refused(_resting_text(asleep), hint=f"wait, or: anidana hosts wake {names}")
    facts = _facts(job)
    goal = await _goal(job, app.settings.downloads.container, offers[0].mirror.language)
    place.check_target(goal.path, _ours(job, earlier, goal.path))
    with disk_errors(staging):
        staging.mkdir(parents=True, exist_ok=True)
    damaged = Quarantine(staging.parent / "quarantine", app.settings.downloads.keep_damaged)
    try:
        got = await acquire(
            offers,
            catalogue=catalogue,
            plugins=app.plugins,
            visit=job.run.visit,
            staging=staging,
            settings=app.settings.downloads,
            report=job,
            off=off,
            place=job.place,
            expected_seconds=lambda: expected_seconds(job.row.number, _known(facts), job.series.id, alike),
            claim=claim,
            quarantine=damaged if damaged.most else None,
        )
    except NeedsPerson as error:  # the catalogue's own gate, before every link of it
        job.run.trouble[catalogue.name] = error
        await sites.note(catalogue, error, links=True)
        raise
    except NoStream as error:
        if asleep:
            raise NoStream(f"{error}; {_resting_text(asleep)}", attempts=error.attempts) from error
        raise
    await sites.note(catalogue, None, links=True)
    claim.staged, claim.size = True, got.media.size
    if contradicts(got.media.audio_languages, got.language):
        tags = ", ".join(got.media.audio_languages)
        log.warning(
            "%s: %s from %s, but its sound is tagged %s", job.label, got.language.label, got.provider, tags
        )
    await _file(job, got, earlier)
    await asyncio.to_thread(shutil.rmtree, staging, ignore_errors=True)
    job.stage("filed", f"{got.provider}, {got.language.label}, {got.media.size / 1e6:.1f} MB")


async def _mirrors(job: Job, catalogue: Catalogue) -> list[Mirror]:
    """The episode's mirrors; a site that turns us away is not asked again in this run."""
    if (trouble := job.run.trouble.get(catalogue.name)) is not None:
        raise trouble
    try:
        steps = catalogue.mirrors(job.series.key, job.row.number)
        return await sites.ask(catalogue, steps, job.run.visit.page)
    except (Refused, NeedsPerson) as error:
        job.run.trouble[catalogue.name] = error
        raise


def _asked_to_wait(state: HostState | None) -> bool:
    """Whether the host itself has said when it wants to be asked again."""
    return state is not None and state.asked_until is not None and now() < state.asked_until


def _resting_text(asleep: Iterable[HostState]) -> str:
    return ", ".join(dict.fromkeys(f"{state.name} rests {sites.until(state.until())}" for state in asleep))


def _not_out(job: Job, mirrors: Sequence[Mirror]) -> str:
    wanted = ", ".join(language.label for language in job.run.languages)
    offered = ", ".join(dict.fromkeys(mirror.language.label for mirror in mirrors))
    return f"{job.label} is not out in {wanted}; " + (f"there is {offered}" if offered else "it is announced")


async def _file(job: Job, got: Acquired, earlier: EpisodeFile | None) -> None:
    """Sidecars, then the video into the library, then the store: each step before the next."""
    app = job.run.app
    series, facts = shelf.series_value(job.series), await asyncio.shield(_facts(job))
    job.stage("describing")
    goal = await _goal(job, got.path.suffix, got.language)
    present = await asyncio.to_thread(pictures_there, goal.path, goal.folder)
    item = Item(series, goal.episode, got.language, got.media, facts, film=goal.film, present=present)
    wishes, fetch_image = app.settings.metadata, job.run.images.fetch
    sidecars = await describe(item, got.path, app.plugins.writers, wishes, fetch_image)
    replaced = _ours(job, earlier, goal.path)
    replaces = {REPLACES: goal.path.stat().st_size} if replaced.knows(goal.path) else {}
    file = EpisodeFile(
        episode_id=job.episode.id,
        path=str(goal.path),
        language=str(got.language),
        provider=got.provider,
        size=got.media.size,
        seconds=got.media.seconds,
        media=asdict(got.media) | replaces,
    )
    async with get_db_session() as session:
        if not await queue.plan_filing(session, job.ticket, file):
            raise Held(f"{job.label} has been taken over by another run")
        await pairs.file_as(session, job.episode.id, goal.episode.filed_as)
    job.stage("filing")
    await _to_the_end(_place(job, got.path, goal, sidecars, replaced))


async def _goal(job: Job, extension: str, language: Language) -> Destination:
    """Where the episode's file goes; of films and specials the metadata source has a say in that."""
    special = is_special(shelf.episode_value(job.episode))
    facts = await asyncio.shield(_facts(job)) if special else None
    return await destination(job.run.app, job.series, job.episode, facts, extension, language)


def _ours(job: Job, earlier: EpisodeFile | None, target: Path) -> place.Ours:
    app = job.run.app
    return ours(earlier, target, app.library(), app.settings.library, now().date())


async def _place(
    job: Job, staged: Path, goal: Destination, sidecars: Sequence[Sidecar], replaced: place.Ours
) -> None:
    app = job.run.app
    await asyncio.to_thread(place.place, staged, goal.path, goal.folder, sidecars, replaced)
    async with get_db_session() as session:
        await queue.complete(session, job.ticket, [s.value().name for s in app.settings.media_servers])


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Do something that must not stop half-way: a cancellation comes out after its end."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _facts(job: Job) -> asyncio.Task[SeriesFacts | None]:
    """Metadata of the series, asked for once in a run."""
    key = job.series.id
    if key not in job.run.facts:
        job.run.facts[key] = asyncio.create_task(facts_of(job.run.app, job.series))
    return job.run.facts[key]


def _known(facts: asyncio.Task[SeriesFacts | None]) -> SeriesFacts | None:
    """What is known by now: nobody waits for metadata here, and trouble with them comes out later."""
    return facts.result() if facts.done() and not facts.cancelled() and not facts.exception() else None
