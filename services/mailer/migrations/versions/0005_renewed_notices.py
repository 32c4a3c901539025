"""Notices that are withdrawn or renewed, with files, and with a way to stop them

Revision: 0005, after: 0004, made: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RENEWED = sa.text("instead_of IS NOT NULL")


def upgrade() -> None:
    """A letter knows what it replaces, what goes with it and how it is stopped; a withdrawal may be of a notice."""
    for column in _columns():
        op.add_column("letters", column)
    op.create_index("ix_letters_instead_of", "letters", ["instead_of"], sqlite_where=RENEWED, postgresql_where=RENEWED)
    op.execute("ALTER TABLE withdrawals RENAME COLUMN credential_id TO about_id")
    op.add_column("withdrawals", sa.Column("reason", sa.String(length=32), nullable=False, server_default="replaced"))
    op.execute("UPDATE withdrawals SET reason = 'credential_revoked' WHERE state = 'cancelled'")


def downgrade() -> None:
    """Take it back."""
    op.drop_column("withdrawals", "reason")
    op.execute("ALTER TABLE withdrawals RENAME COLUMN about_id TO credential_id")
    op.drop_index("ix_letters_instead_of", "letters")
    for column in reversed(_columns()):
        op.drop_column("letters", column.name)


def _columns() -> list[sa.Column]:
    return [
        sa.Column("instead_of", sa.Uuid(), nullable=True),
        sa.Column("stop_path", sa.String(length=300), nullable=True),
        sa.Column("attachments", sa.JSON(none_as_null=True), nullable=True),
    ]
