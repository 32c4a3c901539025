"""Editable templates, requested letters

Revision: 0002, after: 0001, made: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

import shared.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = shared.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    """Letters may have words of their own and belong to an invitation; templates and their drafts have tables."""
    for column in _letter_columns():
        op.add_column("letters", column)
    op.create_index("ix_letters_invitation_id", "letters", ["invitation_id"], unique=True)
    op.create_table(
        "letter_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_words(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_templates")),
        sa.UniqueConstraint("kind", "language", "version", name=op.f("uq_letter_templates_kind")),
    )
    op.create_table(
        "template_drafts",
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        *_words(),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "kind", "language", name=op.f("pk_template_drafts")),
    )
    op.create_index(op.f("ix_template_drafts_at"), "template_drafts", ["at"])


def downgrade() -> None:
    """Take it all back."""
    op.drop_table("template_drafts")
    op.drop_table("letter_templates")
    op.drop_index("ix_letters_invitation_id", "letters")
    for column in reversed(_letter_columns()):
        op.drop_column("letters", column.name)


def _letter_columns() -> list[sa.Column]:
    return [
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(length=300), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.String(length=300), nullable=True),
    ]


def _words() -> list[sa.Column]:
    return [
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
    ]
