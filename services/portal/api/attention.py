"""What needs attention in the portal, for the start page of the back office."""

from flask_babel import ngettext
from sqlalchemy.orm import Session

from services.portal.queries.agency import agency_of
from services.portal.queries.cases import count_waiting
from services.portal.queries.incidents import count_open_incidents
from services.portal.queries.reports import count_waiting_reports
from shared import clock
from shared.web import Attention, current

HOME = "/backoffice/portal"


def list_attention(session: Session) -> list[Attention]:
    """What somebody should act on, the most urgent first."""
    cases = count_waiting(session, clock.today(current().settings.timezone), agency_of(session).saturday_counts)
    found = [
        _overdue_cases(cases.overdue),
        _incidents(count_open_incidents(session)),
        _cases_due(cases.today + cases.soon),
        _reports(count_waiting_reports(session)),
        _written_again(cases.written_again),
    ]
    return sorted((one for one in found if one.count), key=lambda one: one.level != "bad")


def _incidents(number: int) -> Attention:
    text = ngettext(
        "A payment gateway told something that does not fit.",
        "Payment gateways told %(num)d things that do not fit.",
        number,
    )
    return Attention(text=text, count=number, level="bad", href=f"{HOME}/incidents")


def _reports(number: int) -> Attention:
    text = ngettext(
        "A reported payment waits for a decision.", "%(num)d reported payments wait for a decision.", number
    )
    return Attention(text=text, count=number, level="waiting", href=f"{HOME}/reports")


def _overdue_cases(number: int) -> Attention:
    text = ngettext("A request (PQRS) is overdue.", "%(num)d requests (PQRS) are overdue.", number)
    return Attention(text=text, count=number, level="bad", href=f"{HOME}/cases?due=overdue")


def _cases_due(number: int) -> Attention:
    text = ngettext("A request (PQRS) is due soon.", "%(num)d requests (PQRS) are due soon.", number)
    return Attention(text=text, count=number, level="waiting", href=f"{HOME}/cases?due=soon")


def _written_again(number: int) -> Attention:
    text = ngettext("A client wrote again in a request.", "Clients wrote again in %(num)d requests.", number)
    return Attention(text=text, count=number, level="info", href=f"{HOME}/cases?state=written_again")
