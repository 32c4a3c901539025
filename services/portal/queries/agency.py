"""Reading who issues the invoices."""

from sqlalchemy.orm import Session

from services.portal.models import Agency

THE_ONE = 1


def agency_of(session: Session) -> Agency:
    """The agency of this installation; its fields are empty until somebody fills them in."""
    return session.get_one(Agency, THE_ONE)
