"""When each series was last asked for at its catalogue."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("anime_series", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
