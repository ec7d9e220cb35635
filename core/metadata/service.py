"""Looks after what lies beside the videos of the library: checks, creates, repairs and updates it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import TypeAdapter, ValidationError

from ..app import App
from ..errors import Damaged
from ..library.folders import disk_errors
from ..library.place import file_sidecar
from ..models import Item, Kind, Language, MediaInfo, SeriesFacts, Sidecar
from ..store import shelf
from ..store.shelf import EpisodeRow
from . import nfo
from .images import ImageDownloader
from .matching import facts_of
from .sidecars import FRAME, PICTURES, describe, pictures_there

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Series that are looked up at the same time."""

_MEDIA = TypeAdapter(MediaInfo)


@dataclass(frozen=True, slots=True)
class Lack:
    """A file beside a video that is not there (`tags` is empty), or what it does not say."""

    path: Path
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """What was found and done for one series: its videos, what they lacked before, files written.

    `known` is the name of the metadata source that knew it, empty if none did. `failed` are videos
    that cannot be read, or are gone.
    """

    title: str
    videos: int
    lacks: tuple[Lack, ...]
    written: tuple[Path, ...] = ()
    known: str = ""
    failed: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _Video:
    """A file and the episodes in it."""

    path: Path
    folder: Path
    rows: tuple[EpisodeRow, ...]

    @property
    def film(self) -> bool:
        """Whether it lies in a film library, away from its series."""
        return self.rows[0].episode.kind == Kind.MOVIE and not self.path.is_relative_to(self.folder)


class NFOService:
    """NFO files and pictures of the library, in batches; an async context manager.

    It holds the `ImageDownloader`, which warns if it is left open; metadata sources open their client
    for each series.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._images = ImageDownloader(app.network)
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._open = False

    async def __aenter__(self) -> Self:
        await self._images.__aenter__()
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        await self._images.__aexit__(kind, error, trace)

    async def check(self, rows: Iterable[EpisodeRow]) -> list[Described]:
        """What the files of these episodes lack, series by series; nothing is asked or written.

        SetupError if the library cannot be read.
        """
        off = self._app.settings.metadata.off
        series = _by_series(self._app.library(), rows)
        return [_described(await asyncio.to_thread(_found, videos, off)) for videos in series]

    async def create(self, rows: Iterable[EpisodeRow]) -> list[Described]:
        """Write what is missing, and anew what lacks a required tag: the repair of look-ups that failed.

        Without metadata the catalogue says what there is to say. Errors as in `update`.
        """
        return await self._each(rows, repair=True, pictures=False)

    async def update(self, rows: Iterable[EpisodeRow], *, pictures: bool = False) -> list[Described]:
        """Ask the metadata sources anew and write what has changed; with `pictures` fetch those anew, too.

        A video that cannot be read is named, and described without its streams. Raises SetupError or
        DiskFull if the library cannot be written.
        """
        return await self._each(rows, repair=False, pictures=pictures)

    async def _each(self, rows: Iterable[EpisodeRow], *, repair: bool, pictures: bool) -> list[Described]:
        if not self._open:
            raise RuntimeError("use `async with NFOService(...)`")
        found = _by_series(self._app.library(), rows)
        ended = await asyncio.gather(
            *(self._series(videos, repair=repair, pictures=pictures) for videos in found),
            return_exceptions=True,  # or the others would go on behind our back
        )
        for one in ended:
            if isinstance(one, BaseException):
                raise one
        return [one for one in ended if isinstance(one, Described)]

    async def _series(self, videos: Sequence[_Video], *, repair: bool, pictures: bool) -> Described:
        async with self._turn:
            found = await asyncio.to_thread(_found, videos, self._app.settings.metadata.off)
            answer = _described(found)
            wanted = [video for video, lacks in found if lacks or not repair]
            if not wanted:
                return answer
            facts = await facts_of(self._app, wanted[0].rows[0].series)
            written, failed, done = list[Path](), list[Path](), set[str]()
            for video in wanted:
                media = await asyncio.to_thread(_media, video)
                if media is None or not media.video_codec:
                    failed.append(video.path)
                if media is None:
                    continue
                present = frozenset(done) if pictures else None
                sidecars = await self._sidecars(video, media, facts, present)
                done |= {Path(one.name).stem for one in sidecars if one.beside == "series"}
                written += await asyncio.to_thread(_file, video, sidecars, pictures=pictures)
        known = facts.source if facts is not None else ""
        return replace(answer, written=tuple(written), known=known, failed=tuple(failed))

    async def _sidecars(
        self, video: _Video, media: MediaInfo, facts: SeriesFacts | None, present: frozenset[str] | None
    ) -> list[Sidecar]:
        """What belongs beside a video; without `present`, pictures that are there are not fetched."""
        if present is None:
            present = await asyncio.to_thread(pictures_there, video.path, video.folder)
        first, *more = (shelf.episode_value(row.episode) for row in video.rows)
        file = video.rows[0].file
        item = Item(
            series=shelf.series_value(video.rows[0].series),
            episode=first,
            language=Language.parse(file.language) if file else self._app.settings.languages.order[0],
            media=media,
            facts=facts,
            more=tuple(more),
            film=video.film,
            present=present,
        )
        plugins, wishes = self._app.plugins, self._app.settings.metadata
        return await describe(item, video.path, plugins.writers, wishes, self._images.fetch)


def _by_series(library: Path, rows: Iterable[EpisodeRow]) -> list[list[_Video]]:
    """The videos of each series, in order; rows of one file are one video."""
    series: dict[int, dict[Path, list[EpisodeRow]]] = {}
    for row in rows:
        if row.episode.is_downloaded and row.episode.file_path and row.series.folder:
            files = series.setdefault(row.series.id, {})
            files.setdefault(Path(row.episode.file_path), []).append(row)
    return [
        [
            _Video(path, library / held[0].series.folder, tuple(sorted(held, key=lambda row: row.number)))
            for path, held in files.items()
        ]
        for files in series.values()
    ]


def _found(videos: Sequence[_Video], off: Sequence[str]) -> list[tuple[_Video, tuple[Lack, ...]]]:
    """Each video with what it lacks of what the owner wants; the first with what its series does, too."""
    first = next((video for video in videos if not video.film), None)
    with disk_errors(videos[0].folder):
        return [(video, tuple(_lacks(video, off, with_series=video is first))) for video in videos]


def _described(found: Sequence[tuple[_Video, tuple[Lack, ...]]]) -> Described:
    title = found[0][0].rows[0].series.name
    return Described(title, len(found), tuple(lack for _, lacks in found for lack in lacks))


def _lacks(video: _Video, off: Sequence[str], *, with_series: bool) -> Iterator[Lack]:
    if "nfo" not in off:
        if with_series:
            yield from _nfo_lacks(video.folder / "tvshow.nfo")
        yield from _nfo_lacks(video.path.with_suffix(".nfo"))
    if "artwork" not in off and with_series:
        yield from _picture_lacks(video.folder / "poster.jpg")
    if FRAME not in off and not video.film:
        yield from _picture_lacks(video.path.with_name(f"{video.path.stem}-thumb.jpg"))


def _picture_lacks(path: Path) -> Iterator[Lack]:
    if not any(path.with_suffix(extension).is_file() for extension in PICTURES):
        yield Lack(path)


def _nfo_lacks(path: Path) -> Iterator[Lack]:
    try:
        with path.open("rb") as file:
            tags = nfo.lacks(file.read(nfo.MOST_BYTES + 1))
    except FileNotFoundError:
        yield Lack(path)
    except Damaged as error:
        yield Lack(path, (str(error),))
    else:
        if tags:
            yield Lack(path, tags)


def _media(video: _Video) -> MediaInfo | None:
    """What is known of the file, else what it says itself; empty if we cannot read it, None if gone."""
    from ..acquire import media  # not before it is needed: it takes a tenth of a second

    with disk_errors(video.path):
        try:
            size = video.path.stat().st_size
        except FileNotFoundError:
            log.warning("%s is not there any more", video.path)
            return None
        file = video.rows[0].file
        if file is not None and file.size == size:
            try:
                return _MEDIA.validate_python(file.media)
            except ValidationError:
                log.info("%s is read anew: what is stored of it is of another make", video.path)
        try:
            return media.probe(video.path)
        except Damaged as error:
            log.warning("%s is described without its streams: %s", video.path, error)
            return MediaInfo("", 0.0, size, "", 0, 0, "", ())


def _file(video: _Video, sidecars: Iterable[Sidecar], *, pictures: bool) -> list[Path]:
    """Write the files; returns those that were not the same before."""
    written = []
    with disk_errors(video.path):
        for one in sidecars:
            anew = pictures and not one.name.endswith(".nfo")
            sidecar = replace(one, keep=False) if anew else one
            if file_sidecar(sidecar, video.path, video.folder):
                written.append(_path(one, video))
    return written


def _path(sidecar: Sidecar, video: _Video) -> Path:
    if sidecar.beside == "series":
        return video.folder / sidecar.name
    if sidecar.beside == "season":
        return video.path.parent / sidecar.name
    return video.path.with_name(video.path.stem + sidecar.name)
