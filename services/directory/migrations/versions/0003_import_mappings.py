"""Column mappings of imports, XLSX

Revision: 0003, after: 0002, made: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

import shared.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXTS = {"sheet": 100, "starter_kind": 12, "starter_id": 200, "starter_name": 200}


def upgrade() -> None:
    """Bring the tables forward. Imports that are there already were applied by their names alone."""
    op.create_table(
        "column_mappings",
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("chosen_by", sa.String(length=200), nullable=False),
        sa.Column("chosen_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("signature", name=op.f("pk_column_mappings")),
    )
    # Column by column: a batch may copy the table on SQLite, and dropping the old one takes the rows of imports away.
    op.add_column("imports", sa.Column("fields", sa.JSON(), nullable=True))
    for name, length in _TEXTS.items():
        op.add_column("imports", sa.Column(name, sa.String(length=length), server_default="", nullable=False))
    op.add_column("imports", sa.Column("sheets", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Take it back."""
    for name in ("sheets", *_TEXTS, "fields"):
        op.drop_column("imports", name)
    op.drop_table("column_mappings")
