"""Reading a table of invoices: which client each row is about, what it would issue, or what is wrong with it."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from services.portal.actions.invoice_imports import READING, READY, SOURCE, TOPIC, UNREADABLE, lock_import
from services.portal.models import Agency, InvoiceImport, InvoiceImportRow, Party
from services.portal.queries.invoice_imports import last_line, list_known_marks, list_parties_by_keys
from services.portal.rules.import_columns import fields_of, find_delimiter, in_order
from services.portal.rules.import_rows import ImportedInvoice, Problem, is_example, mark_of, read_row
from services.portal.rules.invoices import make_line, totals_of
from shared import clock
from shared.audit import current_actor
from shared.sheets.text import Encoding, UnusableFile, first_lines, is_separator_line, records
from shared.wake import wake

PIECE = 256 * 1024
LARGEST_CENTS = 10**14


def receive_import(session: Session, content: bytes, filename: str) -> InvoiceImport:
    """Take in a table as text and wake the worker. Raises UnusableFile where its columns cannot be understood."""
    list(_rows(content, look=True))
    entry = InvoiceImport(
        filename=(filename or "").replace("\\", "/").rpartition("/")[2][:200] or "?",
        content=content,
        state=READING,
        created_at=clock.now(),
        created_by=current_actor().name,
    )
    session.add(entry)
    session.flush()
    wake(session, TOPIC)
    return entry


def _rows(content: bytes, *, look: bool = False) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table in the order of our columns with their numbers; to `look` is to read only the header."""
    detective = Encoding()
    detective.feed(content)
    encoding = detective.result()
    lines = [line for line in first_lines(content[:100_000], encoding) if not is_separator_line(line)]
    delimiter = find_delimiter(lines[0] if lines else "")
    pieces = (content[start : start + PIECE] for start in range(0, len(content), PIECE))
    found = records(pieces, encoding, delimiter)
    fields: list[str] | None = None
    for number, cells in found:
        if fields is None:
            if is_separator_line(delimiter.join(cells)):
                continue
            fields = fields_of(cells)
            if look:
                return
            continue
        yield number, in_order(fields, cells)
    if fields is None:
        raise UnusableFile("empty")


def pending_rows(content: bytes, after: int) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table beyond number `after`, without examples of the template. Raises UnusableFile."""
    return ((number, cells) for number, cells in _rows(content) if number > after and not is_example(cells))


def read_rows(
    session: Session,
    import_id: uuid.UUID,
    rows: Sequence[tuple[int, list[str]]],
    agency: Agency,
    *,
    after: int,
    last: bool,
) -> bool:
    """Say of each row what it would issue or what is wrong with it.

    Returns False, and nothing was done, where it was cancelled or somebody else has read beyond row `after`. Raises
    ImportUnknown.
    """
    entry = lock_import(session, import_id)
    if entry.state != READING or last_line(session, import_id) != after:
        return False
    understood = [(number, cells, *read_row(cells, agency.country, agency.currency)) for number, cells in rows]
    keys = {key for _, _, found, _ in understood if found for key in (*found.keys, found.document)}
    parties = list_parties_by_keys(session, keys)
    kept = [_checked(number, cells, found, wrong, parties) for number, cells, found, wrong in understood]
    _find_known(session, entry, kept)
    if kept:
        session.execute(insert(InvoiceImportRow), [{**row, "import_id": import_id} for row in kept])
    entry.total += len(kept)
    entry.problems += sum(row["state"] == "bad" for row in kept)
    if last:
        entry.state, entry.content = (READY, None) if entry.total else (UNREADABLE, None)
        entry.message = "" if entry.total else "no_rows"
    return True


def _checked(
    number: int,
    cells: list[str],
    found: ImportedInvoice | None,
    wrong: Sequence[Problem],
    parties: dict[str, list[Party]],
) -> dict[str, Any]:
    problems, invoice = list(wrong), None
    if found is not None:
        party = _party_of(found, parties, problems)
        if party is not None:
            role = found.role or ("tenant" if "tenant" in party.classes else "owner")
            invoice = _invoice_of(found, party, role)
            if invoice["cents"] > LARGEST_CENTS:
                problems.append(Problem("amount", "amount_too_large"))
    return {
        "line": number,
        "cells": cells,
        "invoice": None if problems else invoice,
        "problems": [asdict(problem) for problem in problems],
        "state": "bad" if problems else "good",
        "invoice_id": None,
    }


def _party_of(found: ImportedInvoice, parties: dict[str, list[Party]], problems: list[Problem]) -> Party | None:
    """The client of a row: by the document, the likeliest spelling first, or else by the code."""
    for key in (*found.keys, found.document):
        matching = [
            one for one in parties.get(key, ()) if not found.document_type or one.document_type == found.document_type
        ]
        if len(matching) > 1:
            problems.append(Problem("document", "document_ambiguous"))
            return None
        if matching:
            return matching[0]
    problems.append(Problem("document", "document_unknown"))
    return None


def _invoice_of(found: ImportedInvoice, party: Party, role: str) -> dict[str, Any]:
    taxes = [] if found.tax_rate is None else [("IVA", found.tax_rate)]
    total = totals_of([make_line(found.concept, Decimal(1), found.amount, taxes)]).total
    return {
        "party_id": str(party.id),
        "party": party.name,
        "role": role,
        "currency": found.currency,
        "concept": found.concept,
        "amount": str(found.amount),
        "tax_rate": None if found.tax_rate is None else str(found.tax_rate),
        "due_on": str(found.due_on),
        "property_name": found.property_name,
        "period": found.period,
        "mark": mark_of(found, party.id, role),
        "cents": int(total * 100),
    }


def _find_known(session: Session, entry: InvoiceImport, rows: Sequence[dict[str, Any]]) -> None:
    """Rows that were issued before, and those that an earlier row of the same file says already."""
    marks = {row["invoice"]["mark"] for row in rows if row["state"] == "good"}
    known = list_known_marks(session, SOURCE, marks)
    mark = InvoiceImportRow.invoice["mark"].as_string()
    earlier = select(mark, func.min(InvoiceImportRow.line)).where(
        InvoiceImportRow.import_id == entry.id, mark.in_(marks)
    )
    seen: dict[str, int] = dict(session.execute(earlier.group_by(mark)).all())
    for row in rows:
        if row["state"] != "good":
            continue
        mark_here, problem = row["invoice"]["mark"], None
        if before := known.get(mark_here):
            row["state"], row["invoice_id"] = "known", before.invoice_id
            problem = None if before.says(row["invoice"]) else Problem("external_id", "differs")
        elif mark_here in seen:
            problem = Problem("external_id", "repeated", str(seen[mark_here]))
        else:
            seen[mark_here] = row["line"]
        if problem:
            row["state"], row["invoice"], row["problems"] = "bad", None, [asdict(problem)]
