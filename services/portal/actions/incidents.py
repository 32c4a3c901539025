"""Settling what an agent had to look at about money from gateways."""

import uuid

from sqlalchemy.orm import Session

from services.portal.models import PaymentIncident
from shared import clock
from shared.audit import current_actor, record_act


def resolve_incident(session: Session, incident_id: uuid.UUID, resolution: str) -> bool:
    """Note what was done about an incident; returns False if it is unknown or somebody settled it before."""
    incident = session.get(PaymentIncident, incident_id, with_for_update=True)
    if incident is None or incident.resolved_at:
        return False
    incident.resolved_at, incident.resolved_by = clock.now(), current_actor().name
    incident.resolution = resolution
    record_act(
        session,
        "portal",
        "incident.resolved",
        party_id=incident.party_id,
        subject="incident",
        subject_id=incident.id,
        details={"reason": resolution},
    )
    return True
