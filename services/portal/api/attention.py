"""What needs attention in the portal, for the start page of the back office."""

from flask_babel import ngettext
from sqlalchemy.orm import Session

from services.portal.queries.incidents import count_open_incidents
from services.portal.queries.reports import count_waiting_reports
from shared.web import Attention

HOME = "/backoffice/portal"


def list_attention(session: Session) -> list[Attention]:
    """What somebody should act on, the most urgent first."""
    found = [_incidents(count_open_incidents(session)), _reports(count_waiting_reports(session))]
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
