"""What the start page shows of identity, also as `/api/identity/v1/attention`."""

from datetime import timedelta

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from services.identity.queries.attention import count_waiting
from services.identity.rules.policy import ENDS_SOON
from shared import clock
from shared.web import Attention

RECENT = timedelta(days=1)
MANY_REFUSALS = 5
"""Fewer in a day are people who mistype."""


def list_attention(session: Session) -> list[Attention]:
    """Batches that do not come to an end, keys that will have been sent in vain, and tries to sign in as the staff."""
    now = clock.now()
    waiting = count_waiting(session, now, now + ENDS_SOON, now - RECENT)
    batches = url_for("batch_pages.show_all")
    refused = url_for("audit.show_all", act="staff.sign_in_refused")
    found = [
        Attention(
            text=gettext("Batches that stand still because of a problem"),
            count=waiting.batches_with_a_problem,
            level="bad",
            href=batches,
        ),
        Attention(
            text=gettext("Refused sign-ins to the back office in the last day"),
            count=waiting.refused_sign_ins if waiting.refused_sign_ins >= MANY_REFUSALS else 0,
            level="bad",
            href=refused,
        ),
        Attention(
            text=gettext("Keys that nobody used yet and that end within two days"),
            count=waiting.keys_that_end_soon,
            level="waiting",
            href=url_for("credential_pages.show_all", access="ending"),
        ),
        Attention(text=gettext("Batches at work"), count=waiting.batches_running, level="info", href=batches),
    ]
    return [one for one in found if one.count]
