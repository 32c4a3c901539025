"""Invitations of the staff, administration of clients

Revision: 0004, after: 0003, made: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

import shared.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = shared.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    # Columns are added in place: to build `staff` or `oauth_clients` anew, SQLite would drop what hangs on them.
    op.add_column("staff", sa.Column("invited", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("oauth_clients", sa.Column("secret_changed_at", MOMENT, nullable=True))
    op.add_column("oauth_clients", sa.Column("former_secret_hash", sa.LargeBinary(length=32), nullable=True))
    op.add_column("oauth_clients", sa.Column("former_secret_until", MOMENT, nullable=True))
    op.create_table(
        "staff_invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("voided_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_invitations_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_invitations")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_staff_invitations_token_sha256")),
    )
    op.create_index(op.f("ix_staff_invitations_staff_id"), "staff_invitations", ["staff_id"], unique=False)


def downgrade() -> None:
    op.drop_table("staff_invitations")
    for column in ("former_secret_until", "former_secret_hash", "secret_changed_at"):
        op.drop_column("oauth_clients", column)
    op.drop_column("staff", "invited")
