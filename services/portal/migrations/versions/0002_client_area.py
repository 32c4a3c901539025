"""The client area: invoices, money, PQRS, files, profile

Revision: 0002, after: 0001, made: 2026-11-21
"""

import uuid

import sqlalchemy as sa
from alembic import op

import shared.db
from shared import clock

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = [
    "stored_files",
    "ledger_entries",
    "allocations",
    "payments",
    "case_messages",
    "viewings",
    "payment_reports",
    "payment_intents",
    "invoices",
    "invoice_import_rows",
    "income_statements",
    "email_changes",
    "cases",
    "series",
    "payment_incidents",
    "invoice_imports",
    "gateway_notices",
    "agency",
]
NAMESPACE = uuid.UUID("6f0d3a4e-8f43-4a57-9d7b-3f3c1e9c2a10")
SERIES = (("invoice", "FV-"), ("credit_note", "NC-"), ("receipt", "RC-"), ("income", "LQ-"))


def upgrade() -> None:
    """Apply."""
    _agency()
    _gateway_notices()
    _invoice_imports()
    _payment_incidents()
    _series()
    _cases()
    _email_changes()
    _income_statements()
    _invoice_import_rows()
    _invoices()
    _payment_intents()
    _payment_reports()
    _viewings()
    _case_messages()
    _payments()
    _allocations()
    _ledger_entries()
    _stored_files()
    _first_rows()


def downgrade() -> None:
    """Undo."""
    for table in TABLES:
        op.drop_table(table)


def _agency() -> None:
    op.create_table(
        "agency",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("document_type", sa.String(length=10), nullable=False),
        sa.Column("document_number", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("city", sa.String(length=120), nullable=False),
        sa.Column("postal_code", sa.String(length=20), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("allow_partial", sa.Boolean(), nullable=False),
        sa.Column("bank_details", sa.Text(), nullable=False),
        sa.Column("fiscal", sa.JSON(), nullable=False),
        sa.Column("saturday_counts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
    )


def _gateway_notices() -> None:
    op.create_table(
        "gateway_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("notice_id", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(length=30), nullable=False),
        sa.Column("received_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_notices")),
        sa.UniqueConstraint("gateway", "notice_id", name=op.f("uq_gateway_notices_gateway")),
    )
    op.create_index("ix_gateway_notices_received_at", "gateway_notices", ["received_at"], unique=False)
    op.create_index("ix_gateway_notices_reference", "gateway_notices", ["reference"], unique=False)


def _invoice_imports() -> None:
    op.create_table(
        "invoice_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.String(length=300), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_imports")),
    )
    op.create_index("ix_invoice_imports_state", "invoice_imports", ["state"], unique=False)


def _payment_incidents() -> None:
    op.create_table(
        "payment_incidents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("first_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.String(length=200), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_incidents")),
        sa.UniqueConstraint("gateway", "kind", "reference", "day", name=op.f("uq_payment_incidents_gateway")),
    )
    op.create_index("ix_payment_incidents_resolved_at_id", "payment_incidents", ["resolved_at", "id"], unique=False)


def _series() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("prefix", name=op.f("uq_series_prefix")),
    )
    op.create_index("ix_series_purpose", "series", ["purpose"], unique=False)


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=False),
        sa.Column("extended_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("extension_reason", sa.Text(), nullable=False),
        sa.Column("opened_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closing_reason", sa.String(length=30), nullable=False),
        sa.Column("closing_note", sa.Text(), nullable=False),
        sa.Column("reminded_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("assigned_to", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_cases_party_id_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("number", name=op.f("uq_cases_number")),
    )
    op.create_index("ix_cases_opened_on", "cases", ["opened_on"], unique=False)
    op.create_index("ix_cases_party_id_id", "cases", ["party_id", "id"], unique=False)
    op.create_index("ix_cases_state_due_on", "cases", ["state", "due_on", "id"], unique=False)
    op.create_index(
        "ix_cases_unanswered",
        "cases",
        ["due_on", "id"],
        unique=False,
        sqlite_where=sa.text("answered_at IS NULL AND closed_at IS NULL"),
        postgresql_where=sa.text("answered_at IS NULL AND closed_at IS NULL"),
    )


def _email_changes() -> None:
    op.create_table(
        "email_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("former", sa.String(length=320), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("message", sa.String(length=300), nullable=False),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_email_changes_party_id_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_changes")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_email_changes_token_hash")),
    )
    op.create_index("ix_email_changes_party_id_id", "email_changes", ["party_id", "id"], unique=False)
    op.create_index(
        "ix_email_changes_to_apply",
        "email_changes",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'confirmed'"),
        postgresql_where=sa.text("state = 'confirmed'"),
    )


def _income_statements() -> None:
    op.create_table(
        "income_statements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=True),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("income_total", shared.db.Money(), nullable=False),
        sa.Column("deduction_total", shared.db.Money(), nullable=False),
        sa.Column("net", shared.db.Money(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("payment_reference", sa.String(length=200), nullable=False),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_income_statements_party_id_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_income_statements")),
        sa.UniqueConstraint("number", name=op.f("uq_income_statements_number")),
    )
    op.create_index("ix_income_statements_party_id_id", "income_statements", ["party_id", "id"], unique=False)


def _invoice_import_rows() -> None:
    op.create_table(
        "invoice_import_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("invoice", sa.JSON(), nullable=True),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["invoice_imports.id"],
            name=op.f("fk_invoice_import_rows_import_id_invoice_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_invoice_import_rows")),
    )
    op.create_index(
        "ix_invoice_import_rows_import_id_state_line",
        "invoice_import_rows",
        ["import_id", "state", "line"],
        unique=False,
    )


def _invoices() -> None:
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("number", shared.db.code_type(60), nullable=True),
        sa.Column("series_id", sa.Uuid(), nullable=True),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("subtotal", shared.db.Money(), nullable=False),
        sa.Column("tax_total", shared.db.Money(), nullable=False),
        sa.Column("withholding_total", shared.db.Money(), nullable=False),
        sa.Column("total", shared.db.Money(), nullable=False),
        sa.Column("balance", shared.db.Money(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("concept", sa.String(length=300), nullable=False),
        sa.Column("property_name", sa.String(length=300), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("issued_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["corrects_id"], ["invoices.id"], name=op.f("fk_invoices_corrects_id_invoices")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_invoices_party_id_parties")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_invoices_series_id_series")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_invoices_source")),
    )
    op.create_index("ix_invoices_currency_id", "invoices", ["currency", "id"])
    still_open = sa.text("state IN ('issued', 'partly_paid')")
    debt = ["due_on", "currency", "kind", "balance"]
    op.create_index("ix_invoices_debt", "invoices", debt, sqlite_where=still_open, postgresql_where=still_open)
    notes = sa.text("kind = 'credit_note'")
    op.create_index("ix_invoices_credit_notes", "invoices", ["id"], sqlite_where=notes, postgresql_where=notes)
    op.create_index("ix_invoices_corrects_id", "invoices", ["corrects_id"], unique=False)
    op.create_index(
        "ix_invoices_open_due_on",
        "invoices",
        ["due_on", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('issued', 'partly_paid')"),
        postgresql_where=sa.text("state IN ('issued', 'partly_paid')"),
    )
    op.create_index(
        "ix_invoices_open_party_id",
        "invoices",
        ["party_id", "due_on"],
        unique=False,
        sqlite_where=sa.text("state IN ('issued', 'partly_paid')"),
        postgresql_where=sa.text("state IN ('issued', 'partly_paid')"),
    )
    op.create_index("ix_invoices_party_id_id", "invoices", ["party_id", "id"], unique=False)
    op.create_index("ix_invoices_state_id", "invoices", ["state", "id"], unique=False)


def _payment_intents() -> None:
    op.create_table(
        "payment_intents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", shared.db.Money(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("gateway_id", sa.String(length=200), nullable=True),
        sa.Column("message", sa.String(length=300), nullable=False),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("checked_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_payment_intents_party_id_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_intents")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_intents_reference")),
    )
    op.create_index("ix_payment_intents_party_id_id", "payment_intents", ["party_id", "id"], unique=False)
    op.create_index(
        "ix_payment_intents_pending",
        "payment_intents",
        ["checked_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )


def _payment_reports() -> None:
    op.create_table(
        "payment_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", shared.db.Money(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_payment_reports_party_id_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_reports")),
    )
    op.create_index("ix_payment_reports_party_id_id", "payment_reports", ["party_id", "id"], unique=False)
    op.create_index(
        "ix_payment_reports_waiting",
        "payment_reports",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _viewings() -> None:
    op.create_table(
        "viewings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        sa.Column("staff_name", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("started_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_viewings_party_id_parties")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_viewings")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_viewings_token_hash")),
    )
    op.create_index("ix_viewings_ended_at_started_at", "viewings", ["ended_at", "started_at"], unique=False)


def _case_messages() -> None:
    op.create_table(
        "case_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("author_kind", sa.String(length=10), nullable=False),
        sa.Column("author_name", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_messages_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_messages")),
    )
    op.create_index("ix_case_messages_case_id_id", "case_messages", ["case_id", "id"], unique=False)


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_number", shared.db.code_type(60), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("payer_name", sa.String(length=300), nullable=False),
        sa.Column("payer_document", sa.String(length=80), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", shared.db.Money(), nullable=False),
        sa.Column("unapplied", shared.db.Money(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("concept", sa.String(length=300), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=True),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("reversed_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reversed_by", sa.String(length=200), nullable=True),
        sa.Column("reversal_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["intent_id"], ["payment_intents.id"], name=op.f("fk_payments_intent_id_payment_intents")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_payments_party_id_parties")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["payment_reports.id"], name=op.f("fk_payments_report_id_payment_reports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_payments_intent_id")),
        sa.UniqueConstraint("receipt_number", name=op.f("uq_payments_receipt_number")),
        sa.UniqueConstraint("report_id", name=op.f("uq_payments_report_id")),
    )
    op.create_index("ix_payments_reference", "payments", ["reference"])
    op.create_index("ix_payments_method_id", "payments", ["method", "id"])
    op.create_index("ix_payments_currency_id", "payments", ["currency", "id"])
    reversed_ones = sa.text("reversed_at IS NOT NULL")
    op.create_index(
        "ix_payments_reversed", "payments", ["id"], sqlite_where=reversed_ones, postgresql_where=reversed_ones
    )
    op.create_index("ix_payments_party_id_id", "payments", ["party_id", "id"], unique=False)
    op.create_index(
        "ix_payments_unused",
        "payments",
        ["party_id", "currency"],
        unique=False,
        sqlite_where=sa.text("unapplied > 0"),
        postgresql_where=sa.text("unapplied > 0"),
    )


def _allocations() -> None:
    op.create_table(
        "allocations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("credit_note_id", sa.Uuid(), nullable=True),
        sa.Column("amount", shared.db.Money(), nullable=False),
        sa.Column("at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["invoices.id"], name=op.f("fk_allocations_credit_note_id_invoices")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_allocations_invoice_id_invoices")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_allocations_payment_id_payments")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocations")),
    )
    op.create_index("ix_allocations_credit_note_id", "allocations", ["credit_note_id"], unique=False)
    op.create_index("ix_allocations_invoice_id", "allocations", ["invoice_id"], unique=False)
    op.create_index("ix_allocations_payment_id", "allocations", ["payment_id"], unique=False)


def _ledger_entries() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount", shared.db.Money(), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_ledger_entries_invoice_id_invoices")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_ledger_entries_party_id_parties")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_ledger_entries_payment_id_payments")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
    )
    op.create_index(
        "ix_ledger_entries_party_id_currency_booked_on",
        "ledger_entries",
        ["party_id", "currency", "booked_on", "id"],
        unique=False,
    )


def _stored_files() -> None:
    op.create_table(
        "stored_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_stored_files_invoice_id_invoices")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["case_messages.id"], name=op.f("fk_stored_files_message_id_case_messages")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_stored_files_party_id_parties")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["payment_reports.id"], name=op.f("fk_stored_files_report_id_payment_reports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
    )
    op.create_index("ix_stored_files_invoice_id", "stored_files", ["invoice_id"], unique=False)
    op.create_index("ix_stored_files_message_id", "stored_files", ["message_id"], unique=False)
    op.create_index("ix_stored_files_report_id", "stored_files", ["report_id"], unique=False)


def _first_rows() -> None:
    texts = (
        "name",
        "document_type",
        "document_number",
        "address",
        "city",
        "postal_code",
        "phone",
        "email",
        "bank_details",
    )
    agency = {
        "id": 1,
        "country": "CO",
        "currency": "COP",
        "allow_partial": True,
        "fiscal": {},
        "saturday_counts": False,
    }
    columns = [sa.column(name, sa.JSON() if name == "fiscal" else None) for name in (*agency, *texts)]
    op.bulk_insert(sa.table("agency", *columns), [agency | dict.fromkeys(texts, "")])
    common = {"next_number": 1, "width": 6, "active": True, "created_at": clock.now()}
    columns = [sa.column("id", sa.Uuid()), sa.column("created_at", shared.db.UtcDateTime())]
    columns += map(sa.column, ("purpose", "prefix", "next_number", "width", "active"))
    rows = [
        {"id": uuid.uuid5(NAMESPACE, prefix), "purpose": purpose, "prefix": prefix, **common}
        for purpose, prefix in SERIES
    ]
    op.bulk_insert(sa.table("series", *columns), rows)
