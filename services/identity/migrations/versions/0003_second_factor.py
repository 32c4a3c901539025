"""Second factors, sessions and links

Revision: 0003, after: 0002, made: 2026-11-21
"""

import sqlalchemy as sa
from alembic import op

import shared.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = shared.db.UtcDateTime(timezone=True)
LIVE = sa.text("used_at IS NULL AND voided_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "second_factors",
        sa.Column("owner_kind", sa.String(length=8), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("enabled_at", MOMENT, nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("owner_kind", "owner_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("owner_kind", sa.String(length=8), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_owner_id"), "recovery_codes", ["owner_id"], unique=False)
    op.create_table(
        "code_proofs",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_code_proofs_party_id_parties")),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_code_proofs_credential_id_credentials")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_code_proofs")),
    )
    for column in ("party_id", "credential_id", "expires_at"):
        op.create_index(op.f(f"ix_code_proofs_{column}"), "code_proofs", [column], unique=False)
    # Columns are added in place: to build `staff_sessions` anew, SQLite would drop what hangs on it.
    for name in ("awaits_code", "second_factor"):
        op.add_column("staff_sessions", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("staff_sessions", sa.Column("last_seen_at", MOMENT, nullable=True))
    op.add_column("staff_sessions", sa.Column("address", sa.String(length=45), nullable=False, server_default=""))
    op.add_column("staff_sessions", sa.Column("user_agent", sa.Text(), nullable=False, server_default=""))
    op.create_index(
        "ix_secret_links_live_expires_at_id",
        "secret_links",
        ["expires_at", "id"],
        postgresql_where=LIVE,
        sqlite_where=LIVE,
    )


def downgrade() -> None:
    op.drop_index("ix_secret_links_live_expires_at_id", table_name="secret_links")
    for column in ("user_agent", "address", "last_seen_at", "second_factor", "awaits_code"):
        op.drop_column("staff_sessions", column)
    for table in ("code_proofs", "recovery_codes", "second_factors"):
        op.drop_table(table)
