"""What the library holds, folder by folder, and folders that wait for a decision."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "library_folders",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("path"),
    )
    op.create_table(
        "library_files",
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("season", sa.Integer(), nullable=True),
        sa.Column("first_episode", sa.Integer(), nullable=True),
        sa.Column("last_episode", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("folder", "name"),
    )
    op.create_table(
        "folder_reviews",
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("folder"),
    )
    op.add_column("system_settings", sa.Column("library_root", sa.Text(), nullable=True))
    op.add_column("system_settings", sa.Column("library_mark", sa.Text(), nullable=True))
    op.add_column("system_settings", sa.Column("library_read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "system_settings",
        sa.Column(
            "migration_legacy_files_completed", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )
