"""The tables. Names are those that the predecessor's users know where it had them.

Moments are stored in UTC. The database is the truth for metadata, the disk only for files.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column


class Moment(TypeDecorator[datetime]):
    """A moment with its zone; SQLite forgets zones, so UTC is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Store UTC; a moment without a zone is a bug."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Read UTC."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


class Status(StrEnum):
    """Where a job stands, in the predecessor's words; `stage` says how far a running one has come."""

    PENDING = "pending"
    DOWNLOADING = "downloading"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    PERMANENTLY_FAILED = "permanently_failed"
    CANCELLED = "cancelled"


OPEN = (Status.PENDING, Status.DOWNLOADING, Status.PAUSED)
"""A job in one of these stands for its episode: there can be no second one."""

OPEN_SQL = text("status IN ('pending', 'downloading', 'paused')")


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Root of the table classes."""


class AnimeSeries(Base):
    """A series that is or was followed; `site` and `key` are its identity, `folder` its place in the library.

    `details` holds the rest of what the catalogue's page said, as `models.Series` fields. The counts are
    the database's own work: triggers on `episodes` keep them, in the transaction that changes an episode.
    A lost file is one that was on disk and has vanished: `file_path` says still where it was.
    """

    __tablename__ = "anime_series"
    __table_args__ = (Index("ix_anime_series_site_key", "site", "key", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(500), index=True)
    site: Mapped[str] = mapped_column(String(500))
    folder: Mapped[str] = mapped_column(String(1000))
    asked_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    year: Mapped[int | None] = mapped_column(Integer, default=None)
    followed: Mapped[bool] = mapped_column(default=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    episode_count: Mapped[int] = mapped_column(Integer, default=0, server_default="0", init=False)
    on_disk_count: Mapped[int] = mapped_column(Integer, default=0, server_default="0", init=False)
    lost_file_count: Mapped[int] = mapped_column(Integer, default=0, server_default="0", init=False)
    created_at: Mapped[datetime] = mapped_column(Moment, default_factory=now)
    updated_at: Mapped[datetime] = mapped_column(Moment, default_factory=now, onupdate=now)

    @property
    def identity(self) -> str:
        """What no other series is called: `site:key`."""
        return f"{self.site}:{self.key}"


class Episode(Base):
    """One episode of a catalogue; its row is never deleted by a download or a scan.

    On disk: `is_downloaded`, and `file_path` says where. Missing: neither. Missing file: it was on disk at
    `file_path` and is there no longer; that is shown, and only fetched if somebody asks for it.
    `languages` are what the season table claims, as texts (`de`, `ja+de`). `filed_as` is the
    number among the library's specials that its file was given; it stays, whatever is found out later.
    """

    __tablename__ = "episodes"
    __table_args__ = (UniqueConstraint("series_id", "season", "episode_number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    series_id: Mapped[int] = mapped_column(ForeignKey("anime_series.id", ondelete="CASCADE"))
    season: Mapped[int] = mapped_column(Integer)
    episode_number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(500), default="")
    english_title: Mapped[str] = mapped_column(String(500), default="")
    kind: Mapped[str] = mapped_column(String(20), default="episode")
    absolute: Mapped[int | None] = mapped_column(Integer, default=None)
    languages: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    is_downloaded: Mapped[bool] = mapped_column(default=False)
    file_path: Mapped[str | None] = mapped_column(Text, default=None)
    filed_as: Mapped[int | None] = mapped_column(Integer, default=None)
    created_at: Mapped[datetime] = mapped_column(Moment, default_factory=now)
    updated_at: Mapped[datetime] = mapped_column(Moment, default_factory=now, onupdate=now)


class EpisodeFile(Base):
    """What is known about a file of ours: one row per episode, replaced when the file is."""

    __tablename__ = "episode_files"

    episode_id: Mapped[int] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(20))
    provider: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float] = mapped_column(Float)
    media: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    filed_at: Mapped[datetime] = mapped_column(Moment, default_factory=now)


class DownloadQueueItem(Base):
    """A job: one wanted episode being fetched. The row is the truth; an engine only carries its id.

    `attempt` counts how often the job was taken up and fences its last step: only who holds the
    current number may finish. `file_destination` and `file_size` are written before the file is
    moved there, so that a start after a crash can tell a filed episode from a lost one.

    Jobs are taken by `position`, the smallest first; `priority` decides where a new one is put. A failed
    job is tried again by itself after `next_try_at`. No id is given twice: a worker of a job that is gone
    must not find another one under its number.
    """

    __tablename__ = "download_queue"
    __table_args__ = (
        Index(
            "ix_download_queue_episode_pending",
            "episode_id",
            unique=True,
            sqlite_where=OPEN_SQL,
            postgresql_where=OPEN_SQL,
        ),
        Index("ix_download_queue_status", "status", "position"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    episode_id: Mapped[int] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(50), default=Status.PENDING)
    stage: Mapped[str] = mapped_column(String(20), default="")
    priority: Mapped[int] = mapped_column(Integer, default=0)
    position: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    retry_count: Mapped[int] = mapped_column(Integer, default=0)
    error_code: Mapped[str | None] = mapped_column(String(50), default=None)
    error_message: Mapped[str | None] = mapped_column(Text, default=None)
    file_destination: Mapped[str | None] = mapped_column(Text, default=None)
    file_size: Mapped[int | None] = mapped_column(BigInteger, default=None)
    added_at: Mapped[datetime] = mapped_column(Moment, default_factory=now)
    next_try_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    started_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    completed_at: Mapped[datetime | None] = mapped_column(Moment, default=None)


class AttemptRow(Base):
    """One mirror tried for a job."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    job_id: Mapped[int] = mapped_column(ForeignKey("download_queue.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(20))
    result: Mapped[str] = mapped_column(String(50))
    reason: Mapped[str] = mapped_column(Text, default="")
    seconds: Mapped[float] = mapped_column(Float, default=0.0)
    at: Mapped[datetime] = mapped_column(Moment, default_factory=now)


class OutboxRow(Base):
    """A new file that a media server has not confirmed yet; rows of one server and series go together."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("server", "episode_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    server: Mapped[str] = mapped_column(String(100))
    episode_id: Mapped[int] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    last_error: Mapped[str | None] = mapped_column(Text, default=None)
    created_at: Mapped[datetime] = mapped_column(Moment, default_factory=now)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment, default=None)


class HostRow(Base):
    """How a streaming host or a catalogue has behaved: `hosts.HostState` by its name."""

    __tablename__ = "hosts"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    results: Mapped[str] = mapped_column(String(20), default="")
    failures: Mapped[int] = mapped_column(Integer, default=0)
    plugin_failures: Mapped[int] = mapped_column(Integer, default=0)
    failing_since: Mapped[datetime | None] = mapped_column(Moment, default=None)
    rests: Mapped[int] = mapped_column(Integer, default=0)
    resting_until: Mapped[datetime | None] = mapped_column(Moment, default=None)
    asked_until: Mapped[datetime | None] = mapped_column(Moment, default=None)
    last_ok: Mapped[datetime | None] = mapped_column(Moment, default=None)
    last_tried: Mapped[datetime | None] = mapped_column(Moment, default=None)
    last_result: Mapped[str] = mapped_column(String(50), default="")
    last_reason: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(Text, default="")


class MatchRow(Base):
    """Which series of a metadata source a series is; a `pinned` one was chosen by the owner."""

    __tablename__ = "matches"

    series_id: Mapped[int] = mapped_column(
        ForeignKey("anime_series.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    source: Mapped[str] = mapped_column(String(50), primary_key=True)
    source_id: Mapped[str] = mapped_column(String(50))
    title: Mapped[str] = mapped_column(String(500), default="")
    pinned: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(Moment, default_factory=now)


class PairRow(Base):
    """Which episode or film of a metadata source an episode is: a `numbering.Pair`, and what became of it.

    `target` is the `Listed.key` there; of a rejected pair what the owner said that it is not.
    """

    __tablename__ = "pairs"

    episode_id: Mapped[int] = mapped_column(
        ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    source: Mapped[str] = mapped_column(String(50), primary_key=True)
    target: Mapped[str] = mapped_column(String(50))
    state: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(500), default="")
    evidence: Mapped[str] = mapped_column(String(50), default="")
    confidence: Mapped[float] = mapped_column(Float, default=0.0)
    at: Mapped[datetime] = mapped_column(Moment, default_factory=now)


class RenameRow(Base):
    """A rename in a series' folder that is under way; the row goes in the commit that knows the new paths.

    So a row that a dead process left says that everything is to be put back. `moves` are pairs of old and
    new paths below `library`, in their order.
    """

    __tablename__ = "renames"

    series_id: Mapped[int] = mapped_column(
        ForeignKey("anime_series.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    library: Mapped[str] = mapped_column(Text)
    moves: Mapped[list[tuple[str, str]]] = mapped_column(JSON)
    begun_at: Mapped[datetime] = mapped_column(Moment, default_factory=now)


class LibraryFolder(Base):
    """A folder of the library as it was last read; `path` is below `SystemSettings.library_root`.

    A `mtime_ns` of 0 says that it has to be read again.
    """

    __tablename__ = "library_folders"

    path: Mapped[str] = mapped_column(Text, primary_key=True)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[datetime] = mapped_column(Moment, default_factory=now)


class LibraryFile(Base):
    """A video in the library, whoever put it there, and the episodes that its name tells (`Reading`)."""

    __tablename__ = "library_files"

    folder: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    season: Mapped[int | None] = mapped_column(Integer, default=None)
    first_episode: Mapped[int | None] = mapped_column(Integer, default=None)
    last_episode: Mapped[int | None] = mapped_column(Integer, default=None)


class FolderReview(Base):
    """A folder of the library that nobody knows the series of; `candidates` are what it may be.

    `state` is `open`, `taken` or `ignored`.
    """

    __tablename__ = "folder_reviews"

    folder: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    year: Mapped[int | None] = mapped_column(Integer, default=None)
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default_factory=list)
    state: Mapped[str] = mapped_column(String(20), default="open")
    updated_at: Mapped[datetime] = mapped_column(Moment, default_factory=now, onupdate=now)


class SystemSettings(Base):
    """The single row of facts about this installation; it is changed by `facts.note` only.

    `library_mark` stands for the settings with which the library was last read as a whole.
    """

    __tablename__ = "system_settings"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    last_scan_timestamp: Mapped[datetime | None] = mapped_column(Moment, default=None)
    library_root: Mapped[str | None] = mapped_column(Text, default=None)
    library_mark: Mapped[str | None] = mapped_column(Text, default=None)
    library_read_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    migration_legacy_files_completed: Mapped[bool] = mapped_column(default=False)
    downloads_stopped: Mapped[bool] = mapped_column(default=False, server_default=false())


class Addition(Base):
    """A series that somebody asked to follow: `pending`, `loading`, `completed` or `failed`."""

    __tablename__ = "additions"
    __table_args__ = (UniqueConstraint("site", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    site: Mapped[str] = mapped_column(String(500))
    key: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(20), default="pending")
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Moment, default_factory=now)
    ended_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
