"""Brings a database up to date at start: alembic revisions, a backup first."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from ...errors import ConfigError

log = logging.getLogger(__name__)

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")
"""Every revision, oldest first; a test compares it with the files."""


def migrate(connection: Connection) -> None:
    """Upgrade the database to the newest revision; nothing happens if it is there already.

    ConfigError for a schema that this version of the program does not know.
    """
    current = _current(connection)
    if current == REVISIONS[-1]:
        return
    if current is not None:
        if current not in REVISIONS:
            raise ConfigError(
                f"the database has schema {current}, which is newer than this program",
                hint="upgrade anidana, or restore the backup that was made before the upgrade",
            )
        _back_up(connection)
    # alembic takes 0.9 s to import; a database that is up to date never needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def is_newest(connection: Connection) -> bool:
    """Whether there is nothing to upgrade; looks only."""
    return _current(connection) == REVISIONS[-1]


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        connection.rollback()
        return None
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    connection.rollback()
    return revision


def _back_up(connection: Connection) -> None:
    """Make a backup of an SQLite file and its settings; a server's database is its keeper's to back up."""
    database = connection.engine.url.database
    if connection.dialect.name != "sqlite" or not database:
        return
    from ...backup import make

    file = Path(database)
    made = make(file.parent, secrets=True, why="upgrade", database=file)
    log.info("backed up the database to %s before its upgrade", made)
