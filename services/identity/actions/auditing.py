"""Appending to the audit trail what the services tell; and telling of the sign-ins of the staff."""

from collections.abc import Iterable
from typing import Any

from limits import RateLimitItemPerMinute
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.identity.actions.throttling import Throttled, count_attempt
from services.identity.models.audit import AuditEntry
from services.identity.models.staff import StaffMember
from services.identity.rules.logins import throttle_key
from services.identity.rules.staff import normal_username
from shared import clock
from shared.audit import Actor, become, record_act
from shared.db import new_id
from shared.events import Envelope
from shared.events.acts import ACT_EVENTS, Act

SERVICES = {kind: service for service, kind in ACT_EVENTS.items()}
REFUSALS_TOLD = RateLimitItemPerMinute(1)
"""Of each account: whoever tries passwords by the thousand does not fill the audit trail."""


def append_acts(session: Session, envelopes: Iterable[Envelope]) -> None:
    """Append acts, each once: one that is in the trail already (same source and id) is left out."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [_row(envelope) for envelope in envelopes]
    if rows:
        session.execute(dialect.insert(AuditEntry).on_conflict_do_nothing(), rows)


def record_staff_sign_in(session: Session, member: StaffMember, address: str) -> None:
    """Record that a member of the staff is in: password, and second factor where there is one, were right."""
    become(Actor("staff", str(member.id), member.name, address))
    record_act(
        session,
        "identity",
        "staff.signed_in",
        subject="staff",
        subject_id=member.id,
        details={"user": member.username},
    )


def record_refused_sign_in(
    session: Session, username: str, member: StaffMember | None, address: str, *, reason: str = "password"
) -> None:
    """Record that somebody tried to sign in as `member` and was refused, at most once a minute for each account.

    Who it was is not known, so nobody of the staff acted. `username` is what was typed: it is only counted, never kept,
    because people type passwords into that field; the count is made for unknown ones too, so that the answer takes as
    long for them.
    """
    try:
        count_attempt(session, [(REFUSALS_TOLD, throttle_key("staff-refused", normal_username(username)))])
    except Throttled:
        return
    if member is None:
        return
    become(Actor("system", "", "", address))
    record_act(
        session,
        "identity",
        "staff.sign_in_refused",
        subject="staff",
        subject_id=member.id,
        details={"user": member.username, "reason": reason if member.active else "suspended"},
    )


def _row(envelope: Envelope) -> dict[str, Any]:
    act: Act = envelope.event
    return {
        "id": new_id(),
        "at": act.at,
        "received_at": clock.now(),
        "service": SERVICES[type(act)],
        "act": _fit(act.act, 60),
        "actor_kind": _fit(act.actor_kind, 10),
        "actor_id": _fit(act.actor_id, 80),
        "actor_name": _fit(act.actor_name, 200),
        "address": _fit(act.address, 64),
        "party_id": act.party_id,
        "subject": _fit(act.subject, 40),
        "subject_id": _fit(act.subject_id, 200),
        "count": act.count,
        "details": [{"name": _fit(one.name, 80), "value": _fit(one.value, 500)} for one in act.details],
        "event_source": _fit(envelope.source, 200),
        "event_id": _fit(envelope.id, 200),
    }


def _fit(text: str, longest: int) -> str:
    """A text that the column takes: an act is recorded even if somebody's name is too long, or holds what no database
    keeps."""
    return text.replace("\x00", "")[:longest]
