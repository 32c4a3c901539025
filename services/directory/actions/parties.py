"""Registering, changing, deactivating and reactivating a party."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.directory.actions import events
from services.directory.actions.changes import change_lines, created_line, write_changes
from services.directory.actions.codes import take_codes
from services.directory.actions.emails import emails_of, merge_emails, write_emails
from services.directory.actions.words import SEARCHED, write_words
from services.directory.models import Party
from services.directory.queries.parties import find_by_code, find_by_document
from services.directory.rules.parties import (
    WRITABLE_STATES,
    EmailValue,
    Fault,
    InvalidParty,
    check_party,
    home_region,
    is_automatic_code,
)
from shared import clock
from shared.audit import record_act
from shared.db import new_id
from shared.events.directory import AddressCleared
from shared.outbox import publish


class PartyNotFound(Exception):
    """There is no party with this id."""


class DocumentTaken(Exception):
    """Another party has this document: its name and code, "" if they are not known."""

    def __init__(self, name: str = "", code: str = "") -> None:
        super().__init__("document taken")
        self.name, self.code = name, code


class CodeTaken(Exception):
    """Another party has this client code."""


class PartyChanged(Exception):
    """Somebody else changed the party since it was read."""


def register_party(session: Session, values: Mapping[str, Any], *, language: str) -> Party:
    """Register a party; `language` is for one who has none of their own.

    Raises InvalidParty, DocumentTaken, CodeTaken.
    """
    clean = check_party(values)
    if taken := find_by_document(session, clean["document_type"], clean["document_key"]):
        raise DocumentTaken(taken.name, taken.code)
    if code := clean.get("code"):
        _require_free_code(session, code)
    party = Party(**new_row(clean, language=language, code=code or take_codes(session, 1)[0]))
    session.add(party)
    _flush(session)
    write_emails(session, {party: merge_emails((), clean.get("emails", ()))})
    write_words(session, [party])
    write_changes(session, [created_line(party.id)])
    publish(session, events.registered(party))
    _record(session, "party.created", party)
    return party


def update_party(
    session: Session, party_id: uuid.UUID, values: Mapping[str, Any], *, version: int | None = None
) -> Party:
    """Change the given fields; without a difference nothing happens. `version`: the one that the change was made from.

    Raises PartyNotFound, InvalidParty, DocumentTaken, CodeTaken, PartyChanged.
    """
    party = session.get(Party, party_id, with_for_update=True)
    if party is None:
        raise PartyNotFound
    if version is not None and version != party.version:
        raise PartyChanged
    region = home_region(values, party.document_type, party.country)
    given = _with_whole_document(party, values)
    clean = check_party(given, partial=True, region=region, known_phones=party.phones)
    changes = differences(party, clean)
    if not changes:
        return party
    if "document_key" in changes or "document_type" in changes:
        other = find_by_document(session, clean["document_type"], clean["document_key"])
        if other is not None and other is not party:
            raise DocumentTaken(other.name, other.code)
    if "code" in changes:
        if not changes["code"]:
            raise InvalidParty([Fault("code", "required")])
        _require_free_code(session, changes["code"])
    cleared = _cleared(emails_of(party), changes.get("emails", ()))
    change = change_party(party, changes)
    _flush(session)
    complete_changes(session, [change])
    publish(session, events.changed(party, deactivated=changes.get("active") is False))
    publish(session, *(AddressCleared(party_id=party.id, address=address, at=clock.now()) for address in cleared))
    if "active" in changes:
        _record(session, "party.reactivated" if changes["active"] else "party.deactivated", party)
    if changes.keys() != {"active"}:
        _record(session, "party.updated", party, fields=", ".join(dict.fromkeys(line["field"] for line in change.log)))
    return party


def deactivate_party(session: Session, party_id: uuid.UUID) -> Party:
    """Deactivate: its credentials are suspended, its sessions end, its waiting letters stop. Raises PartyNotFound."""
    return update_party(session, party_id, {"active": False})


def reactivate_party(session: Session, party_id: uuid.UUID) -> Party:
    """Activate again. Raises PartyNotFound."""
    return update_party(session, party_id, {"active": True})


def new_row(clean: Mapping[str, Any], *, language: str, code: str) -> dict[str, Any]:
    """The row of a new party from checked values; its addresses are written afterwards."""
    moment = clock.now()
    fields = {name: value for name, value in clean.items() if name not in ("emails", "code")}
    emails = merge_emails((), clean.get("emails", ()))
    defaults = {"active": True, "language": language, "phones": [], "notes": "", "version": 1}
    defaults |= dict.fromkeys(("street", "city", "region", "postal_code", "country"), "")
    own = {"id": new_id(), "code": code, "email_state": _principal_state(emails)}
    return {**defaults, **fields, **own, "created_at": moment, "updated_at": moment}


def differences(party: Party, clean: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the checked values that differ from what the party has."""
    changes = {name: value for name, value in clean.items() if name != "emails" and getattr(party, name) != value}
    if "emails" in clean:
        before = emails_of(party)
        after = merge_emails(before, clean["emails"])
        if after != before:
            changes["emails"] = after
    return changes


@dataclass(frozen=True)
class Change:
    """A party whose row is changed; `complete_changes` writes the rest: addresses (None: unchanged), words, log."""

    party: Party
    emails: list[EmailValue] | None
    renamed: bool
    log: list[dict[str, Any]]


def change_party(party: Party, changes: Mapping[str, Any]) -> Change:
    """Set what differs and count the version up. Flush, then hand the change to `complete_changes`."""
    emails: list[EmailValue] | None = changes.get("emails")
    log = change_lines(party, changes, emails_of(party) if emails is not None else ())
    for name, value in changes.items():
        if name != "emails":
            setattr(party, name, value)
    if emails is not None:
        party.email_state = _principal_state(emails)
    party.version += 1
    party.updated_at = clock.now()
    return Change(party, emails, bool(SEARCHED & changes.keys()), log)


def complete_changes(session: Session, changes: Sequence[Change]) -> None:
    """Write what belongs to changed parties beside their rows, for all of them in a few statements."""
    write_emails(session, {change.party: change.emails for change in changes if change.emails is not None})
    write_words(session, [change.party for change in changes if change.renamed])
    write_changes(session, [line for change in changes for line in change.log])


def _cleared(before: Sequence[EmailValue], after: Sequence[EmailValue]) -> list[str]:
    """Addresses that could not be written to and can be now."""
    stopped = {email.key for email in before if email.state not in WRITABLE_STATES}
    return [email.address for email in after if email.key in stopped and email.state in WRITABLE_STATES]


def _record(session: Session, act: str, party: Party, **details: str) -> None:
    told = {"name": party.name, "code": party.code, **details}
    record_act(session, "directory", act, party_id=party.id, subject="party", subject_id=party.id, details=told)


def _principal_state(emails: list[EmailValue]) -> str:
    return next((str(email.state) for email in emails if email.principal), "none")


def _with_whole_document(party: Party, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Type and number are one thing: who changes one of them changes the other's meaning too."""
    if not {"document_type", "document_number"} & values.keys():
        return values
    return {"document_type": party.document_type, "document_number": party.document_number, **values}


def _require_free_code(session: Session, code: str) -> None:
    if is_automatic_code(code):
        raise InvalidParty([Fault("code", "automatic_code")])
    if find_by_code(session, code):
        raise CodeTaken


def _flush(session: Session) -> None:
    """Write; another transaction may have taken the same document or code since we looked."""
    try:
        session.flush()
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or str(error.orig)
        if "document" in constraint:
            raise DocumentTaken from error
        if "code" in constraint:
            raise CodeTaken from error
        raise
