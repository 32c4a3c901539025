"""Reading what agents have to look at about money from gateways."""

import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.portal.models import PaymentIncident
from shared.web.paging import Page, paginate


def find_incident(session: Session, incident_id: uuid.UUID) -> PaymentIncident | None:
    """One incident."""
    return session.get(PaymentIncident, incident_id)


def list_incidents(session: Session, *, resolved: bool, cursor: str | None = None) -> Page[PaymentIncident]:
    """Incidents that are open, or those that were settled; the newest first. Raises BadCursor."""
    is_resolved = PaymentIncident.resolved_at.is_not(None) if resolved else PaymentIncident.resolved_at.is_(None)
    return paginate(session, select(PaymentIncident).where(is_resolved), [(PaymentIncident.id, True)], cursor=cursor)


def count_open_incidents(session: Session) -> int:
    """How many incidents nobody has settled."""
    still_open = select(func.count()).select_from(PaymentIncident).where(PaymentIncident.resolved_at.is_(None))
    return session.scalar(still_open) or 0
