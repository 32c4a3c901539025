"""The course of a table of invoices: taken in, read row by row, and issued, some rows in a transaction.

Whoever does it can die anywhere: rows and progress commit together, and an invoice is known by its mark.
"""

import uuid
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.portal.actions.announcing import announced_together
from services.portal.actions.invoicing import NewInvoice, issue_invoice
from services.portal.actions.parties import lock_parties
from services.portal.actions.refusals import (
    DiffersFromBefore,
    NothingToPay,
    NumberTaken,
    PartyUnknown,
    SeriesExhausted,
    TooMuch,
)
from services.portal.models import InvoiceImport, InvoiceImportRow
from services.portal.queries.invoice_imports import (
    Known,
    list_good_rows,
    list_known_marks,
)
from services.portal.rules.import_rows import Problem
from services.portal.rules.invoices import make_line
from shared import clock
from shared.audit import Actor, acting, current_actor, record_act
from shared.wake import wake

TOPIC = "invoice_imports"
SOURCE = "import"
READING, READY, APPLYING, FINISHED, CANCELLED, UNREADABLE = (
    *("reading", "ready", "applying", "finished", "cancelled", "unreadable"),
)
RUNNING = (READING, APPLYING)
_REFUSALS = {
    PartyUnknown: "document_unknown",
    NothingToPay: "amount_not_positive",
    NumberTaken: "number_taken",
    SeriesExhausted: "series_exhausted",
    TooMuch: "amount_too_large",
    DiffersFromBefore: "differs",
}


class ImportUnknown(Exception):
    """There is no import with this id."""


class ImportNotReady(Exception):
    """Only an import that was read and waits can be issued or cancelled."""


def apply_import(session: Session, import_id: uuid.UUID) -> InvoiceImport:
    """Let the good rows be issued; asking twice is asking once. Raises ImportUnknown, ImportNotReady."""
    entry = lock_import(session, import_id)
    if entry.state == READY:
        entry.state, entry.created_by = APPLYING, current_actor().name
        wake(session, TOPIC)
    elif entry.state not in (APPLYING, FINISHED):
        raise ImportNotReady
    return entry


def cancel_import(session: Session, import_id: uuid.UUID) -> None:
    """Nothing of it will be issued. Raises ImportUnknown, ImportNotReady."""
    entry = lock_import(session, import_id)
    if entry.state not in (READY, READING):
        raise ImportNotReady
    entry.state, entry.content, entry.finished_at = CANCELLED, None, clock.now()


def fail_import(session: Session, import_id: uuid.UUID, reason: str) -> None:
    """The file as a whole cannot be used. Raises ImportUnknown."""
    entry = lock_import(session, import_id)
    entry.state, entry.content, entry.message, entry.finished_at = UNREADABLE, None, reason, clock.now()


def forget_rows(session: Session, before: datetime) -> int:
    """Forget the rows of old imports, which are about people; the counts stay. Returns of how many imports."""
    old = select(InvoiceImport.id).where(InvoiceImport.state.not_in(RUNNING), InvoiceImport.created_at < before)
    with_rows = select(InvoiceImportRow.import_id).where(InvoiceImportRow.import_id == InvoiceImport.id).exists()
    ids = session.scalars(old.where(with_rows).limit(20)).all()
    session.execute(delete(InvoiceImportRow).where(InvoiceImportRow.import_id.in_(ids)))
    left = update(InvoiceImport).where(InvoiceImport.id.in_(ids), InvoiceImport.state == READY)
    session.execute(left.values(state=CANCELLED, finished_at=clock.now()))
    return len(ids)


def issue_rows(session: Session, import_id: uuid.UUID, today: date, limit: int) -> bool:
    """Issue the next good rows; returns True while there may be more. Raises ImportUnknown."""
    entry = lock_import(session, import_id)
    if entry.state != APPLYING:
        return False
    rows = list_good_rows(session, import_id, limit)
    # All parties before the first number is taken, so that no two transactions wait for each other.
    lock_parties(session, [uuid.UUID((row.invoice or {})["party_id"]) for row in rows])
    known = list_known_marks(session, SOURCE, {(row.invoice or {})["mark"] for row in rows})
    with acting(Actor("import", str(entry.id), entry.created_by)):
        with announced_together(session):
            for row in rows:
                _issue(session, entry, row, known, today)
        if len(rows) < limit:
            entry.state, entry.finished_at = FINISHED, clock.now()
            told = {"file": entry.filename, "issued": entry.applied, "left out": entry.problems}
            record_act(
                session,
                "portal",
                "invoices.imported",
                subject="import",
                subject_id=entry.id,
                count=entry.applied,
                details=told,
            )
    return len(rows) == limit


def _issue(session: Session, entry: InvoiceImport, row: InvoiceImportRow, known: dict[str, Known], today: date) -> None:
    values = row.invoice or {}
    before = known.get(values["mark"])
    if before and before.says(values):
        row.state, row.invoice_id = "known", before.invoice_id
        return
    try:
        if before:
            raise DiffersFromBefore
        with session.begin_nested():
            issued = issue_invoice(session, _new_invoice(values, today))
    except tuple(_REFUSALS) as error:
        row.state, row.problems = "bad", [asdict(Problem("", _REFUSALS[type(error)]))]
        entry.problems += 1
        return
    row.state, row.invoice_id = "applied", issued.id
    entry.applied += 1


def _new_invoice(values: dict[str, Any], today: date) -> NewInvoice:
    taxes = [] if values["tax_rate"] is None else [("IVA", Decimal(values["tax_rate"]))]
    due_on = date.fromisoformat(values["due_on"])
    return NewInvoice(
        party_id=uuid.UUID(values["party_id"]),
        role=values["role"],
        currency=values["currency"],
        lines=[make_line(values["concept"], Decimal(1), Decimal(values["amount"]), taxes)],
        issued_on=min(today, due_on),  # a debt brought over from elsewhere is as old as it is
        due_on=due_on,
        concept=values["concept"],
        property_name=values["property_name"],
        period=values["period"],
        source=SOURCE,
        external_id=values["mark"],
    )


def lock_import(session: Session, import_id: uuid.UUID) -> InvoiceImport:
    """The import, for a change. Raises ImportUnknown."""
    entry = session.get(InvoiceImport, import_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise ImportUnknown
    return entry
