"""Notices of the client area

Revision: 0004, after: 0003, made: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A letter may belong to a notice, and keeps what its template is filled with."""
    for column in _columns():
        op.add_column("letters", column)
    op.create_index("ix_letters_notice_id", "letters", ["notice_id"], unique=True)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_letters_notice_id", "letters")
    for column in reversed(_columns()):
        op.drop_column("letters", column.name)


def _columns() -> list[sa.Column]:
    return [
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("path", sa.String(length=300), nullable=True),
        sa.Column("told", sa.JSON(none_as_null=True), nullable=True),
    ]
