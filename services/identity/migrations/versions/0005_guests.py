"""Guests: people who sign in without being a party of the directory

Revision: 0005, after: 0004, made: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

GUESTS = sa.text("is_guest")


def upgrade() -> None:
    # Added in place: to build `parties` anew, SQLite would drop what hangs on it.
    op.add_column("parties", sa.Column("is_guest", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "uq_parties_guest_email_key",
        "parties",
        ["email_key"],
        unique=True,
        postgresql_where=GUESTS,
        sqlite_where=GUESTS,
    )


def downgrade() -> None:
    op.drop_index("uq_parties_guest_email_key", table_name="parties")
    # Whoever goes back to a version without guests has nobody left who could sign in as one.
    guests = "(SELECT id FROM parties WHERE is_guest)"
    for table, column in (
        ("code_proofs", "party_id"),
        ("secret_links", "party_id"),
        ("credentials", "party_id"),
        ("second_factors", "owner_id"),
        ("recovery_codes", "owner_id"),
    ):
        op.execute(sa.text(f"DELETE FROM {table} WHERE {column} IN {guests}"))  # noqa: S608 - names of ours
    op.execute(sa.text("DELETE FROM parties WHERE is_guest"))
    op.drop_column("parties", "is_guest")
