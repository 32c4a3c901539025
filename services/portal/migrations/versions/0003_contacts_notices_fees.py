"""Contacts and sub-accounts, notices and reminders, late fees

Revision: 0003, after: 0002, made: 2026-11-21
"""

import uuid

import sqlalchemy as sa
from alembic import op

import shared.db
from shared import clock

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STEPS = (
    ("reminder_before", 5),
    ("reminder_due", 0),
    ("overdue_first", 1),
    ("overdue_second", 8),
    ("overdue_third", 15),
)
NAMESPACE = uuid.UUID("0b4a3f0e-6a55-4a63-9c58-64e2d1f7c3d5")


def upgrade() -> None:
    """Apply."""
    _add_people_and_fees()
    _add_notices()
    _add_columns()
    _add_rules()


def _add_people_and_fees() -> None:
    op.create_table(
        "daily_runs",
        sa.Column("task", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("cursor", sa.Uuid(), nullable=True),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("started_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("task", "day", name=op.f("pk_daily_runs")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("is_guest", sa.Boolean(), nullable=False),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("stopped", sa.JSON(), nullable=False),
        sa.Column("instead", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=300), nullable=False),
        sa.Column("accepted_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_sign_in_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("removed_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_contacts_party_id_parties")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_contacts_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index("ix_contacts_party_id_id", ["party_id", "id"], unique=False)
        batch_op.create_index("ix_contacts_person_id", ["person_id"], unique=False)
        batch_op.create_index(
            "uq_contacts_party_id_address_key",
            ["party_id", "address_key"],
            unique=True,
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )

    op.create_table(
        "fee_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=True),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", shared.db.Money(), nullable=False),
        sa.Column("minimum", shared.db.Money(), nullable=True),
        sa.Column("maximum", shared.db.Money(), nullable=True),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.String(length=10), nullable=False),
        sa.Column("charged_on", sa.String(length=20), nullable=False),
        sa.Column("pay_within_days", sa.Integer(), nullable=False),
        sa.Column("in_force_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("switched_off_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_fee_rules_party_id_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_rules")),
    )
    with op.batch_alter_table("fee_rules", schema=None) as batch_op:
        batch_op.create_index(
            "ix_fee_rules_current",
            ["role"],
            unique=False,
            sqlite_where=sa.text("replaced_at IS NULL AND switched_off_at IS NULL"),
            postgresql_where=sa.text("replaced_at IS NULL AND switched_off_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_fee_rules_party_id"), ["party_id"], unique=False)


def _add_notices() -> None:
    op.create_table(
        "holder_choices",
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("changed_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_holder_choices_party_id_parties")),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_holder_choices")),
    )
    op.create_table(
        "reminder_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=True),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("changed_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_reminder_rules_party_id_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_rules")),
    )
    with op.batch_alter_table("reminder_rules", schema=None) as batch_op:
        batch_op.create_index(
            "uq_reminder_rules_party_id_step",
            ["party_id", "step"],
            unique=True,
            sqlite_where=sa.text("party_id IS NOT NULL"),
            postgresql_where=sa.text("party_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_reminder_rules_role_step",
            ["role", "step"],
            unique=True,
            sqlite_where=sa.text("party_id IS NULL"),
            postgresql_where=sa.text("party_id IS NULL"),
        )

    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("code_sent_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("codes_sent", sa.Integer(), nullable=False),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_invitations_contact_id_contacts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index("ix_invitations_contact_id_id", ["contact_id", "id"], unique=False)
        batch_op.create_index(
            "ix_invitations_live",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "late_fees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("fee_day", sa.Date(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("base", shared.db.Money(), nullable=False),
        sa.Column("computed", shared.db.Money(), nullable=False),
        sa.Column("ceiling", shared.db.Money(), nullable=True),
        sa.Column("amount", shared.db.Money(), nullable=False),
        sa.Column("waived", shared.db.Money(), nullable=False),
        sa.Column("waiver_reason", sa.String(length=300), nullable=False),
        sa.Column("waived_by", sa.String(length=200), nullable=False),
        sa.Column("waived_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("charged_on_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["charged_on_id"], ["invoices.id"], name=op.f("fk_late_fees_charged_on_id_invoices")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_late_fees_invoice_id_invoices")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_late_fees_party_id_parties")),
        sa.ForeignKeyConstraint(["rule_id"], ["fee_rules.id"], name=op.f("fk_late_fees_rule_id_fee_rules")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_fees")),
        sa.UniqueConstraint("invoice_id", "period", name=op.f("uq_late_fees_invoice_id")),
    )
    with op.batch_alter_table("late_fees", schema=None) as batch_op:
        batch_op.create_index("ix_late_fees_charged_on_id", ["charged_on_id"], unique=False)
        batch_op.create_index("ix_late_fees_party_id_id", ["party_id", "id"], unique=False)
        batch_op.create_index(
            "ix_late_fees_pending",
            ["party_id"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("raised_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("worth_until", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_notices_contact_id_contacts")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_notices_party_id_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("about", "kind", "address_key", name=op.f("uq_notices_about")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_notices_notice_id")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index("ix_notices_party_id_id", ["party_id", "id"], unique=False)
        batch_op.create_index(
            "ix_notices_waiting",
            ["about"],
            unique=False,
            sqlite_where=sa.text("state = 'raised'"),
            postgresql_where=sa.text("state = 'raised'"),
        )

    op.create_table(
        "former_letters",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("of_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["of_id"], ["notices.id"], name=op.f("fk_former_letters_of_id_notices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_former_letters")),
    )
    with op.batch_alter_table("former_letters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_letters_of_id"), ["of_id"], unique=False)

    op.create_table(
        "unreachable_addresses",
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("since", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_unreachable_addresses")),
    )


def _add_columns() -> None:
    with op.batch_alter_table("agency", schema=None) as batch_op:
        batch_op.add_column(sa.Column("announce_invoices", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("attach_documents", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("daily_hour", sa.Integer(), nullable=False, server_default="8"))
        batch_op.add_column(sa.Column("fee_ceiling", shared.db.Money(), nullable=True))
        batch_op.add_column(sa.Column("fee_ceiling_source", sa.String(length=300), nullable=False, server_default=""))

    with op.batch_alter_table("client_sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subject_id", sa.Uuid(), nullable=True))
    sessions = sa.table("client_sessions", sa.column("subject_id", sa.Uuid()), sa.column("party_id", sa.Uuid()))
    op.execute(sessions.update().values(subject_id=sessions.c.party_id))  # until now only parties signed in
    with op.batch_alter_table("client_sessions", schema=None) as batch_op:
        batch_op.alter_column("subject_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.add_column(sa.Column("contact_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("must_choose", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index("ix_client_sessions_contact_id", ["contact_id"], unique=False)
        batch_op.create_index("ix_client_sessions_subject_id", ["subject_id", "ended_at"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_client_sessions_contact_id_contacts"), "contacts", ["contact_id"], ["id"]
        )

    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_late_fee", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("disputed_at", shared.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("dispute_reason", sa.String(length=300), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("fees_after", sa.Date(), nullable=True))


def _add_rules() -> None:
    """The usual steps, switched off: an agency says itself when its clients are to be reminded."""
    columns = [sa.column("id", sa.Uuid()), sa.column("changed_at", shared.db.UtcDateTime())]
    columns += map(sa.column, ("role", "step", "days", "enabled", "changed_by"))
    common = {"enabled": False, "changed_at": clock.now(), "changed_by": ""}
    rows = [
        {"id": uuid.uuid5(NAMESPACE, f"{role} {step}"), "role": role, "step": step, "days": days, **common}
        for role in ("tenant", "owner")
        for step, days in STEPS
    ]
    op.bulk_insert(sa.table("reminder_rules", *columns), rows)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.drop_column("fees_after")
        batch_op.drop_column("dispute_reason")
        batch_op.drop_column("disputed_at")
        batch_op.drop_column("is_late_fee")

    with op.batch_alter_table("client_sessions", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_client_sessions_contact_id_contacts"), type_="foreignkey")
        batch_op.drop_index("ix_client_sessions_subject_id")
        batch_op.drop_index("ix_client_sessions_contact_id")
        batch_op.drop_column("must_choose")
        batch_op.drop_column("contact_id")
        batch_op.drop_column("subject_id")

    with op.batch_alter_table("agency", schema=None) as batch_op:
        batch_op.drop_column("announce_invoices")
        batch_op.drop_column("fee_ceiling_source")
        batch_op.drop_column("fee_ceiling")
        batch_op.drop_column("daily_hour")
        batch_op.drop_column("attach_documents")

    _drop_notices()
    with op.batch_alter_table("late_fees", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_late_fees_pending",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.drop_index("ix_late_fees_party_id_id")
        batch_op.drop_index("ix_late_fees_charged_on_id")

    op.drop_table("late_fees")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_invitations_live",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_invitations_contact_id_id")

    op.drop_table("invitations")
    with op.batch_alter_table("reminder_rules", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_reminder_rules_role_step",
            sqlite_where=sa.text("party_id IS NULL"),
            postgresql_where=sa.text("party_id IS NULL"),
        )
        batch_op.drop_index(
            "uq_reminder_rules_party_id_step",
            sqlite_where=sa.text("party_id IS NOT NULL"),
            postgresql_where=sa.text("party_id IS NOT NULL"),
        )

    op.drop_table("reminder_rules")
    op.drop_table("holder_choices")
    with op.batch_alter_table("fee_rules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fee_rules_party_id"))
        batch_op.drop_index(
            "ix_fee_rules_current",
            sqlite_where=sa.text("replaced_at IS NULL AND switched_off_at IS NULL"),
            postgresql_where=sa.text("replaced_at IS NULL AND switched_off_at IS NULL"),
        )

    op.drop_table("fee_rules")
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_contacts_party_id_address_key",
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )
        batch_op.drop_index("ix_contacts_person_id")
        batch_op.drop_index("ix_contacts_party_id_id")

    op.drop_table("contacts")
    op.drop_table("people")
    op.drop_table("daily_runs")


def _drop_notices() -> None:
    op.drop_table("unreachable_addresses")
    with op.batch_alter_table("former_letters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_former_letters_of_id"))

    op.drop_table("former_letters")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_notices_waiting", sqlite_where=sa.text("state = 'raised'"), postgresql_where=sa.text("state = 'raised'")
        )
        batch_op.drop_index("ix_notices_party_id_id")

    op.drop_table("notices")
