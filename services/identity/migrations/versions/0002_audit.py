"""The audit trail

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

# Nobody rewrites what was recorded: not the service, which owns the table, and by accident not a superuser either.
# Rights alone would not stop those two, so a trigger refuses as well, in every mode of replication.
POSTGRESQL = (
    """
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
    "ALTER TABLE audit_entries ENABLE ALWAYS TRIGGER audit_entries_append_only",
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM CURRENT_USER",
)
SQLITE = (
    """
    CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
    """,
    """
    CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
    """,
    # INSERT OR REPLACE deletes without asking the trigger above.
    """
    CREATE TRIGGER audit_entries_no_replace BEFORE INSERT ON audit_entries
    WHEN EXISTS (
        SELECT 1 FROM audit_entries WHERE id = NEW.id OR event_source = NEW.event_source AND event_id = NEW.event_id
    )
    BEGIN SELECT RAISE(IGNORE); END
    """,
)


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("service", sa.String(length=20), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=200), nullable=False),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("event_source", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("event_source", "event_id", name=op.f("uq_audit_entries_event_source")),
    )
    op.create_index("ix_audit_entries_at_id", "audit_entries", ["at", "id"])
    for column in ("actor_id", "act", "service"):
        op.create_index(f"ix_audit_entries_{column}_at_id", "audit_entries", [column, "at", "id"])
    for column, given in (("party_id", "party_id IS NOT NULL"), ("subject_id", "subject_id <> ''")):
        op.create_index(
            f"ix_audit_entries_{column}_at_id",
            "audit_entries",
            [column, "at", "id"],
            postgresql_where=sa.text(given),
            sqlite_where=sa.text(given),
        )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("audit_entries")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_audit_change()")
