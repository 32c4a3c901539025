"""The change log of a party: one line for each field that changed, in the transaction of the change itself.

Pages, REST, imports and what is heard of all come by here, so no way of changing a party can forget it.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.directory.models import Party, PartyChange
from services.directory.rules.changes import PLAIN
from services.directory.rules.parties import CLASSES, EmailValue
from shared import clock
from shared.audit import current_actor
from shared.db import new_id

Line = dict[str, Any]


def created_line(party_id: uuid.UUID, *, imported: bool = False) -> Line:
    """The party is new."""
    return _line(party_id, "imported" if imported else "created")


def change_lines(party: Party, changes: Mapping[str, Any], emails: Sequence[EmailValue]) -> list[Line]:
    """What is about to change in a party that still is as it was; `emails` are those that it has."""
    lines = [
        _line(party.id, name, str(getattr(party, name)), str(changes[name]))
        for name in PLAIN
        if name in changes
    ]  # fmt: skip
    if {"document_type", "document_number"} & changes.keys():
        lines.append(_line(party.id, "document", *_both(party, changes, _document)))
    if {f"is_{name}" for name in CLASSES} & changes.keys():
        lines.append(_line(party.id, "classes", *_both(party, changes, _classes)))
    if "phones" in changes:
        lines.append(_line(party.id, "phones", ", ".join(party.phones), ", ".join(changes["phones"])))
    if "active" in changes:
        lines.append(_line(party.id, "reactivated" if changes["active"] else "deactivated"))
    if "emails" in changes:
        lines += _email_lines(party.id, emails, changes["emails"])
    return lines


def write_changes(session: Session, lines: Sequence[Line]) -> None:
    """Keep lines, all in one statement."""
    if lines:
        session.execute(insert(PartyChange.__table__), lines)  # type: ignore[arg-type]  # declared as FromClause


def _email_lines(party_id: uuid.UUID, before: Sequence[EmailValue], after: Sequence[EmailValue]) -> Iterator[Line]:
    had, has = {email.key: email for email in before}, {email.key: email for email in after}
    for key, email in had.items():
        if key not in has:
            yield _line(party_id, "email", email.address, "")
    for key, email in has.items():
        if key not in had:
            yield _line(party_id, "email", "", email.address)
        elif had[key].address != email.address:
            yield _line(party_id, "email", had[key].address, email.address)
        former = had[key].state if key in had else "unverified"
        if former != email.state:
            yield _line(party_id, "email_state", str(former), str(email.state), subject=email.address)
    principal = [next((email.address for email in emails if email.principal), "") for emails in (before, after)]
    if principal[0].lower() != principal[1].lower():
        yield _line(party_id, "principal_email", *principal)


def _both(party: Party, changes: Mapping[str, Any], text: Any) -> tuple[str, str]:
    before = {name: getattr(party, name) for name in ("document_type", "document_number", "is_tenant", "is_owner")}
    return text(before), text({**before, **changes})


def _document(values: Mapping[str, Any]) -> str:
    return f"{values['document_type']} {values['document_number']}"


def _classes(values: Mapping[str, Any]) -> str:
    return ", ".join(name for name in CLASSES if values[f"is_{name}"])


def _line(party_id: uuid.UUID, field: str, before: str = "", after: str = "", *, subject: str = "") -> Line:
    actor = current_actor()
    return {
        "id": new_id(),
        "party_id": party_id,
        "at": clock.now(),
        "actor_kind": actor.kind,
        "actor_id": actor.id[:200],
        "actor_name": actor.name[:200],
        "field": field,
        "subject": subject,
        "before": before,
        "after": after,
    }
