"""A million invoices over 100,000 parties: one of everything made by the services' own actions, then copied."""

from decimal import Decimal
from uuid import UUID

from services.portal.actions.cases import NewCase, open_case
from services.portal.models import PaymentReport
from services.portal.rules.invoices import make_line
from shared import clock
from shared.db import Database, new_id
from tests.support.billing import credit, issue, pay, today
from tests.support.system import System

INVOICES, PAYMENTS, CASES, REPORTS = 1_000_000, 850_000, 100_000, 20_000
PARTIES = 100_000

PARTY = f"('01900000-0000-7000-8000-' || lpad(to_hex(1 + n % {PARTIES}), 12, '0'))::uuid"
INVOICE = "('01930000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
PAYMENT = "('01940000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
NEW = "gen_random_uuid()"
STATE = (
    "case when n % 100 < 77 then 'paid' when n % 100 < 91 then 'issued' when n % 100 < 97 then 'partly_paid' "
    "when n % 100 < 99 then 'void' else 'credited' end"
)
TOTAL = "(100000 + n % 900000) * 100"
BALANCE = (
    f"case when n % 100 < 77 then 0 when n % 100 < 91 then {TOTAL} when n % 100 < 97 then ({TOTAL}) / 2 else 0 end"
)
DAY = f"current_date - (300 - 300 * n / {INVOICES})::int"
MOMENT = f"now() - interval '300 days' * (1 - n::float / {INVOICES})"

FILLED: list[tuple[str, int, dict[str, str]]] = [
    (
        "invoices",
        INVOICES,
        {
            "id": INVOICE,
            "party_id": PARTY,
            "number": "'FV-1' || lpad(n::text, 7, '0')",
            "external_id": "null",
            "role": "case when n % 3 = 0 then 'owner' else 'tenant' end",
            "state": STATE,
            "total": TOTAL,
            "subtotal": TOTAL,
            "balance": BALANCE,
            "issued_on": DAY,
            "due_on": f"{DAY} + 5",
            "created_at": MOMENT,
            "issued_at": MOMENT,
        },
    ),
    (
        "payments",
        PAYMENTS,
        {
            "id": PAYMENT,
            "party_id": PARTY,
            "receipt_number": "'RC-1' || lpad(n::text, 7, '0')",
            "amount": TOTAL,
            "unapplied": "case when n % 500 = 0 then 5000000 else 0 end",
            "received_on": DAY,
            "created_at": MOMENT,
        },
    ),
    ("allocations", PAYMENTS, {"id": NEW, "invoice_id": INVOICE, "payment_id": PAYMENT, "amount": TOTAL}),
    (
        "ledger_entries",
        INVOICES,
        {
            "id": NEW,
            "party_id": PARTY,
            "booked_on": DAY,
            "amount": TOTAL,
            "invoice_id": INVOICE,
            "payment_id": "null",
            "kind": "'invoice'",
        },
    ),
    (
        "ledger_entries",
        PAYMENTS,
        {
            "id": NEW,
            "party_id": PARTY,
            "booked_on": DAY,
            "amount": f"-({TOTAL})",
            "invoice_id": "null",
            "payment_id": PAYMENT,
            "kind": "'payment'",
        },
    ),
    (
        "cases",
        CASES,
        {
            "id": NEW,
            "party_id": PARTY,
            "number": "'PQR-1-' || n",
            "state": "case when n % 50 = 0 then 'open' else 'closed' end",
            "answered_at": "case when n % 50 = 0 then null else now() end",
            "closed_at": "case when n % 50 = 0 then null else now() end",
            "opened_on": f"current_date - (300 - 300 * n / {CASES})::int",
            "due_on": f"current_date - (280 - 300 * n / {CASES})::int",
        },
    ),
    (
        "payment_reports",
        REPORTS,
        {"id": NEW, "party_id": PARTY, "state": "case when n % 20 = 0 then 'waiting' else 'accepted' end"},
    ),
]


def make_one_of_each(system: System, party_id: UUID) -> None:
    """What `fill` copies: an invoice, a payment, a credit note, a case and a reported payment."""
    db = Database((system.database_url or "").replace("{service}", "portal"))
    invoice = issue(db, party_id, lines=[make_line("Arriendo", Decimal(1), Decimal(1_500_000), [("IVA", Decimal(19))])])
    pay(db, party_id, invoice.total, invoice)
    credit(db, issue(db, party_id), "1000")
    with db.write() as session:
        report = {"party_id": party_id, "currency": "COP", "amount": Decimal(5), "paid_on": today(), "method": "cash"}
        session.add(PaymentReport(**report, wanted=[], state="waiting", created_at=clock.now()))
        case = NewCase(
            case_id=new_id(), party_id=party_id, kind="claim", subject="Gotera en el baño", text="Cae agua del techo."
        )
        open_case(session, case, today())
    db.dispose()
