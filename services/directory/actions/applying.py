"""Applying an import, some hundred rows in a transaction: parties, events and progress commit together."""

import uuid
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.directory.actions import events
from services.directory.actions.changes import created_line, write_changes
from services.directory.actions.checks import import_changes, problem, restored
from services.directory.actions.codes import take_codes
from services.directory.actions.emails import email_row, merge_emails
from services.directory.actions.imports import finish_import, lock_import
from services.directory.actions.parties import Change, change_party, complete_changes, differences, new_row
from services.directory.actions.words import insert_words, word_rows
from services.directory.models import Import, ImportRow, Party, PartyEmail
from services.directory.queries.imports import list_usable_rows
from services.directory.queries.parties import list_owners_of_codes, lock_by_documents
from services.directory.rules.parties import Fault
from shared.audit import Actor, acting
from shared.events.directory import PartyRegistered
from shared.outbox import publish


def apply_rows(session: Session, import_id: uuid.UUID, *, limit: int, language: str) -> bool:
    """Apply the next rows; returns True while there are more. `language` is for new parties without one of their own.

    Whoever was registered or changed since the check is seen as they are now. Raises ImportNotFound.
    """
    entry = lock_import(session, import_id)
    if entry.state != "applying":
        return False
    rows = list_usable_rows(session, import_id, entry.applied_to, limit)
    if rows:
        with acting(Actor("import", str(entry.id), entry.created_by)):
            _apply(session, entry, rows, language)
        entry.applied_to = rows[-1].number
        entry.attempts = 0
    if len(rows) < limit:
        finish_import(session, entry)
        return False
    return True


def _apply(session: Session, entry: Import, rows: list[ImportRow], language: str) -> None:
    clean = {row.number: restored(row.values or {}) for row in rows}
    documents = {number: (values["document_type"], values["document_key"]) for number, values in clean.items()}
    known = lock_by_documents(session, set(documents.values()))
    fresh = [row for row in rows if documents[row.number] not in known]
    fresh = _without_taken_codes(session, entry, fresh, clean)
    changed: list[tuple[Change, dict[str, Any]]] = []
    for row in rows:
        party = known.get(documents[row.number])
        if party is None:
            continue
        changes = differences(party, import_changes(party, clean[row.number]))
        if not changes:
            entry.unchanged += 1
            continue
        changed.append((change_party(party, changes), changes))
    session.flush()
    complete_changes(session, [change for change, _ in changed])
    created = _create(session, [clean[row.number] for row in fresh], language)
    entry.created += len(created)
    entry.updated += len(changed)
    publish(
        session,
        *created,
        *(events.changed(change.party, deactivated=changes.get("active") is False) for change, changes in changed),
    )


def _create(session: Session, clean: list[dict[str, Any]], language: str) -> list[PartyRegistered]:
    """Insert new parties in bulk, past the unit of work, which costs more than the inserts; returns what to tell."""
    automatic = sum(not values.get("code") for values in clean)
    codes = iter(take_codes(session, automatic) if automatic else ())
    rows, addresses, words, log, told = [], [], [], [], []
    for values in clean:
        row = new_row(values, language=language, code=values.get("code") or next(codes))
        emails = merge_emails((), values.get("emails", ()))
        rows.append(row)
        addresses += [email_row(row["id"], email, position) for position, email in enumerate(emails)]
        words += word_rows(row["id"], row)
        log.append(created_line(row["id"], imported=True))
        told.append(events.registered_row(row, emails))
    for model, found in ((Party, rows), (PartyEmail, addresses)):
        if found:
            session.execute(insert(model.__table__), found)  # type: ignore[arg-type]  # declared as FromClause
    insert_words(session, words)
    write_changes(session, log)
    return told


def _without_taken_codes(
    session: Session, entry: Import, rows: list[ImportRow], clean: dict[int, dict[str, Any]]
) -> list[ImportRow]:
    """A code that was free at the check may have been taken since, or by another row: such a row is left out."""
    taken = set(
        list_owners_of_codes(session, {clean[row.number]["code"] for row in rows if clean[row.number].get("code")})
    )
    free = []
    for row in rows:
        code = clean[row.number].get("code")
        if code and code in taken:
            fault = problem(entry.columns, row.raw or [], Fault("code", "code_taken"))
            row.problems = [*row.problems, fault]
            row.usable, row.flagged = False, True
            entry.skipped += 1
            continue
        if code:
            taken.add(code)
        free.append(row)
    return free
