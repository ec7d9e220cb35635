"""The order of the queue, and counts per series that the database itself keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COUNT = (
    "UPDATE anime_series SET episode_count = episode_count {sign} 1,"
    " on_disk_count = on_disk_count {sign} CASE WHEN {row}.is_downloaded THEN 1 ELSE 0 END,"
    " lost_file_count = lost_file_count {sign} CASE WHEN {row}.is_downloaded THEN 0"
    " WHEN {row}.file_path IS NULL THEN 0 ELSE 1 END"
    " WHERE id = {row}.series_id;"
)
_ADD, _TAKE = _COUNT.format(sign="+", row="NEW"), _COUNT.format(sign="-", row="OLD")
_CHANGED = (
    "OLD.is_downloaded <> NEW.is_downloaded OR OLD.series_id <> NEW.series_id"
    " OR (OLD.file_path IS NULL) <> (NEW.file_path IS NULL)"
)
_TRIGGERS = (
    ("inserted", "INSERT", "", _ADD),
    ("deleted", "DELETE", "", _TAKE),
    ("updated", "UPDATE OF is_downloaded, series_id, file_path", f"WHEN ({_CHANGED})", f"{_TAKE} {_ADD}"),
)
_COUNTED = "(SELECT count(*) FROM episodes WHERE series_id = anime_series.id{condition})"


def upgrade() -> None:
    """Apply."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:  # the table is made anew, so that no number is ever given twice; its attempts would go with it
        op.execute("CREATE TEMPORARY TABLE kept_attempts AS SELECT * FROM attempts")
    with op.batch_alter_table(
        "download_queue",
        recreate="always" if sqlite else "never",
        table_kwargs={"sqlite_autoincrement": True},
    ) as jobs:
        jobs.add_column(sa.Column("position", sa.BigInteger(), nullable=False, server_default="0"))
        jobs.add_column(sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))
        jobs.drop_index("ix_download_queue_status")
        jobs.create_index("ix_download_queue_status", ["status", "position"])
    if sqlite:
        op.execute("INSERT INTO attempts SELECT * FROM kept_attempts")
        op.execute("DROP TABLE kept_attempts")
    op.execute("UPDATE download_queue SET position = id")
    op.add_column(
        "system_settings",
        sa.Column("downloads_stopped", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for name, condition in (
        ("episode_count", ""),
        ("on_disk_count", " AND is_downloaded"),
        ("lost_file_count", " AND NOT is_downloaded AND file_path IS NOT NULL"),
    ):
        op.add_column("anime_series", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        counted = _COUNTED.format(condition=condition)
        op.execute(f"UPDATE anime_series SET {name} = {counted}")  # noqa: S608
    make = _sqlite if sqlite else _postgresql
    for name, event, when, statements in _TRIGGERS:
        make(f"count_episodes_{name}", event, when, statements)


def _sqlite(name: str, event: str, when: str, statements: str) -> None:
    op.execute(f"CREATE TRIGGER {name} AFTER {event} ON episodes FOR EACH ROW {when} BEGIN {statements} END")


def _postgresql(name: str, event: str, when: str, statements: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {statements} RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} AFTER {event} ON episodes FOR EACH ROW {when} EXECUTE FUNCTION {name}()"
    )
