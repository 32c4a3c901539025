"""Checking an import, some hundred rows in a transaction: what is wrong, and what applying would do."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.directory.actions.emails import add_emails, emails_of
from services.directory.actions.imports import fail_import, finish_check, lock_import
from services.directory.actions.parties import differences
from services.directory.models import Import, ImportRow, Party
from services.directory.queries.imports import list_seen_addresses, list_seen_documents
from services.directory.queries.parties import (
    list_by_documents,
    list_owners_of_addresses,
    list_owners_of_codes,
)
from services.directory.rules.columns import Columns
from services.directory.rules.parties import EmailValue, Fault, InvalidParty, check_party, is_automatic_code
from services.directory.rules.tables import is_example, read_row
from shared.sheets.text import is_separator_line
from shared.web.exports import bare_text

Record = tuple[int, list[str]]
Document = tuple[str, str]
MOST_VALUE = 80


@dataclass
class _Checked:
    """A row under way."""

    number: int
    cells: list[str]
    clean: dict[str, Any] = field(default_factory=dict)
    problems: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    @property
    def document(self) -> Document:
        return self.clean["document_type"], self.clean["document_key"]

    @property
    def address(self) -> str | None:
        return next((email.key for email in self.clean.get("emails", ()) if email.principal), None)


def check_rows(session: Session, import_id: uuid.UUID, after: int, rows: Sequence[Record], *, last: bool) -> bool:
    """Check the next rows of an import that was read up to row `after`.

    Returns False, and does nothing, if somebody else has gone on from there meanwhile. Raises ImportNotFound.
    """
    entry = lock_import(session, import_id)
    if entry.state not in ("uploaded", "checking") or entry.read_rows != after:
        return False
    entry.state, entry.attempts = "checking", 0
    columns = entry.columns
    checked = [row for number, cells in _without_header(entry, rows) if (row := _read(entry, columns, number, cells))]
    if checked:
        _compare(session, entry, checked)
        session.execute(insert(ImportRow), [_row(entry, columns, row) for row in checked])
    if rows:
        entry.read_rows = rows[-1][0]
    entry.total += len(checked)
    entry.skipped += sum(bool(row.problems) for row in checked)
    entry.warned += sum(bool(row.warnings) and not row.problems for row in checked)
    if last and not entry.total:
        fail_import(session, import_id, "no_rows")
    elif last:
        finish_check(session, entry)
    return True


def _without_header(entry: Import, rows: Sequence[Record]) -> Sequence[Record]:
    if entry.read_rows or not rows:
        return rows
    return rows[2:] if is_separator_line(entry.delimiter.join(rows[0][1])) else rows[1:]


def _read(entry: Import, columns: Columns, number: int, cells: list[str]) -> _Checked | None:
    cells = [bare_text(cell) for cell in cells]  # files that we wrote come back
    row = read_row(columns, cells, document_type=entry.default_document_type, classes=entry.default_classes)
    if is_example(row):
        return None
    checked = _Checked(number, cells, problems=list(row.faults))
    try:
        checked.clean = check_party(row.values)
    except InvalidParty as error:
        checked.problems += error.faults
    return checked


def _compare(session: Session, entry: Import, checked: Sequence[_Checked]) -> None:
    """With the other rows of the file and with the directory: a few queries for all rows together."""
    good = [row for row in checked if not row.problems]
    _find_repeated(session, entry, good)
    good = [row for row in good if not row.problems]
    known = list_by_documents(session, {row.document for row in good})
    _check_codes(session, good, known)
    _warn(session, entry, good, known)
    for row in good:
        if row.problems:
            continue
        party = known.get(row.document)
        if party is None:
            entry.expected_created += 1
        elif differences(party, import_changes(party, row.clean)):
            entry.expected_updated += 1
        else:
            entry.expected_unchanged += 1


def import_changes(party: Party, clean: dict[str, Any]) -> dict[str, Any]:
    """What a row asks of a party that is known: an import adds and replaces, it never takes classes or addresses away.

    The document keeps its spelling, and the client code stays.
    """
    changes = {name: value for name, value in clean.items() if not name.startswith("document_") and name != "code"}
    changes["is_tenant"] = party.is_tenant or clean["is_tenant"]
    changes["is_owner"] = party.is_owner or clean["is_owner"]
    if "emails" in clean:
        changes["emails"] = add_emails(emails_of(party), clean["emails"])
    return changes


def _find_repeated(session: Session, entry: Import, rows: Sequence[_Checked]) -> None:
    seen = list_seen_documents(session, entry.id, [_joined(row.document) for row in rows])
    for row in rows:
        document = _joined(row.document)
        if document in seen:
            row.problems.append(Fault("document_number", "repeated_document", str(seen[document])))
        else:
            seen[document] = row.number


def _check_codes(session: Session, rows: Sequence[_Checked], known: dict[Document, Party]) -> None:
    given = {row.clean["code"] for row in rows if row.clean.get("code")}
    owners = list_owners_of_codes(session, given)
    for row in rows:
        code, party = row.clean.get("code"), known.get(row.document)
        if not code or (party and party.code == code):
            continue
        if party:
            row.problems.append(Fault("code", "other_code", party.code))
        elif owners.setdefault(code, row.document) != row.document:
            row.problems.append(Fault("code", "code_taken"))
        elif is_automatic_code(code):
            row.problems.append(Fault("code", "automatic_code"))


def _warn(session: Session, entry: Import, rows: Sequence[_Checked], known: dict[Document, Party]) -> None:
    addresses = [row.address for row in rows if row.address]
    seen = list_seen_addresses(session, entry.id, addresses)
    owners = list_owners_of_addresses(session, addresses)
    for row in rows:
        party = known.get(row.document)
        if row.address is None:
            if party is None or not party.emails:
                row.warnings.append(Fault("emails", "no_email"))
            continue
        others = owners.get(row.address, set()) - ({party.id} if party else set())
        if others or row.address in seen:
            row.warnings.append(Fault("emails", "shared_email"))
        seen.add(row.address)


def _joined(document: Document) -> str:
    return " ".join(document)


def _row(entry: Import, columns: Columns, row: _Checked) -> dict[str, Any]:
    usable = not row.problems
    return {
        "import_id": entry.id,
        "number": row.number,
        # A code may be taken by somebody else until the row is applied, and then the row is left out after all.
        "raw": row.cells[:200] if not usable or row.clean.get("code") else None,
        "values": _stored(row.clean) if usable else None,
        "document": _joined(row.document) if usable else None,
        "address": row.address if usable else None,
        "usable": usable,
        "flagged": bool(row.problems or row.warnings),
        "problems": _told(columns, row),
    }


def _told(columns: Columns, row: _Checked) -> list[dict[str, Any]]:
    """What is wrong with a row, and then its warnings; what would read the same (two addresses in a cell) once."""
    found = [problem(columns, row.cells, fault) for fault in row.problems]
    found += [problem(columns, row.cells, fault, warning=True) for fault in row.warnings]
    return [one for position, one in enumerate(found) if one not in found[:position]]


def _stored(clean: dict[str, Any]) -> dict[str, Any]:
    """Checked values as JSON; `restored` makes them what they were."""
    if "emails" not in clean:
        return clean
    return {**clean, "emails": [[email.address, email.principal] for email in clean["emails"]]}


def restored(stored: dict[str, Any]) -> dict[str, Any]:
    """The checked values of a stored row."""
    if "emails" not in stored:
        return stored
    return {**stored, "emails": [EmailValue(address, principal) for address, principal in stored["emails"]]}


def problem(columns: Columns, cells: Sequence[str], fault: Fault, *, warning: bool = False) -> dict[str, Any]:
    """A fault as it is kept with its row: at which column of the file, and what stood there."""
    title = columns.title(fault.field) if fault.field else ""
    position = columns.header.index(title) if title in columns.header else len(cells)
    value = cells[position].strip()[:MOST_VALUE] if position < len(cells) else ""
    return {"column": title, "reason": fault.reason, "hint": fault.hint, "value": value, "warning": warning}
