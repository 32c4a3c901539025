"""Reminding the staff of requests whose deadline comes near."""

from datetime import date

from sqlalchemy.orm import Session

from services.portal.actions.case_letters import remind_agency
from services.portal.queries.agency import agency_of
from services.portal.queries.cases import list_to_remind
from services.portal.rules.cases import SOON_DAYS, after_business_days
from shared import clock

CHUNK = 100


def remind_of_cases(session: Session, today: date, language: str) -> int:
    """Write to the agency of some unanswered cases that are due within SOON_DAYS, once for each deadline.

    Returns of how many. Without an address of the agency nothing happens; the inbox shows them in any case.
    """
    agency = agency_of(session)
    if not agency.email:
        return 0
    until = after_business_days(today, SOON_DAYS, agency.saturday_counts)
    found = list_to_remind(session, until, CHUNK)
    for case in found:
        case.reminded_at = clock.now()
        remind_agency(session, case, case.party, agency, language)
    return len(found)
