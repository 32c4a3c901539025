"""Reported payments and incidents in words."""

from flask_babel import lazy_gettext as _l

from services.portal.models import PaymentReport
from shared.web.context import Text
from shared.web.look import State

REPORT_STATES: dict[str, State] = {
    "waiting": (_l("Being checked"), "waiting", "hourglass-split"),
    "accepted": (_l("Accepted"), "good", "check-circle"),
    "rejected": (_l("Not accepted"), "bad", "x-circle"),
}
INCIDENTS: dict[str, tuple[Text, Text]] = {
    "bad_signature": (
        _l("Forged or damaged notification"),
        _l(
            "Somebody sent a notification without the gateway's signature. Nothing was recorded. If this "
            "repeats, check the secrets of the gateway."
        ),
    ),
    "unreadable": (
        _l("Notification that cannot be read"),
        _l(
            "The gateway sent something that we do not understand. Nothing was recorded. Look the payment up "
            "at the gateway."
        ),
    ),
    "unknown_reference": (
        _l("Payment without a match"),
        _l("The gateway tells of a payment that nobody began here. Find out whose it is and record it by hand."),
    ),
    "wrong_amount": (
        _l("Another amount than expected"),
        _l(
            "The gateway tells of another amount than the client was to pay. Nothing was recorded. Look it "
            "up at the gateway."
        ),
    ),
    "wrong_currency": (
        _l("Another currency than expected"),
        _l(
            "The gateway tells of another currency than the client was to pay in. Nothing was recorded. Look "
            "it up at the gateway."
        ),
    ),
    "refunded": (
        _l("Money was given back"),
        _l("The gateway gave the client the money back. Reverse the payment here if that is right."),
    ),
    "not_applied": (
        _l("Paid more than was open"),
        _l(
            "The invoices were paid or voided meanwhile, so the rest is the client's credit. Agree with the "
            "client what happens to it."
        ),
    ),
}
"""Kind of incident → what it is called, and what happened and what to do."""


def report_state(report: PaymentReport) -> State:
    """What became of a reported payment."""
    return REPORT_STATES[report.state]
