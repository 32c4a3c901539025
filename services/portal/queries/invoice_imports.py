"""Reads of imports of invoices: how far they are, and what is wrong with their rows."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from services.portal.models import Invoice, InvoiceImport, InvoiceImportRow, Party
from shared.web.paging import Page, paginate


@dataclass(frozen=True)
class Known:
    """An invoice that was issued before."""

    invoice_id: uuid.UUID
    party_id: uuid.UUID
    currency: str
    total: Decimal

    def says(self, row: Mapping[str, Any]) -> bool:
        """Whether a row means this very invoice, and not another one under the same id."""
        total = Decimal(row["cents"]).scaleb(-2)
        return (str(self.party_id), self.currency, self.total) == (row["party_id"], row["currency"], total)


def find_import(session: Session, import_id: uuid.UUID) -> InvoiceImport | None:
    """The import with this id."""
    return session.get(InvoiceImport, import_id)


def find_next_import(session: Session, states: Collection[str]) -> InvoiceImport | None:
    """The oldest import in one of these states."""
    wanted = select(InvoiceImport).where(InvoiceImport.state.in_(states))
    return session.scalar(wanted.order_by(InvoiceImport.id).limit(1))


def find_content(session: Session, import_id: uuid.UUID) -> bytes | None:
    """The file of an import, until it was read."""
    return session.scalar(select(InvoiceImport.content).where(InvoiceImport.id == import_id))


def list_imports(session: Session, *, cursor: str | None = None, limit: int = 50) -> Page[InvoiceImport]:
    """Imports, the newest first. Raises BadCursor."""
    return paginate(session, select(InvoiceImport), [(InvoiceImport.id, True)], cursor=cursor, limit=limit)


def last_line(session: Session, import_id: uuid.UUID) -> int:
    """The number of the last row that was read, 0 if none was."""
    return session.scalar(select(func.max(InvoiceImportRow.line)).where(InvoiceImportRow.import_id == import_id)) or 0


def count_rows(session: Session, import_id: uuid.UUID) -> dict[str, int]:
    """How many rows are in which state."""
    counted = select(InvoiceImportRow.state, func.count()).where(InvoiceImportRow.import_id == import_id)
    return dict(session.execute(counted.group_by(InvoiceImportRow.state)).all())


def sum_rows(session: Session, import_id: uuid.UUID, state: str) -> dict[str, Decimal]:
    """What the rows in a state add up to, per currency."""
    currency = InvoiceImportRow.invoice["currency"].as_string()
    cents = func.sum(InvoiceImportRow.invoice["cents"].as_integer())
    rows = session.execute(
        select(currency, cents)
        .where(InvoiceImportRow.import_id == import_id, InvoiceImportRow.state == state)
        .group_by(currency)
        .order_by(currency)
    )
    return {name: Decimal(int(total)).scaleb(-2) for name, total in rows}


def list_bad_rows(
    session: Session, import_id: uuid.UUID, *, cursor: str | None = None, limit: int = 100
) -> Page[InvoiceImportRow]:
    """Rows with a problem, in the order of the file. Raises BadCursor."""
    wanted = select(InvoiceImportRow).where(InvoiceImportRow.import_id == import_id, InvoiceImportRow.state == "bad")
    return paginate(session, wanted, [(InvoiceImportRow.line, False)], cursor=cursor, limit=limit)


def list_good_rows(session: Session, import_id: uuid.UUID, limit: int) -> Sequence[InvoiceImportRow]:
    """The next rows that can be issued."""
    wanted = select(InvoiceImportRow).where(InvoiceImportRow.import_id == import_id, InvoiceImportRow.state == "good")
    return session.scalars(wanted.order_by(InvoiceImportRow.line).limit(limit)).all()


def list_known_marks(session: Session, source: str, marks: Collection[str]) -> dict[str, Known]:
    """Which of these external ids have an invoice already, and what it says."""
    rows = session.execute(
        select(Invoice.external_id, Invoice.id, Invoice.party_id, Invoice.currency, Invoice.total).where(
            Invoice.source == source, Invoice.external_id.in_(marks)
        )
    )
    return {str(row[0]): Known(row[1], row[2], row[3], row[4]) for row in rows}


def list_parties_by_keys(session: Session, keys: Collection[str]) -> dict[str, list[Party]]:
    """The parties whose document or code is one of these, by that."""
    wanted = select(Party).where(or_(Party.document_key.in_(keys), Party.code.in_(keys)))
    found: dict[str, list[Party]] = {}
    for party in session.scalars(wanted.order_by(Party.id)):
        for key in {party.document_key, party.code} & set(keys):
            found.setdefault(key, []).append(party)
    return found
