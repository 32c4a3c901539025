"""Appending to the audit trail what the services tell."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.identity.models.audit import AuditEntry
from shared import clock
from shared.db import new_id
from shared.events import Envelope
from shared.events.acts import ACT_EVENTS, Act

SERVICES = {kind: service for service, kind in ACT_EVENTS.items()}


def append_acts(session: Session, envelopes: Iterable[Envelope]) -> None:
    """Append acts, each once: one that is in the trail already (same source and id) is left out."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [_row(envelope) for envelope in envelopes]
    if rows:
        session.execute(dialect.insert(AuditEntry).on_conflict_do_nothing(), rows)


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
