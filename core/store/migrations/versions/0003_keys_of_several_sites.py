"""A key is unique at its site only: two catalogues may use the same one."""

from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_anime_series_key", "anime_series")
    op.create_index("ix_anime_series_site_key", "anime_series", ["site", "key"], unique=True)
